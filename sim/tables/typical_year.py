"""A typical year of weather from a file: 8,760 hours, in whichever of the usual shapes it is published.

Hours 1 to 24 (EPW, TMY3) are the times at which the value was, the end of their hour; hours 0 to 23 are the
hour's start, and with minutes (PSM3) the minute within it. PVGIS has stamps in UTC.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.tables.quantities import KINDS, QUANTITIES
from sim.tables.reading import TableReading
from sim.tables.shapes import column_called, plain_name
from sim.tables.table import Table
from sim.units import HOURS_PER_DAY, FloatArray

HOURS: Final = 8760
_YEAR: Final = np.datetime64("2001-01-01", "D")
_LEAP_DAY: Final = -10_000
_MINUTES_PER_HOUR: Final = 60.0
_DATES: Final = ("datemmddyyyy", "date")
_TIMES: Final = ("timehhmm", "time")
_STAMPS: Final = ("timeutc", "time")


def year_of(
    reading: TableReading, table: Table, column: str, utc_offset_h: float, *, ends: bool | None = None
) -> FloatArray:
    """Return the temperature at the start of each hour of a year in local standard time.

    Parameters
    ----------
    reading
        What the description says of units and missing values.
    table
        The file's rows.
    column
        Column of temperatures; where the file has none of this name, the one that is called so.
    utc_offset_h
        Local standard time less UTC [h].
    ends
        Whether hours end at the hour that is written; None: hours 1 to 24 do.

    Returns
    -------
    numpy.ndarray
        Temperatures [°C], shape (8760,).

    Raises
    ------
    InputError
        If the file holds no year of 365 days in order, or a temperature is missing or out of range.
    """
    if column not in table.columns:
        column = column_called(table.columns, KINDS["weather"].names) or column
    hour_of_year, within_h = _hours(table, utc_offset_h, ends=ends)
    common = np.flatnonzero(hour_of_year != _LEAP_DAY)
    table, hour_of_year = table.rows(common), hour_of_year[common]
    order = (int(hour_of_year[0]) + np.arange(HOURS)) % HOURS
    if hour_of_year.size != HOURS or not np.array_equal(hour_of_year % HOURS, order):
        got = f"got {table.row_count:,} rows that do not"
        raise InputError.single(table.name, "", f"must hold the {HOURS:,} hours of a year in order; {got}")
    temperature = QUANTITIES["temperature"]
    values, _ = reading.values(table, column, temperature)
    values = reading.clipped(values, temperature)
    temperature.check(table, column, values)
    year = np.empty(HOURS)
    year[order] = values
    # a value within an hour says what the hours' starts on either side of it are, by a line
    return year if within_h == 0.0 else within_h * np.roll(year, 1) + (1.0 - within_h) * year


def _hours(table: Table, utc_offset_h: float, *, ends: bool | None) -> tuple[NDArray[np.int64], float]:
    """Return the hour of the year of each row, and how far within its hour the value is [h]."""
    known = {plain_name(name): name for name in reversed(table.columns)}
    if {"month", "day", "hour"} <= known.keys():
        month, day, hour = (table.numbers(known[name]) for name in ("month", "day", "hour"))
        minutes = table.numbers(known["minute"]) if "minute" in known else np.zeros(1)
        to_24 = bool(hour.max() == HOURS_PER_DAY)
        moved = (ends is True and not to_24) - (ends is False and to_24)
        # EPW's minute 60 is the hour itself
        return _hour_of_year(month, day, hour + moved), float(minutes[0]) % _MINUTES_PER_HOUR / _MINUTES_PER_HOUR
    stamps, dates, times = (column_called(table.columns, names) for names in (_STAMPS, _DATES, _TIMES))
    if dates is not None and times is not None and dates != times:
        parts = [text.split("/") for text in table.texts(dates)]
        month, day = (np.array([_number(part, place) for part in parts]) for place in (0, 1))
        hour = np.array([_number(text.split(":"), 0) for text in table.texts(times)])
        return _hour_of_year(month, day, hour), 0.0
    if stamps is not None:  # PVGIS: 20070101:0010, in UTC
        texts = table.texts(stamps)
        month, day, hour, minutes = (
            np.array([_number([text[first : first + 2]], 0) for text in texts]) for first in (4, 6, 9, 11)
        )
        found = _hour_of_year(month, day, hour)
        within_h = float(minutes[0]) / _MINUTES_PER_HOUR + utc_offset_h % 1.0
        local = (found + int(np.floor(utc_offset_h)) + int(within_h)) % HOURS
        return np.where(found < 0, found, local), within_h % 1.0
    names = ", ".join(table.columns[:12])
    raise InputError.single(table.name, "", f"has no columns month, day and hour of a typical year; has {names}")


def _number(parts: list[str], place: int) -> float:
    return float(parts[place]) if len(parts) > place and parts[place].isdigit() else np.nan


def _hour_of_year(month: FloatArray, day: FloatArray, hour: FloatArray) -> NDArray[np.int64]:
    """Return the hour of a year, from 0; `_LEAP_DAY` on 29 February, -1 where there is no such hour."""
    months, days = (np.nan_to_num(part, nan=99.0).astype(np.int64) - 1 for part in (month, day))
    dates = (_YEAR.astype("datetime64[M]") + months).astype("datetime64[D]") + days
    inside = (dates.astype("datetime64[M]") - _YEAR.astype("datetime64[M]")).astype(np.int64) == months
    inside &= (months < 12) & (hour >= 0.0) & (hour <= HOURS_PER_DAY)  # noqa: PLR2004  # of a year
    found = np.where(inside, (dates - _YEAR).astype(np.float64) * HOURS_PER_DAY + hour, -1.0)
    return np.where((month == 2) & (day == 29), _LEAP_DAY, found).astype(np.int64)  # noqa: PLR2004
