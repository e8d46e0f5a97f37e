"""How a quantity goes over a run, and columns of files read as step signals of it."""

from abc import abstractmethod
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from pydantic import Field

from sim.errors import InputError
from sim.signals import Signal
from sim.span import Span
from sim.spec import Spec
from sim.tables import Files, Table
from sim.units import BoolArray, FloatArray

HOLE_RATIO = 1.5
"""Two rows further apart than this many median spacings have a hole between them."""


class Course(Spec):
    """Base of every description of how one quantity goes over a run: a price, a load, a power."""

    @abstractmethod
    def signal(self, span: Span) -> Signal:
        """Return what is in force over the run, as steps in the quantity's own unit.

        Parameters
        ----------
        span
            The run.

        Returns
        -------
        Signal
            From 0 to the run's end.

        Raises
        ------
        InputError
            A file is missing or does not serve the run.
        """

    def published(self, span: Span, in_force: Signal) -> Signal:  # noqa: ARG002 -- most are known at once
        """Return what policies see, as late as it is published.

        Parameters
        ----------
        span
            The run.
        in_force
            What `signal` returned: nothing is drawn twice.
        """
        return in_force


def step_signals(
    table: Table, time_column: str, value_columns: tuple[str, ...], span: Span
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
    span
        The run.

    Returns
    -------
    tuple of Signal
        One step signal a column, in the column's own unit.

    Raises
    ------
    InputError
        The file does not cover the run, has a hole or a blank in it, or lacks a column.
    """
    starts_s, rows = _rows(table, time_column, span)
    return tuple(
        Signal.steps(starts_s, table.numbers(column, rows)[rows], span.end_s) for column in value_columns
    )


def offered_signal(table: Table, time_column: str, value_column: str, span: Span) -> tuple[Signal, Signal]:
    """Return a column that may have blanks as a step signal, and where it has a number.

    Takes and raises what `step_signals` does, but for blanks.

    Returns
    -------
    value : Signal
        The column, in its own unit; 0 where it is blank.
    present : Signal
        1 where there is a number, 0 where it is blank.
    """
    starts_s, rows = _rows(table, time_column, span)
    values = table.numbers(value_column, rows, blanks=True)[rows]
    present = np.isfinite(values)
    filled = Signal.steps(starts_s, np.where(present, values, 0.0), span.end_s)
    return filled, Signal.steps(starts_s, present.astype(np.float64), span.end_s)


def _rows(table: Table, time_column: str, span: Span) -> tuple[FloatArray, slice]:
    """Return the rows of the run, and when each begins [s]; raise InputError where they do not cover it."""
    time_s = table.times_utc_s(time_column) - span.start_utc_s
    if len(time_s) < 2:  # noqa: PLR2004 -- two rows make the first spacing
        raise InputError.single(table.name, "", f"must have at least 2 rows, got {len(time_s)}")
    spacing_s = float(np.median(np.diff(time_s)))
    _check_cover(table.name, time_s, spacing_s, span)
    _check_holes(table.name, time_s, spacing_s, span)
    first = int(np.searchsorted(time_s, 0.0, side="right")) - 1
    rows = slice(first, int(np.searchsorted(time_s, span.end_s, side="left")))
    return np.maximum(time_s[rows], 0.0), rows


def published_signal(table: Table, time_column: str, value_column: str, delay_s: float, span: Span) -> Signal:
    """Return a column as it is published: each row's value from so much after the row's time on [s].

    The rows are read from as much before the run as they are published late; where the file begins later than
    that, its first value stands in until the next is published.

    Takes and raises what `step_signals` does.
    """
    lead_s = min(delay_s, span.start_utc_s - float(table.times_utc_s(time_column)[0]))
    late_s = delay_s - lead_s
    read_s = max(span.end_s - late_s, min(span.end_s, 1.0))
    before = replace(span, start_utc_s=span.start_utc_s - lead_s, end_s=read_s)
    (signal,) = step_signals(table, time_column, (value_column,), before)
    times_s = signal.time_s + late_s
    times_s[0] = 0.0
    return Signal.steps(times_s, signal.value, span.end_s)


def check_positive(place: str, column: str, signal: Signal, span: Span, unit: str) -> None:
    """Raise InputError, naming the time, where a column's step signal is not above zero."""
    _check(place, column, signal, signal.value <= 0.0, span, f"must be above 0, got {{:g}} {unit}")


def check_not_negative(place: str, column: str, signal: Signal, span: Span, unit: str) -> None:
    """Raise InputError, naming the time, where a column's step signal is below zero."""
    _check(place, column, signal, signal.value < 0.0, span, f"must be 0 or above, got {{:g}} {unit}")


def _check(place: str, column: str, signal: Signal, wrong: BoolArray, span: Span, must: str) -> None:
    if wrong.any():
        first = int(np.argmax(wrong))
        when = utc_text(span.start_utc_s + float(signal.time_s[first]))
        message = f"column '{column}' at {when}: {must.format(float(signal.value[first]))}"
        raise InputError.single(place, "", message)


def utc_text(utc_s: float) -> str:
    """Return a time as text to the minute.

    Examples
    --------
    >>> utc_text(1_609_480_800.0)
    '2021-01-01T06:00Z'
    """
    return f"{np.datetime_as_string(np.datetime64(round(utc_s), 's'), unit='m')}Z"


def _check_cover(place: str, time_s: FloatArray, spacing_s: float, span: Span) -> None:
    """Raise InputError where the rows begin after the run or end before it."""
    if time_s[0] <= 0.0 and time_s[-1] + spacing_s >= span.end_s:
        return
    first = utc_text(span.start_utc_s + float(time_s[0]))
    last = utc_text(span.start_utc_s + float(time_s[-1]) + spacing_s)
    needed = f"{utc_text(span.start_utc_s)} to {utc_text(span.end_utc_s)}"
    raise InputError.single(place, "", f"covers {first} to {last}, the run needs {needed}")


def _check_holes(place: str, time_s: FloatArray, spacing_s: float, span: Span) -> None:
    """Raise InputError where rows are missing inside the run."""
    wide = np.diff(time_s) > HOLE_RATIO * spacing_s
    hole_start_s, hole_end_s = time_s[:-1] + spacing_s, time_s[1:]
    holes = np.flatnonzero(wide & (hole_start_s < span.end_s) & (hole_end_s > 0.0))
    if holes.size:
        first = utc_text(span.start_utc_s + float(hole_start_s[holes[0]]))
        last = utc_text(span.start_utc_s + float(hole_end_s[holes[0]]))
        more = f", and {holes.size - 1} more holes" if holes.size > 1 else ""
        raise InputError.single(
            place,
            "",
            f"has no row for {first} to {last}{more}; "
            f"the run needs every interval of {spacing_s:g} s from {utc_text(span.start_utc_s)} "
            f"to {utc_text(span.end_utc_s)}",
        )


PRICE_SUFFIX: Final = "usd_per_mwh"
TIME_NAMES: Final = ("time_utc", "interval start", "interval_start_utc", "interval_start", "time")
"""What the column of times is called, in small letters: the first that a file has is taken."""
PRICE_NAMES: Final = ("spp", "lmp", "price")
"""What the column of prices is called in files whose names say no unit, in small letters."""
LOCATION_NAME: Final = "location"
MARKET_NAME: Final = "market"
_SHOWN: Final = 12


class PriceColumn(NamedTuple):
    """One course of prices: the rows of a file that make it, and where they hold time and price."""

    table: Table
    time_column: str
    value_column: str


class PriceFile(Spec):
    """A column of prices in a CSV or Parquet file.

    The usual shapes need no more than the file's name: ``time_utc`` with a column whose name ends in
    ``usd_per_mwh`` or is ``price``, and frames of the library gridstatus as pandas saves them (``Interval
    Start`` or ``Time`` with offsets, ``Location``, ``Market``, ``SPP`` or ``LMP``).
    """

    file: str = Field(min_length=1)
    """CSV (plain or .gz) or Parquet file, relative to the scenario file or a data folder."""
    time_column: str | None = None
    """Column with the START of each interval, as ISO-8601 with zone or offset; by default the first there is
    of ``time_utc``, ``Interval Start``, ``interval_start_utc``, ``interval_start``, ``Time``."""
    price_column: str | None = None
    """Column with the price [USD/MWh]; by default the only one whose name ends in ``usd_per_mwh``, else the
    only one called ``SPP``, ``LMP`` or ``price``."""
    location: str | None = None
    """Settlement point whose rows to take, as the column ``Location`` has it; needed where it has several."""
    market: str | None = None
    """Market whose rows to take, as the column ``Market`` has it; needed where it has several."""

    def column(self, files: Files) -> PriceColumn:
        """Return the rows and columns that the fields name, or that are the only ones.

        Raises
        ------
        InputError
            The file is missing, or lacks what is named, or leaves a choice: names the choices.
        """
        table = files.table(self.file)
        table = _selected(table, LOCATION_NAME, "location", self.location)
        table = _selected(table, MARKET_NAME, "market", self.market)
        return PriceColumn(
            table, self.time_column or _time_column(table), self.price_column or _price_column(table)
        )

    def steps(self, span: Span) -> Signal:
        """Return the file's price over the run, as steps [USD/MWh]; raise InputError as `step_signals`."""
        table, time_column, column = self.column(span.files)
        return step_signals(table, time_column, (column,), span)[0]


def _selected(table: Table, name: str, field: str, wanted: str | None) -> Table:
    """Return the rows of one location or market; all where the file does not tell them apart."""
    column = next((column for column in table.columns if column.lower() == name), None)
    if column is None:
        if wanted is None:
            return table
        shown = ", ".join(table.columns[:_SHOWN])
        raise InputError.single(
            table.name, "", f"has no column '{name.capitalize()}' to find {field} in: {shown}"
        )
    if wanted is not None:
        return table.where(column, wanted)
    words = table.words(column)
    if len(words) > 1:
        shown = ", ".join(words[:_SHOWN]) + (
            f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
        )
        raise InputError.single(
            table.name, "", f"column '{column}' holds several: {shown}; name one as {field}"
        )
    return table


def _time_column(table: Table) -> str:
    known = {column.lower(): column for column in reversed(table.columns)}
    found = next((known[name] for name in TIME_NAMES if name in known), None)
    # with none of them, the table itself says what it has
    return TIME_NAMES[0] if found is None else found


def _price_column(table: Table) -> str:
    """Return the one column named as a power price; raise InputError where there is none or more than one."""
    by_unit = [column for column in table.columns if column.endswith(PRICE_SUFFIX)]
    candidates = by_unit or [column for column in table.columns if column.lower() in PRICE_NAMES]
    if len(candidates) == 1:
        return candidates[0]
    found = "several columns end" if by_unit else "no column ends"
    names = ", ".join(candidates or table.columns)
    also = "" if by_unit else f" or {'several are' if candidates else 'is'} called SPP, LMP or price"
    raise InputError.single(
        table.name, "", f"{found} in '{PRICE_SUFFIX}'{also}: {names}; name one as price_column"
    )
