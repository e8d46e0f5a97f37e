"""Power above the limit of the interconnection: how much, and each time when, for how long, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from sim.facts.limit import ToleranceFacts
from sim.metrics.base import Metric, numbers_of
from sim.recording import Recording
from sim.signals import Signal
from sim.units import SECONDS_PER_HOUR, TOLERANCE_MW, BoolArray, FloatArray, IndexArray

BILLING_S: Final = 900.0
"""Billing interval [s]; assumption: as most markets settle."""


@dataclass(frozen=True, slots=True)
class Exceedance:
    """What a run drew above its limit."""

    time_s: float
    """Time above the limit [s]."""
    energy_mwh: float
    """Energy above the limit [MWh]."""
    peak_mw: float
    """Largest excess [MW]."""
    count: int
    """Number of times the limit was exceeded."""
    longest_s: float
    """Longest time above the limit without a break [s]."""


NOTHING: Final = Exceedance(0.0, 0.0, 0.0, 0, 0.0)


def excess_mw(recording: Recording) -> Signal:
    """Return site power less the limit; negative below it [MW]."""
    return recording["site_power_mw"] - recording["limit_mw"]


def exceedance(recording: Recording) -> Exceedance:
    """Return what the site drew above its limit; nothing where it never exceeds it by more than a watt."""
    excess = excess_mw(recording)
    peak_mw = excess.maximum()
    if peak_mw <= TOLERANCE_MW:
        return NOTHING
    times_s = excess.intervals_above(TOLERANCE_MW)
    return Exceedance(
        time_s=excess.time_above(TOLERANCE_MW),
        energy_mwh=excess.integral_above(0.0) / SECONDS_PER_HOUR,
        peak_mw=peak_mw,
        count=len(times_s),
        longest_s=float(np.max(times_s[:, 1] - times_s[:, 0], initial=0.0)),
    )


def _peak_fraction(recording: Recording) -> float:
    """Return the largest excess over the limit at that moment; infinity above a limit of zero [1]."""
    if recording.once(exceedance).count == 0:
        return 0.0
    excess = excess_mw(recording)
    limit_mw = float(recording["limit_mw"].at(excess.time_of_maximum()))
    return excess.maximum() / limit_mw if limit_mw > 0.0 else float("inf")


def broken(recording: Recording) -> Exceedance:
    """Return what the site drew beyond what is tolerated, where it would not have without mining.

    An exceedance counts where site power stays above the tolerated level for longer than is tolerated, and
    where it lies, at some moment, above what the site would have drawn without mining too.
    """
    alone = recording.once(Recording.without_mining)
    site, tolerated = recording["site_power_mw"], recording.facts.tolerance or ToleranceFacts()
    level = recording["limit_mw"] * tolerated.above_ratio
    times_s = (site - level).intervals_above(TOLERANCE_MW)
    times_s = times_s[times_s[:, 1] - times_s[:, 0] > tolerated.after_s]
    found = [_added(site, level, alone["site_power_mw"], met) for met in _by_span(site, times_s) if met.size]
    lengths_s, peaks_mw, energies_mwh = (
        np.concatenate(arrays) for arrays in zip((np.empty(0),) * 3, *found, strict=True)
    )
    counts = peaks_mw > TOLERANCE_MW
    if not counts.any():
        return NOTHING
    return Exceedance(
        time_s=float(lengths_s[counts].sum()),
        energy_mwh=float(energies_mwh[counts].sum()),
        peak_mw=float(peaks_mw[counts].max()),
        count=int(np.count_nonzero(counts)),
        longest_s=float(lengths_s[counts].max()),
    )


def _by_span(site: Signal, times_s: FloatArray) -> Iterator[FloatArray]:
    """Yield the intervals part by part, so that a year needs the memory of a part."""
    edges_s = [from_s for from_s, _ in site.spans_s()]
    firsts = np.searchsorted(times_s[:, 0], edges_s)
    yield from np.split(times_s, firsts[1:])


def _added(
    site: Signal, level: Signal, alone: Signal, times_s: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return length [s], peak [MW] and energy [MWh] of what is above both a level and the site alone."""
    span_s = float(times_s[0, 0]), float(times_s[-1, 1])
    level_mw, alone_mw = level.clip_time(*span_s), alone.clip_time(*span_s)
    added = site.clip_time(*span_s) - level_mw.maximum_with(alone_mw)
    edges_s = np.unique(times_s)
    bins = np.searchsorted(edges_s, times_s[:, 0])
    energies_mwh = added.positive_part().integrals_over(edges_s)[bins] / SECONDS_PER_HOUR
    return times_s[:, 1] - times_s[:, 0], added.maxima_over(edges_s)[bins], energies_mwh


@dataclass(frozen=True, slots=True)
class BilledExceedance:
    """What a run drew above its limit, by the mean of each billing interval."""

    energy_mwh: float
    """Energy above the limit, interval by interval [MWh]."""
    peak_mw: float
    """Largest excess of an interval's mean [MW]."""
    count: int
    """Number of intervals above the limit."""


