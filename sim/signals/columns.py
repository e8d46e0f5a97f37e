"""Breakpoints while they are recorded, column by column."""

from array import array

import numpy as np

from sim.signals.slopes import Slopes
from sim.signals.windows import Signal
from sim.units import FloatArray


class Columns:
    """Breakpoints that stand: times and values, and slopes where they are not zero."""

    __slots__ = ("places", "slope_per_s", "time_s", "value")

    def __init__(self) -> None:
        self.time_s, self.value, self.slope_per_s = array("d"), array("d"), array("d")
        self.places = array("I")

    def add(self, table: FloatArray) -> None:
        """Add breakpoints in rows of time [s], value and slope."""
        sloping = np.flatnonzero(table[:, 2])
        self.places.frombytes((sloping + len(self.time_s)).astype(np.uint32).tobytes())
        self.slope_per_s.frombytes(table[sloping, 2].tobytes())
        self.time_s.frombytes(table[:, 0].tobytes())
        self.value.frombytes(table[:, 1].tobytes())

    def slopes(self) -> Slopes:
        """Return the slopes of all."""
        return Slopes(
            len(self.time_s), np.frombuffer(self.places, np.uint32), np.frombuffer(self.slope_per_s)
        )

    def table(self) -> FloatArray:
        """Return all as rows."""
        columns = (np.frombuffer(self.time_s), np.frombuffer(self.value), self.slopes()[:])
        return np.column_stack(columns)

    def signal(self, end_s: float) -> Signal:
        """Return what was recorded up to an end [s]; nothing is to be added from now on."""
        return Signal.recorded(np.frombuffer(self.time_s), np.frombuffer(self.value), self.slopes(), end_s)
