"""What a signal does within a sliding window: net change, rolling maximum, minimum and range."""

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sim.signals.algebra import Algebraic
from sim.signals.base import PiecewiseLinear
from sim.signals.breakpoints import SLIVER_S, SegmentBlock, merged_places, merged_times
from sim.units import SECONDS_PER_HOUR, FloatArray, IndexArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Windows = tuple[IndexArray, IndexArray, FloatArray, FloatArray]
"""First and last breakpoint within each window, its end [s], and a value at one of its borders [value]."""


class Signal(Algebraic):
    """A piecewise-linear function of time with jumps, right-continuous, on ``[start_s, end_s]``.

    The arrays are taken over, not copied, and made read-only. A breakpoint at ``end_s`` is dropped, unless it
    is the only one. For raw recordings use :meth:`from_breakpoints`.

    Parameters
    ----------
    time_s
        Times of the breakpoints [s], shape (n,), strictly increasing, n at least 1; the first is the start.
    value
        Value at each breakpoint, the limit from the right [value], shape (n,).
    slope_per_s
        Slope from each breakpoint to the next, or to the end [value/s], shape (n,).
    end_s
        End of the domain [s], not before the last breakpoint.

    Raises
    ------
    ValueError
        Where the arrays differ in length, are empty, hold a number that is not finite, or are out of order.

    Examples
    --------
    >>> ramp = Signal.linear([0.0, 10.0], [0.0, 50.0], end_s=20.0)
    >>> ramp.at([5.0, 15.0]).tolist(), ramp.integral(), ramp.time_above(25.0)
    ([25.0, 50.0], 750.0, 15.0)
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """Return how long it is, and between which values it moves."""
        span = f"{len(self.time_s):,} breakpoints, {self.start_s:g} to {self.end_s:g} s"
        return f"Signal({span}, {self.minimum():g} to {self.maximum():g})"

    def plot(self, axes: "Axes | None" = None, **line: Any) -> "Axes":
        """Draw every breakpoint over hours from the start; a jump stands upright.

        Parameters
        ----------
        axes
            Where to draw; the present axes of matplotlib unless given.
        **line
            As `matplotlib.axes.Axes.plot` takes them: ``label``, ``color``.

        Returns
        -------
        matplotlib.axes.Axes
            The axes, for what comes next.
        """
        import matplotlib.pyplot as plt  # noqa: PLC0415  # slow to import, and most signals are never drawn

        axes = plt.gca() if axes is None else axes
        corners_s = np.append(np.repeat(self.time_s, 2)[1:], self.end_s)
        values = np.column_stack((self.value, self.left_limits())).ravel()
        axes.plot(corners_s / SECONDS_PER_HOUR, values, **line)
        axes.set_xlabel("hours from the start")
        return axes

    def net_change(self, window_s: float) -> Self:
        """Return the change from one window ago.

        Parameters
        ----------
        window_s
            Length of the window [s], above 0 and below the duration of the signal.

        Returns
        -------
        Signal
            The function ``t -> s(t) - s(t - window_s)`` on ``[start_s + window_s, end_s]``.

        Raises
        ------
        ValueError
            Where the window is not above 0 or not shorter than the signal.

        Notes
        -----
        Of two jumps one window apart, ``t + window_s`` may miss the later one by a rounding error; segments
        shorter than a microsecond are therefore left out.
        """
        require_window(window_s)
        if window_s >= self.duration_s:
            raise ValueError(f"the window of {window_s} s must be shorter than the signal of {self.duration_s} s")
        start_s, _, value, slope_per_s = _changes(self, window_s)
        return type(self)(start_s, value, slope_per_s, self.end_s)

    def rolling_maximum(self, window_s: float) -> Self:
        """Return the maximum over the last window.

        Parameters
        ----------
        window_s
            Length of the window [s], above 0.

        Returns
        -------
        Signal
            Supremum over the closed window ``[t - window_s, t]``, cut at the start, on the same domain. A
            limit from the left counts where it is approached from inside the window.

        Raises
        ------
        ValueError
            Where the window is not above 0.

        Notes
        -----
        The supremum over a window is reached at the window's end, at its start, or at a breakpoint inside.
        """
        require_window(window_s)
        at_borders = self.maximum_with(self._window_start(window_s))
        return at_borders.maximum_with(self._highest_breakpoint(window_s))

    def rolling_minimum(self, window_s: float) -> Self:
        """Return the minimum over the last window.

        Parameters
        ----------
        window_s
            Length of the window [s], above 0.

        Returns
        -------
        Signal
            Infimum over the closed window ``[t - window_s, t]``, as in :meth:`rolling_maximum`.

        Raises
        ------
        ValueError
            Where the window is not above 0.
        """
        return -(-self).rolling_maximum(window_s)

    def rolling_range(self, window_s: float) -> Self:
        """Return the difference between maximum and minimum over the last window.

        Parameters
        ----------
        window_s
            Length of the window [s], above 0.

        Returns
        -------
        Signal
            Range over the closed window ``[t - window_s, t]`` [value], as in :meth:`rolling_maximum`.

        Raises
        ------
        ValueError
            Where the window is not above 0.
        """
        return self.rolling_maximum(window_s) - self.rolling_minimum(window_s)

    def largest_range(self, window_s: float) -> tuple[float, float]:
        """Return the maximum of the rolling range and a time of it, without building the rolling range.

        Parameters
        ----------
        window_s
            Length of the window [s], above 0.

        Returns
        -------
        tuple of float
            The largest range within any window [value], and the end of the first such window [s].

        Raises
        ------
        ValueError
            Where the window is not above 0.

        Notes
        -----
        Between the times at which a breakpoint enters or leaves the window, the range is convex. Its
        supremum is therefore approached where a breakpoint enters (or the signal ends), or just before one
        leaves.
        """
        require_window(window_s)
        entering, leaving = self._windows_ending_at_breakpoint(window_s), self._windows_losing_one(window_s)
        first, last, ends_s, border = (np.concatenate(pair) for pair in zip(entering, leaving, strict=True))
        before, last_value = self._limits_before(), self.left_limits()[-1]
        highs = np.append(np.maximum(self.value, before), last_value)
        lows = np.append(np.minimum(self.value, before), last_value)
        high, low = extremes_of_ranges(highs, lows, first, last)
        ranges = np.maximum(high, border) - np.minimum(low, border)
        largest = float(ranges.max())
        return largest, float(ends_s[ranges == largest].min())

    def _window_start(self, window_s: float) -> Self:
        """Return the value at the start of the window; the first value is held until a window has passed."""
        return self.from_breakpoints(
            np.append(self.start_s, self.time_s + window_s),
            np.append(self.value[0], self.value),
            np.append(0.0, self.slope_per_s),
            self.end_s,
        )

    def _highest_breakpoint(self, window_s: float) -> Self:
        """Return the largest value or left limit at a breakpoint in ``(t - window_s, t]``, a step signal.

        A window without breakpoint gives the minimum of the signal, which decides nothing. The breakpoint at
        ``t - window_s`` itself is left to the value at the window's start.
        """
        leaving_s = self.time_s + window_s
        times_s = merged_times([self.time_s, leaving_s], self.end_s)
        first = np.searchsorted(leaving_s, times_s, side="right")
        last = np.searchsorted(self.time_s, times_s, side="right") - 1
        peaks = np.maximum(self.value, self._limits_before())
        highest = np.full(times_s.size, self.minimum())
        some = first <= last
        highest[some] = reduce_ranges(np.maximum, peaks, first[some], last[some])
        return self.steps(times_s, highest, self.end_s).simplify()

    def _limits_before(self) -> FloatArray:
        """Return the limit from the left at each breakpoint; at the start the value there."""
        return np.append(self.value[0], self.left_limits()[:-1])

    def _windows_ending_at_breakpoint(self, window_s: float) -> Windows:
        """Return the windows that end at a breakpoint or at the end, with the value at their start."""
        ends_s = np.append(self.time_s, self.end_s)
        last = np.arange(ends_s.size)
        # `minimum` matters for a window so short that adding it to a time changes nothing
        first = np.minimum(np.searchsorted(self.time_s + window_s, ends_s, side="right"), last)
        start = np.maximum(first - 1, 0)
        passed_s = np.maximum(ends_s - (self.time_s[start] + window_s), 0.0)
        return first, last, ends_s, self.value[start] + self.slopes.take(start) * passed_s

    def _windows_losing_one(self, window_s: float) -> Windows:
        """Return the windows that are just about to lose a breakpoint, with the value at their end."""
        ends_s = self.time_s + window_s
        ends_s = ends_s[: np.searchsorted(ends_s, self.end_s, side="right")]
        first = np.arange(ends_s.size)
        last = np.maximum(np.searchsorted(self.time_s, ends_s, side="left") - 1, first)
        return first, last, ends_s, self.value[last] + self.slopes.take(last) * (ends_s - self.time_s[last])


def reduce_ranges(reduce: np.ufunc, values: FloatArray, first: IndexArray, last: IndexArray) -> FloatArray:
    """Return the maximum or minimum of many ranges of one array.

    Parameters
    ----------
    reduce
        ``np.maximum`` or ``np.minimum``.
    values
        The array, shape (n,).
    first
        Index of the first element of each range, shape (m,).
    last
        Index of the last element of each range, shape (m,), not below `first`.

    Returns
    -------
    FloatArray
        Reduction of ``values[first : last + 1]``, shape (m,).

    Notes
    -----
    A sparse table, of which one level is held at a time: level k holds the reductions of all runs of 2**k
    elements, and a range is covered by two such runs. O(n log n) time, O(n + m) memory.

    Examples
    --------
    >>> reduce_ranges(np.maximum, np.array([3.0, 1.0, 2.0]), np.array([0, 1]), np.array([2, 2])).tolist()
    [3.0, 2.0]
    """
    level_of = (np.frexp(last - first + 1)[1] - 1).astype(np.int8)
    reduced = np.empty(first.size)
    for level in range(int(level_of.max(initial=0)) + 1):
        run = 1 << level
        if level > 0:
            values = reduce(values[: -run // 2], values[run // 2 :])
        asked = np.flatnonzero(level_of == level)
        reduced[asked] = reduce(values[first[asked]], values[last[asked] - run + 1])
    return reduced


def extremes_of_ranges(
    highs: FloatArray, lows: FloatArray, first: IndexArray, last: IndexArray
) -> tuple[FloatArray, FloatArray]:
    """Return the maxima of many ranges of one array and the minima of the same ranges of another.

    Parameters
    ----------
    highs, lows
        The arrays, shape (n,).
    first, last
        Indices of the first and the last element of each range, shape (m,); see `reduce_ranges`.

    Returns
    -------
    tuple of FloatArray
        Maximum of ``highs[first : last + 1]`` and minimum of ``lows[first : last + 1]``, shape (m,).

    Examples
    --------
    >>> values = np.array([3.0, 1.0, 2.0])
    >>> [found.tolist() for found in extremes_of_ranges(values, values, np.array([0, 1]), np.array([2, 2]))]
    [[3.0, 2.0], [1.0, 1.0]]
    """
    return reduce_ranges(np.maximum, highs, first, last), reduce_ranges(np.minimum, lows, first, last)


def require_window(window_s: float) -> None:
    """Raise ValueError unless the window is a positive length."""
    if not 0.0 < window_s < np.inf:
        raise ValueError(f"a window must be above 0 s and finite, got {window_s} s")


def change_segments(signal: Signal, window_s: float) -> SegmentBlock:
    """Return the change from one window ago as bare segments, without making a signal of them.

    Parameters
    ----------
    signal
        The signal.
    window_s
        Length of the window [s], above 0 and below the duration of the signal.

    Returns
    -------
    SegmentBlock
        Those of ``signal.net_change(window_s)``.

    Examples
    --------
    >>> changes = change_segments(Signal.steps([0.0, 10.0], [1.0, 4.0], 30.0), 5.0)
    >>> changes.start_s.tolist(), changes.value.tolist()
    ([5.0, 10.0, 15.0], [0.0, 3.0, 0.0])
    """
    start_s, end_s, value, slope_per_s = _changes(signal, window_s)
    return SegmentBlock(start_s, end_s, value, value + slope_per_s * (end_s - start_s))


def _changes(signal: PiecewiseLinear, window_s: float) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return start [s], end [s], value and slope [value/s] of the lines of the change from a window ago."""
    delayed_s = signal.time_s + window_s
    merged = merged_places(signal.time_s, delayed_s, signal.end_s)
    begin = np.searchsorted(merged.time_s, delayed_s[0])  # the domain begins there
    starts_s, now, then = merged.time_s[begin:], merged.first[begin:], merged.second[begin:]
    ends_s = np.append(starts_s[1:], signal.end_s)
    kept = ends_s - starts_s >= SLIVER_S
    if not kept.all():
        kept[-1] |= not kept.any()  # a domain that is all sliver has one line too
        starts_s, ends_s, now, then = starts_s[kept], ends_s[kept], now[kept], then[kept]
        starts_s[0] = delayed_s[0]  # a sliver at the very start leaves its time to what follows
    value, slope = signal.value, signal.slopes
    rising_per_s, rose_per_s = slope.take(now), slope.take(then)
    later = value.take(now) + rising_per_s * (starts_s - signal.time_s.take(now))
    earlier = value.take(then) + rose_per_s * (starts_s - delayed_s.take(then))
    return starts_s, ends_s, later - earlier, rising_per_s - rose_per_s
