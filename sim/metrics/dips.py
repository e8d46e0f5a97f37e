"""Dips of AI power: sudden falls, how deep, how long, and what AI did not draw in them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from sim.metrics.base import numbers_of
from sim.recording import Recording
from sim.signals import FloatArray, Signal
from sim.signals.breakpoints import BLOCK
from sim.signals.range_above import intervals_of_fall_above
from sim.signals.screening import spans_of_range_above, with_window
from sim.units import SECONDS_PER_HOUR, TOLERANCE_MW, BoolArray, IndexArray

FALL_S: Final = 60.0
"""A dip falls within this time [s] (assumption: a checkpoint stall or a failure falls in seconds, the day's
course in hours)."""
DEPTH_FRACTION_OF_LIMIT: Final = 0.05
"""A dip falls by more than this share of the interconnection's limit (assumption)."""
DEPTH_TEXT: Final = f"{100.0 * DEPTH_FRACTION_OF_LIMIT:g} % of the limit"
"""The same in words."""
LONGEST_S: Final = 21_600.0
"""After this time the lower level counts as the new normal [s]; assumption: beyond most manual restarts."""

Look = Callable[[IndexArray, IndexArray], tuple[BoolArray, FloatArray]]
"""Tells of some dips, in rows, at how many breakpoints on or back what is sought is there, and when [s]."""


class Dip(NamedTuple):
    """One dip of AI power."""

    start_s: float
    """When AI power had fallen by the depth that makes a dip [s]."""
    end_s: float
    """When it was back within that depth [s]."""
    reference_mw: float
    """The level it fell from [MW]."""
    lowest_mw: float
    """The lowest it reached [MW]."""
    energy_mwh: float
    """Energy not drawn, against the level before [MWh]."""
    fall_s: float = 0.0
    """Time from leaving the level before to `start_s` [s], at most the edge; 0 where it jumps."""

    @property
    def depth_mw(self) -> float:
        """How far it falls [MW]."""
        return self.reference_mw - self.lowest_mw

    @property
    def length_s(self) -> float:
        """How long it lasts [s]."""
        return self.end_s - self.start_s


def dips(power_mw: Signal, depth_mw: float, edge_s: float = FALL_S, longest_s: float = LONGEST_S) -> tuple[Dip, ...]:
    """Find the dips of a power signal.

    A dip begins where power stands more than ``depth_mw`` below its highest of the last ``edge_s``, and ends
    where it is back within ``depth_mw`` of that level, or after ``longest_s``, when the lower level counts as
    the new normal. The slow course of a day is no dip.

    Parameters
    ----------
    power_mw
        Power [MW].
    depth_mw
        Least depth of a dip [MW], above 0.
    edge_s
        Time within which it falls [s], above 0.
    longest_s
        Time after which it is one no more [s], above 0.

    Returns
    -------
    tuple of Dip
        In order of time.

    Examples
    --------
    >>> power = Signal.steps([0.0, 600.0, 960.0], [100.0, 40.0, 100.0], 3600.0)
    >>> [(dip.start_s, dip.end_s, dip.energy_mwh) for dip in dips(power, 10.0)]
    [(600.0, 960.0, 6.0)]
    """
    starts_s, references_mw = _falls(power_mw, depth_mw, edge_s)
    ends_s = _recoveries_s(power_mw, starts_s, references_mw - depth_mw, longest_s)
    kept = _one_at_a_time(starts_s, ends_s)
    starts_s, ends_s, references_mw = starts_s[kept], ends_s[kept], references_mw[kept]
    if kept.size == 0:
        return ()
    lowest_mw, drawn_mwh = _drawn(power_mw, starts_s, ends_s)
    energies_mwh = references_mw * (ends_s - starts_s) / SECONDS_PER_HOUR - drawn_mwh
    falls_s = _falls_s(power_mw, starts_s, references_mw, edge_s)
    columns = (starts_s, ends_s, references_mw, lowest_mw, energies_mwh, falls_s)
    return tuple(map(Dip, *(column.tolist() for column in columns)))


def _falls(power_mw: Signal, depth_mw: float, edge_s: float) -> tuple[FloatArray, FloatArray]:
    """Return when power begins to stand below its highest of the last edge by a depth [s], and that [MW]."""
    starts_s, references_mw, until_s = [np.empty(0)], [np.empty(0)], -np.inf
    for span_s in spans_of_range_above(power_mw, edge_s, depth_mw):
        part = with_window(power_mw, edge_s, span_s)
        low_s, highest_mw = intervals_of_fall_above(part, edge_s, depth_mw)
        # what lies before the span is cut off, and what began in the spans before is there already
        within = low_s[:, 1] > span_s[0]
        new = within & (low_s[:, 0] > until_s)
        starts_s.append(low_s[new, 0])
        references_mw.append(highest_mw[new])
        until_s = float(low_s[within][-1, 1]) if within.any() else until_s
    return np.concatenate(starts_s), np.concatenate(references_mw)


def _one_at_a_time(starts_s: FloatArray, ends_s: FloatArray) -> IndexArray:
    """Return the places of the dips that do not begin within the one before."""
    kept, until_s = [], -np.inf
    for place, (start_s, end_s) in enumerate(zip(starts_s.tolist(), ends_s.tolist(), strict=True)):
        if start_s >= until_s:
            kept.append(place)
            until_s = end_s
    return np.array(kept, dtype=np.intp)


