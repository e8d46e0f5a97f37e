"""The grid's frequency: what the site does to it, or what was measured; NaN where there is neither."""

from collections.abc import Callable
from math import nan

import numpy as np

from sim.grid.frequency.model import GridModel
from sim.grid.frequency.recorded import RecordedFrequency, with_load
from sim.grid.frequency.result import FrequencyResult, response
from sim.metrics.base import Metric, numbers_of
from sim.recording import Recording
from sim.signals import FloatArray, Signal

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
