"""Units as people write them: in a field, in a column's name, in a line below the header."""

import re
from typing import Final

from sim.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_MINUTE, SUFFIX_UNITS

CURRENCIES: Final = (
    "usd",
    "eur",
    "gbp",
    "aud",
    "cad",
    "sek",
    "nok",
    "dkk",
    "chf",
    "pln",
    "inr",
    "cny",
    "jpy",
)
_POUND_KG: Final = 0.45359237

DIMENSIONS: Final[dict[str, dict[str, float]]] = {
    "power": {"w": 1e-6, "kw": 1e-3, "mw": 1.0, "gw": 1e3},
    "energy": {"wh": 1e-6, "kwh": 1e-3, "mwh": 1.0, "gwh": 1e3},
    "price": {
        f"{money}_per_{energy}": factor * per
        for money, factor in [*((currency, 1.0) for currency in CURRENCIES), ("cents", 0.01)]
        for energy, per in (("mwh", 1.0), ("kwh", 1e3), ("gwh", 1e-3))
    },
    "capacity": {"usd_per_mw": 1.0, "usd_per_kw": 1e3, "usd_per_mw_h": 1.0},
    "hashprice": {"usd_per_th_day": 1e3, "usd_per_ph_day": 1.0, "usd_per_eh_day": 1e-3},
    "coin": {"usd_per_btc": 1.0, "usd": 1.0, "usd_per_sat": 1e8, "kusd_per_btc": 1e3},
    "bitcoin": {"btc": 1.0, "mbtc": 1e-3, "sat": 1e-8},
    "difficulty": {"difficulty": 1.0, "difficulty_g": 1e9, "difficulty_t": 1e12, "t": 1e12, "g": 1e9},
    "hashrate": {
        "h_s": 1e-18, "kh_s": 1e-15, "mh_s": 1e-12, "gh_s": 1e-9, "th_s": 1e-6, "ph_s": 1e-3, "eh_s": 1.0,
        "zh_s": 1e3,
    },
    "frequency": {"hz": 1.0, "mhz": 1e-3},
    "temperature": {"c": 1.0, "f": 5.0 / 9.0, "k": 1.0},
    "rate": {
        "per_s": 1.0,
        "per_min": 1.0 / SECONDS_PER_MINUTE,
        "per_h": 1.0 / SECONDS_PER_HOUR,
        "per_day": 1.0 / SECONDS_PER_DAY,
    },
    "count": {"count": 1.0},
    "share": {"percent": 1.0, "pct": 1.0, "fraction": 1.0, "pu": 1.0},
    "money": dict.fromkeys(CURRENCIES[1:], 1.0),
    "intensity": {"g_per_kwh": 1.0, "kg_per_mwh": 1.0, "t_per_mwh": 1e3, "lb_per_mwh": _POUND_KG},
    "time": {
        "ms": 1e-3, "s": 1.0, "min": SECONDS_PER_MINUTE, "h": SECONDS_PER_HOUR, "d": SECONDS_PER_DAY,
    },
}  # fmt: skip
"""Units by what they measure, and how many of the one that is counted in each is."""
ZERO_AT: Final = {"f": -32.0 * 5.0 / 9.0, "k": -273.15}
"""What is added after the factor, where zero is not zero."""
_WORDS: Final = {
    "dollars": "usd", "dollar": "usd", "euro": "eur", "euros": "eur", "cent": "cents", "ct": "cents",
    "cts": "cents", "mwhr": "mwh", "kwhr": "kwh", "mwhrs": "mwh", "kwhrs": "kwh", "megawatt": "mw",
    "megawatts": "mw", "kilowatt": "kw", "kilowatts": "kw", "gigawatt": "gw", "gigawatts": "gw", "watt": "w",
    "watts": "w", "hr": "h", "hour": "h", "hours": "h", "hrs": "h", "sec": "s", "secs": "s", "second": "s",
    "seconds": "s", "minute": "min", "minutes": "min", "mins": "min", "day": "day", "days": "day",
    "deg": "", "degc": "c", "degf": "f", "celsius": "c", "fahrenheit": "f", "kelvin": "k", "hertz": "hz",
    "sats": "sat", "satoshi": "sat", "satoshis": "sat", "millis": "ms", "milliseconds": "ms", "msec": "ms",
    "gco2eq": "g", "gco2": "g", "kgco2": "kg", "lbs": "lb", "ths": "th_s", "phs": "ph_s", "ehs": "eh_s",
    "rps": "per_s", "qps": "per_s", "rpm": "per_min", "tonne": "t", "tonnes": "t",
}  # fmt: skip
_SIGNS: Final = {
    "$": " usd ",
    "€": " eur ",
    "£": " gbp ",
    "¢": " cents ",
    "°": " ",
    "º": " ",
    "/": " per ",
    "%": " percent ",
}
_SPELLED: Final = {
    "usd_ph_day": "usd_per_ph_day", "usd_th_day": "usd_per_th_day", "usd_per_ph_per_day": "usd_per_ph_day",
    "usd_per_th_per_day": "usd_per_th_day", "usd_per_ph_per_s_per_day": "usd_per_ph_day",
    "usd_per_ph_s_day": "usd_per_ph_day", "usd_per_th_per_s_per_day": "usd_per_th_day",
    "usd_per_ph_d": "usd_per_ph_day",
    "usd_mwh": "usd_per_mwh", "usd_kwh": "usd_per_kwh", "eur_mwh": "eur_per_mwh",
    "c_per_kwh": "cents_per_kwh", "c_kwh": "cents_per_kwh", "cents_kwh": "cents_per_kwh",
    "usd_cents_per_kwh": "cents_per_kwh", "us_usd_per_mwh": "usd_per_mwh", "per_hour": "per_h",
    "per_d": "per_day", "mwh_per_h": "mw", "kwh_per_h": "kw", "day": "d", "usd_per_mw_per_h": "usd_per_mw_h",
    **{f"{size}h_per_s": f"{size}h_s" for size in ("", "k", "m", "g", "t", "p", "e", "z")},
}  # fmt: skip
DIMENSION_OF: Final = {unit: name for name, units in DIMENSIONS.items() for unit in units}
_SHOWN: Final = {
    "mw": "MW",
    "kw": "kW",
    "w": "W",
    "gw": "GW",
    "mwh": "MWh",
    "kwh": "kWh",
    "hz": "Hz",
    "mhz": "mHz",
}
LETTERS: Final = frozenset("wcfkshdtg")
_LONGEST: Final = 6


