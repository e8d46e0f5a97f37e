"""A column of a file, read as a step signal over the run."""

import numpy as np

from sim.errors import InputError
from sim.signals import FloatArray, Signal
from sim.tables import Table

HOLE_RATIO = 1.5
"""Two rows further apart than this many median spacings have a hole between them."""


def step_signals(
    table: Table, time_column: str, value_columns: tuple[str, ...], start_utc_s: float, end_s: float
) -> tuple[Signal, ...]:
    """Return columns of a table as step signals from 0 to the run's end.

    Parameters
    ----------
    table
        The file; each row holds from its time to the next row's, the last row for the median spacing.
    time_column
        Name of the column with the start of each row's interval (UTC).
    value_columns
        Names of the columns to return.
    start_utc_s
        The run's start [s since 1970-01-01T00:00Z].
    end_s
        The run's end [s from its start], above 0.

    Returns
    -------
    tuple of Signal
        One step signal a column, in the column's own unit.

    Raises
    ------
    InputError
        The file does not cover the run, has a hole or a blank in it, or lacks a column.
    """
    starts_s, rows = _rows(table, time_column, start_utc_s, end_s)
    return tuple(Signal.steps(starts_s, table.numbers(column, rows)[rows], end_s) for column in value_columns)


def offered_signal(
    table: Table, time_column: str, value_column: str, start_utc_s: float, end_s: float
) -> tuple[Signal, Signal]:
    """Return a column that may have blanks as a step signal, and where it has a number.

    Takes and raises what `step_signals` does, but for blanks.

    Returns
    -------
    value : Signal
        The column, in its own unit; 0 where it is blank.
    present : Signal
        1 where there is a number, 0 where it is blank.
    """
    starts_s, rows = _rows(table, time_column, start_utc_s, end_s)
    values = table.numbers(value_column, rows, blanks=True)[rows]
    present = np.isfinite(values)
    filled = Signal.steps(starts_s, np.where(present, values, 0.0), end_s)
    return filled, Signal.steps(starts_s, present.astype(np.float64), end_s)


def _rows(table: Table, time_column: str, start_utc_s: float, end_s: float) -> tuple[FloatArray, slice]:
    """Return the rows of the run, and when each begins [s]; raise InputError where they do not cover it."""
    time_s = table.times_utc_s(time_column) - start_utc_s
    if len(time_s) < 2:  # noqa: PLR2004 -- two rows make the first spacing
        raise InputError.single(table.name, "", f"must have at least 2 rows, got {len(time_s)}")
    spacing_s = float(np.median(np.diff(time_s)))
    _check_cover(table.name, time_s, spacing_s, start_utc_s, end_s)
    _check_holes(table.name, time_s, spacing_s, start_utc_s, end_s)
    first = int(np.searchsorted(time_s, 0.0, side="right")) - 1
    rows = slice(first, int(np.searchsorted(time_s, end_s, side="left")))
    return np.maximum(time_s[rows], 0.0), rows


def published_signal(
    table: Table, time_column: str, value_column: str, delay_s: float, start_utc_s: float, end_s: float
) -> Signal:
    """Return a column as it is published: each row's value from so much after the row's time on [s].

    The rows are read from as much before the run as they are published late; where the file begins later than
    that, its first value stands in until the next is published.

    Takes and raises what `step_signals` does.
    """
    lead_s = min(delay_s, start_utc_s - float(table.times_utc_s(time_column)[0]))
    late_s = delay_s - lead_s
    read_s = max(end_s - late_s, min(end_s, 1.0))
    (signal,) = step_signals(table, time_column, (value_column,), start_utc_s - lead_s, read_s)
    times_s = signal.time_s + late_s
    times_s[0] = 0.0
    return Signal.steps(times_s, signal.value, end_s)


def check_positive(place: str, column: str, signal: Signal, start_utc_s: float, unit: str) -> None:
    """Raise InputError, naming the time, where a step signal is not above zero."""
    wrong = np.flatnonzero(signal.value <= 0.0)
    if wrong.size:
        when = utc_text(start_utc_s + float(signal.time_s[wrong[0]]))
        got = float(signal.value[wrong[0]])
        raise InputError.single(
            place, "", f"column '{column}' at {when}: must be above 0, got {got:g} {unit}"
        )


def utc_text(utc_s: float) -> str:
    """Return a time as text to the minute.

    Examples
    --------
    >>> utc_text(1_609_480_800.0)
    '2021-01-01T06:00Z'
    """
    return f"{np.datetime_as_string(np.datetime64(round(utc_s), 's'), unit='m')}Z"


def _check_cover(place: str, time_s: FloatArray, spacing_s: float, start_utc_s: float, end_s: float) -> None:
    """Raise InputError where the rows begin after the run or end before it."""
    if time_s[0] <= 0.0 and time_s[-1] + spacing_s >= end_s:
        return
    first = utc_text(start_utc_s + float(time_s[0]))
    last = utc_text(start_utc_s + float(time_s[-1]) + spacing_s)
    needed = f"{utc_text(start_utc_s)} to {utc_text(start_utc_s + end_s)}"
    raise InputError.single(place, "", f"covers {first} to {last}, the run needs {needed}")


def _check_holes(place: str, time_s: FloatArray, spacing_s: float, start_utc_s: float, end_s: float) -> None:
    """Raise InputError where rows are missing inside the run."""
    wide = np.diff(time_s) > HOLE_RATIO * spacing_s
    hole_start_s, hole_end_s = time_s[:-1] + spacing_s, time_s[1:]
    holes = np.flatnonzero(wide & (hole_start_s < end_s) & (hole_end_s > 0.0))
    if holes.size:
        first = utc_text(start_utc_s + float(hole_start_s[holes[0]]))
        last = utc_text(start_utc_s + float(hole_end_s[holes[0]]))
        more = f", and {holes.size - 1} more holes" if holes.size > 1 else ""
        raise InputError.single(
            place,
            "",
            f"has no row for {first} to {last}{more}; "
            f"the run needs every interval of {spacing_s:g} s from {utc_text(start_utc_s)} "
            f"to {utc_text(start_utc_s + end_s)}",
        )
