"""Duration curves: for each level, the share of the time that a signal is above it."""

from typing import Final

import numpy as np

from sim.signals import FloatArray, Signal
from sim.signals.distribution import LEVELS, Distribution

LEVEL_COUNT: Final = 200
"""Levels that are evenly spaced, and as many at which values crowd."""


def duration_curve(signal: Signal) -> tuple[FloatArray, FloatArray]:
    """Return levels from a signal's minimum to its maximum, and the share of the time above each.

    Parameters
    ----------
    signal
        The signal [value].

    Returns
    -------
    tuple of FloatArray
        Levels [value] and shares, shape (n,); the minimum stands first with share 1. A value at which the
        signal stands still counts at the next level that a `Distribution` knows.
    """
    low, high = signal.minimum(), signal.maximum()
    if low == high:
        return np.array([low, low]), np.array([1.0, 0.0])
    time_s = Distribution.of(signal).time_s
    even = np.linspace(0.0, LEVELS - 1.0, LEVEL_COUNT).astype(np.int64)
    # levels at which values crowd, too, and those just below: few high ones must not hide how the others run
    crowded = np.searchsorted(time_s, np.linspace(0.0, time_s[-1], LEVEL_COUNT))
    places = np.unique(np.clip(np.concatenate([even, crowded, crowded - 1]), 0, LEVELS - 1))
    shares = np.clip(1.0 - time_s[places] / time_s[-1], 0.0, 1.0)
    return np.append(low, np.linspace(low, high, LEVELS)[places]), np.append(1.0, shares)