def shown(unit: str) -> str:
    """Return a unit as a message shows it.

    Examples
    --------
    >>> shown("kw"), shown("usd_per_kwh"), shown("difficulty_t")
    ('kW', 'USD/kWh', 'difficulty_t')
    """
    if unit in SUFFIX_UNITS and unit != "difficulty":
        return SUFFIX_UNITS[unit]
    words = unit.split("_per_")
    if len(words) == 2 and words[1] in _SHOWN:  # noqa: PLR2004  # a price of energy
        return f"{words[0] if words[0] in DIMENSIONS else words[0].upper()}/{_SHOWN[words[1]]}"
    return _SHOWN.get(unit, unit)


def parse_unit(text: str) -> str | None:
    """Return a unit that a person wrote, as names spell it; None where it is none that is known.

    Examples
    --------
    >>> parse_unit("kW"), parse_unit("$/MWh"), parse_unit("TH/s"), parse_unit("°F"), parse_unit("furlong")
    ('kw', 'usd_per_mwh', 'th_s', 'f', None)
    """
    return _known(_tokens(text))


def unit_in(column: str, header_unit: str = "", dimensions: tuple[str, ...] = ()) -> str | None:
    """Return the unit that a column's name tells, or a line of units below it; None where there is none.

    A single letter counts at the name's end alone, and only as a unit of ``dimensions``.

    Examples
    --------
    >>> unit_in("power_kw"), unit_in("Active Power (MW)"), unit_in("site_kw_avg"), unit_in("da_hb_west")
    ('kw', 'mw', 'kw', None)
    """
    bracket = re.search(r"[(\[]([^)\]]+)[)\]]", column)
    for text in (
        header_unit,
        bracket.group(1) if bracket else "",
        column.rpartition(",")[2] if "," in column else "",
    ):
        known = parse_unit(text) if text else None
        if known is not None:
            return known
    if len(column) == 1:
        return None
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column)  # PowerKW
    return _anywhere(_tokens(column), dimensions) or _anywhere(_tokens(apart), dimensions)


def _anywhere(tokens: list[str], dimensions: tuple[str, ...]) -> str | None:
    """Return the last unit among a name's words, the longest first."""
    for end in range(len(tokens), 0, -1):
        for start in range(max(0, end - _LONGEST), end):
            found = _known(tokens[start:end])
            if found is None:
                continue
            if len(found) > 1 and DIMENSION_OF[found] != "time":
                return found
            if end == len(tokens) and start > 0 and DIMENSION_OF[found] in dimensions:
                return found
    return None


def _known(tokens: list[str]) -> str | None:
    joined = "_".join(tokens)
    joined = _SPELLED.get(joined, joined)
    return joined if joined in DIMENSION_OF else None


def _tokens(text: str) -> list[str]:
    for sign, word in _SIGNS.items():
        text = text.replace(sign, word)
    words = re.findall(r"[a-z0-9]+", text.lower())
    return [part for word in words for part in _WORDS.get(word, word).split("_") if part]
