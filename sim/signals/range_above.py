"""When a signal moves by more than a level within a sliding window."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from sim.signals.breakpoints import SLIVER_S, joined, merged_places
from sim.signals.windows import Signal, extremes_of_ranges, require_window
from sim.units import FloatArray, IndexArray

ABOVE: Final = 2.0
"""Share at which a segment begins to be below a level if it never does."""


class _Values(NamedTuple):
    """A line on each of many segments."""

    first: FloatArray
    """Value at the start of each segment [value]."""
    last: FloatArray
    """Value approached at its end [value]."""

    def some(self, places: IndexArray) -> "_Values":
        """Return the lines on some segments."""
        return _Values(self.first[places], self.last[places])


class _Held(NamedTuple):
    """SegmentBlock of time in which the same breakpoints lie in the window, as arrays of one length."""

    start_s: FloatArray
    end_s: FloatArray
    oldest: IndexArray
    """The first breakpoint within the window; the one before it tells the value at the window's start."""
    newest: IndexArray
    """The last breakpoint within the window, or the last before it, where it holds none."""

    @classmethod
    def of(cls, signal: Signal, window_s: float) -> "_Held":
        """Return all windows ``[t - window_s, t]`` of a signal; ValueError where their length is none."""
        require_window(window_s)
        starts_s, newest, left = merged_places(signal.time_s, signal.time_s + window_s, signal.end_s)
        return cls(starts_s, np.append(starts_s[1:], signal.end_s), left + 1, newest)

    def some(self, places: IndexArray) -> "_Held":
        """Return those at some places."""
        return _Held(self.start_s[places], self.end_s[places], self.oldest[places], self.newest[places])

    def at_end(self, signal: Signal) -> _Values:
        """Return the value of the signal at the window's end."""
        return self._lines(signal, self.newest, 0.0)

    def at_start(self, signal: Signal, window_s: float) -> _Values:
        """Return the value at the window's start: until a window has passed, that at the signal's start."""
        line = self._lines(signal, np.maximum(self.oldest - 1, 0), window_s)
        early = np.flatnonzero(self.oldest == 0)
        for values in line:
            values[early] = signal.value[0]
        return line

    def _lines(self, signal: Signal, index: IndexArray, delay_s: float) -> _Values:
        since_s, value, slope = signal.time_s[index] + delay_s, signal.value[index], signal.slopes.take(index)
        return _Values(value + slope * (self.start_s - since_s), value + slope * (self.end_s - since_s))

    def extremes(self, signal: Signal) -> tuple[FloatArray, FloatArray]:
        """Return highest and lowest value at breakpoints within each window; none decides nothing."""
        before = np.append(signal.value[0], signal.left_limits()[:-1])
        some = np.flatnonzero(self.oldest <= self.newest)
        high, low = np.full(self.oldest.size, -np.inf), np.full(self.oldest.size, np.inf)
        high[some], low[some] = extremes_of_ranges(
            np.maximum(signal.value, before), np.minimum(signal.value, before), self.oldest[some], self.newest[some]
        )
        return high, low


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
    windows = _Held.of(signal, window_s)
    high, low = windows.extremes(signal)
    # where the breakpoints alone are farther apart than the level, it is above throughout
    from_share, to_share = np.full(high.size, ABOVE), np.ones(high.size)
    places = np.flatnonzero(high - low <= level)
    from_share[places] = 0.0
    some, high, low = windows.some(places), high[places], low[places]
    start, end = some.at_start(signal, window_s), some.at_end(signal)
    # where all values together are no farther apart, it is above nowhere
    widest = _widest(high, low, start, end)
    near = np.flatnonzero(widest > level)
    start, end, top, bottom = (line.some(near) for line in (start, end, _Values(high, high), _Values(low, low)))
    rises = [(start, end), (end, start), (bottom, start), (bottom, end), (start, top), (end, top)]
    from_share[places[near]], to_share[places[near]] = _below(rises, level)
    return _above(windows.start_s, windows.end_s, from_share, to_share)


