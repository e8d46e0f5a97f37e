"""The timeline of quantities in a file: its rows in order, by time from a run's start, in the run's units."""

import re
from typing import Final, NamedTuple

import numpy as np

from sim.errors import InputError
from sim.tables.reading import SeriesReading
from sim.tables.shapes import Shape, plain_name
from sim.tables.stamps import (
    FROM_START,
    Faces,
    Times,
    end_column,
    placed,
    start_column,
    time_column,
    times_of,
    written_so,
)
from sim.tables.table import Table
from sim.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_QUARTER, BoolArray, FloatArray, IndexArray

HOLE_RATIO: Final = 1.5
"""Two rows further apart than this many usual spacings have a hole between them."""
_NEIGHBOURS: Final = 8
"""Spacings on either side that tell which one is usual at a row."""
_ALIKE: Final = 0.02
"""Spacings that differ by less, over the larger, are alike."""
_TRUE_WORDS: Final = frozenset({"y", "yes", "true", "1", "t", "*"})
_HOURS: Final = frozenset({"he", "hour", "hr", "hourending", "hourofday", "opr_hr", "oprhr"})
_HOUR: Final = re.compile(
    r"(?:HE|Hour)? ?(\d{1,2})(?:\.0+)?(?::(\d{2})(?::(\d{2})(?:\.0+)?)?)?(?: ?([ap])\.?m\.?)?$", re.IGNORECASE
)
_MACHINES: Final = frozenset({"gpu", "index", "node", "device", "host", "meter", "unit", "id"})
_LAST_OF_DAY: Final = 24
MIN_STEP_S: Final = 1e-6
"""Shortest time between two rows [s]; a float resolves less on a run of many years."""
MAX_TIME_S: Final = 1e12
"""Farthest time from the start [s], either way."""


class Timeline(NamedTuple):
    """The rows of a file in order."""

    table: Table
    time_column: str
    time_s: FloatArray
    """When each row's interval begins [s from the run's start], increasing, shape (n,)."""
    length_s: FloatArray
    """How long each row's interval usually is, by the rows around it [s], shape (n,)."""
    from_start: bool
    """Whether the file counts seconds from the start, so that it may be a record of changes."""
    groups: FloatArray | None
    """Row of the timeline that each row of the table became, where several became one; else None."""

    @property
    def end_s(self) -> float:
        """When the last row's interval ends [s from the run's start]."""
        return float(self.time_s[-1] + self.length_s[-1])


def timeline_of(
    reading: SeriesReading,
    table: Table,
    usual_time_column: str,
    start_utc_s: float,
    shape: Shape | None = None,
    *,
    any_clock: bool = False,
) -> Timeline:
    """Return the rows of a table in order.

    Parameters
    ----------
    reading
        What the description says of times, duplicates and stamps.
    table
        The rows that were chosen.
    usual_time_column
        Column of times; where the file has none of this name, the first that is called so.
    start_utc_s
        The run's start [s since 1970-01-01T00:00Z].
    shape
        What is known of the kind of file.
    any_clock
        Whether only differences of times count.

    Raises
    ------
    InputError
        If a row holds no time, or the rows are in no order; names row, value and cure.
    """
    said = getattr(reading, "time_column", None) if "time_column" in reading.model_fields_set else None
    column = said or time_column(table, usual_time_column)
    table.require(column, "name the column of times as time_column")
    # loads and prices of one file, checked and then run, read its times once
    how = (reading.clock, reading.hour_column, reading.repeated_column, reading.stamp)
    key = (column, *how, shape, any_clock)
    times = table.kept(key, lambda: _times(reading, table, column, shape, any_clock=any_clock))
    _check_near(table, column, times.value_s)
    table, time_s = _forward(table, times.value_s)
    time_s, groups = _single(reading, table, column, time_s)
    if not (times.from_start or any_clock):
        time_s = time_s - start_utc_s
    _check_steps(table, column, time_s)
    length_s = usual_spacing_s(time_s)
    if _marks_end(reading, table, column, shape):
        time_s = time_s - np.minimum(length_s, np.diff(time_s, prepend=time_s[0] - length_s[0]))
    return Timeline(table, column, time_s, length_s, times.from_start, groups)


def _times(reading: SeriesReading, table: Table, column: str, shape: Shape | None, *, any_clock: bool) -> Times:
    clock = reading.clock._replace(any_clock=any_clock)
    hour_column = reading.hour_column or (shape.hour_column if shape else "")
    if shape is not None:
        clock = clock._replace(time_zone=clock.time_zone or shape.time_zone or None)
        usual = shape.time_format
        if clock.time_format is None and (usual in FROM_START or written_so(table, column, usual)):
            clock = clock._replace(time_format=usual)
    if not hour_column:
        return times_of(table, column, clock)
    day_format = clock.time_format or (shape.time_format if shape else "") or None
    days = times_of(table, column, clock._replace(any_clock=True, time_format=day_format))
    faces = Faces(days.value_s + _hours_s(reading, table, hour_column, shape), np.ones(table.row_count, np.bool_))
    return Times(placed(table, column, faces, clock, _again(reading, table, shape)), from_start=False)


