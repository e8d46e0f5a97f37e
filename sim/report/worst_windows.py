"""The moments of a run that are worth a close look: largest exceedances, deepest dips."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Final

import numpy as np

from sim.metrics.dips import DEPTH_FRACTION_OF_LIMIT, FALL_S
from sim.recording import Recording
from sim.report.format import format_duration, format_value
from sim.signals import Signal
from sim.units import TOLERANCE_MW

MOST_MOMENTS: Final = 10
MOST_OF_A_KIND: Final = 4
"""Most exceedances and most falls of AI power; falls of site power take the places left."""
WINDOW_S: Final = 600.0
"""Time shown around a moment [s]."""
APART_S: Final = 900.0
"""Moments of a list are at least so far apart [s]."""
MOST_BREAKPOINTS: Final = 8_000
"""A window is narrowed until it holds no more than this."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment worth a close look, and the time shown around it."""

    time_s: float
    """When it is at its worst [s]."""
    title: str
    """What it is, with its size."""
    from_s: float
    """Start of what is shown [s]."""
    to_s: float
    """End of what is shown [s]."""


def worst_moments(recording: Recording) -> tuple[Moment, ...]:
    """Return the largest exceedances, then the deepest falls of AI power and of site power.

    Parameters
    ----------
    recording
        The run.

    Returns
    -------
    tuple of Moment
        At most `MOST_MOMENTS`; of each kind the worst first, and no two of a kind nearer than `APART_S`.
    """
    site = recording["site_power_mw"]
    found = _spread(_exceedances(recording), MOST_OF_A_KIND)
    found += _spread(_falls(recording, "ai_power_mw", "AI"), MOST_OF_A_KIND)
    found += _spread(_falls(recording, "site_power_mw", "Site"), MOST_MOMENTS - len(found))
    return tuple(_around(site, *each) for each in found)


Finding = tuple[float, str]
"""Time [s] and title."""


def _spread(findings: Iterator[Finding], most: int) -> list[Finding]:
    """Return the first findings, leaving out what is near another."""
    kept: list[Finding] = []
    for finding in findings:
        if len(kept) == most:
            break
        if all(abs(finding[0] - other[0]) >= APART_S for other in kept):
            kept.append(finding)
    return kept


def _exceedances(recording: Recording) -> Iterator[Finding]:
    """Yield the exceedances, the highest first."""
    excess = recording["site_power_mw"] - recording["limit_mw"]
    intervals = excess.intervals_above(TOLERANCE_MW)
    if not len(intervals):
        return
    peaks_mw = excess.maxima_over(intervals.ravel())[::2]  # not those between two times above
    for place in np.argsort(-peaks_mw, kind="stable").tolist():
        start_s, end_s = intervals[place].tolist()
        time_s = excess.clip_time(start_s, end_s).time_of_maximum()
        size = format_value(float(peaks_mw[place]), "MW")
        yield time_s, f"{size} above the limit, for {format_duration(end_s - start_s)}"


def _falls(recording: Recording, name: str, word: str) -> Iterator[Finding]:
    """Yield where power stands furthest below its highest of the last minute, the deepest first."""
    least_mw = DEPTH_FRACTION_OF_LIMIT * recording["limit_mw"].maximum()
    for depth_mw, time_s in deepest_falls(recording[name], least_mw):
        yield time_s, f"{word} power falls by {format_value(depth_mw, 'MW')} within a minute"


def deepest_falls(power_mw: Signal, least_mw: float) -> Iterator[tuple[float, float]]:
    """Find where power stands furthest below its highest of the last minute.

    Parameters
    ----------
    power_mw
        Power [MW].
    least_mw
        Falls that are not deeper are left out [MW].

    Yields
    ------
    tuple of float
        Depth [MW] and time [s] of the deepest fall in each minute of the run, the deepest first.

    Notes
    -----
    The extremes of a minute and of the one before bound its fall from above. The exact fall is computed only
    for a minute whose bound is the highest left, and given out once no bound is higher.
    """
    edges_s = np.append(np.arange(0.0, power_mw.end_s, FALL_S), power_mw.end_s)
    highest_mw, lowest_mw = power_mw.maxima_over(edges_s), power_mw.minima_over(edges_s)
    bounds_mw = np.maximum(highest_mw, np.append(highest_mw[0], highest_mw[:-1])) - lowest_mw
    places = np.flatnonzero(bounds_mw > least_mw)
    # a bound has no time yet; the queue gives out the lowest first, hence the signs
    queue: list[tuple[float, int, float | None]] = [
        (-float(bounds_mw[place]), place, None) for place in places.tolist()
    ]
    heapify(queue)
    while queue:
        negative_mw, place, time_s = heappop(queue)
        if time_s is not None:
            yield -negative_mw, time_s
            continue
        depth_mw, time_s = _fall_within(power_mw, float(edges_s[place]), float(edges_s[place + 1]))
        if depth_mw > least_mw:
            heappush(queue, (-depth_mw, place, time_s))


def _fall_within(power_mw: Signal, from_s: float, to_s: float) -> tuple[float, float]:
    """Return the deepest fall in an interval [MW] and its time [s]."""
    nearby = power_mw.clip_time(max(0.0, from_s - FALL_S), to_s)
    fall = (nearby.rolling_maximum(FALL_S) - nearby).clip_time(from_s, to_s)
    return fall.maximum(), fall.time_of_maximum()


def _around(site: Signal, time_s: float, title: str) -> Moment:
    """Return the moment with a window that holds not too many breakpoints."""
    half_s = 0.5 * WINDOW_S
    while True:
        from_s, to_s = max(0.0, time_s - half_s), min(site.end_s, time_s + half_s)
        first, last = np.searchsorted(site.time_s, [from_s, to_s])
        if last - first <= MOST_BREAKPOINTS or half_s < 1.0:
            return Moment(time_s, title, from_s, to_s)
        half_s *= 0.5
