"""A load that draws the power of a recorded trace."""

from collections.abc import Generator
from typing import Any, Final, Literal

import numpy as np
from simpy import Event

from sim.ai.base import Connection, Load
from sim.clock import At
from sim.errors import InputError
from sim.facts import LoadFacts
from sim.signals import FloatArray, Signal
from sim.span import Span
from sim.tables import Files
from sim.units import BoolArray

MAX_POWER_MW: Final = 1e6
"""Highest power taken from a file [MW]; above the largest grid's, it tells watts taken for megawatts."""
MIN_STEP_S: Final = 1e-6
"""Shortest time between two rows [s]; a float resolves less on a run of many years."""
MAX_TIME_S: Final = 1e12
"""Farthest time from the start [s], either way."""
_POWERS: Final = f"from 0 to {MAX_POWER_MW:,.0f} MW"
_SPAN: Final = f"within {MAX_TIME_S:g} s of the start"
_STEPS: Final = f"at least {MIN_STEP_S:g} s after the row before"


class ReplayLoad(Load):
    """The power of a file, replayed from the scenario's start.

    Before the file's first time the first power holds, after its last time the last one.
    """

    type: Literal["replay"]
    """Kind of load."""
    file: str
    """CSV (plain or .gz) or Parquet file with a column of times and one of powers."""
    interpolation: Literal["step", "linear"] = "step"
    """``step``: a power holds until the next time; ``linear``: power moves in a line from one row to the
    next."""
    time_column: str = "time_s"
    """Column of times [s from the scenario's start], strictly increasing; may begin below 0."""
    power_column: str = "power_mw"
    """Column of powers at the site's meter [MW], not below 0."""

    def check(self, span: Span) -> None:
        """Read the file; raise InputError where it will not do."""
        self.signal(span.files, span.end_s)

    def most_mw(self, span: Span) -> float:
        """Return the highest power of the run [MW]."""
        return self.signal(span.files, span.end_s).maximum()

    def signal(self, files: Files, end_s: float) -> Signal:
        """Return the power that the load draws [MW], from the scenario's start to its end.

        Parameters
        ----------
        files
            Folders that hold the file.
        end_s
            The scenario's end [s].

        Raises
        ------
        InputError
            If the file is missing, its times do not increase, or a power is missing or out of range.
        """
        table = files.table(self.file)
        time_s = table.increasing(self.time_column)
        power_mw = table.numbers(self.power_column)
        self._refuse(power_mw, ~((power_mw >= 0.0) & (power_mw <= MAX_POWER_MW)), self.power_column, _POWERS)
        self._refuse(time_s, np.abs(time_s) > MAX_TIME_S, self.time_column, _SPAN)
        self._refuse(time_s, np.diff(time_s, prepend=-np.inf) < MIN_STEP_S, self.time_column, _STEPS)
        later = time_s > 0.0
        times_s = np.concatenate(([0.0], time_s[later]))
        powers_mw = np.concatenate(([self._power_at_start_mw(time_s, power_mw)], power_mw[later]))
        if self.interpolation == "linear":
            return Signal.linear(times_s, powers_mw, end_s)
        return Signal.steps(times_s, powers_mw, end_s)

    def _refuse(self, values: FloatArray, bad: BoolArray, column: str, must: str) -> None:
        """Raise InputError for the first bad row, if there is one."""
        if bad.any():
            row = int(np.argmax(bad))
            message = f"column '{column}', row {row + 1}: must be {must}; got {values[row]:g}"
            raise InputError.single(self.file, "", message)

    def _power_at_start_mw(self, time_s: FloatArray, power_mw: FloatArray) -> float:
        """Return the power at time 0, which need not be a row of the file."""
        if self.interpolation == "linear":
            return float(np.interp(0.0, time_s, power_mw))
        rows_so_far = int(np.searchsorted(time_s, 0.0, side="right"))
        return float(power_mw[max(0, rows_so_far - 1)])

    def process(self, connection: Connection) -> Generator[Event, Any, None]:
        """Draw what the file says, row by row."""
        signal = self.signal(connection.span.files, connection.span.end_s)
        times_s, powers_mw, slopes = (
            signal.time_s.tolist(),
            signal.value.tolist(),
            signal.slope_per_s.tolist(),
        )
        if len(times_s) > 1:
            connection.state(LoadFacts(sample_spacing_s=float(np.median(np.diff(times_s)))))
        env, set_power_mw = connection.env, connection.set_power_mw
        set_power_mw(powers_mw[0], slopes[0])
        for time_s, power_mw, slope_mw_per_s in zip(times_s[1:], powers_mw[1:], slopes[1:], strict=True):
            yield At(env, time_s)
            set_power_mw(power_mw, slope_mw_per_s)