def _hours_s(reading: SeriesReading, table: Table, column: str, shape: Shape | None) -> FloatArray:
    """Return when each row's interval begins in its day, as clocks show it [s]."""
    texts = table.texts(column)
    hours = np.array([_hour(text) for text in texts])
    bad = np.flatnonzero(~((hours >= 0) & (hours <= _LAST_OF_DAY)))
    if bad.size:
        raise table.fault_at(column, int(bad[0]), "must be an hour from 0 to 24", got=True)
    ends = reading.stamp == "end" or (reading.stamp is None and _ends(column, hours, shape))
    if ends and (hours % 1.0).any():
        raise table.fault_at(column, int(np.argmax(hours % 1.0)), "must be a whole hour where it ends there", got=True)
    began = hours - 1.0 if ends else hours
    quarters = np.zeros(hours.size)
    if shape is not None and shape.interval_column:
        quarters = table.numbers(shape.interval_column) - 1.0
    return began * SECONDS_PER_HOUR + quarters * SECONDS_PER_QUARTER


def _hour(text: str) -> float:
    """Return a time of day as hours: ``13``, ``HE13``, ``13:30``, ``1:30 PM``; -1 where it is none."""
    found = _HOUR.match(text)
    if found is None:
        return -1.0
    hour, minute, second = (float(part or 0.0) for part in found.groups()[:3])
    half = {"": hour, "a": hour % 12.0, "p": hour % 12.0 + 12.0}[(found[4] or "").lower()]
    return half + minute / 60.0 + second / SECONDS_PER_HOUR


def _ends(column: str, hours: FloatArray, shape: Shape | None) -> bool:
    return bool(shape is not None or end_column(column) or (hours.max() == _LAST_OF_DAY and hours.min() > 0))


def _again(reading: SeriesReading, table: Table, shape: Shape | None) -> BoolArray | None:
    column = reading.repeated_column or (shape.repeated_column if shape else "")
    if not column:
        return None
    return np.array([text.lower() in _TRUE_WORDS for text in table.texts(column)], dtype=np.bool_)


def _marks_end(reading: SeriesReading, table: Table, column: str, shape: Shape | None) -> bool:
    """Tell whether times mark the end of intervals; refuse a column called so where nothing is said."""
    if reading.hour_column or (shape is not None and shape.hour_column):
        return False  # already reckoned with
    if reading.stamp is not None:
        return reading.stamp == "end"
    if shape is not None and column == shape.time_column:
        return shape.stamp == "end"
    if not end_column(column):
        return False
    start = start_column(table.columns)
    cure = f"name '{start}' as time_column, or write stamp: end" if start else "write stamp: end"
    raise InputError.single(
        table.name, "", f"column '{column}' marks the end of each interval by its name: {cure}", stamp="end"
    )


def _check_near(table: Table, column: str, time_s: FloatArray) -> None:
    """Raise InputError where a time is farther away than a run can tell."""
    far = np.flatnonzero(np.abs(time_s) > MAX_TIME_S)
    if far.size:
        raise table.fault_at(column, int(far[0]), f"must be within {MAX_TIME_S:g} s of the start", got=True)


def _check_steps(table: Table, column: str, time_s: FloatArray) -> None:
    """Raise InputError where times are closer than a run can tell."""
    close = np.flatnonzero(np.diff(time_s) < MIN_STEP_S)
    if close.size:
        must = f"must be at least {MIN_STEP_S:g} s after the row before"
        raise table.fault_at(column, int(close[0]) + 1, must, got=True)


def _forward(table: Table, time_s: FloatArray) -> tuple[Table, FloatArray]:
    """Return rows with the oldest first: some programs write the newest first."""
    if time_s.size > 1 and (np.diff(time_s) <= 0.0).all() and time_s[0] > time_s[-1]:
        return table.rows(np.arange(time_s.size - 1, -1, -1)), time_s[::-1]
    return table, time_s


