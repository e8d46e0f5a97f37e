"""When the rows of a file happen: seconds from the start, or by the clock, in whatever way it is written."""

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import product
from typing import Any, Final, NamedTuple

import numpy as np

from sim.errors import InputError
from sim.shipped import shipped
from sim.tables.bounds import MAX_SHOWN
from sim.tables.shapes import plain_name
from sim.tables.table import Table
from sim.tables.unit_words import DIMENSIONS, apart, parse_unit
from sim.tables.zones import localised
from sim.units import SECONDS_PER_DAY, SECONDS_PER_MINUTE, BoolArray, FloatArray

FROM_START: Final = DIMENSIONS["time"]
"""Values of ``time_format`` that count from the scenario's start, in seconds."""
EPOCHS: Final = {"epoch_s": 1.0, "epoch_ms": 1e-3, "epoch_us": 1e-6, "epoch_ns": 1e-9}
"""Values of ``time_format`` that count from 1970-01-01T00:00Z, in seconds."""
EXCEL: Final = "excel"
_EXCEL_EPOCH_D: Final = -25_569.0
"""Day 0 of a spreadsheet, 1899-12-30 [d since 1970-01-01]."""
_EPOCH_SPAN_S: Final = (9.4e8, 4.2e9)
"""From 1999 to 2103: numbers of this size are no seconds from a run's start."""
_EXCEL_SPAN_D: Final = (36_000.0, 74_000.0)
"""From 1998 to 2102, in days of a spreadsheet."""
USUAL_TIME: Final = "time_utc"
"""What the column of times is called unless it is said."""
_KNOWN: Final[dict[str, Any]] = shipped("sim.tables", "times.json")
TIME_NAMES: Final = (USUAL_TIME, *_KNOWN["names"])
"""What the column of times is called, in small letters: the first that a file has is taken."""
_PLAIN_NAMES: Final = tuple(map(plain_name, TIME_NAMES))
_ENDS: Final = re.compile(
    r"(interval|period|hour|time|delivery|datetime|date)[ _]*(ending|end)|^he$|[ _]end([ _]|$)|^end"
)
_STARTS: Final = re.compile(r"start|begin")
_CLOCK_NAME: Final = re.compile(r"epoch|unix|stamp|ts|utc")
_COUNTS: Final = re.compile(r"time|elapsed|^t_|^(seconds|minutes|hours)$")
_UTC_NAME: Final = re.compile(r"(^|[^a-z])(utc|gmt|zulu)([^a-z]|$)")
_OFFSET: Final = r"(?:[zZ]|[+-]\d{2}:?\d{2})$"
_DATE: Final = r"^\d{4}-\d{2}-\d{2}$"
_ZONE_WORD: Final = re.compile(r"[0-9:] ?([A-Z]{2,5})$")
_MIDNIGHT: Final = r"(?P<gap>[ T])24(?P<rest>:00(?::00)?)"
_DATE_NAME: Final = re.compile(r"date|datum|day|fecha")
_OF_DAY: Final = re.compile(r"\d{1,2}:\d{2}(:\d{2})?( ?[AaPp][Mm])?$")
_SAMPLE: Final = 2000
_DATE_LENGTH: Final = len("31/12/2024")


class TimeSpelling(NamedTuple):
    """How the times of a file are written, as far as it is stated."""

    time_format: str | None = None
    """A pattern of strftime, or a word of `FROM_START`, `EPOCHS` or `EXCEL`."""
    time_zone: str | None = None
    """Zone of times without an offset."""
    any_clock: bool = False
    """Whether only differences count, so that a time needs no zone."""
    seconds: bool = True
    """Whether plain numbers whose name says no unit are seconds from the scenario's start."""


class Times(NamedTuple):
    """When rows happen."""

    value_s: FloatArray
    """Seconds; NaN where a row holds no time."""
    from_start: bool
    """Whether they count from the scenario's start; else since 1970-01-01T00:00Z."""


class Faces(NamedTuple):
    """What clocks showed: seconds since 1970-01-01T00:00 as if in UTC, and whether in a zone unknown."""

    value_s: FloatArray
    naive: BoolArray


