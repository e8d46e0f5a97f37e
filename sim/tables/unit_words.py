"""Units as people write them: in a field, in a column's name, in a line below the header."""

import re
from fractions import Fraction
from typing import Final

from sim.shipped import shipped
from sim.units import SUFFIX_UNITS

_KNOWN: Final = shipped("sim.tables", "units.json")
CURRENCIES: Final[tuple[str, ...]] = tuple(_KNOWN["currencies"])
DIMENSIONS: Final[dict[str, dict[str, float]]] = (
    {
        name: {unit: float(Fraction(size)) for unit, size in units.items()}  # "5/9" of a kelvin is a degree F
        for name, units in _KNOWN["dimensions"].items()
    }
    | {
        "price": {
            f"{money}_per_{energy}": factor * per
            for money, factor in [*((currency, 1.0) for currency in CURRENCIES), ("cents", 0.01)]
            for energy, per in (("mwh", 1.0), ("kwh", 1e3), ("gwh", 1e-3))
        },
        "money": dict.fromkeys(CURRENCIES[1:], 1.0),
    }
)
"""Units by what they measure, and how many of the one that is counted in each is."""
ZERO_AT: Final = {unit: float(Fraction(zero)) for unit, zero in _KNOWN["zero_at"].items()}
"""What is added after the factor, where zero is not zero."""
_WORDS: Final[dict[str, str]] = _KNOWN["words"]
_SIGNS: Final[dict[str, str]] = _KNOWN["signs"]
_SPELLED: Final[dict[str, str]] = _KNOWN["spelled"]
_SHOWN: Final[dict[str, str]] = _KNOWN["shown"]
DIMENSION_OF: Final = {unit: name for name, units in DIMENSIONS.items() for unit in units}
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
    >>> parse_unit("MW"), parse_unit("mW"), unit_in("power_mW"), unit_in("power_mw")
    ('mw', 'milliw', 'milliw', 'mw')
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
    for text in (header_unit, bracket.group(1) if bracket else "", column.rpartition(",")[2] if "," in column else ""):
        known = parse_unit(text) if text else None
        if known is not None:
            return known
    if len(column) == 1:
        return None
    return _anywhere(_tokens(column), dimensions) or _anywhere(_tokens(apart(column)), dimensions)


def apart(name: str) -> str:
    """Return a name with its words apart: ``Power KW`` of ``PowerKW``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def _anywhere(tokens: list[str], dimensions: tuple[str, ...]) -> str | None:
    """Return the last unit among a name's words, the longest first."""
    for end in range(len(tokens), 0, -1):
        for start in range(max(0, end - _LONGEST), end):
            found = _known(tokens[start:end])
            if found is None:
                continue
            if (len(found) > 1 or end - start > 1) and DIMENSION_OF[found] != "time":
                return found
            if end == len(tokens) and DIMENSION_OF[found] in dimensions:
                return found
    return None


def _known(tokens: list[str]) -> str | None:
    joined = "_".join(tokens)
    joined = _SPELLED.get(joined, joined)
    return joined if joined in DIMENSION_OF else None


def _tokens(text: str) -> list[str]:
    text = re.sub(r"(?<![A-Za-z])mW(?=h?(?![A-Za-z]))", "milliw", text)  # no megawatt
    for sign, word in _SIGNS.items():
        text = text.replace(sign, word)
    words = re.findall(r"[a-z0-9]+", text.lower())
    return [part for word in words for part in _WORDS.get(word, word).split("_") if part]
