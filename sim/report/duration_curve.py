"""Load-duration curves: for each level, the share of the time that power is above it."""

from typing import Final

import numpy as np

from sim.signals import FloatArray, Signal

LEVEL_COUNT: Final = 200
"""Levels that are evenly spaced, and as many at which values crowd."""
MOST_VALUES: Final = 20_000
FLAT: Final = 1e-6
"""A segment that rises or falls by less than this [value] counts as flat."""


def duration_curve(signal: Signal) -> tuple[FloatArray, FloatArray]:
    """Return levels from a signal's minimum to its maximum, and the share of the time above each.

    Parameters
    ----------
    signal
        The signal [value].

    Returns
    -------
    tuple of FloatArray
        Levels [value] and shares, shape (n,); the minimum stands first with share 1.
    """
    low, high = signal.minimum(), signal.maximum()
    levels = np.linspace(low, high, LEVEL_COUNT if high > low else 1)
    if high > low:  # levels at which values crowd, too: few high ones must not hide how the others run
        some = signal.value[:: 1 + signal.value.size // MOST_VALUES]
        crowded = np.quantile(some, np.linspace(0.0, 1.0, LEVEL_COUNT))
        levels = np.unique(np.concatenate([levels, np.clip(crowded, low, high)]))
    return np.append(low, levels), np.append(1.0, share_above(signal, levels))


def share_above(signal: Signal, levels: FloatArray) -> FloatArray:
    r"""Return the share of the time that a signal is strictly above each of many levels.

    Parameters
    ----------
    signal
        The signal [value].
    levels
        Levels [value], shape (k,), increasing.

    Returns
    -------
    FloatArray
        Shares, 0 to 1, shape (k,).

    Notes
    -----
    A segment from low :math:`a` to high :math:`b` of length :math:`l` is above level :math:`x` for
    :math:`l \, (b - x)^+ / (b - a)`, less what counts beyond :math:`a`; this is linear in :math:`x` between
    :math:`a` and :math:`b`, so that sums over all segments take one sorting of their ends into the levels.

    Examples
    --------
    >>> ramp = Signal.linear([0.0, 10.0], [0.0, 10.0], end_s=10.0)
    >>> share_above(ramp, np.array([0.0, 2.5, 10.0])).tolist()
    [1.0, 0.75, 0.0]
    """
    above_s = np.zeros(levels.size)
    for block in signal.segments():
        low, high = np.minimum(block.value, block.left_limit), np.maximum(block.value, block.left_limit)
        flat = high - low < FLAT
        above_s += _above_flat(high[flat], block.length_s[flat], levels)
        above_s += _above_sloped(low[~flat], high[~flat], block.length_s[~flat], levels)
    return above_s / signal.duration_s if signal.duration_s > 0.0 else above_s


def _above_flat(value: FloatArray, length_s: FloatArray, levels: FloatArray) -> FloatArray:
    """Return how long flat segments are above each level [s]."""
    levels_below = np.searchsorted(levels, value, side="left")
    ending = np.bincount(levels_below, length_s, levels.size + 1)
    return np.asarray(ending.sum() - np.cumsum(ending)[:-1])


def _above_sloped(low: FloatArray, high: FloatArray, length_s: FloatArray, levels: FloatArray) -> FloatArray:
    """Return how long sloped segments are above each level [s]."""
    per_value = length_s / (high - low)
    return _excess(high, per_value, levels) - _excess(low, per_value, levels)


def _excess(value: FloatArray, weight: FloatArray, levels: FloatArray) -> FloatArray:
    """Return the weighted sum of what each value exceeds each level by."""
    levels_below = np.searchsorted(levels, value, side="left")
    weights = np.bincount(levels_below, weight, levels.size + 1)
    # taken from the nearest level below, so that no large numbers cancel
    spans = np.append(np.diff(levels), 0.0)
    over_own_level = value - levels[np.maximum(levels_below - 1, 0)]
    parts = np.bincount(levels_below, weight * over_own_level, levels.size + 1)
    heavier = np.append(np.cumsum(weights[:1:-1])[::-1], 0.0)
    return np.asarray(np.cumsum((heavier * spans + parts[1:])[::-1])[::-1])