def times_of(table: Table, column: str, clock: TimeSpelling) -> Times:
    """Return when the rows of a table happen.

    Raises
    ------
    InputError
        If there is no such column, or a row holds no time that can be placed; names row, value and cure.
    """
    table.require(column)
    if clock.time_format is not None:
        return _as_said(table, column, clock.time_format, clock)
    kind, values = table.moments(column)
    if kind == "numbers":
        return _of_numbers(table, column, clock)
    faces = read_faces(table, column) if values is None else Faces(values, np.full(values.size, kind == "naive"))
    if kind == "dates" and clock.time_zone is not None:  # else a date stands for its midnight in UTC
        faces = Faces(faces.value_s, np.ones(faces.value_s.size, np.bool_))
    return Times(placed(table, column, faces, clock), from_start=False)


def _as_said(table: Table, column: str, said: str, clock: TimeSpelling) -> Times:
    """Return times of a stated format."""
    factor = {**FROM_START, **EPOCHS}.get(said)
    if factor is not None:
        return Times(table.numbers(column) * factor, from_start=said in FROM_START)
    if said == EXCEL:
        face_s = np.round((table.numbers(column) + _EXCEL_EPOCH_D) * SECONDS_PER_DAY, 3)
        faces = Faces(face_s, np.ones(face_s.size, np.bool_))
    else:
        faces = _by_pattern(table, column, said)
    return Times(placed(table, column, faces, clock), from_start=False)


def _of_numbers(table: Table, column: str, clock: TimeSpelling) -> Times:
    """Return numbers as seconds from the start or since 1970, as their name and size tell."""
    values = table.numbers(column)
    below = parse_unit(table.header_unit(column))
    unit = below if below in FROM_START else time_unit(column)
    size = np.abs(values)
    for word, factor in EPOCHS.items():
        if _EPOCH_SPAN_S[0] <= size.min() * factor and size.max() * factor <= _EPOCH_SPAN_S[1]:
            if unit is None or (f"epoch_{unit}" == word and _CLOCK_NAME.search(column.lower())):
                return Times(values * factor, from_start=False)
            what = f"holds numbers of the size of seconds since 1970 ({word.removeprefix('epoch_')})"
            raise _said_otherwise(table, column, what, word)
    if unit not in {None, "s"}:
        raise _said_otherwise(table, column, f"is in {unit} by its name; times are seconds from the start", unit)
    if unit is None and _like_a_spreadsheet(values):
        raise _said_otherwise(
            table, column, "holds numbers of the size of a spreadsheet's days", f"{EXCEL} and time_zone"
        )
    if unit is None and _are_parts_of_a_day(values):
        raise _said_otherwise(table, column, "holds parts of a day", "d")
    if unit is None and not clock.seconds:
        cure = "s for seconds from the start, epoch_s for seconds since 1970, or a pattern"
        message = f"column '{column}' holds plain numbers, which may mean any time: write time_format: {cure}"
        raise InputError.single(table.name, "", message)
    return Times(values, from_start=True)


def _said_otherwise(table: Table, column: str, what: str, cure: str | None) -> InputError:
    message = f"column '{column}' {what}: write time_format: {cure}, or s if these are seconds from the start"
    return InputError.single(table.name, "", message, time_format=(cure or "s").split(" ", maxsplit=1)[0])


def _like_a_spreadsheet(values: FloatArray) -> bool:
    low, high = _EXCEL_SPAN_D
    inside = values.size > 1 and values.min() >= low and values.max() <= high
    return bool(inside and np.median(np.abs(np.diff(values))) <= 31.0)  # noqa: PLR2004  # a month


def _are_parts_of_a_day(values: FloatArray) -> bool:
    """Tell whether numbers are a spreadsheet's times of day: below one, whole minutes apart."""
    if values.size <= 2 or np.abs(values).max() >= 1.0:  # noqa: PLR2004  # two rows tell no spacing
        return False
    steps_min = np.diff(values) * SECONDS_PER_DAY / SECONDS_PER_MINUTE
    return bool(np.allclose(steps_min, steps_min.round()))


def time_unit(column: str) -> str | None:
    """Return the unit of time that a column's name tells: ``ms``, ``s``, ``min``, ``h``, ``d``, or None.

    Examples
    --------
    >>> time_unit("time_s"), time_unit("elapsed_min"), time_unit("minutes"), time_unit("timestamp")
    ('s', 'min', 'min', None)
    """
    words = re.findall(r"[a-z0-9]+", apart(column).lower())
    unit = parse_unit(words[-1]) if words and (len(words) > 1 or len(words[-1]) > 1) else None
    return unit if unit in FROM_START else None


