"""Numbers of a frequency curve, computed from its cubics block by block."""

from math import isnan, nan, sqrt
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sim.grid.frequency.dense import Cubics, turning_point, whole_cubics
from sim.grid.frequency.propagation import Pieces
from sim.grid.frequency.state_space import AnyArray
from sim.units import SECONDS_PER_MINUTE, FloatArray

ROUNDING_HZ: Final = 1e-12
"""Deviations nearer than this are the same [Hz]."""
BISECTIONS: Final = 40
_GAUSS_SHARES, _GAUSS_WEIGHTS = (array / 2.0 for array in np.polynomial.legendre.leggauss(4))


class Bounds(NamedTuple):
    """What is known of the curve along pieces of load without a closer look; arrays of shape (m,)."""

    start_s: FloatArray
    """Start of each [s]."""
    start_hz: FloatArray
    """Deviation there, exactly [Hz]."""
    end_s: float
    """End of the last [s]."""
    end_hz: float
    """Deviation there, exactly [Hz]."""
    lowest_hz: FloatArray
    """No deviation along each is lower [Hz]."""
    highest_hz: FloatArray
    """No deviation along each is higher [Hz]."""

    @classmethod
    def of(cls, pieces: Pieces) -> "Bounds":
        """Return the bounds along some pieces."""
        whole, miss_hz = whole_cubics(pieces)
        return cls(
            whole.start_s,
            whole.start_hz,
            float(whole.end_s[-1]),
            float(whole.end_hz[-1]),
            -(whole.highest_hz(-1.0) + miss_hz),
            whole.highest_hz(1.0) + miss_hz,
        )


class Extremes:
    """The lowest and the highest deviation, and when."""

    def __init__(self) -> None:
        self.lowest_hz, self.lowest_s = float("inf"), nan
        self.highest_hz, self.highest_s = -float("inf"), nan

    def may_matter(self, bounds: Bounds) -> AnyArray:
        """Return which pieces of load may go beyond the extremes so far, their ends included, which count."""
        self._take(np.append(bounds.start_hz, bounds.end_hz), np.append(bounds.start_s, bounds.end_s))
        return (bounds.highest_hz > self.highest_hz) | (bounds.lowest_hz < self.lowest_hz)

    def add(self, cubics: Cubics) -> None:
        """Take in the next cubics."""
        index, share = cubics.turning()
        inner = cubics[index]
        hz = np.concatenate([cubics.start_hz, cubics.end_hz[-1:], inner.at(share)])
        time_s = np.concatenate([cubics.start_s, cubics.end_s[-1:], inner.start_s + share * inner.length_s])
        self._take(hz, time_s)

    def _take(self, hz: FloatArray, time_s: FloatArray) -> None:
        low, high = int(np.argmin(hz)), int(np.argmax(hz))
        if hz[low] < self.lowest_hz:
            self.lowest_hz, self.lowest_s = float(hz[low]), float(time_s[low])
        if hz[high] > self.highest_hz:
            self.highest_hz, self.highest_s = float(hz[high]), float(time_s[high])

    def sharpen(self, pieces: Pieces, since: tuple[float, float]) -> None:
        """Put the exact extreme in place of a cubic's, where it came up along these pieces.

        What the times of the extremes were before is given [s].
        """
        if isnan(self.lowest_s):
            return  # no time has passed yet
        if self.lowest_s != since[0]:
            self.lowest_hz, self.lowest_s = turning_point(pieces, self.lowest_s, -1.0)
        if self.highest_s != since[1]:
            self.highest_hz, self.highest_s = turning_point(pieces, self.highest_s, 1.0)


class Outside:
    """Time for which the deviation is larger than a level, either way."""

    def __init__(self, level_hz: float) -> None:
        self._level_hz = level_hz
        self.time_s = 0.0

    def may_matter(self, bounds: Bounds) -> AnyArray:
        """Return which pieces of load may lead outside."""
        level_hz = self._level_hz - ROUNDING_HZ
        return np.asarray((bounds.highest_hz > level_hz) | (bounds.lowest_hz < -level_hz))

    def add(self, cubics: Cubics) -> None:
        """Take in the next cubics."""
        for sign in (1.0, -1.0):
            self.time_s += _time_above_s(cubics, sign, self._level_hz)


class MeanSquare:
    """The root of the mean squared deviation, over the time seen."""

    def __init__(self) -> None:
        self._sum, self._time_s = 0.0, 0.0

    def add(self, cubics: Cubics) -> None:
        """Take in the next cubics; Gauss's rule of four points is exact for the square of a cubic."""
        for share, weight in zip(_GAUSS_SHARES + 0.5, _GAUSS_WEIGHTS, strict=True):
            self._sum += float(weight * np.einsum("i,i->", cubics.length_s, cubics.at(share) ** 2))
        self._time_s += float(cubics.length_s.sum())

    def add_integral(self, square_hz2_s: float, length_s: float) -> None:
        """Take in the integral of the squared deviation over some time."""
        self._sum += square_hz2_s
        self._time_s += length_s

    @property
    def root_hz(self) -> float:
        """The rms [Hz]; NaN where no time was seen."""
        return sqrt(self._sum / self._time_s) if self._time_s else nan


