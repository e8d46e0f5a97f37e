"""A load that draws the power of a recorded trace."""

from collections.abc import Generator
from typing import Any, Literal

import numpy as np
from simpy import Event

from sim.ai.base import Connection, Load
from sim.facts import LoadFacts
from sim.signals import Signal
from sim.span import Span
from sim.tables.cover import Covered, Needed, covered, of_power
from sim.tables.reading import SeriesReading


class ReplayLoad(Load, SeriesReading):
    """The power of a file, replayed by the clock or from the scenario's start.

    A record of changes, ``step`` in seconds from the start, holds its last power; any other file covers the
    run, or ``outside`` says what holds.
    """

    counts_seconds = True
    type: Literal["replay"]
    """Kind of load."""
    file: str
    """CSV (plain or .gz), Parquet or Excel file with a column of times and one of powers."""
    interpolation: Literal["step", "linear"] = "step"
    """``step``: a power holds until the next time; ``linear``: power moves in a line from one row to the
    next."""
    time_column: str = "time_s"
    """Column of times, strictly increasing: seconds from the scenario's start, which may begin below 0, or
    times by the clock. Where the file has no column of this name, the first that is called a time."""
    power_column: str = "power_mw"
    """Column of powers at the site's meter [MW], not below 0."""

    def check(self, span: Span) -> None:
        """Read the file; raise InputError where it will not do."""
        self.signal(span)

    def most_mw(self, span: Span) -> float:
        """Return the highest power of the run [MW]."""
        return self.signal(span).maximum()

    def signal(self, span: Span) -> Signal:
        """Return the power that the load draws [MW], from the scenario's start to its end.

        Raises
        ------
        InputError
            If the file is missing, its times do not increase or do not cover the run, or a power is missing
            or out of range.
        """
        table, shape, wanted = of_power(self, span.files, self.power_column)
        line = self.interpolation == "linear"
        needed = Needed(span.start_utc_s, span.end_s, changes=not line, least_rows=1, by_line=line)
        found = covered(self, span.files, self.time_column, [wanted], needed, table=table, shape=shape)
        if line:
            return _line(found, span.end_s)
        time_s = found.time_s.copy()
        time_s[0] = 0.0  # the first power holds from the start, where it is said to
        return Signal.steps(time_s, found.values[0], span.end_s)

    def process(self, connection: Connection) -> Generator[Event, Any, None]:
        """Draw what the file says: known beforehand, so that no event is needed."""
        signal = self.signal(connection.span)
        if signal.time_s.size > 1:
            connection.state(LoadFacts(sample_spacing_s=float(np.median(np.diff(signal.time_s)))))
        connection.draw(signal)
        yield from ()


def _line(found: Covered, end_s: float) -> Signal:
    """Return power in lines from row to row, from the run's start on."""
    time_s, power_mw = found.time_s, found.values[0]
    later = time_s > 0.0
    times_s = np.concatenate(([0.0], time_s[later]))
    return Signal.linear(times_s, np.concatenate(([np.interp(0.0, time_s, power_mw)], power_mw[later])), end_s)
