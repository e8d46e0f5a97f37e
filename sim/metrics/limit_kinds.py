"""What of a power each kind of limit looks at, exact at breakpoints but for what is filtered to a band."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from sim.grid.limits import PowerLimit
from sim.metrics.ramps import parts_with_window
from sim.metrics.spectrum import band_passed, largest_line, sampled
from sim.signals import FloatArray, Signal
from sim.signals.breakpoints import SegmentBlock, joined
from sim.signals.distribution import Distribution
from sim.signals.measures import first_peak, segments_above
from sim.signals.range_above import intervals_of_range_above
from sim.signals.screening import largest_range, spans_of_range_above, with_window
from sim.signals.windows import change_segments, extremes_of_ranges
from sim.units import SECONDS_PER_MINUTE, TOLERANCE_MW

FILTER_RATE_HZ: Final = 500.0
"""Samples in a second of power that is filtered to a band up to 55 Hz [Hz]."""
WHOLE_S: Final = 7200.0
"""A run up to this long is filtered whole, a longer one around its worst moments [s]."""
MOMENTS: Final = 8
"""Worst moments at which a longer run is filtered."""
AROUND_S: Final = 60.0
"""Time before and after such a moment that is filtered too [s]: the slowest band, 0.1 Hz, settles in it."""
SLICES: Final = 64
"""Slices of the run, each of which offers its worst moment."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What was found of one limit."""

    worst: float
    """Largest value, in the unit of the limit."""
    time_s: float = float("nan")
    """When it is reached [s]."""
    above_s: FloatArray | None = None
    """Intervals above the limit [s], shape (k, 2); None: not counted."""
    reason: str = ""
    """What the value rests on."""
    partial: bool = False
    """Whether not all of the run was looked at."""


Measure = Callable[[Signal, PowerLimit, float], Found]
"""Measures a power for a limit, whose highest value allowed is given too."""


def _range(site_mw: Signal, rule: PowerLimit, limit: float) -> Found:
    worst, time_s = largest_range(site_mw, rule.span_s)
    if rule.band_hz is not None:
        found = _filtered(site_mw, rule, 1.0)
        return replace(found, reason=f"{found.reason}; {worst:.4g} MW unfiltered")
    return Found(worst, time_s, _range_above_s(site_mw, rule.span_s, limit) if worst > limit else None)


def _slope(site_mw: Signal, rule: PowerLimit, limit: float) -> Found:
    minutes = rule.span_s / SECONDS_PER_MINUTE
    found = _range(site_mw, rule, limit * minutes)
    return replace(found, worst=found.worst / minutes)


def _range_above_s(power: Signal, window_s: float, level: float) -> FloatArray:
    """Return the intervals in which the rolling range is above a level [s], part by part."""
    found = [np.empty((0, 2))]
    for span_s in spans_of_range_above(power, window_s, level):
        intervals_s = intervals_of_range_above(with_window(power, window_s, span_s), window_s, level)
        found.append(np.maximum(intervals_s[intervals_s[:, 1] > span_s[0]], span_s[0]))
    return joined(np.concatenate(found))


def net_ramps(site_mw: Signal, rules: Sequence[PowerLimit], limits: Sequence[float]) -> list[Found]:
    """Return what is found of limits on net ramps over one window; each change is worked out but once."""
    span_s = rules[0].span_s
    minutes = span_s / SECONDS_PER_MINUTE
    widest_mw = site_mw.maximum() - site_mw.minimum()
    changes = Distribution(-widest_mw, widest_mw)
    peaks = [_Peak(rule, limit * minutes) for rule, limit in zip(rules, limits, strict=True)]
    quantiles = any(rule.quantile_fraction is not None for rule in rules)
    for part in parts_with_window(site_mw, span_s):
        change = change_segments(part, span_s)
        fall = SegmentBlock(change.start_s, change.end_s, -change.value, -change.left_limit)
        # both signs at once, as every rule looks at one of them or at both
        for sign, one_way in ((1.0, change), (-1.0, fall)):
            largest = first_peak(one_way, 1.0)
            for peak in peaks:
                peak.see(sign, one_way, largest)
        if quantiles:
            changes.add_segments(change)
    return [peak.found(minutes, changes) for peak in peaks]


