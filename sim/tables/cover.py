"""What of a run the rows of a file cover, and what is to hold where they do not."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.errors import InputError
from sim.tables.files import Files
from sim.tables.quantities import QUANTITIES, Quantity
from sim.tables.reading import SeriesReading
from sim.tables.shapes import Shape, shape_of
from sim.tables.table import Table
from sim.tables.timeline import HOLE_RATIO, Timeline, regular, timeline_of
from sim.units import SECONDS_PER_HOUR, FloatArray, IndexArray

LEAST_ROWS = 2
_FEW_GAPS = 4
"""Fewer spacings of a file in seconds from the start are those of a hand-made timeline."""
Span = tuple[float, float]


class Wanted(NamedTuple):
    """A column that is to be read."""

    column: str
    quantity: Quantity
    unit: str | None = None
    """Unit that the kind of file is known to have, where none is stated."""


def of_power(reading: SeriesReading, files: Files, column: str) -> tuple[Table, Shape | None, Wanted]:
    """Return the rows of a file of power, what is known of its kind, and the column of this name or kind."""
    table = reading.table(files)
    shape = shape_of(table.columns, "power") if column not in table.columns else None
    power = QUANTITIES["power"]
    wanted = Wanted(column, power) if shape is None else Wanted(shape.value_column, power, shape.unit)
    return table, shape, wanted


class Covered(NamedTuple):
    """Rows that hold over a run, one after another."""

    table: Table
    time_s: FloatArray
    """When each begins to hold [s from the run's start]; the first not after 0."""
    values: tuple[FloatArray, ...]
    """Each column in its quantity's unit, NaN where it is blank and may be, shape (n,)."""
    filled: tuple[Span, ...]
    """Where no row tells, and what the description says holds [s from the run's start]."""
    length_s: FloatArray
    """How long the interval of each row is [s]."""


class Needed(NamedTuple):
    """A part of a run that a file is to cover, and how."""

    start_utc_s: float
    """The run's start [s since 1970-01-01T00:00Z]."""
    end_s: float
    """Its end [s from its start], above 0."""
    changes: bool = False
    """Whether rows that count seconds from the start are a record of changes: the last one holds."""
    keep_blanks: bool = False
    """Whether a blank says something, so that its row stays."""
    least_rows: int = LEAST_ROWS
    by_line: bool = False
    """Whether values move in lines from row to row."""
    first_s: float | None = None
    """When the first row happens [s from the run's start], whatever the file's own clock says."""
    to_the_end: bool = False
    """Whether even rows at no spacing must reach to the run's end."""
    bridged_rows: float = 0.0
    """Holes of so many usual spacings are crossed, where ``max_gap_s`` is left out."""


def covered(
    reading: SeriesReading,
    files: Files,
    time_column: str,
    columns: Sequence[Wanted],
    needed: Needed,
    *,
    table: Table | None = None,
    shape: Shape | None = None,
) -> Covered:
    """Return the rows of a file that a run needs.

    Parameters
    ----------
    reading
        How the file is to be read.
    files
        Folders that hold it.
    time_column
        Its column of times.
    columns
        The columns to return.
    needed
        The run.
    table
        The rows of the file, where they are already chosen.
    shape
        What is known of this kind of file.

    Raises
    ------
    InputError
        If the file cannot be read, does not cover the run, has a hole or a blank in it, lacks a column, or
        a value is out of range; names file, row, value, cause and cure.
    """
    table = reading.table(files) if table is None else table
    moved = needed.first_s is not None
    timeline = timeline_of(reading, table, time_column, needed.start_utc_s, shape, any_clock=moved)
    if needed.first_s is not None:
        timeline = timeline._replace(time_s=timeline.time_s - timeline.time_s[0] + needed.first_s, from_start=True)
    least = needed.least_rows if timeline.from_start else LEAST_ROWS
    if timeline.time_s.size < least:
        raise InputError.single(table.name, "", f"must have at least {least} rows, got {timeline.time_s.size}")
    within = _within(timeline, needed)
    keep = needed.keep_blanks or reading.max_gap_s is not None or needed.bridged_rows > 0.0
    values = tuple(column_values(reading, timeline, wanted, within, keep_blanks=keep) for wanted in columns)
    timeline, values = _present(timeline, values, needed)
    spans = filled(reading, timeline, needed)
    files.note_filled(table.name, spans)
    rows = _within(timeline, needed)
    time_s = timeline.time_s[rows] if needed.by_line else np.maximum(timeline.time_s[rows], 0.0)
    return Covered(timeline.table, time_s, tuple(one[rows] for one in values), spans, timeline.length_s[rows])


def levels(reading: SeriesReading, files: Files, timeline: Timeline, wanted: Wanted, needed: Needed) -> Covered:
    """Return all rows of a record of changes; one without a value leaves what was, for ``max_gap_s`` at most.

    Takes and raises what `covered` does; what holds before the first row is for the caller to say.
    """
    keep = reading.max_gap_s is not None
    values = column_values(reading, timeline, wanted, slice(None), keep_blanks=keep)
    timeline, columns = _present(timeline, (values,), needed)
    spans = tuple(_holes(reading, timeline, needed)) if keep else ()
    files.note_filled(timeline.table.name, spans)
    return Covered(timeline.table, timeline.time_s, columns, spans, timeline.length_s)


def _within(timeline: Timeline, needed: Needed) -> slice:
    """Return the rows that hold at some time of the run; a line needs the row after its end, too."""
    first = max(int(np.searchsorted(timeline.time_s, 0.0, side="right")) - 1, 0)
    last = int(np.searchsorted(timeline.time_s, needed.end_s, side="left")) + needed.by_line
    return slice(first, max(last, first + 1))


def column_values(
    reading: SeriesReading, timeline: Timeline, wanted: Wanted, within: slice, *, keep_blanks: bool = False
) -> FloatArray:
    """Return a column by the rows of a timeline in its quantity's unit, checked within some of them.

    Raises
    ------
    InputError
        If its unit is another, a row holds no number (a blank may stand), or a value is out of range.
    """
    column, quantity = wanted.column, wanted.quantity
    rows = within if timeline.groups is None else None
    values, conversion = reading.values(timeline.table, column, quantity, rows, blanks=keep_blanks, unit=wanted.unit)
    if timeline.groups is not None:
        values = _merged(values, timeline.groups, mean=reading.duplicates == "mean")
    if conversion.per_interval:
        quantity.check_energy(timeline.table, column, values)
        values = values * (SECONDS_PER_HOUR / timeline.length_s)
    values = reading.clipped(values, quantity)
    quantity.check(timeline.table, column, values, slice(None) if rows is None else rows)
    if reading.unit is None:
        quantity.check_plausible(timeline.table, column, values)
    return values


def _merged(values: FloatArray, groups: FloatArray, *, mean: bool) -> FloatArray:
    """Return one value for the rows of each time: the last, or the mean."""
    if not mean:
        return np.asarray(values[np.append(np.diff(groups) > 0.0, True)])
    import pandas as pd  # noqa: PLC0415  # takes a second, and most files have no such rows

    return np.asarray(pd.Series(values).groupby(groups).mean())


def _present(
    timeline: Timeline, values: tuple[FloatArray, ...], needed: Needed
) -> tuple[Timeline, tuple[FloatArray, ...]]:
    """Return the rows that hold a value: the others are holes."""
    if needed.keep_blanks or not values:
        return timeline, values
    there = np.isfinite(values).all(axis=0)
    if there.all():
        return timeline, values
    if not there.any():
        raise InputError.single(timeline.table.name, "", "holds no number in any row")
    rows = timeline.table if timeline.groups is not None else timeline.table.rows(np.flatnonzero(there))
    fewer = timeline._replace(table=rows, time_s=timeline.time_s[there], length_s=timeline.length_s[there])
    return fewer, tuple(one[there] for one in values)


def filled(reading: SeriesReading, timeline: Timeline, needed: Needed) -> tuple[Span, ...]:
    """Return where in a run no row tells what holds, and something does [s from its start].

    Raises
    ------
    InputError
        Where nothing is said to hold; names the time and the cure.
    """
    spans = [*_outside(reading, timeline, needed), *_holes(reading, timeline, needed)]
    return tuple((max(0.0, first), min(needed.end_s, last)) for first, last in sorted(spans))


def _outside(reading: SeriesReading, timeline: Timeline, needed: Needed) -> list[Span]:
    time_s, end_s = timeline.time_s, needed.end_s
    last_s = timeline.end_s
    record = timeline.from_start and needed.changes
    irregular = not (needed.to_the_end or _regular(timeline, needed))
    lasts = (record or irregular) and time_s[-1] >= 0.0
    spans = [(0.0, min(float(time_s[0]), end_s))] if time_s[0] > 0.0 else []
    if last_s < end_s and not lasts:
        spans.append((max(last_s, 0.0), end_s))
    none = bool(time_s[0] >= end_s or last_s <= 0.0)
    if spans and (reading.outside not in {"hold", "nominal"} or (none and reading.outside == "nominal")):
        raise _not_covered(reading, timeline, needed, none=none)
    return spans


def _not_covered(reading: SeriesReading, timeline: Timeline, needed: Needed, *, none: bool) -> InputError:
    span = _span_text(timeline, needed, float(timeline.time_s[0]), timeline.end_s)
    needs = _span_text(timeline, needed, 0.0, needed.end_s)
    lead = "no row lies within the run: it " if none else ""
    cure = "" if none else "; outside: hold keeps the first and the last value"
    if none and timeline.from_start and not reading.has_nominal:
        cure = f"; times of column '{timeline.time_column}' are taken as seconds from the start"
    nominal = ""
    if reading.has_nominal:
        nominal = "; state at or at_s, when the first row happens" if none else ", nominal the nominal one"
    message = f"{lead}covers {span}, the run needs {needs}{cure}{nominal}"
    mends = {} if none else {"outside": "hold"}
    return InputError.single(timeline.table.name, "", message, **mends)


def _holes(reading: SeriesReading, timeline: Timeline, needed: Needed) -> list[Span]:
    time_s, length_s = timeline.time_s, timeline.length_s
    record = timeline.from_start and needed.changes
    if reading.max_gap_s is None and (record or not _regular(timeline, needed)):
        return []
    first_s, last_s = time_s[:-1] + length_s[:-1], time_s[1:]
    wide = np.diff(time_s) > HOLE_RATIO * length_s[:-1]
    holes = np.flatnonzero(wide & (first_s < needed.end_s) & (last_s > 0.0))
    crossed_s = needed.bridged_rows * length_s[:-1]
    most_s = crossed_s if reading.max_gap_s is None else np.full(length_s.size - 1, reading.max_gap_s)
    long = holes[(last_s - first_s)[holes] > most_s[holes] * (1.0 + 1e-9)]
    if long.size:
        raise _hole(timeline, needed, long, first_s, last_s, reading.max_gap_s or 0.0)
    return [(float(first_s[hole]), float(last_s[hole])) for hole in holes]


def _regular(timeline: Timeline, needed: Needed) -> bool:
    """Tell whether rows come at a spacing, so that a row may be missing; those of markets always do."""
    free = needed.changes or needed.by_line
    return not free or regular(timeline.time_s, _FEW_GAPS if timeline.from_start else 1)


def _hole(
    timeline: Timeline, needed: Needed, holes: IndexArray, first_s: FloatArray, last_s: FloatArray, most_s: float
) -> InputError:
    hole = int(holes[0])
    longest_s = float((last_s - first_s)[holes].max())
    more = f", and {holes.size - 1} more holes" if holes.size > 1 else ""
    span = _span_text(timeline, needed, float(first_s[hole]), float(last_s[hole]))
    needs = _span_text(timeline, needed, 0.0, needed.end_s)
    longer = f", longer than max_gap_s of {most_s:g} s" if most_s else ""
    message = (
        f"has no row for {span}{more}{longer}; the run needs every interval of "
        f"{timeline.length_s[hole]:g} s from {needs}; max_gap_s: {longest_s:g} fills it"
    )
    return InputError.single(timeline.table.name, "", message, max_gap_s=longest_s)


def _span_text(timeline: Timeline, needed: Needed, first_s: float, last_s: float) -> str:
    """Return a part of a run as text, in the way in which the file counts time."""
    if timeline.from_start:
        return f"{first_s:.10g} s to {last_s:.10g} s"
    return f"{utc_text(needed.start_utc_s + first_s)} to {utc_text(needed.start_utc_s + last_s)}"


def utc_text(utc_s: float) -> str:
    """Return a time as text to the minute.

    Examples
    --------
    >>> utc_text(1_609_480_800.0)
    '2021-01-01T06:00Z'
    """
    return f"{np.datetime_as_string(np.datetime64(round(utc_s), 's'), unit='m')}Z"