def _drawn(power_mw: Signal, starts_s: FloatArray, ends_s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the lowest power [MW] in each dip, and the energy drawn [MWh]."""
    edges_s = np.unique(np.concatenate([starts_s, ends_s]))
    bins = np.searchsorted(edges_s, starts_s)
    drawn_mwh = power_mw.integrals_over(edges_s)[bins] / SECONDS_PER_HOUR
    return power_mw.minima_over(edges_s)[bins], drawn_mwh


def _falls_s(power_mw: Signal, starts_s: FloatArray, references_mw: FloatArray, edge_s: float) -> FloatArray:
    """Return how long each fall takes from where power was last at its highest [s]."""
    times_s, values = power_mw.time_s, power_mw.value
    levels_mw = references_mw - TOLERANCE_MW
    first = np.searchsorted(times_s, starts_s, side="right") - 1

    def was_high(dip: IndexArray, back: IndexArray) -> tuple[BoolArray, FloatArray]:
        place = np.maximum(first[dip] - back, 0)
        before = np.maximum(place - 1, 0)
        left_mw = values[before] + power_mw.slopes.take(before) * (times_s[place] - times_s[before])
        high = np.maximum(values[place], left_mw) >= levels_mw[dip]
        return high | (place == 0), times_s[place]

    # where the level before was passed on a slope, it is the one of `edge_s` ago
    return np.minimum(starts_s - _first_found(was_high, starts_s.size), edge_s)


def _recoveries_s(power_mw: Signal, starts_s: FloatArray, levels_mw: FloatArray, longest_s: float) -> FloatArray:
    """Return when power, below a level at each start, is back at it, or else has been long below it [s]."""
    times_s, values, slopes = power_mw.time_s, power_mw.value, power_mw.slope_per_s
    first = np.searchsorted(times_s, starts_s, side="right") - 1
    last, latest_s = times_s.size - 1, np.minimum(starts_s + longest_s, power_mw.end_s)

    def is_back(dip: IndexArray, ahead: IndexArray) -> tuple[BoolArray, FloatArray]:
        place = first[dip] + ahead
        after = place > last
        place = np.minimum(place, last)
        from_s, rise_mw, slope = times_s[place], levels_mw[dip] - values[place], slopes[place]
        next_s = np.where(place < last, times_s[np.minimum(place + 1, last)], power_mw.end_s)
        reached_s = from_s + np.divide(rise_mw, slope, out=np.zeros(slope.shape), where=slope > 0.0)
        at_once = (rise_mw <= 0.0) & (from_s > starts_s[dip])
        on_slope = (slope > 0.0) & (reached_s > starts_s[dip]) & (reached_s < next_s)
        too_late = after | (from_s >= latest_s[dip])
        back_s = np.where(at_once, from_s, reached_s)
        return at_once | on_slope | too_late, np.where(too_late, np.inf, back_s)

    return np.minimum(_first_found(is_back, starts_s.size), latest_s)


def _first_found(look: Look, count: int) -> FloatArray:
    """Return for each dip the time at the first place at which a look finds something [s].

    Most dips are short, so that all are looked at together, a few places at a time, those the more that are
    left, and what is found leaves the rest.
    """
    found_s = np.empty(count)
    left, begin, width = np.arange(count), 0, 1
    while left.size:
        there, times_s = look(left[:, np.newaxis], np.arange(begin, begin + width))
        which = there.argmax(axis=1)
        rows = np.arange(left.size)
        done = there[rows, which]
        found_s[left[done]] = times_s[rows, which][done]
        left, begin = left[~done], begin + width
        width = max(1, min(2 * width, BLOCK // max(1, left.size)))
    return found_s


def depth_mw(recording: Recording) -> float:
    """Return the least depth of what counts as a dip in this run [MW]."""
    return DEPTH_FRACTION_OF_LIMIT * recording["limit_mw"].maximum()


def ai_dips(recording: Recording) -> tuple[Dip, ...]:
    """Return the dips of all AI power together."""
    return dips(recording["ai_power_mw"], depth_mw(recording))


def _some_dips(recording: Recording) -> Sequence[Dip] | None:
    return recording.once(ai_dips) or None


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


_of_all = numbers_of(ai_dips, words={"depth": DEPTH_TEXT})
_of_some = numbers_of(_some_dips, words={"depth": DEPTH_TEXT})

CATALOGUE = (
    _of_all("dip_count", len),
    _of_all("dip_energy_mwh", lambda dips: sum((dip.energy_mwh for dip in dips), 0.0)),
    _of_some("dip_depth_max_mw", lambda dips: max(dip.depth_mw for dip in dips)),
    _of_some("dip_depth_mean_mw", lambda dips: _mean(dip.depth_mw for dip in dips)),
    _of_some("dip_length_max_s", lambda dips: max(dip.length_s for dip in dips)),
    _of_some("dip_length_mean_s", lambda dips: _mean(dip.length_s for dip in dips)),
    _of_some("dip_fall_min_s", lambda dips: min(dip.fall_s for dip in dips)),
)
