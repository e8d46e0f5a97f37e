"""How a quantity goes over a run, and columns of files read as step signals of it."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal, NamedTuple

import numpy as np
from pydantic import Field

from sim.errors import InputError
from sim.signals import Signal
from sim.span import Span
from sim.spec import Spec
from sim.tables import Files, Table
from sim.tables.cover import Covered, Needed, Wanted, covered
from sim.tables.quantities import QUANTITIES
from sim.tables.reading import SeriesReading, of_one_place
from sim.tables.shapes import Shape, shape_of
from sim.tables.stamps import USUAL_TIME
from sim.tables.timeline import timeline_of
from sim.tables.unit_words import DIMENSION_OF, unit_in


class Late:
    """Base of every description whose quantity policies may come to know later than it is in force."""

    def late(self, span: Span) -> Signal | None:
        """Return it as late as it is published, read from before the run on; None: it is known at once."""

    def published(self, span: Span, in_force: Signal) -> Signal:
        """Return what policies see, as late as it is published.

        Parameters
        ----------
        span
            The run.
        in_force
            What is in force: nothing is drawn twice.
        """
        late = self.late(span)
        return in_force if late is None else late


class Course(Late, Spec):
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


class Place(NamedTuple):
    """Where in a file a course stands: the rows that make it, and their column of times."""

    time_column: str
    table: Table | None = None
    """Rows that are already chosen; None: those that the description chooses."""
    shape: Shape | None = None
    """What is known of this kind of file."""


def step_signals(reading: SeriesReading, place: Place, columns: Sequence[Wanted], span: Span) -> tuple[Signal, ...]:
    """Return columns of a file as step signals from 0 to the run's end.

    Parameters
    ----------
    reading
        How the file is to be read; each row holds from its time to the next row's.
    place
        Where in the file the course stands.
    columns
        The columns to return.
    span
        The run.

    Returns
    -------
    tuple of Signal
        One step signal a column, in its quantity's unit.

    Raises
    ------
    InputError
        The file cannot be read or does not serve the run; see `sim.tables.cover.covered`.
    """
    found = _covered(reading, place, columns, span)
    return tuple(Signal.steps(found.time_s, values, span.end_s) for values in found.values)


def offered_signal(reading: SeriesReading, place: Place, wanted: Wanted, span: Span) -> tuple[Signal, Signal]:
    """Return a column that may have blanks as a step signal, and where it has a number.

    Takes and raises what `step_signals` does, but for blanks.

    Returns
    -------
    value : Signal
        The column, in its quantity's unit; 0 where it is blank.
    present : Signal
        1 where there is a number, 0 where it is blank.
    """
    found = _covered(reading, place, [wanted], span, keep_blanks=True)
    present = np.isfinite(found.values[0])
    filled = Signal.steps(found.time_s, np.where(present, found.values[0], 0.0), span.end_s)
    return filled, Signal.steps(found.time_s, present.astype(np.float64), span.end_s)


def published_signal(reading: SeriesReading, place: Place, wanted: Wanted, delay_s: float, span: Span) -> Signal:
    """Return a column as it is published: each row's value from so much after the row's time on [s].

    The rows are read from as much before the run as they are published late; where the file begins later than
    that, its first value stands in until the next is published.

    Takes and raises what `step_signals` does.
    """
    table = reading.table(span.files) if place.table is None else place.table
    timeline = timeline_of(reading, table, place.time_column, span.start_utc_s, place.shape)
    lead_s = max(min(delay_s, -float(timeline.time_s[0])), 0.0)
    late_s = delay_s - lead_s
    read_s = max(span.end_s - late_s, min(span.end_s, 1.0))
    before = replace(span, start_utc_s=span.start_utc_s - lead_s, end_s=read_s)
    (signal,) = step_signals(reading, place, [wanted], before)
    times_s = signal.time_s + late_s
    times_s[0] = 0.0
    return Signal.steps(times_s, signal.value, span.end_s)


def _covered(
    reading: SeriesReading, place: Place, columns: Sequence[Wanted], span: Span, *, keep_blanks: bool = False
) -> Covered:
    needed = Needed(span.start_utc_s, span.end_s, keep_blanks=keep_blanks)
    return covered(reading, span.files, place.time_column, columns, needed, table=place.table, shape=place.shape)


def since(time_s: float, end_s: float) -> Signal:
    """Return 0 before a time and 1 from it on, over a run [s]; a time after the run, or infinity, is never.

    Examples
    --------
    >>> since(20.0, 60.0).at([0.0, 20.0]).tolist(), since(-5.0, 60.0).value.tolist()
    ([0.0, 1.0], [1.0])
    """
    return Signal.steps([0.0, min(max(time_s, 0.0), end_s)], [0.0, 1.0], end_s)


class StepsFile(SeriesReading):
    """Base of every description of steps in a file: each row holds from its time until the next row's."""

    type: Literal["file"] = "file"
    """Kind of description."""
    file: str = Field(min_length=1)
    """CSV (plain or .gz), Parquet or Excel file, relative to the scenario file or a data folder."""
    time_column: str = "time_utc"
    """Column with the time from which each row holds, the start of its interval unless ``stamp`` says
    otherwise; as ISO-8601 with zone or offset."""

    def steps(self, span: Span, *columns: Wanted) -> tuple[Signal, ...]:
        """Return columns over the run, as steps; raise what `step_signals` does."""
        return step_signals(self, Place(self.time_column), columns, span)

    def published_steps(self, span: Span, wanted: Wanted, delay_s: float) -> Signal:
        """Return a column as it is published, so late [s]; raise what `published_signal` does."""
        return published_signal(self, Place(self.time_column), wanted, delay_s, span)


