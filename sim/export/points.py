"""A profile as points on straight lines, one at a time, for tools that interpolate between rows."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from sim.signals import FloatArray, Signal

JUMP_S: Final = 1e-3
"""Time that a jump is drawn out over, centred on it [s], so that times increase strictly; assumption: far
below a step of any study in the phasor domain."""
SMALLEST_JUMP: Final = 1e-6
"""A jump below this [MW] is rounding."""
ROWS: Final = 1 << 17
"""SegmentBlock that are worked on at a time."""


def points(signal: Signal) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Iterate over the points that straight lines join to make a signal, a block at a time.

    Parameters
    ----------
    signal
        The signal [MW].

    Yields
    ------
    tuple of FloatArray
        Times [s], strictly increasing, and values [MW].

    Notes
    -----
    A jump takes `JUMP_S`, or half of the shorter line beside it where that is less: half before its
    instant, half after, so that the energy over level lines stays what it is.

    Examples
    --------
    >>> step = Signal.steps([0.0, 60.0], [100.0, 40.0], 120.0)
    >>> [[array.round(4).tolist() for array in block] for block in points(step)]
    [[[0.0, 59.9995, 60.0005, 120.0], [100.0, 100.0, 40.0, 40.0]]]
    """
    count = signal.time_s.size
    for first in range(0, count, ROWS):
        last = min(first + ROWS, count)
        yield _block(signal, first, last)


def _block(signal: Signal, first: int, last: int) -> tuple[FloatArray, FloatArray]:
    """Return the first point of each segment in a range, and its last where no other begins there."""
    # one segment more on either side tells how the block's own borders are crossed
    low, high = max(first - 1, 0), min(last + 1, signal.time_s.size)
    end_s = signal.time_s[high] if high < signal.time_s.size else signal.end_s
    edges_s = np.append(signal.time_s[low:high], end_s)
    value, slope_per_s = signal.value[low:high], signal.slope_per_s[low:high]
    lengths_s = np.diff(edges_s)
    left_limit = value + slope_per_s * lengths_s
    half_s = np.zeros(edges_s.size)
    jumps = np.abs(value[1:] - left_limit[:-1]) > SMALLEST_JUMP
    half_s[1:-1] = np.where(
        jumps, np.minimum(0.5 * JUMP_S, 0.25 * np.minimum(lengths_s[1:], lengths_s[:-1])), 0.0
    )
    own = slice(first - low, last - low)
    before_s, after_s = half_s[:-1][own], half_s[1:][own]
    starts_s, ends_s = edges_s[:-1][own] + before_s, edges_s[1:][own] - after_s
    times_s = np.column_stack([starts_s, ends_s])
    values = np.column_stack(
        [value[own] + slope_per_s[own] * before_s, left_limit[own] - slope_per_s[own] * after_s]
    )
    kept = np.ones(times_s.shape, dtype=np.bool_)
    # without a jump the next segment begins where this one ends
    kept[:, 1] = after_s > 0.0
    if last == signal.time_s.size:
        kept[-1, 1] = True
    return times_s[kept], values[kept]