class MinuteMeans:
    """Means over whole minutes from the start on."""

    def __init__(self, start_s: float) -> None:
        self._next_s = start_s + SECONDS_PER_MINUTE
        self._rest = 0.0
        self._means: list[FloatArray] = []

    def add(self, cubics: Cubics) -> None:
        """Take in the next cubics."""
        end_s = cubics.end_s[-1]
        count = max(0, int(np.floor((end_s - self._next_s) / SECONDS_PER_MINUTE + 1e-9)) + 1)
        edges_s = self._next_s + SECONDS_PER_MINUTE * np.arange(count)
        index = np.clip(np.searchsorted(cubics.start_s, edges_s, side="right") - 1, 0, None)
        inside = cubics[index]
        whole = np.cumsum(cubics.integral())
        before = np.append(0.0, whole)[index]
        share = np.clip((edges_s - inside.start_s) / inside.length_s, 0.0, 1.0)
        until = before + inside.integral(share)
        self._means.append(np.diff(until, prepend=-self._rest) / SECONDS_PER_MINUTE)
        self._rest = whole[-1] - until[-1] if count else self._rest + whole[-1]
        self._next_s += SECONDS_PER_MINUTE * count

    @property
    def means_hz(self) -> FloatArray:
        """The mean deviation of each whole minute [Hz]."""
        return np.concatenate([*self._means, np.empty(0)])


class EvenMinuteMeans:
    """Means over whole minutes on a uniform grid, so many steps of which make a minute."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._rest = np.empty(0)
        self._means: list[FloatArray] = []

    def add(self, integrals: FloatArray) -> None:
        """Take in the integral of the deviation along each of the next steps [Hz s]."""
        known = np.append(self._rest, integrals)
        whole = known.size - known.size % self._steps
        sums = known[:whole].reshape(-1, self._steps).sum(axis=1)
        self._means.append(sums / SECONDS_PER_MINUTE)
        self._rest = known[whole:]

    @property
    def means_hz(self) -> FloatArray:
        """The mean deviation of each whole minute [Hz]."""
        return np.concatenate([*self._means, np.empty(0)])


def cps1_percent(minute_mean_hz: ArrayLike, epsilon_hz: float) -> float:
    r"""Return the control performance standard CPS1 of a grid that is one control area [%].

    Parameters
    ----------
    minute_mean_hz
        Clock-minute means of the deviation [Hz], shape (n,).
    epsilon_hz
        Target of its rms [Hz], above 0: 0.018 Eastern, 0.0228 Western, 0.030 ERCOT.

    Returns
    -------
    float
        CPS1 [%]; NaN without a whole minute. 200 is perfect, 100 the least for a year.

    Notes
    -----
    .. math:: CPS1 = 100 (2 - CF), \quad CF = \overline{\Delta f_{1min}^2} / \epsilon^2

    NERC BAL-001-2, with an area control error of -10 B times the deviation, as in a single area.

    Examples
    --------
    >>> cps1_percent([0.03, -0.03], 0.030)
    100.0
    """
    means = np.asarray(minute_mean_hz, dtype=np.float64)
    if means.size == 0:
        return nan
    return float(100.0 * (2.0 - np.mean(means**2) / epsilon_hz**2))


def _time_above_s(cubics: Cubics, sign: float, level_hz: float) -> float:
    """Return the time for which the curve, or the negative curve, is above a level [s]."""
    parts, first, last, crossing = _crossings(cubics, sign, level_hz)
    starts_above = sign * parts.at(first) > level_hz
    above = np.where(starts_above, crossing - first, last - crossing)
    return float(np.sum(above * parts.length_s))


def _crossings(cubics: Cubics, sign: float, level_hz: float) -> tuple[Cubics, FloatArray, FloatArray, FloatArray]:
    """Return monotone parts that are above a level somewhere, their ends, and where each crosses it.

    All are shares of the way along a cubic; a part that is above throughout crosses at its end if it starts
    above, as all do.
    """
    # most cubics lie below it by far; what rounding lifts above it must not be lost
    parts, first, last = cubics[cubics.highest_hz(sign) > level_hz - ROUNDING_HZ].monotone()
    at_first, at_last = sign * parts.at(first) > level_hz, sign * parts.at(last) > level_hz
    some = at_first | at_last
    parts, first, last = parts[some], first[some], last[some]
    crossing = last.copy()
    cut = np.flatnonzero((at_first != at_last)[some])
    if cut.size:
        crossing[cut] = _bisected(parts[cut], sign, level_hz, first[cut], last[cut])
    return parts, first, last, crossing


def _bisected(cubics: Cubics, sign: float, level_hz: float, low: FloatArray, high: FloatArray) -> FloatArray:
    """Return where monotone cubics cross a level, as shares of the way along."""
    starts_above = sign * cubics.at(low) > level_hz
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        same = (sign * cubics.at(middle) > level_hz) == starts_above
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return np.asarray(0.5 * (low + high))
