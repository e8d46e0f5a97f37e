"""Where a signal may move by more than a level within a window: a quick look that skips what stands still."""

from itertools import pairwise
from typing import Final

import numpy as np

from sim.signals.breakpoints import BLOCK, SLIVER_S
from sim.signals.windows import Signal, extremes_of_ranges
from sim.units import ROUNDING, BoolArray, FloatArray

CHUNK: Final = 32
"""Breakpoints that are looked at as one; a whole number of chunks makes a block."""
SMALL_CHUNK: Final = 4
"""The same at a second look, where many chunks may move by more than the level."""
NEAR: Final = 3072
"""Breakpoints apart within which two stretches are taken as one: a stretch costs as much as so many."""
FEW: Final = 8
"""Chunks that are looked at one by one, in the order of their bounds, before all others together."""


def spans_of_range_above(
    signal: Signal, window_s: float, level: float, chunk: int = CHUNK
) -> list[tuple[float, float]]:
    """Return intervals outside of which the rolling range is nowhere above a level.

    Parameters
    ----------
    signal
        The signal.
    window_s
        Length of the window [s], above 0.
    level
        The level [value].
    chunk
        Breakpoints that are looked at as one, a power of two up to ``BLOCK``.

    Returns
    -------
    list of tuple of float
        Start and end [s] of each interval, in order, with at most ``BLOCK`` breakpoints; the range over
        ``[t - window_s, t]`` may only be above the level where t lies in one of them.

    Notes
    -----
    The range of all chunks that a window may touch bounds the range within it.

    Examples
    --------
    >>> power = Signal.steps(np.arange(0.0, 6400.0), np.where(np.arange(6400) < 3000, 10.0, 50.0), 6400.0)
    >>> spans_of_range_above(power, 5.0, 20.0)
    [(2976.0, 3040.0)]
    """
    starts_s, bounds, size = _bounds(signal, window_s, chunk)
    found = np.flatnonzero(bounds > level - ROUNDING * size)
    if found.size == 0:
        return []
    apart = np.diff(found) > NEAR // chunk
    firsts, lasts = np.append(found[0], found[1:][apart]), np.append(found[:-1][apart], found[-1]) + 1
    edges_s = np.append(starts_s, signal.end_s)
    spans_s: list[tuple[float, float]] = []
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        cuts = [first, *range(first + BLOCK // chunk, last, BLOCK // chunk), last]
        spans_s += pairwise(edges_s[cuts].tolist())
    return spans_s


def largest_range(signal: Signal, window_s: float) -> tuple[float, float]:
    """Return the largest range within a window, as `Signal.largest_range` does, in the memory of a part.

    Parameters
    ----------
    signal
        The signal.
    window_s
        Length of the window [s], above 0.

    Returns
    -------
    tuple of float
        The largest range within any window [value], and the end of the first such window [s]; the end of the
        signal where it is no longer than one.

    Notes
    -----
    Chunks are looked at closely in the order of their bounds, until none is left that may beat the largest;
    where many could, as in a signal that repeats itself, the rest is gone through in one go.

    Examples
    --------
    >>> largest_range(Signal.steps([0.0, 5.0, 7.0], [1.0, 4.0, 0.0], 9.0), 1.0)
    (4.0, 7.0)
    """
    if window_s >= signal.duration_s:
        return signal.maximum() - signal.minimum(), signal.end_s
    if signal.time_s.size <= NEAR:
        return signal.largest_range(window_s)
    starts_s, bounds, _ = _bounds(signal, window_s, CHUNK)
    edges_s = np.append(starts_s, signal.end_s)
    best = (-np.inf, signal.end_s)
    order = np.argsort(-bounds, kind="stable")
    for chunk in order[:FEW].tolist():
        if _may_come_before(best, bounds[chunk], starts_s[chunk]):
            best = _larger(best, signal, window_s, (float(edges_s[chunk]), float(edges_s[chunk + 1])))
    rest = order[FEW:]
    if not np.any(_may_come_before(best, bounds[rest], starts_s[rest])):
        return best
    for span_s in spans_of_range_above(signal, window_s, best[0]):
        part = with_window(signal, window_s, span_s)
        for few_s in spans_of_range_above(part, window_s, best[0], SMALL_CHUNK):
            best = _larger(best, signal, window_s, few_s)
    return best


def _may_come_before(best: tuple[float, float], bounds: FloatArray, starts_s: FloatArray) -> BoolArray:
    """Return whether chunks with such bounds may hold a larger range, or as large a one that ends earlier."""
    return np.asarray((bounds > best[0]) | ((bounds == best[0]) & (starts_s < best[1])))


def _larger(
    best: tuple[float, float], signal: Signal, window_s: float, span_s: tuple[float, float]
) -> tuple[float, float]:
    """Return the larger of a range and the largest within windows that end in a span; of equals the first."""
    found = with_window(signal, window_s, span_s).largest_range(window_s)
    return max(best, found, key=lambda either: (either[0], -either[1]))


def with_window(signal: Signal, window_s: float, span_s: tuple[float, float]) -> Signal:
    """Return what windows that end in a span can see: the signal from a window before it to its end."""
    return signal.clip_time(max(signal.start_s, span_s[0] - window_s), span_s[1])


def _bounds(signal: Signal, window_s: float, chunk: int) -> tuple[FloatArray, FloatArray, float]:
    """Return start of each chunk [s], bound of the range within windows that end in it, the signal's size."""
    high, low = signal.extremes_of_chunks(chunk)
    starts_s = signal.time_s[::chunk]
    last = np.arange(starts_s.size)
    # a sliver more than the window: its start may be rounded
    since_s = starts_s - (window_s + SLIVER_S)
    first = np.maximum(np.searchsorted(starts_s, since_s, side="right") - 1, 0)
    highest, lowest = extremes_of_ranges(high, low, first, last)
    return starts_s, highest - lowest, float(max(abs(high.max()), abs(low.min())))
