"""Arrays of breakpoints: what they must satisfy, how several merge, and the segments between them."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from sim.units import BoolArray, FloatArray, IndexArray

END_TOLERANCE: Final = 1e-9
"""Two ends of a time domain count as equal within this fraction."""

SLIVER_S: Final = 1e-6
"""A segment shorter than this comes of rounding, not of anything that happened [s]."""

BLOCK: Final = 1 << 16
"""SegmentBlock worked on at a time: keeps temporary arrays small and in the processor's cache."""


class SegmentBlock(NamedTuple):
    """Consecutive segments of a signal, as arrays of one length."""

    start_s: FloatArray
    """Time of each breakpoint [s]."""
    end_s: FloatArray
    """Time of the next breakpoint, or the end of the signal [s]."""
    value: FloatArray
    """Value at the start of each segment [value]."""
    left_limit: FloatArray
    """Value approached at the end of each segment [value]."""

    @property
    def length_s(self) -> FloatArray:
        """Duration of each segment [s]."""
        return self.end_s - self.start_s

    @property
    def area(self) -> FloatArray:
        """Integral over each segment [value·s], by the trapezoid rule, which is exact here."""
        return 0.5 * (self.value + self.left_limit) * self.length_s


def merged_times(times_s: Sequence[FloatArray], end_s: float) -> FloatArray:
    """Return the times of several signals, each once, in order.

    Parameters
    ----------
    times_s
        Arrays of times [s], the first element of the first being the start.
    end_s
        End of the domain [s]; times at or after it are dropped, unless it is the start too.

    Returns
    -------
    FloatArray
        Strictly increasing times [s].
    """
    times = np.concatenate(times_s)
    times.sort(kind="stable")  # the inputs are sorted runs, which a stable sort merges
    keep: BoolArray = np.append(True, (times[1:] > times[:-1]) & (times[1:] < end_s))
    return times[keep]


def places_at(time_s: FloatArray, wanted_s: FloatArray) -> IndexArray:
    """Return which breakpoint is in force at each of many times that are in order.

    Parameters
    ----------
    time_s
        Times of the breakpoints [s], shape (n,), not decreasing.
    wanted_s
        Times [s], shape (m,), m at least 1, increasing.

    Returns
    -------
    IndexArray
        Index of the last breakpoint that is not after each time, shape (m,); -1 before the first.

    Notes
    -----
    The same as ``np.searchsorted(time_s, wanted_s, "right") - 1``, but it is the breakpoints that are looked
    for among the times, and counted from there on: these are half as many, or far fewer.

    Examples
    --------
    >>> places_at(np.array([0.0, 10.0]), np.array([0.0, 5.0, 10.0])).tolist()
    [0, 0, 1]
    """
    first, last = np.searchsorted(time_s, wanted_s[[0, -1]], side="right")
    passed = np.searchsorted(wanted_s, time_s[first:last], side="left")
    return np.asarray(first - 1 + np.cumsum(np.bincount(passed, minlength=wanted_s.size)))


class Merged(NamedTuple):
    """The times of two runs of breakpoints, each once, in order, as arrays of one length."""

    time_s: FloatArray
    """Strictly increasing times [s]."""
    first: IndexArray
    """Index of the breakpoint of the first run in force from there on; -1 before its first."""
    second: IndexArray
    """The same of the second run."""


def merged_places(first_s: FloatArray, second_s: FloatArray, end_s: float) -> Merged:
    """Return the times of two runs of breakpoints together, and where they stand in each.

    Parameters
    ----------
    first_s, second_s
        Times of the breakpoints [s], each not decreasing.
    end_s
        End of the domain [s]; times at or after it are dropped.

    Returns
    -------
    Merged
        One sort finds both: it takes a third of the time that searching each run would.

    Examples
    --------
    >>> merged = merged_places(np.array([0.0, 4.0]), np.array([3.0, 4.0]), 9.0)
    >>> [array.tolist() for array in merged]
    [[0.0, 3.0, 4.0], [0, 0, 1], [-1, 0, 1]]
    """
    first_s = first_s[: np.searchsorted(first_s, end_s, side="left")]
    second_s = second_s[: np.searchsorted(second_s, end_s, side="left")]
    times_s = np.concatenate([first_s, second_s])
    order = np.argsort(times_s, kind="stable")  # two runs in order, which a stable sort merges
    times_s = times_s.take(order)
    first = np.cumsum(order < first_s.size, dtype=np.intp)
    first -= 1
    second = np.arange(-1, times_s.size - 1)
    second -= first
    last_of_instant = times_s[1:] > times_s[:-1]
    if last_of_instant.all():
        return Merged(times_s, first, second)
    kept = np.flatnonzero(np.append(last_of_instant, True))
    return Merged(times_s.take(kept), first.take(kept), second.take(kept))


def joined(intervals_s: FloatArray, apart_s: float = SLIVER_S) -> FloatArray:
    """Return intervals in order of time with those that touch or overlap made one.

    Parameters
    ----------
    intervals_s
        Start and end of each [s], shape (n, 2), in order of their starts and of their ends.
    apart_s
        Those no farther apart than this touch [s].

    Returns
    -------
    FloatArray
        The same time in fewer intervals [s], shape (k, 2).

    Examples
    --------
    >>> joined(np.array([[0.0, 1.0], [1.0, 2.0], [3.0, 4.0]])).tolist()
    [[0.0, 2.0], [3.0, 4.0]]
    """
    apart = intervals_s[1:, 0] > intervals_s[:-1, 1] + apart_s
    border = np.ones(min(len(intervals_s), 1), dtype=np.bool_)
    starts, ends = (np.flatnonzero(np.concatenate(sides)) for sides in ([border, apart], [apart, border]))
    return np.column_stack([intervals_s[starts, 0], intervals_s[ends, 1]])


def require_breakpoints(arrays: Sequence[FloatArray], end_s: float | None) -> None:
    """Raise ValueError unless arrays can be the breakpoints of a signal.

    Parameters
    ----------
    arrays
        Times [s], values [value] and, if there are any, slopes [value/s].
    end_s
        End of the domain [s]; None where it is still to be applied.

    Raises
    ------
    ValueError
        Where the arrays differ in length, are empty, hold a number that is not finite, or decrease in time,
        or where the last time lies after the end.
    """
    times = arrays[0]
    shapes = {array.shape for array in arrays}
    message = ""
    if len(shapes) != 1 or times.ndim != 1:
        message = f"times, values and slopes must be flat and of one length, got shapes {sorted(shapes)}"
    elif times.size == 0:
        message = "a signal needs at least one breakpoint"
    elif not all(np.isfinite(array).all() for array in arrays):
        message = f"a signal must be finite: {_first_infinite(arrays)}"
    elif np.any(times[1:] < times[:-1]):
        where = int(np.argmax(times[1:] < times[:-1])) + 1
        message = f"times must not decrease: {times[where]} s at index {where} follows {times[where - 1]} s"
    elif end_s is not None and not times[-1] <= end_s < np.inf:
        message = f"a signal must end at or after its last breakpoint at {times[-1]} s, got end {end_s} s"
    if message:
        raise ValueError(message)


def _first_infinite(arrays: Sequence[FloatArray]) -> str:
    """Return where the first number that is not finite stands."""
    index, which = np.argwhere(~np.isfinite(np.column_stack(arrays)))[0]
    name = ("time_s", "value", "slope_per_s")[which]
    return f"{name} at index {index} is {arrays[which][index]}"
