"""What a page and a terminal say beside a run's frequency: the grid, its sensitivity, what is outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sim.grid.frequency import FrequencyResult, describe, neutral_step_mw, response, sensitivity
from sim.grid.frequency.assessment import SensitivityRow, warnings_at
from sim.grid.frequency.measured import spacing_s
from sim.grid.frequency.model import GridModel
from sim.grid.frequency.result import NARROW_HZ, WIDE_HZ
from sim.metrics.frequency import MEASURED, felt_mw, frequency, grid_of, nominal_hz, points_of
from sim.recording import Recording
from sim.report.format import NOTES, format_duration
from sim.signals import Signal

MOST_BREAKPOINTS: Final = 2_000
"""The table of sensitivities is of a stretch that holds no more than this: deadbands cost time."""
LONGEST_S: Final = 1200.0
"""And that lasts no longer than this [s]."""
_GAP_COUNT: Final = 1.5  # rows farther apart than so many usual ones are told of


@dataclass(frozen=True, slots=True)
class FrequencySection:
    """All that the page says of the grid's frequency, besides the metrics."""

    grid: str
    """The grid in one line."""
    neutral: str
    """The largest steps of load that keep frequency within common deadbands."""
    warnings: tuple[str, ...]
    stretch: str = ""
    """What the table is of."""
    rows: tuple[SensitivityRow, ...] = ()
    """How sure the numbers are; none where the site moves nothing."""
    measured: str = ""
    """What is said of a measured frequency; empty where there is none."""
    rocof: str = ""
    """Largest RoCoF of that stretch by window."""


def frequency_section(recording: Recording, metrics: Mapping[str, float]) -> FrequencySection | None:
    """Return the section on frequency; None where the scenario says nothing of it.

    Parameters
    ----------
    recording
        The run.
    metrics
        Value of each metric that the run can tell, by name.
    """
    model = grid_of(recording)
    whole = recording.once(frequency)
    measured = measured_text(recording)
    if model is None or whole is None:
        return FrequencySection("", "", (), measured=measured) if measured else None
    stretch = _worst_stretch(felt_mw(recording, model), whole)
    found = response(*points_of(stretch), model)
    return FrequencySection(
        describe(model),
        _neutral_text(model),
        warnings_at(_peak_hz(metrics, model.nominal_hz), model.nominal_hz),
        f"{format_duration(stretch.duration_s)} around the largest deviation"
        f"{' that the site makes' if measured else ''}, from balance at their start",
        tuple(sensitivity(found)),
        measured,
        "; ".join(f"{rocof:.3f} Hz/s over {window_s:g} s" for window_s, rocof in found.rocof.items()),
    )


def _neutral_text(model: GridModel) -> str:
    """Return the largest steps within common deadbands, with the governors' help and without."""
    limits_hz = (NARROW_HZ, WIDE_HZ)
    with_help = " and ".join(
        f"{neutral_step_mw(model, limit_hz):.3g} MW within {limit_hz * 1000.0:.0f} mHz" for limit_hz in limits_hz
    )
    alone = " and ".join(f"{model.as_load_mw(model.damping_mw_per_hz * limit_hz):.3g} MW" for limit_hz in limits_hz)
    return NOTES["neutral_steps"].format(with_help=with_help, alone=alone)


def measured_text(recording: Recording) -> str:
    """Return what to say of a measured frequency; empty where the run has none."""
    signal = recording.signals.get(MEASURED)
    if signal is None:
        return ""
    usual_s, longest_s = spacing_s(signal, nominal_hz(recording))
    gap = f", up to {format_duration(longest_s)}" if longest_s > _GAP_COUNT * usual_s else ""
    role = "the site does not move it" if grid_of(recording) is None else "what the site does is added to it"
    return NOTES["measured_frequency"].format(usual=format_duration(usual_s), gap=gap, role=role)


def remarks(recording: Recording, metrics: Mapping[str, float]) -> tuple[str, ...]:
    """Return what a terminal says of a run's frequency; nothing where the scenario says nothing of it."""
    model = grid_of(recording)
    measured = measured_text(recording)
    told = (measured,) if measured else ()
    if model is None:
        return told
    return (f"grid: {describe(model)}", *told, *warnings_at(_peak_hz(metrics, model.nominal_hz), model.nominal_hz))


def _peak_hz(metrics: Mapping[str, float], nominal_hz: float) -> float:
    known = (metrics[name] for name in ("frequency_nadir_hz", "frequency_zenith_hz") if name in metrics)
    return max((abs(value - nominal_hz) for value in known), default=0.0)


def _worst_stretch(load: Signal, whole: FrequencyResult) -> Signal:
    """Return the load around the largest deviation at its points, not too long and not too fine [MW]."""
    worst = int(abs(whole.frequency_hz - whole.model.nominal_hz).argmax())
    worst_s, half_s = float(whole.time_s[worst]), 0.5 * LONGEST_S
    while True:
        stretch = load.clip_time(max(0.0, worst_s - half_s), min(load.end_s, worst_s + half_s))
        if stretch.time_s.size <= MOST_BREAKPOINTS or half_s < 1.0:
            return stretch
        half_s *= 0.5
