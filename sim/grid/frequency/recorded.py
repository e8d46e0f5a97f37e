"""Numbers of a frequency that is known as straight lines: measured, or recorded in a run."""

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np

from sim.grid.frequency.live import LiveFrequency
from sim.grid.frequency.measured import MeasuredFrequency
from sim.grid.frequency.model import GridModel
from sim.grid.frequency.result import NARROW_HZ, WIDE_HZ
from sim.grid.frequency.statistics import cps1_percent
from sim.grid.line import Line
from sim.recording import Track
from sim.signals import Signal
from sim.units import SECONDS_PER_MINUTE


@dataclass(frozen=True, eq=False)
class RecordedFrequency:
    """The numbers of `sim.grid.frequency.FrequencyResult`, of straight lines; exact for these."""

    frequency: Signal
    """Frequency [Hz]."""
    nominal_hz: float
    """Nominal frequency [Hz]."""
    cps1_epsilon_hz: float | None = None
    """Target for CPS1 [Hz]; None: there is none."""

    @property
    def nadir_hz(self) -> float:
        """Lowest frequency [Hz]."""
        return self.frequency.minimum()

    @property
    def zenith_hz(self) -> float:
        """Highest frequency [Hz]."""
        return self.frequency.maximum()

    @property
    def rms_mhz(self) -> float:
        """Root of the mean squared deviation from nominal [mHz].

        Examples
        --------
        >>> ramp = Signal.linear([0.0, 10.0], [60.0, 60.03], 10.0)
        >>> round(RecordedFrequency(ramp, 60.0).rms_mhz, 3)
        17.321
        """
        total = 0.0
        for block in self.frequency.segments():
            first, last = block.value - self.nominal_hz, block.left_limit - self.nominal_hz
            total += float(np.sum(block.length_s * (first * first + first * last + last * last) / 3.0))
        duration_s = self.frequency.duration_s
        return 1000.0 * sqrt(total / duration_s) if duration_s > 0.0 else nan

    @property
    def seconds_outside_17_mhz(self) -> float:
        """Time with a deviation larger than 17 mHz [s]."""
        return self.seconds_outside(NARROW_HZ)

    @property
    def seconds_outside_36_mhz(self) -> float:
        """Time with a deviation larger than 36 mHz [s]."""
        return self.seconds_outside(WIDE_HZ)

    @property
    def cps1_points(self) -> float:
        """What this frequency takes from CPS1 [percentage points]; NaN without target or whole minute."""
        count = int(self.frequency.duration_s // SECONDS_PER_MINUTE)
        if self.cps1_epsilon_hz is None or count == 0:
            return nan
        edges_s = self.frequency.start_s + SECONDS_PER_MINUTE * np.arange(count + 1)
        return cps1_percent(self.frequency.means_over(edges_s) - self.nominal_hz, self.cps1_epsilon_hz) - 200.0

    def seconds_outside(self, level_hz: float) -> float:
        """Return the time with a deviation larger than a level [s]."""
        low = (-self.frequency).time_above(level_hz - self.nominal_hz)
        return self.frequency.time_above(self.nominal_hz + level_hz) + low

    def rocof_hz_per_s(self, window_s: float) -> float:
        """Return the largest change over a window, by its length [Hz/s]; NaN in a shorter run."""
        if window_s >= self.frequency.duration_s:
            return nan
        change = self.frequency.net_change(window_s)
        highest, lowest = change.maximum(), change.minimum()
        return (highest if highest >= -lowest else lowest) / window_s


def with_load(measured_hz: Signal, load_mw: Signal, grid: GridModel) -> Signal:
    """Return a measured frequency with what a load adds to it, from balance with its first value on [Hz].

    Parameters
    ----------
    measured_hz
        The measured frequency [Hz].
    load_mw
        The load [MW], over the same time.
    grid
        The grid, with the nominal frequency that was measured at.
    """
    if load_mw.duration_s == 0.0:  # nothing follows from an instant
        return measured_hz
    source, track = MeasuredFrequency(measured_hz, grid.nominal_hz, LiveFrequency(grid)), Track()
    first_mw = float(load_mw.value[0])
    lines = [
        Line(time_s, power_mw - first_mw, slope)
        for time_s, power_mw, slope in zip(
            load_mw.time_s.tolist(), load_mw.value.tolist(), load_mw.slope_per_s.tolist(), strict=True
        )
    ]
    for line, end_s in zip(lines, [*(line.from_s for line in lines[1:]), load_mw.end_s], strict=True):
        source.advance([line], end_s, track.set)
    return track.freeze(load_mw.end_s)
