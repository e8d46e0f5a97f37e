"""Numbers, durations, names and times as people read them; used by the pages and by the terminal."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any, Final, Self

from sim.shipped import shipped
from sim.units import MILLISECONDS_PER_SECOND, SECONDS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_MINUTE, SUFFIX_UNITS

WORDINGS: Final[Mapping[str, Any]] = shipped("sim.report", "words.json")
"""What names of metrics end in and their abbreviations, what folders, limits and lines of a chart are called."""
NOTES: Final[Mapping[str, str]] = shipped("sim.report", "notes.json")
"""Remarks of a page or a terminal, by what they are on; their figures stand in braces."""
NOT_ASSESSABLE: Final = "not assessable"
"""Stands where the run cannot tell a value."""
DIMENSIONLESS: Final = "1"
"""Unit of fractions, ratios and counts; it is not written."""
SIGNIFICANT_DIGITS: Final = 4
DIGITS_OF_UNIT: Final = {"Hz": 6}
"""Significant digits of a unit that has others: a grid's frequency says nothing in whole tens of mHz."""
NOISE_RATIO: Final = 1e-9
"""A number below this, or below this part of what it is a difference of, is rounding, and shown as 0."""
SMALLEST_PLAIN: Final = 1e-4
"""Below this a number is written with an exponent."""
WHOLE_PERCENT: Final = 1e3
"""From here on a percentage is written without decimals."""
DURATION_UNITS: Final = ((SECONDS_PER_DAY, "d"), (SECONDS_PER_HOUR, "h"), (SECONDS_PER_MINUTE, "min"), (1.0, "s"))
OTHER: Final = "Other"
"""Group of metrics that belong to no other."""
WINDOW: Final = re.compile(r"^(\d+)s$")
"""A window in a name, ``60s``."""


def format_value(value: float | None, unit: str = DIMENSIONLESS) -> str:
    """Return a number with its unit: four significant digits, whole numbers in full, thousands separated.

    Frequencies have six.

    Parameters
    ----------
    value
        The number [unit]; None or NaN where it is not assessable.
    unit
        The unit; ``"1"`` is left out.

    Returns
    -------
    str
        Number, space, unit.

    Examples
    --------
    >>> format_value(1234567.8, "USD"), format_value(0.45678), format_value(12.0, "MW")
    ('1,234,568 USD', '0.4568', '12 MW')
    >>> format_value(-3.14159, "MW/min"), format_value(2.5e-7, "MWh"), format_value(None, "MW")
    ('-3.142 MW/min', '2.5e-07 MWh', 'not assessable')
    """
    if value is None or math.isnan(value):
        return NOT_ASSESSABLE
    number = format_number(value, DIGITS_OF_UNIT.get(unit, SIGNIFICANT_DIGITS))
    return number if unit == DIMENSIONLESS else f"{number} {unit}"


def format_amount(amount_usd: float) -> str:
    """Return an amount of money to the dollar, thousands separated, without its unit.

    Parameters
    ----------
    amount_usd
        The amount [USD]; NaN where it is not assessable.

    Returns
    -------
    str
        The amount.

    Examples
    --------
    >>> format_amount(-1234567.8), format_amount(0.2), format_amount(math.nan)
    ('-1,234,568', '0', 'not assessable')
    """
    return NOT_ASSESSABLE if math.isnan(amount_usd) else f"{round(amount_usd):,}"


def format_cents(amount: float) -> str:
    """Return an amount with two decimals, thousands separated; empty where it is NaN.

    Examples
    --------
    >>> format_cents(1234.5), format_cents(math.nan)
    ('1,234.50', '')
    """
    return "" if math.isnan(amount) else f"{amount:,.2f}"


def format_number(value: float, digits: int = SIGNIFICANT_DIGITS) -> str:
    """Return a number without unit, as `format_value` writes it.

    Parameters
    ----------
    value
        The number; infinity is written as such, NaN as not assessable.
    digits
        Significant digits.

    Returns
    -------
    str
        The number.

    Examples
    --------
    >>> format_number(12345.6), format_number(123.456), format_number(0.0)
    ('12,346', '123.5', '0')
    """
    if math.isnan(value):
        return NOT_ASSESSABLE
    if math.isinf(value):
        return "infinite" if value > 0.0 else "-infinite"
    if abs(value) < NOISE_RATIO:
        return "0"
    if value == round(value):
        return f"{round(value):,}"
    if abs(value) < SMALLEST_PLAIN:
        return f"{value:.{digits - 2}g}"
    whole_digits = math.floor(math.log10(abs(value))) + 1
    return f"{value:,.{max(0, digits - whole_digits)}f}"


def format_difference(value: float | None, unit: str = DIMENSIONLESS) -> str:
    """Return a difference with its sign and unit.

    Parameters
    ----------
    value
        The difference [unit]; None or NaN where it is not assessable.
    unit
        The unit; ``"1"`` is left out.

    Returns
    -------
    str
        Sign, number, space, unit.

    Examples
    --------
    >>> format_difference(5.0, "MW"), format_difference(-0.25), format_difference(0.0, "MW")
    ('+5 MW', '-0.2500', '0 MW')
    """
    text = format_value(value, unit)
    return f"+{text}" if value is not None and value > NOISE_RATIO else text


def format_percent(fraction: float | None) -> str:
    """Return a fraction as percent, with three significant digits.

    Parameters
    ----------
    fraction
        The fraction; None or NaN where it is not assessable.

    Returns
    -------
    str
        Percent.

    Examples
    --------
    >>> format_percent(0.98765), format_percent(-0.2712), format_percent(0.0), format_percent(15.5)
    ('98.8 %', '-27.1 %', '0 %', '1,550 %')
    """
    if fraction is None or math.isnan(fraction):
        return NOT_ASSESSABLE
    percent = 100.0 * fraction
    digits = ",.0f" if abs(percent) >= WHOLE_PERCENT else ".3g"
    return f"{percent:{digits}} %"


