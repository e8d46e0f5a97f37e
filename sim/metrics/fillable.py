"""What the fleets could fill of AI's idle power, as they are sized, and what they did fill; in dips too."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from sim.metrics.base import Metric, numbers_of, ratio
from sim.metrics.dips import Dip, ai_dips
from sim.metrics.energy import energy_mwh, idle_power_mw, soaked_energy_mwh
from sim.recording import Recording
from sim.signals import FloatArray, Signal
from sim.units import SECONDS_PER_HOUR

LENGTHS_S: Final = (10.0, 60.0, 600.0, float("inf"))
"""Ends of the classes of length in which dips are told apart [s]: short checkpoints, long ones, restarts, and
what waits for a person; assumption."""


class DipFilling(NamedTuple):
    """What dips add to what fleets can fill, and what they filled of it."""

    dip_count: int
    """Number of dips."""
    fillable_mwh: float
    """Energy that the fleets could fill, beyond what they could at the level before each [MWh]."""
    soaked_mwh: float
    """Of that, what they drew [MWh]."""


def fillable_power_mw(recording: Recording, from_s: float, until_s: float) -> Signal:
    """Return what the fleets could fill from one time [s] to a later one: idle power, up to their rating."""
    return idle_power_mw(recording, from_s, until_s).minimum_with(recording.rated_fleet_mw)


def fillable_energy_mwh(recording: Recording) -> float:
    """Return the energy that fleets without inertia could fill under the limit [MWh]."""
    spans_s = recording["ai_power_mw"].spans_s()
    return sum(energy_mwh(fillable_power_mw(recording, *span_s)) for span_s in spans_s)


def _soaked_fraction(recording: Recording) -> float:
    return ratio(recording.once(soaked_energy_mwh), recording.once(fillable_energy_mwh))


class Filling(NamedTuple):
    """What fleets could fill for one cause, and what they filled of it."""

    fillable_mwh: float
    """Energy that the fleets could fill [MWh]."""
    soaked_mwh: float
    """Of that, what they drew [MWh]."""


def fillings(recording: Recording) -> dict[str, Filling]:
    """Return what could be filled, and was, by cause: ``static``, ``slow``, ``dip``.

    Static is what is free even where AI leaves least in the run; dips what they add to the level before each;
    slow the rest, as the course of a day. They add up to all that could be filled, and was.
    """
    spans_s = recording["ai_power_mw"].spans_s()
    least_mw = min((fillable_power_mw(recording, *span_s).minimum() for span_s in spans_s), default=0.0)
    drawn_mwh = sum(
        energy_mwh(recording["fleet_power_mw"].clip_time(*span_s).minimum_with(least_mw)) for span_s in spans_s
    )
    static = Filling(least_mw * recording.end_s / SECONDS_PER_HOUR, drawn_mwh)
    of_dips = recording.once(dip_fillings)
    dip = Filling(sum(one.fillable_mwh for one in of_dips), sum(one.soaked_mwh for one in of_dips))
    slow = Filling(
        recording.once(fillable_energy_mwh) - static.fillable_mwh - dip.fillable_mwh,
        recording.once(soaked_energy_mwh) - static.soaked_mwh - dip.soaked_mwh,
    )
    return {"static": static, "slow": slow, "dip": dip}


def dip_fillings(recording: Recording) -> tuple[DipFilling, ...]:
    """Return what the dips of each class of `LENGTHS_S` add to what fleets can fill, and what they filled."""
    dips = recording.once(ai_dips)
    fillable_mwh, soaked_mwh = np.zeros(len(dips)), np.zeros(len(dips))
    for found, could, did in _span_by_span(recording, dips):
        fillable_mwh[found] += could
        soaked_mwh[found] += did
    classes = np.searchsorted(LENGTHS_S, [dip.length_s for dip in dips], side="right")
    return tuple(
        DipFilling(int(of.sum()), float(fillable_mwh[of].sum()), float(soaked_mwh[of].sum()))
        for of in (classes == place for place in range(len(LENGTHS_S)))
    )


def _span_by_span(recording: Recording, dips: Sequence[Dip]) -> Iterator[tuple[slice, FloatArray, FloatArray]]:
    """Yield the dips that meet each part of the run, and what they add in it: could be filled, was [MWh]."""
    starts_s, ends_s = np.array([dip.start_s for dip in dips]), np.array([dip.end_s for dip in dips])
    fleet = recording["fleet_power_mw"]
    for from_s, until_s in recording["ai_power_mw"].spans_s():
        # dips do not overlap, so that both times rise
        first, stop = np.searchsorted(ends_s, from_s, side="right"), np.searchsorted(starts_s, until_s)
        met = slice(int(first), int(stop))
        if met.start >= met.stop:
            continue
        before_mw = _level_before_mw(dips[met], from_s, until_s)
        limit_mw = recording["limit_mw"].clip_time(from_s, until_s)
        static_mw = (limit_mw - before_mw).positive_part().minimum_with(recording.rated_fleet_mw)
        fillable = fillable_power_mw(recording, from_s, until_s)
        drawn = fleet.clip_time(from_s, until_s).minimum_with(fillable)
        edges_s = np.unique(np.clip([starts_s[met], ends_s[met]], from_s, until_s))
        bins = np.searchsorted(edges_s, np.maximum(starts_s[met], from_s))
        added = ((signal - static_mw).positive_part().integrals_over(edges_s) for signal in (fillable, drawn))
        could, did = (energy[bins] / SECONDS_PER_HOUR for energy in added)
        yield met, could, did


def _level_before_mw(dips: Sequence[Dip], from_s: float, until_s: float) -> Signal:
    """Return the level from which AI power fell, in the dips that meet an interval [MW]; elsewhere any."""
    times_s = [from_s, *(max(dip.start_s, from_s) for dip in dips)]
    levels_mw = [dips[0].reference_mw, *(dip.reference_mw for dip in dips)]
    return Signal.steps(times_s, levels_mw, until_s)


CAUSES: Final = {
    "static": "that AI left free at any time",
    "slow": "that came and went with the slow course of AI power",
    "dip": "in dips of AI power, beyond the level before each",
}
"""Why there is something to fill, in words."""


def _by_cause(cause: str) -> tuple[Metric, Metric]:
    of = numbers_of(fillings, words={"cause": cause, "which": CAUSES[cause]})
    return (
        of("{cause}_fillable_energy_mwh", lambda found: found[cause].fillable_mwh),
        of("{cause}_soaked_energy_mwh", lambda found: found[cause].soaked_mwh),
    )


CATALOGUE = (
    Metric("fillable_energy_mwh", fillable_energy_mwh),
    Metric("fillable_soaked_fraction", _soaked_fraction),
    *(metric for cause in CAUSES for metric in _by_cause(cause)),
)