def billed_exceedance(recording: Recording) -> BilledExceedance | None:
    """Return the exceedance by billing interval, counted from the run's start; None in a run below one.

    A rest at the end that fills no interval is left out. Within an interval, power below the limit makes up
    for power above it: this is never more than the instantaneous exceedance.
    """
    means_mw = excess_mw(recording).means_of_intervals(BILLING_S)
    if not means_mw.size:
        return None
    above_mw = means_mw[means_mw > TOLERANCE_MW]
    energy_mwh = float(above_mw.sum() * BILLING_S / SECONDS_PER_HOUR)
    return BilledExceedance(energy_mwh, float(np.max(above_mw, initial=0.0)), above_mw.size)


# -- episodes ---------------------------------------------------------------------------------------------

Cause = Literal["ai", "limit", "policy", "telemetry", "fleet"]

CAUSES: Final[dict[Cause, str]] = {
    "ai": "AI alone was above the limit",
    "limit": "the limit fell",
    "policy": "the policy wanted more than the limit left, to the end",
    "telemetry": "the policy wanted more at first: it had not learned yet",
    "fleet": "the fleets were already wanted lower, and had not come down yet",
}
"""Why the site was above its limit, in words."""
NEEDED: Final = {"site_power_mw", "ai_power_mw", "limit_mw"}


@dataclass(frozen=True, slots=True)
class Episodes:
    """Every time above the limit, in order; arrays of one length."""

    start_s: FloatArray
    """When it begins [s]."""
    duration_s: FloatArray
    """How long it lasts [s]."""
    peak_mw: FloatArray
    """Largest excess above the limit [MW]."""
    energy_mwh: FloatArray
    """Energy above the limit [MWh]."""
    cause: tuple[Cause, ...]
    """Why: a key of `CAUSES`."""

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.cause)


NO_EPISODES: Final = Episodes(np.empty(0), np.empty(0), np.empty(0), np.empty(0), ())


def episodes(recording: Recording) -> Episodes:
    """Return every time that the site is more than a watt above its limit.

    Parameters
    ----------
    recording
        The run.

    Notes
    -----
    The causes are tried in turn: AI power alone exceeds the limit at some time of the episode; the limit
    steps down where it begins; the target of all fleets stays above what AI leaves under the limit to the end
    (``policy``); it was above where the episode begins (``telemetry``: the policy learned late, by its
    telemetry, its own minimum interval or its notice); or it was not (``fleet``: latency, ramps, machines
    that do not obey). A fleet that no policy controls counts as ``policy``.
    """
    if not recording.signals.keys() >= NEEDED:
        return NO_EPISODES
    excess = excess_mw(recording)
    intervals_s = excess.intervals_above(TOLERANCE_MW)
    if not len(intervals_s):
        return NO_EPISODES
    edges_s = np.unique(intervals_s)
    at = np.searchsorted(edges_s, intervals_s[:, 0])
    start_s, duration_s = intervals_s[:, 0], intervals_s[:, 1] - intervals_s[:, 0]
    return Episodes(
        start_s,
        duration_s,
        excess.maxima_over(edges_s)[at],
        excess.means_over(edges_s)[at] * duration_s / SECONDS_PER_HOUR,
        _causes(recording, edges_s, at),
    )


def _causes(recording: Recording, edges_s: FloatArray, at: IndexArray) -> tuple[Cause, ...]:
    ai, limit = recording["ai_power_mw"], recording["limit_mw"]
    target = recording.signals.get("fleet_target_mw")
    alone = (ai - limit).maxima_over(edges_s)[at] > TOLERANCE_MW
    fell = _steps_down(limit, edges_s[at])
    if target is None:
        late = stays = np.ones(len(at), dtype=np.bool_)
    else:
        wanted = target + ai - limit
        late = wanted.at(edges_s[at]) > TOLERANCE_MW
        stays = wanted.minima_over(edges_s)[at] > TOLERANCE_MW
    checks: tuple[tuple[Cause, BoolArray], ...] = (
        ("ai", alone),
        ("limit", fell),
        ("policy", stays),
        ("telemetry", late),
    )
    return tuple(next((cause for cause, holds in checks if holds[place]), "fleet") for place in range(len(at)))


def _steps_down(signal: Signal, times_s: FloatArray) -> BoolArray:
    """Tell for each time whether a signal steps down at it."""
    steps_mw = signal.left_limits()[:-1] - signal.value[1:]
    return np.isin(times_s, signal.time_s[1:][steps_mw > TOLERANCE_MW])


# -- catalogue --------------------------------------------------------------------------------------------

_above = numbers_of(exceedance, compares=True)
_broken = numbers_of(broken)
_billed = numbers_of(billed_exceedance, compares=True)

CATALOGUE = (
    _above("exceedance_s", lambda found: found.time_s),
    _above("exceedance_mwh", lambda found: found.energy_mwh),
    _above("exceedance_peak_mw", lambda found: found.peak_mw),
    _above("exceedance_count", lambda found: found.count),
    _above("exceedance_longest_s", lambda found: found.longest_s),
    Metric("exceedance_peak_fraction", _peak_fraction, compares=True),
    _broken("limit_broken_count", lambda found: found.count),
    _broken("limit_broken_mwh", lambda found: found.energy_mwh),
    _broken("limit_broken_longest_s", lambda found: found.longest_s),
    _broken("limit_broken_peak_mw", lambda found: found.peak_mw),
    _billed("exceedance_15min_mwh", lambda found: found.energy_mwh),
    _billed("exceedance_15min_peak_mw", lambda found: found.peak_mw),
    _billed("exceedance_15min_count", lambda found: found.count),
)