def format_duration(duration_s: float) -> str:
    """Return a duration in its largest units, at most two of them.

    Parameters
    ----------
    duration_s
        Duration [s], not below 0.

    Returns
    -------
    str
        Such as ``7 d``, ``1 h 30 min``, ``2.5 s``.

    Examples
    --------
    >>> format_duration(604800.0), format_duration(5400.0), format_duration(2.5), format_duration(86399.9)
    ('7 d', '1 h 30 min', '2.5 s', '1 d')
    """
    if duration_s < SECONDS_PER_MINUTE:
        return f"{duration_s:.3g} s"
    place = next(index for index, (size_s, _) in enumerate(DURATION_UNITS) if duration_s >= size_s)
    smaller_s, smaller_unit = DURATION_UNITS[place + 1]
    # counted in the smaller unit, so that rounding carries over
    count = round(duration_s / smaller_s)
    size_s, unit = DURATION_UNITS[place]
    whole, rest = divmod(count, round(size_s / smaller_s))
    if place > 0 and whole * size_s >= DURATION_UNITS[place - 1][0]:
        return format_duration(whole * size_s)
    return f"{whole} {unit} {rest} {smaller_unit}" if rest else f"{whole} {unit}"


def words_of(name: str) -> str:
    """Return a metric's or field's name as words, without the unit it ends in.

    Parameters
    ----------
    name
        The name, ``site_peak_mw``.

    Returns
    -------
    str
        The words.

    Examples
    --------
    >>> words_of("site_peak_mw"), words_of("ai_energy_mwh"), words_of("mined_btc"), words_of("exceedance_s")
    ('Site peak', 'AI energy', 'Mined BTC', 'Exceedance time')
    >>> words_of("rolling_range_5s_mw"), words_of("soaked_fraction")
    ('Rolling range 5 s', 'Soaked fraction')
    """
    stem, suffix = _split_unit(name)
    tail = {**WORDINGS["tails"], "mwh": "" if "energy" in stem else " energy"}.get(suffix, "")
    if suffix in {"btc", "usd"} and len(stem.split("_")) == 1:
        tail = f" {suffix}"
    words = f"{stem.replace('_', ' ').replace('.', ' · ')}{tail}".split(" ")
    text = " ".join(WORDINGS["abbreviations"].get(word, WINDOW.sub(r"\1 s", word)) for word in words)
    return text[:1].upper() + text[1:]


def _split_unit(name: str) -> tuple[str, str]:
    """Return a name without its unit suffix, and the suffix; the longest that fits."""
    parts = name.split("_")
    for start in range(1, len(parts)):
        suffix = "_".join(parts[start:])
        if suffix in SUFFIX_UNITS:
            return "_".join(parts[:start]), suffix
    return name, ""


@dataclass(frozen=True, slots=True)
class LocalTime:
    """Turns seconds from the start of a run into local time; the offset stays that of the start."""

    start: datetime
    """Start of the run, with its offset from UTC."""

    @classmethod
    def of_run(cls, start: Any, start_utc_s: float) -> Self:
        """Return the clock of a run.

        Parameters
        ----------
        start
            Start as the scenario writes it, ISO 8601 with an offset; UTC is taken where there is none.
        start_utc_s
            Start of the run [s since 1970-01-01T00:00Z].

        Returns
        -------
        LocalTime
            The clock.
        """
        try:
            offset = datetime.fromisoformat(str(start)).utcoffset() or timedelta(0)
        except ValueError:
            offset = timedelta(0)
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        return cls((epoch + timedelta(seconds=start_utc_s)).astimezone(timezone(offset)))

    @property
    def offset(self) -> str:
        """The offset in words: ``UTC-06:00``."""
        return f"UTC{self.start.isoformat()[-6:]}"

    @property
    def start_ms(self) -> float:
        """The start as a chart wants it: milliseconds from 1970 as the local clock shows it [ms]."""
        as_if_utc = self.start.replace(tzinfo=UTC)
        return as_if_utc.timestamp() * MILLISECONDS_PER_SECOND

    def text(self, time_s: float) -> str:
        """Return the local date and time, to the second where seconds matter.

        Parameters
        ----------
        time_s
            Time from the start [s].

        Returns
        -------
        str
            ``2026-01-01 00:00`` or ``2026-01-01 00:00:05``.

        Examples
        --------
        >>> LocalTime.of_run("2026-01-01T00:00:00-06:00", 1767247200.0).text(65.0)
        '2026-01-01 00:01:05'
        """
        moment = self.start + timedelta(seconds=round(time_s))
        whole_minute = moment.second % SECONDS_PER_MINUTE == 0.0
        return f"{moment:%Y-%m-%d %H:%M}" if whole_minute else f"{moment:%Y-%m-%d %H:%M:%S}"


def grouped(names: Iterable[str]) -> dict[str, list[str]]:
    """Return metrics in groups by their titles, each once; groups without any are left out."""
    groups: dict[str, list[str]] = {title: [] for title in (*beginnings(), OTHER)}
    for name in names:
        title = next((title for title, ways in beginnings().items() if name.startswith(ways)), OTHER)
        groups[title].append(name)
    return {title: found for title, found in groups.items() if found}


@cache
def beginnings() -> dict[str, tuple[str, ...]]:
    """Return what the names of each group's metrics begin with, by the group's title; the rest is `OTHER`."""
    return {title: tuple(ways) for title, ways in shipped("sim.report", "metric_groups.json").items()}
