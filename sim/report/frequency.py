"""What a page and a terminal say beside a run's frequency: the grid, its sensitivity, what is outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any, Final

from sim.grid.frequency import FrequencyResult, describe, neutral_step_mw, response, sensitivity
from sim.grid.frequency.assessment import SensitivityRow, warnings_at
from sim.grid.frequency.result import NARROW_HZ, WIDE_HZ
from sim.metrics.frequency import felt_mw, frequency, grid_of, points_of
from sim.recording import Recording
from sim.report.format import format_duration, format_value
from sim.signals import Signal

MOST_BREAKPOINTS: Final = 2_000
"""The table of sensitivities is of a stretch that holds no more than this: deadbands cost time."""
LONGEST_S: Final = 1200.0
"""And that lasts no longer than this [s]."""


@dataclass(frozen=True, slots=True)
class FrequencySection:
    """All that the page says of the grid's frequency, besides the metrics."""

    grid: str
    """The grid in one line."""
    neutral: str
    """The largest steps of load that keep frequency within common deadbands."""
    warnings: tuple[str, ...]
    stretch: str
    """What the table is of."""
    rows: tuple[tuple[str, ...], ...]
    """Case, nadir, zenith, RoCoF, rms deviation and time outside 36 mHz."""


def frequency_section(
    recording: Recording, metrics: Mapping[str, Mapping[str, Any]]
) -> FrequencySection | None:
    """Return the section on frequency; None where the scenario named no grid.

    Parameters
    ----------
    recording
        The run.
    metrics
        Its metrics, by name, as a result folder holds them.
    """
    model = grid_of(recording)
    whole = recording.once(frequency)
    if model is None or whole is None:
        return None
    steps = " and ".join(
        f"{neutral_step_mw(model, limit_hz):.3g} MW within {limit_hz * 1000.0:.0f} mHz"
        for limit_hz in (NARROW_HZ, WIDE_HZ)
    )
    stretch = _worst_stretch(felt_mw(recording, model), whole)
    found = response(*points_of(stretch), model)
    return FrequencySection(
        describe(model),
        f"The largest step of load that stays within a deviation: {steps}.",
        warnings_at(_peak_hz(metrics, model.nominal_hz)),
        f"{format_duration(stretch.duration_s)} around the largest deviation, from balance at their start",
        tuple(_cells(row) for row in sensitivity(found)),
    )


def remarks(recording: Recording, metrics: Mapping[str, float]) -> tuple[str, ...]:
    """Return what a terminal says of a run's frequency; nothing where the scenario named no grid."""
    model = grid_of(recording)
    if model is None:
        return ()
    given = {name: {"value": float(value)} for name, value in metrics.items()}
    return (f"grid: {describe(model)}", *warnings_at(_peak_hz(given, model.nominal_hz)))


def _peak_hz(metrics: Mapping[str, Mapping[str, Any]], nominal_hz: float) -> float:
    values = [metrics.get(f"frequency_{name}_hz", {}).get("value") for name in ("nadir", "zenith")]
    return max((abs(value - nominal_hz) for value in values if value is not None), default=0.0)


def _worst_stretch(load: Signal, whole: FrequencyResult) -> Signal:
    """Return the load around the largest deviation at its points, not too long and not too fine [MW]."""
    worst = int(abs(whole.frequency_hz - whole.model.nominal_hz).argmax())
    worst_s, half_s = float(whole.time_s[worst]), 0.5 * LONGEST_S
    while True:
        stretch = load.clip_time(max(0.0, worst_s - half_s), min(load.end_s, worst_s + half_s))
        if stretch.time_s.size <= MOST_BREAKPOINTS or half_s < 1.0:
            return stretch
        half_s *= 0.5


def _cells(row: SensitivityRow) -> tuple[str, ...]:
    if isnan(row.nadir_hz):
        return (row.case, *("unstable",) * 5)
    return (
        row.case,
        f"{row.nadir_hz:.4f} Hz",
        f"{row.zenith_hz:.4f} Hz",
        f"{row.rocof_hz_per_s:.3f} Hz/s",
        f"{row.rms_mhz:.2f} mHz",
        format_value(row.seconds_outside_36_mhz, "s"),
    )