def _widest(high: FloatArray, low: FloatArray, start: _Values, end: _Values) -> FloatArray:
    """Return the range of all values that a window can hold while it moves along a segment."""
    for values in (*start, *end):
        high, low = np.maximum(high, values), np.minimum(low, values)
    return high - low


def intervals_of_fall_above(signal: Signal, window_s: float, level: float) -> tuple[FloatArray, FloatArray]:
    r"""Return the intervals in which a signal stands below its highest of the last window by a level.

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
    tuple of FloatArray
        Start and end of each interval [s], shape (k, 2), in order, and the highest value of the window at its
        start [value], shape (k,).

    Raises
    ------
    ValueError
        Where the window is not above 0.

    Notes
    -----
    The same as those of ``signal.rolling_maximum(window_s) - signal`` above the level, as
    `intervals_of_range_above` finds them: the fall is not above the level c where
    :math:`H - b \le c` and :math:`a - b \le c`.

    Examples
    --------
    >>> dip = Signal.steps([0.0, 100.0, 103.0], [50.0, 30.0, 50.0], 200.0)
    >>> [found.tolist() for found in intervals_of_fall_above(dip, 5.0, 10.0)]
    [[[100.0, 103.0]], [50.0]]
    """
    windows = _Held.of(signal, window_s)
    high, _ = windows.extremes(signal)
    start, end = windows.at_start(signal, window_s), windows.at_end(signal)
    from_share, to_share = _below([(end, start), (end, _Values(high, high))], level)
    intervals_s = _above(windows.start_s, windows.end_s, from_share, to_share)
    first = np.searchsorted(windows.start_s, intervals_s[:, 0], side="right") - 1
    length_s = windows.end_s[first] - windows.start_s[first]
    share = (intervals_s[:, 0] - windows.start_s[first]) / length_s
    at_start = start.first[first] + share * (start.last[first] - start.first[first])
    return intervals_s, np.maximum(high[first], at_start)


def _below(rises: Sequence[tuple[_Values, _Values]], level: float) -> tuple[FloatArray, FloatArray]:
    """Return from when until when no rise from one line to another is above the level, as shares of segments.

    Where one is above throughout, the first comes after the second.
    """
    size = rises[0][0].first.size
    from_share, to_share = np.zeros(size), np.ones(size)
    for lower, upper in rises:
        over_first, over_last = upper.first - lower.first > level, upper.last - lower.last > level
        from_share[np.flatnonzero(over_first & over_last)] = ABOVE
        for over, other, share, tighten in (
            (over_first, over_last, from_share, np.maximum),
            (over_last, over_first, to_share, np.minimum),
        ):
            crossing = np.flatnonzero(over & ~other)
            first = upper.first[crossing] - lower.first[crossing]
            last = upper.last[crossing] - lower.last[crossing]
            share[crossing] = tighten(share[crossing], (level - first) / (last - first))
    return from_share, to_share


def _above(starts_s: FloatArray, ends_s: FloatArray, from_share: FloatArray, to_share: FloatArray) -> FloatArray:
    """Return segments without the parts between two shares of them, joined where they touch."""
    some = np.flatnonzero((from_share > 0.0) | (to_share < 1.0))
    starts_s, ends_s, from_share, to_share = starts_s[some], ends_s[some], from_share[some], to_share[some]
    length_s = ends_s - starts_s
    until_s = starts_s + np.clip(from_share, 0.0, 1.0) * length_s
    again_s = starts_s + to_share * length_s
    whole = np.flatnonzero(from_share > to_share)
    until_s[whole] = again_s[whole] = ends_s[whole]
    pieces = np.column_stack([starts_s, until_s, again_s, ends_s]).reshape(-1, 2)
    intervals = joined(pieces[np.flatnonzero(pieces[:, 1] > pieces[:, 0])])
    return intervals[np.flatnonzero(intervals[:, 1] - intervals[:, 0] > SLIVER_S)]
