"""When a signal moves by more than a level within a sliding window."""

from typing import NamedTuple

import numpy as np

from sim.signals.breakpoints import FloatArray, IndexArray, merged_places
from sim.signals.windows import SLIVER_S, Signal, reduce_ranges


class _Line(NamedTuple):
    """A line on each of many segments."""

    first: FloatArray
    """Value at the start of each segment [value]."""
    last: FloatArray
    """Value approached at its end [value]."""


def intervals_of_range_above(signal: Signal, window_s: float, level: float) -> FloatArray:
    r"""Return the intervals in which the rolling range of a signal is above a level.

    Parameters
    ----------
    signal
        The signal.
    window_s
        Length of the window [s], above 0.
    level
        The level [value], not below 0.

    Returns
    -------
    FloatArray
        Start and end of each interval [s], shape (k, 2), in order: the times :math:`t` at which the range
        over the closed window ``[t - window_s, t]``, cut at the start, is above the level.

    Raises
    ------
    ValueError
        Where the window is not above 0.

    Notes
    -----
    The same as ``signal.rolling_range(window_s).intervals_above(level)``, several times as fast. Between the
    times at which a breakpoint enters or leaves the window, the highest breakpoint :math:`H` and the lowest
    :math:`L` within stay the same, and the values :math:`a(t)` and :math:`b(t)` at both ends of the window
    are lines. The range is not above the level :math:`c` where

    .. math:: H - L, \; H - a, \; H - b, \; a - L, \; b - L, \; |a - b| \; \le \; c,

    which holds on one interval at most, as all of it is linear.

    Examples
    --------
    >>> dip = Signal.steps([0.0, 100.0, 103.0], [50.0, 30.0, 50.0], 200.0)
    >>> intervals_of_range_above(dip, 5.0, 10.0).tolist()
    [[100.0, 108.0]]
    """
    if not 0.0 < window_s < np.inf:
        raise ValueError(f"a window must be above 0 s and finite, got {window_s} s")
    leaving_s = signal.time_s + window_s
    starts_s, newest, left = merged_places(signal.time_s, leaving_s, signal.end_s)
    ends_s = np.append(starts_s[1:], signal.end_s)
    oldest = left + 1
    at_end = _lines(signal, newest, starts_s, ends_s, 0.0)
    # until a window has passed, it begins at the start of the signal
    at_start = _lines(signal, np.maximum(oldest - 1, 0), starts_s, ends_s, window_s)
    early = oldest == 0
    for values in at_start:
        values[early] = signal.value[0]
    high, low = _extremes(signal, oldest, newest)
    below_s = _below(high, low, (at_end, at_start), level, ends_s - starts_s)
    return _above(starts_s, ends_s, *below_s)


def _lines(
    signal: Signal, index: IndexArray, starts_s: FloatArray, ends_s: FloatArray, delay_s: float
) -> _Line:
    """Return the values of the delayed signal at both ends of parts of its segments of this index."""
    since_s, value, slope = signal.time_s[index] + delay_s, signal.value[index], signal.slope_per_s[index]
    return _Line(value + slope * (starts_s - since_s), value + slope * (ends_s - since_s))


def _extremes(signal: Signal, oldest: IndexArray, newest: IndexArray) -> tuple[FloatArray, FloatArray]:
    """Return the highest and the lowest value at breakpoints within each window; none is never above."""
    before = np.append(signal.value[0], signal.left_limits()[:-1])
    some = oldest <= newest
    high, low = np.full(oldest.size, -np.inf), np.full(oldest.size, np.inf)
    first, last = oldest[some], newest[some]
    high[some] = reduce_ranges(np.maximum, np.maximum(signal.value, before), first, last)
    low[some] = reduce_ranges(np.minimum, np.minimum(signal.value, before), first, last)
    return high, low


def _below(
    high: FloatArray, low: FloatArray, borders: tuple[_Line, _Line], level: float, length_s: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return from when until when the range is not above the level, as shares of each segment.

    Where it is above throughout, the first comes after the second.
    """
    from_share, to_share = np.zeros(length_s.size), np.ones(length_s.size)
    from_share[high - low > level] = 2.0
    end, start = borders
    pairs = [
        (end.first - start.first, end.last - start.last),
        (start.first - end.first, start.last - end.last),
    ]
    for line in borders:
        pairs += [(high - line.first, high - line.last), (line.first - low, line.last - low)]
    for first, last in pairs:
        over_first, over_last = first > level, last > level
        from_share[over_first & over_last] = 2.0
        for over, other, share, tighten in (
            (over_first, over_last, from_share, np.maximum),
            (over_last, over_first, to_share, np.minimum),
        ):
            crossing = np.flatnonzero(over & ~other)
            part = (level - first[crossing]) / (last[crossing] - first[crossing])
            share[crossing] = tighten(share[crossing], part)
    return from_share, to_share


def _above(
    starts_s: FloatArray, ends_s: FloatArray, from_share: FloatArray, to_share: FloatArray
) -> FloatArray:
    """Return segments without the parts between two shares of them, joined where they touch."""
    length_s = ends_s - starts_s
    whole = from_share > to_share
    until_s = np.where(whole, ends_s, starts_s + np.clip(from_share, 0.0, 1.0) * length_s)
    again_s = np.where(whole, ends_s, starts_s + to_share * length_s)
    pieces = np.column_stack([starts_s, until_s, again_s, ends_s]).reshape(-1, 2)
    pieces = pieces[pieces[:, 1] > pieces[:, 0]]
    intervals = joined(pieces)
    return intervals[intervals[:, 1] - intervals[:, 0] > SLIVER_S]


def joined(intervals_s: FloatArray) -> FloatArray:
    """Return intervals in order of time with those that touch or overlap, but for rounding, made one.

    Parameters
    ----------
    intervals_s
        Start and end of each [s], shape (n, 2), in order of their starts and of their ends.

    Returns
    -------
    FloatArray
        The same time in fewer intervals [s], shape (k, 2).

    Examples
    --------
    >>> joined(np.array([[0.0, 1.0], [1.0, 2.0], [3.0, 4.0]])).tolist()
    [[0.0, 2.0], [3.0, 4.0]]
    """
    apart = intervals_s[1:, 0] > intervals_s[:-1, 1] + SLIVER_S
    border = np.ones(min(len(intervals_s), 1), dtype=np.bool_)
    starts, ends = np.concatenate([border, apart]), np.concatenate([apart, border])
    return np.column_stack([intervals_s[starts, 0], intervals_s[ends, 1]])