def _single(
    reading: SeriesReading, table: Table, column: str, time_s: FloatArray
) -> tuple[FloatArray, FloatArray | None]:
    """Return each time once, and which of them each row is; raise InputError where rows are in no order."""
    late = np.flatnonzero(np.diff(time_s) <= 0.0)
    if not late.size:
        return time_s, None
    backward = np.flatnonzero(np.diff(time_s) < 0.0)
    alike = late.size > backward.size and reading.duplicates in {"last", "mean"}
    if backward.size or not alike:
        row = int((backward if alike else late)[0]) + 1
        fault = table.not_above(column, row).faults[0]
        several = [name for name in table.columns if name != column and _chooses(table, name)]
        seldom = late.size * 20 <= time_s.size
        goes_back = seldom and _goes_back(reading, table, column, time_s[row - 1 : row + 1])
        few = late.size * 4 <= time_s.size and not (backward.size or goes_back or several)
        hour = next((name for name in table.columns if plain_name(name) in _HOURS), None)
        alike_cure = {"duplicates": "last"} if few else {}
        if hour is not None and time_s[row] == time_s[row - 1]:
            alike_cure = {"hour_column": hour}
        if goes_back:
            text = "; if this hour comes twice as clocks go back, write time_zone, such as America/Chicago"
            raise InputError.single(fault.place, "", fault.message + text)
        raise InputError.single(fault.place, "", fault.message + _cure(time_s, row, several, hour), **alike_cure)
    starts = np.concatenate([[True], np.diff(time_s) > 0.0])
    return time_s[starts], np.cumsum(starts) - 1.0


def _goes_back(reading: SeriesReading, table: Table, column: str, both_s: FloatArray) -> bool:
    """Tell whether two rows may be those where the clocks of an unknown zone go back by an hour."""
    is_local = reading.time_zone in {None, "UTC"} and table.moments(column).kind in {"naive", "texts"}
    back_s = float(both_s[0] - both_s[1])
    return is_local and 0.0 <= back_s < SECONDS_PER_HOUR and both_s[1] % SECONDS_PER_DAY < 3.0 * SECONDS_PER_HOUR


def _cure(time_s: FloatArray, row: int, several: list[str], hour: str | None) -> str:
    """Return what may help where a time is not above the one before."""
    if time_s[row] == time_s[row - 1]:
        cure = "; rows of one time: write duplicates: last, or mean"
    else:
        cure = "; rows must be in the order of time"
    if hour is not None and time_s[row] == time_s[row - 1]:
        return f"; name '{hour}' as hour_column, if it is the hour of the day"
    if several:
        cure += f", or choose rows with where, by {', '.join(several[:4])}"
    return cure


def _chooses(table: Table, column: str) -> bool:
    """Tell whether a column has a few different texts by which rows may be chosen."""
    words = table.words_if_any(column)
    few = 1 < len(words) <= max(20, table.row_count // 4)
    return few and (plain_name(column) in _MACHINES or not any(word[:1].isdigit() for word in words))


def usual_spacing_s(time_s: FloatArray) -> FloatArray:
    """Return how long the interval of each row is, by the median of the spacings on either side of its own.

    Where the spacing changes within the file the longer of both counts, so that neither side is a hole.

    Examples
    --------
    A hole of two rows, and hours that become quarters:

    >>> usual_spacing_s(np.array([0.0, 1.0, 2.0, 5.0, 6.0, 7.0])).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    >>> usual_spacing_s(np.array([0.0, 60.0, 120.0, 180.0, 195.0, 210.0])).tolist()
    [60.0, 60.0, 60.0, 15.0, 15.0, 15.0]
    """
    gaps = np.diff(time_s)
    if not gaps.size:
        return np.zeros(time_s.size)
    if gaps.max() <= HOLE_RATIO * gaps.min():  # as of most files: no hole
        return np.append(gaps, gaps[-1])
    usual = gaps.copy()
    before, after = np.append(np.inf, gaps[:-1]), np.append(gaps[1:], np.inf)
    wide = np.flatnonzero(gaps > HOLE_RATIO * np.minimum(np.minimum(before, after), np.median(gaps)))
    if wide.size:
        after = _medians_before(gaps[::-1], gaps.size - 1 - wide)
        usual[wide] = np.maximum(_medians_before(gaps, wide), after)
    return np.append(np.minimum(gaps, usual), min(usual[-1], gaps[-1]))


def _medians_before(gaps: FloatArray, places: IndexArray) -> FloatArray:
    """Return the median of the nearest gaps before each place; minus infinity where there is none."""
    ahead = np.concatenate([np.full(_NEIGHBOURS, np.nan), gaps])
    beside = np.lib.stride_tricks.sliding_window_view(ahead, _NEIGHBOURS)[places]
    beside[places == 0] = -np.inf
    return np.asarray(np.nanmedian(beside, axis=1), dtype=np.float64)


def regular(time_s: FloatArray, least_gaps: int = 1) -> bool:
    """Tell whether rows come at a regular spacing, holes aside: at least half of the spacings are alike.

    Examples
    --------
    >>> regular(np.array([0.0, 1.0, 2.0, 3.0, 9.0, 10.0, 11.0]))
    True
    >>> regular(np.array([0.0, 3300.0, 3600.0, 4000.0]))
    False
    """
    gaps = np.diff(time_s)
    if gaps.size < max(least_gaps, 2):
        return gaps.size >= least_gaps
    alike = np.abs(np.diff(gaps)) <= _ALIKE * np.maximum(gaps[1:], gaps[:-1])
    return bool(2 * np.count_nonzero(alike) >= alike.size)
