"""Power above the limit of the interconnection."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.facts.limit import ToleranceFacts
from sim.metrics.base import Metric, compared, told
from sim.recording import Recording
from sim.signals import Signal
from sim.units import SECONDS_PER_HOUR, FloatArray

BILLING_S: Final = 900.0
"""Billing interval [s]; assumption: as most markets settle."""
TOLERANCE_MW: Final = 1e-6
"""Excess up to one watt counts as none: a fleet that fills up to the limit exactly misses it by rounding."""


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
        longest_s=max((end_s - start_s for start_s, end_s in times_s), default=0.0),
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
    return _beyond(recording, recording.once(Recording.without_mining))


def _beyond(recording: Recording, alone: Recording) -> Exceedance:
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


CATALOGUE = (
    compared("exceedance_s", "Time above the limit", exceedance, lambda found: found.time_s),
    compared("exceedance_mwh", "Energy above the limit", exceedance, lambda found: found.energy_mwh),
    compared("exceedance_peak_mw", "Largest excess above the limit", exceedance, lambda found: found.peak_mw),
    compared("exceedance_count", "Times the limit was exceeded", exceedance, lambda found: found.count),
    compared(
        "exceedance_longest_s",
        "Longest time above the limit without a break",
        exceedance,
        lambda found: found.longest_s,
    ),
    told("exceedance_peak_fraction", _peak_fraction, compares=True),
    told("limit_broken_count", lambda r: r.once(broken).count),
    told("limit_broken_mwh", lambda r: r.once(broken).energy_mwh),
    Metric("limit_broken_longest_s", "Longest of them", lambda r: r.once(broken).longest_s),
    Metric("limit_broken_peak_mw", "Largest excess of them", lambda r: r.once(broken).peak_mw),
    compared(
        "exceedance_15min_mwh",
        "Energy above the limit by the means of 15 min",
        billed_exceedance,
        lambda found: found.energy_mwh,
    ),
    compared(
        "exceedance_15min_peak_mw",
        "Largest excess of a mean over 15 min",
        billed_exceedance,
        lambda found: found.peak_mw,
    ),
    compared(
        "exceedance_15min_count",
        "Intervals of 15 min whose mean is above the limit",
        billed_exceedance,
        lambda found: found.count,
    ),
)