PRICE_SUFFIX: Final = "usd_per_mwh"
PRICE_NAMES: Final = ("spp", "lmp", "price", "settlementpointprice", "settlement point price", "lbmp")
"""What the column of prices is called in files whose names say no unit, in small letters."""


class PriceFile(Course, SeriesReading):
    """A column of prices in a file.

    The usual shapes need no more than the file's name: ``time_utc`` with a column whose name ends in
    ``usd_per_mwh`` or is ``price``, and frames of the library gridstatus as pandas saves them (``Interval
    Start`` or ``Time`` with offsets, ``Location``, ``Market``, ``SPP`` or ``LMP``). The operators' own files
    are known by their columns: ERCOT MIS, CAISO OASIS, PJM, NYISO, AEMO, ENTSO-E, Nord Pool.
    """

    file: str = Field(min_length=1)
    """CSV (plain or .gz), Parquet or Excel file, relative to the scenario file or a data folder."""
    time_column: str | None = None
    """Column with the time of each interval, its start unless ``stamp`` says otherwise; left out: the first
    there is of ``time_utc``, ``Interval Start``, ``interval_start_utc``, ``interval_start``, ``Time``, …"""
    price_column: str | None = None
    """Column with the price [USD/MWh]; by default the only one whose name ends in ``usd_per_mwh``, else the
    only one called ``SPP``, ``LMP`` or ``price``."""
    location: str | None = None
    """Settlement point whose rows to take, as the column ``Location`` has it; needed where it has several."""
    market: str | None = None
    """Market whose rows to take, as the column ``Market`` has it; needed where it has several."""

    def column(self, files: Files) -> tuple[Place, Wanted]:
        """Return the rows, and the column with the price, that the fields name, or that are the only ones.

        Raises
        ------
        InputError
            The file is missing, or lacks what is named, or leaves a choice: names the choices.
        """
        table = self.table(files)
        shape = shape_of(table.columns, "price")
        table = of_one_place(table, shape, self.model_dump(include={"where", "location", "market"}))
        time_column = self.time_column or (shape.time_column if shape else USUAL_TIME)
        price_column = self.price_column or (shape.value_column if shape else "") or _price_column(table)
        known = shape.unit if shape is not None and shape.value_column in {"", price_column} else None
        return Place(time_column, table, shape), Wanted(price_column, QUANTITIES["price"], known)

    def signal(self, span: Span) -> Signal:
        """Return the file's price over the run, as steps [USD/MWh]."""
        place, wanted = self.column(span.files)
        (price,) = step_signals(self, place, [wanted], span)
        return price


def _price_column(table: Table) -> str:
    """Return the one column named as a power price; raise InputError where there is none or more than one."""
    by_unit = [column for column in table.columns if column.endswith(PRICE_SUFFIX)]
    candidates = by_unit or [column for column in table.columns if column.lower() in PRICE_NAMES]
    if not candidates:  # in another unit, which is to be stated
        candidates = [name for name in table.columns if DIMENSION_OF.get(unit_in(name) or "") == "price"]
    if len(candidates) == 1:
        return candidates[0]
    found = "several columns end" if by_unit else "no column ends"
    names = ", ".join(candidates or table.columns)
    also = "" if by_unit else f" or {'several are' if candidates else 'is'} called SPP, LMP or price"
    raise InputError.single(table.name, "", f"{found} in '{PRICE_SUFFIX}'{also}: {names}; name one as price_column")