class _Peak:
    """The largest change that a limit on net ramps holds for, and when it is exceeded."""

    def __init__(self, rule: PowerLimit, level_mw: float) -> None:
        self._signs = {"both": (1.0, -1.0), "up": (1.0,), "down": (-1.0,)}[rule.direction]
        self._quantile = rule.quantile_fraction
        self._level_mw = level_mw
        self._largest_mw, self._time_s = 0.0, float("nan")
        self._above_s: list[FloatArray] = []

    def see(self, sign: float, change: SegmentBlock, largest: tuple[float, float]) -> None:
        """Take note of the changes of a part in one direction; the largest is given with its time [s]."""
        if sign not in self._signs or self._quantile is not None:
            return
        if largest[0] > self._largest_mw:
            self._largest_mw, self._time_s = largest
        if largest[0] > self._level_mw:
            self._above_s.append(joined(segments_above(change, self._level_mw)))

    def found(self, minutes: float, changes: Distribution) -> Found:
        """Return what was found; the window is so many minutes."""
        if self._quantile is not None:
            return Found(changes.quantile_of_magnitude(self._quantile) / minutes)
        above_s = _in_order(self._above_s) if self._above_s else None
        return Found(self._largest_mw / minutes, self._time_s, above_s)


def _in_order(intervals_s: Sequence[FloatArray]) -> FloatArray:
    every = np.concatenate(intervals_s)
    return joined(every[np.argsort(every[:, 0], kind="stable")])


def _filtered(site_mw: Signal, rule: PowerLimit, factor: float) -> Found:
    """Return the largest range of the filtered power, times a factor; of a long run at its worst moments."""
    (low_hz, high_hz), rate_hz = rule.band_hz or (0.0, 0.0), _rate_hz(rule)
    reason = f"filtered to {low_hz:g}-{high_hz:g} Hz (2nd-order Butterworth, an assumption)"
    best = Found(0.0, reason=reason, partial=site_mw.duration_s > WHOLE_S)
    for window in _looked_at(site_mw, rule.span_s):
        samples = sampled(window, rate_hz)
        if samples.size:
            passed = band_passed(samples, rate_hz, low_hz, high_hz)
            largest, last = largest_range_of_samples(passed, round(rule.span_s * rate_hz))
            time_s = window.start_s + (last + 1) / rate_hz
            # of equals the first: rounding does not say when
            if factor * largest > best.worst + TOLERANCE_MW:
                best = replace(best, worst=factor * largest, time_s=time_s)
    return best


def largest_range_of_samples(values: FloatArray, count: int) -> tuple[float, int]:
    """Return the largest range of evenly spaced samples over a window, and the last sample of the first one.

    It is that of the line through the samples, as `Signal.largest_range` finds it, where the window is a
    whole number of steps long.

    Parameters
    ----------
    values
        The samples, shape (n,), at least one.
    count
        Length of the window [steps], at least 1.

    Examples
    --------
    >>> largest_range_of_samples(np.array([0.0, 1.0, 5.0, 4.0, 9.0]), 1)
    (5.0, 4)
    """
    last = np.arange(values.size)
    high, low = extremes_of_ranges(values, values, np.maximum(last - count, 0), last)
    ranges = high - low
    place = int(np.argmax(ranges))
    return float(ranges[place]), place


def _rate_hz(rule: PowerLimit) -> float:
    """Return the rate at which a power is sampled for a limit on a band [Hz]."""
    return max(FILTER_RATE_HZ, 4.0 * (rule.band_hz or (0.0, 0.0))[1])


def _looked_at(power: Signal, window_s: float) -> Iterator[Signal]:
    """Yield the power; of a long run what is around the worst moments, each the worst of its slice."""
    if power.duration_s <= WHOLE_S:
        yield power
        return
    edges_s = np.linspace(power.start_s, power.end_s, SLICES + 1).tolist()
    worst = []
    for from_s, to_s in pairwise(edges_s):
        part = power.clip_time(max(power.start_s, from_s - window_s), to_s)
        worst.append(largest_range(part, window_s))
    for _, time_s in sorted(worst, key=lambda found: -found[0])[:MOMENTS]:
        from_s = max(power.start_s, time_s - window_s - AROUND_S)
        yield power.clip_time(from_s, min(power.end_s, time_s + AROUND_S))


def _line(site_mw: Signal, rule: PowerLimit) -> Found:
    (low_hz, high_hz), rate_hz = rule.band_hz or (0.0, 0.0), _rate_hz(rule)
    worst = 0.0
    for window in _looked_at(site_mw, 1.0 / low_hz):
        samples = sampled(window, rate_hz)
        if samples.size > 1:
            worst = max(worst, np.nan_to_num(largest_line(samples, rate_hz, low_hz, high_hz).amplitude_mw))
    return Found(worst, reason="largest line of a flat-top spectrum", partial=site_mw.duration_s > WHOLE_S)


MEASURES: Final[dict[str, Measure]] = {
    "range": _range,
    "slope": _slope,
    "band-amplitude": lambda site_mw, rule, _: _filtered(site_mw, rule, 0.5),
    "line-amplitude": lambda site_mw, rule, _: _line(site_mw, rule),
}
"""The measure of each kind of limit but net ramps."""