def end_column(column: str) -> bool:
    """Tell whether a column's name says that it marks the end of each interval.

    Examples
    --------
    >>> [end_column(name) for name in ("Interval End", "INTERVALENDTIME_GMT", "HourEnding", "time_utc")]
    [True, True, True, False]
    """
    name = apart(column).lower()
    return bool(_ENDS.search(name)) and not _STARTS.search(name)


def start_column(columns: Sequence[str]) -> str | None:
    """Return the column whose name says that it marks the start of each interval, if there is one."""
    return next((name for name in columns if _STARTS.search(name.lower())), None)


def time_column(table: Table, usual: str) -> str:
    """Return the usual column of times, or else the first there is that is called so."""
    if usual in table.columns:
        return usual
    known = {plain_name(re.sub(r"[(\[].*", "", column)): column for column in reversed(table.columns)}
    known |= {plain_name(column): column for column in reversed(table.columns)}
    counting = (column for column in table.columns if _COUNTS.search(column.lower()) and time_unit(column))
    return next((known[name] for name in _PLAIN_NAMES if name in known), next(counting, usual))


def read_faces(table: Table, column: str) -> Faces:
    """Return what clocks showed, of texts in whichever of the usual spellings; NaN where there is none."""
    import pandas as pd  # noqa: PLC0415  # takes a second, and plain files do without

    texts = pd.Series(table.texts(column), dtype="str")
    if texts.iloc[:1].str.fullmatch(r"-?[0-9.]+").all():
        table.numbers(column)  # which says the row that is none
    if texts.iloc[:1].str.contains(" - ").any():  # "from - until"
        texts = texts.str.replace(r" +- .*$", "", regex=True)
    texts, later_s = _without_24(texts)
    if pd.to_datetime(texts.iloc[:1], format="ISO8601", errors="coerce", utc=True).isna().any():
        pattern = _pattern_of(table, column, texts)
        if pattern is not None:
            found = pd.to_datetime(texts, format=pattern, errors="coerce", utc=True)
            return Faces(_seconds(found) + later_s, np.ones(len(texts), dtype=np.bool_))
    texts = texts.str.replace(r" ?(UTC|GMT)$", "Z", regex=True)
    found = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
    dates = texts.str.fullmatch(_DATE)
    naive = ~(texts.str.contains(_OFFSET, regex=True) | (dates & ~dates.all()))
    return Faces(_seconds(found) + later_s, np.asarray(naive, dtype=np.bool_))


def _without_24(texts: Any) -> tuple[Any, FloatArray]:
    """Return texts with 24:00 as 00:00, and the day by which that is too early [s]."""
    late = texts.str.contains("[ T]24:00", regex=True).to_numpy(dtype=np.bool_)
    if late.any():
        texts = texts.str.replace(_MIDNIGHT, r"\g<gap>00\g<rest>", regex=True)
    return texts, late * SECONDS_PER_DAY


def _seconds(stamps: Any) -> FloatArray:
    found = stamps.dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    values = found.astype(np.int64).astype(np.float64) / 1e6
    values[np.isnat(found)] = np.nan
    return np.asarray(values)


def _by_pattern(table: Table, column: str, pattern: str) -> Faces:
    """Return what clocks showed, of texts of one pattern; raise InputError for the first of another."""
    import pandas as pd  # noqa: PLC0415  # takes a second, and plain files do without

    texts, later_s = _without_24(pd.Series(table.texts(column), dtype="str"))
    try:
        found = pd.to_datetime(texts, format=pattern, errors="coerce", utc=True)
    except ValueError as error:
        message = f"time_format {pattern[:MAX_SHOWN]!r} is no pattern of times: {error}"
        raise InputError.single(table.name, "", message) from None
    values = _seconds(found) + later_s
    bad = np.flatnonzero(np.isnan(values))
    if bad.size:
        raise table.fault_at(column, int(bad[0]), f"must be a time of the pattern {pattern[:MAX_SHOWN]}", got=True)
    zoned = "%z" in pattern or "%Z" in pattern
    return Faces(values, np.full(values.size, not zoned))


