"""How much of the time a signal spends at which values, added up part by part."""

from typing import Final, Self

import numpy as np

from sim.signals.breakpoints import SegmentBlock
from sim.signals.windows import Signal
from sim.units import FloatArray, IndexArray

LEVELS: Final = (1 << 15) + 1
"""Levels that a distribution is known at."""
FLAT: Final = 1e-3
"""A segment that rises or falls by less than this part of the distance of two levels counts as flat."""
FEW: Final = 4096
"""So few segments are counted one by one, which is faster than over all levels."""
SAME_SHARE: Final = 1e-7
"""Shares of the time that differ by less than this are the same."""


class Distribution:
    r"""The share of the time that a signal, or several one after another, is at or below each level.

    Parameters
    ----------
    lowest
        No value lies below [value].
    highest
        No value lies above [value].

    Notes
    -----
    On a segment of length :math:`\tau` from :math:`l` to :math:`h` the time at or below :math:`x` is
    :math:`\tau\,((x-l)^+ - (x-h)^+)/(h-l)`; a flat segment is a step. The sum over all segments is kept at
    `LEVELS` evenly spaced levels, where it is exact. Between two levels a quantile is where the signal mostly
    stood still, or else on a line; it is off by less than ``(highest - lowest) / (LEVELS - 1)``. Nothing is
    sampled in time.

    Examples
    --------
    >>> power = Distribution(0.0, 10.0)
    >>> power.add(Signal.linear([0.0, 10.0, 20.0], [0.0, 10.0, 10.0], 30.0))
    >>> round(power.quantile(0.1), 2), round(power.quantile(0.5), 2)
    (3.0, 10.0)
    """

    def __init__(self, lowest: float, highest: float) -> None:
        self._lowest = lowest
        self._step = (highest - lowest) / (LEVELS - 1)
        self._flat = np.zeros(LEVELS + 1)
        self._flat_moment = np.zeros(LEVELS + 1)
        self._density = np.zeros(LEVELS + 1)
        self._moment = np.zeros(LEVELS + 1)
        self._time_s: FloatArray | None = None

    @classmethod
    def of(cls, signal: Signal) -> Self:
        """Return the distribution of one signal."""
        distribution = cls(signal.minimum(), signal.maximum())
        distribution.add(signal)
        return distribution

    def add(self, signal: Signal) -> None:
        """Add the time of a signal, whose values must lie in the range."""
        for block in signal.segments():
            self.add_segments(block)

    def add_segments(self, block: SegmentBlock) -> None:
        """Add the time of some segments, whose values must lie in the range."""
        if self._step <= 0.0:
            return
        first = (block.value - self._lowest) / self._step
        last = (block.left_limit - self._lowest) / self._step
        low, high, length_s = np.minimum(first, last), np.maximum(first, last), block.length_s
        flat = high - low < FLAT
        self._time_s = None
        if flat.any():
            still, moving = np.flatnonzero(flat), np.flatnonzero(~flat)
            middle = 0.5 * (low[still] + high[still])
            _count((self._flat, self._flat_moment), middle, length_s[still])
            low, high, length_s = low[moving], high[moving], length_s[moving]
        density = length_s / (high - low)
        _count((self._density, self._moment), low, density)
        _count((self._density, self._moment), high, -density)

    @property
    def time_s(self) -> FloatArray:
        """Time at or below each level [s], shape (LEVELS,)."""
        if self._time_s is None:
            levels = np.arange(float(LEVELS))
            below = levels * np.cumsum(self._density)[:-1] - np.cumsum(self._moment)[:-1]
            self._time_s = np.asarray(np.cumsum(self._flat)[:-1] + below)
        return self._time_s

    def quantile(self, fraction: float) -> float:
        """Return the lowest value that is not exceeded for a share of the time [value]."""
        time_s = self.time_s
        wanted_s = fraction * time_s[-1] * (1.0 - SAME_SHARE)
        index = int(np.argmax(time_s >= wanted_s))
        before_s = float(time_s[index - 1]) if index > 0 else 0.0
        within_s = float(time_s[index]) - before_s
        if self._flat[index] >= 0.5 * within_s:
            at = self._flat_moment[index] / self._flat[index] if self._flat[index] > 0.0 else float(index)
        else:
            at = max(0.0, index - 1.0 + (wanted_s - before_s) / within_s)
        return float(self._lowest + self._step * at)

    def quantile_of_magnitude(self, fraction: float) -> float:
        """Return the same of the magnitude [value]; the range must lie evenly about zero."""
        time_s = self.time_s
        # zero is the level in the middle
        half = LEVELS // 2
        below_s = np.append(time_s[:half][::-1], 0.0)
        within_s = time_s[half:] - below_s
        wanted_s = fraction * time_s[-1] * (1.0 - SAME_SHARE)
        level = int(np.argmax(within_s >= wanted_s))
        new_s = float(within_s[level]) - (float(within_s[level - 1]) if level > 0 else 0.0)
        up, down = half + level, half - level
        flat_s = float(self._flat[up] + self._flat[down])
        if flat_s == 0.0 or flat_s < 0.5 * new_s:
            return float(self._step * level)
        # it stands still on either side of zero, at so many levels times the time
        above = self._flat_moment[up] - half * self._flat[up]
        below = half * self._flat[down] - self._flat_moment[down]
        return float(self._step * (above + below) / flat_s)


def _count(counts_and_moments: tuple[FloatArray, FloatArray], level: FloatArray, weight: FloatArray) -> None:
    """Add each weight, and its moment, to those of the first whole level that is not below its level."""
    # what rounding puts a hair above a level belongs to it
    index = np.clip(np.ceil(level - 1e-9).astype(np.int64), 0, LEVELS)
    counts, moments = counts_and_moments
    _add_at(counts, index, weight)
    _add_at(moments, index, weight * level)


def _add_at(totals: FloatArray, index: IndexArray, addends: FloatArray) -> None:
    """Add each addend to the total at its index."""
    if index.size < FEW:
        np.add.at(totals, index, addends)
    else:
        totals += np.bincount(index, weights=addends, minlength=totals.size)
