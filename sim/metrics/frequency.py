"""The grid's frequency: what the site does to it, or what was measured; NaN where there is neither."""

from collections.abc import Callable
from dataclasses import dataclass
from math import nan, sqrt

import numpy as np

from sim.grid.frequency.live import LiveFrequency
from sim.grid.frequency.measured import MeasuredFrequency
from sim.grid.frequency.model import GridModel
from sim.grid.frequency.result import NARROW_HZ, WIDE_HZ, FrequencyResult, response
from sim.grid.frequency.statistics import cps1_percent
from sim.grid.line import Line
from sim.metrics.base import Metric, numbers_of
from sim.recording import Recording, Track
from sim.signals import FloatArray, Signal
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


MEASURED = "frequency_measured_hz"
"""Name of the signal that holds a measured frequency."""
ROCOF_WINDOW_S = 0.5
"""Window of RoCoF [s], as in ERCOT's and NERC's studies (unverified)."""


def points_of(signal: Signal) -> tuple[FloatArray, FloatArray]:
    """Return the points that straight lines join to make a signal, times [s] and values; a jump has two.

    Examples
    --------
    >>> [array.tolist() for array in points_of(Signal.steps([0.0, 5.0], [1.0, 2.0], 9.0))]
    [[0.0, 5.0, 5.0, 9.0], [1.0, 1.0, 2.0, 2.0]]
    """
    ends_s = np.append(signal.time_s[1:], signal.end_s)
    return (
        np.stack([signal.time_s, ends_s], axis=1).ravel(),
        np.stack([signal.value, signal.left_limits()], axis=1).ravel(),
    )


def grid_of(recording: Recording) -> GridModel | None:
    """Return the grid of a run; None where its scenario named none."""
    numbers = recording.facts.grid.frequency
    return GridModel.of_numbers(numbers) if numbers else None


def nominal_hz(recording: Recording) -> float:
    """Return the nominal frequency of a grid whose frequency was measured [Hz]; NaN where none was."""
    nominal = recording.facts.grid.nominal_hz
    return nan if nominal is None else nominal


def figures(recording: Recording) -> FrequencyResult | RecordedFrequency | None:
    """Return the frequency of a run, whose numbers the metrics give; None where its scenario has none.

    Where it was measured, that is the measured frequency, with what the site adds where it moves the grid.
    """
    measured = recording.signals.get(MEASURED)
    if measured is None:
        return recording.once(frequency)
    model = grid_of(recording)
    if model is None:
        return RecordedFrequency(measured, nominal_hz(recording))
    followed = recording.signals.get("frequency_hz")
    if followed is None:  # without mining nobody followed it
        followed = with_load(measured, felt_mw(recording, model), model)
    return RecordedFrequency(followed, model.nominal_hz, model.cps1_epsilon_hz)


def frequency(recording: Recording) -> FrequencyResult | None:
    """Return the grid's frequency in answer to site and lost generation; None where there is no grid."""
    model = grid_of(recording)
    return None if model is None else response(*points_of(felt_mw(recording, model)), model)


def felt_mw(recording: Recording, model: GridModel) -> Signal:
    """Return what moves a run's grid, as load of the site: its power, and generation lost elsewhere [MW]."""
    site, lost = recording["site_power_mw"], recording.signals.get("grid_shortfall_mw")
    return site if lost is None else site + lost * model.as_load_mw(1.0)


_of_it: Callable[[str, Callable[[FrequencyResult | RecordedFrequency], float]], Metric]
_of_it = numbers_of(figures, compares=True)

CATALOGUE = (
    _of_it("frequency_nadir_hz", lambda found: found.nadir_hz),
    _of_it("frequency_zenith_hz", lambda found: found.zenith_hz),
    _of_it("frequency_rocof_hz_per_s", lambda found: found.rocof_hz_per_s(ROCOF_WINDOW_S)),
    _of_it("frequency_rms_mhz", lambda found: found.rms_mhz),
    _of_it("frequency_outside_17mhz_s", lambda found: found.seconds_outside_17_mhz),
    _of_it("frequency_outside_36mhz_s", lambda found: found.seconds_outside_36_mhz),
    _of_it("frequency_cps1_points", lambda found: found.cps1_points),
)