def written_so(table: Table, column: str, pattern: str) -> bool:
    """Tell whether the first time of a column is written as a pattern has it."""
    if not pattern or column not in table.columns or table.moments(column).kind != "texts":
        return False
    try:
        datetime.strptime(table.found(column, 0).strip("'\" "), pattern)  # noqa: DTZ007  # only its form counts
    except ValueError:
        return False
    return True


def _pattern_of(table: Table, column: str, texts: Any) -> str | None:
    """Return the pattern of a column's dates; raise InputError where day and month cannot be told apart."""
    import pandas as pd  # noqa: PLC0415  # its caller has it

    # times of one date are alike: a few rows, and one of each date, tell the pattern
    dates = ~texts.str.slice(0, _DATE_LENGTH).duplicated()
    sample = pd.concat([texts.iloc[:: max(1, len(texts) // _SAMPLE)], texts[dates].iloc[:_SAMPLE]])
    for clock, dates in product(_KNOWN["clocks"], _KNOWN["dates"]):
        patterns: list[str] = [date + clock for date in dates]  # of numbers alone: the month first, and the day
        fitting = [each for each in patterns if pd.to_datetime(sample, format=each, errors="coerce").notna().all()]
        if len(fitting) > 1:
            either = " or ".join(f'"{pattern}"' for pattern in fitting)
            must = f"day and month cannot be told apart: write time_format: {either}"
            raise table.fault_at(column, 0, must, got=True, time_format=fitting[0])
        if fitting:
            return fitting[0]
    return None


def placed(table: Table, column: str, faces: Faces, clock: TimeSpelling, again: BoolArray | None = None) -> FloatArray:
    """Return what clocks showed as seconds since 1970-01-01T00:00Z.

    Parameters
    ----------
    table, column
        Where it stands, for messages.
    faces
        What the clocks showed.
    clock
        Its zone, where it has no offset.
    again
        Whether an hour that comes twice is the second one, shape (n,), where the file says so.

    Raises
    ------
    InputError
        Where a row has no time, no zone is known, an hour did not exist in the zone, or came twice and
        nothing says which one it is.
    """
    values, naive = faces
    bad = np.flatnonzero(np.isnan(values))
    if bad.size:
        raise _unread(table, column, int(bad[0]))
    if not naive.any() or clock.any_clock:
        return values
    zone = clock.time_zone or ("UTC" if _UTC_NAME.search(column.lower()) else None)
    if zone is None:
        row = int(np.argmax(naive))
        must = (
            "must be a time with Z or an offset; for local time write time_zone, such as America/Chicago "
            "(Etc/GMT+6 for six hours behind UTC all year, UTC for UTC)"
        )
        words = re.findall("[a-z]+", column.lower())
        guess = next((_KNOWN["zones"][word] for word in words if word in _KNOWN["zones"]), "UTC")
        raise table.fault_at(column, row, must, got=True, time_zone=guess)
    if zone == "UTC":
        return values
    result = values.copy()
    rows = np.flatnonzero(naive)

    def fault(row: int, must: str) -> InputError:
        return table.fault_at(column, int(rows[row]), must, got=True)

    result[rows] = localised(values[rows], zone, None if again is None else again[rows], fault)
    return result


def _unread(table: Table, column: str, row: int) -> InputError:
    """Return the fault of a text that is no time: with the cause, if it shows."""
    text = table.texts(column)[row]
    word = _ZONE_WORD.search(text)
    if word and word.group(1) not in {"AM", "PM"}:
        must = f"ends in {word.group(1)}, a zone's name that says no offset: write time_format and time_zone"
        return table.fault_at(column, row, must, got=True)
    dates = next((name for name in table.columns if _DATE_NAME.search(name.lower()) and name != column), None)
    if dates is not None and _OF_DAY.match(text):
        must = f"is a time of day: name '{dates}' as time_column and '{column}' as hour_column"
        return table.fault_at(column, row, must, got=True, time_column=dates, hour_column=column)
    must = "must be a time, such as 2024-01-31T06:00:00Z (with Z or an offset, or with time_zone), or a date"
    rest = "" if row == 0 else "; rows of totals and remarks are no rows: take them out"
    return table.fault_at(column, row, must + rest, got=True)
