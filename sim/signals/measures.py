"""Functionals of a signal: integral, mean, extremes, time above a level, and values per bin."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from sim.signals.base import PiecewiseLinear
from sim.signals.breakpoints import BLOCK, SegmentBlock, joined, merged_places
from sim.units import ROUNDING, FloatArray, IndexArray


class Measured(PiecewiseLinear):
    """Adds what is measured on a signal."""

    __slots__ = ()

    # -- integrals and means --------------------------------------------------------------------------------

    def integral(self) -> float:
        """Return the integral over the domain.

        Returns
        -------
        float
            Integral [value·s], exact on each segment.
        """
        if "integral" not in self._known:
            self._known["integral"] = float(sum(np.sum(block.area) for block in self.segments()))
        found: float = self._known["integral"]
        return found

    def integral_between(self, from_s: float, to_s: float) -> float:
        """Return the integral over an interval.

        Parameters
        ----------
        from_s
            Start of the interval [s].
        to_s
            End of the interval [s], not before `from_s`.

        Returns
        -------
        float
            Integral [value·s].

        Raises
        ------
        ValueError
            Where the interval reaches outside the domain or ends before it starts.
        """
        return self.clip_time(from_s, to_s).integral()

    def mean(self) -> float:
        """Return the time-weighted mean.

        Returns
        -------
        float
            Mean [value]; of a domain without duration the value there.
        """
        return self.integral() / self.duration_s if self.duration_s > 0.0 else float(self.value[0])

    # -- extremes -------------------------------------------------------------------------------------------

    def maximum(self) -> float:
        """Return the least upper bound, limits from the left included [value]."""
        return self._first_peak(1.0)[0]

    def minimum(self) -> float:
        """Return the greatest lower bound, limits from the left included [value]."""
        return -self._first_peak(-1.0)[0]

    def time_of_maximum(self) -> float:
        """Return the first time at which the maximum is reached or approached [s]."""
        return self._first_peak(1.0)[1]

    def time_of_minimum(self) -> float:
        """Return the first time at which the minimum is reached or approached [s]."""
        return self._first_peak(-1.0)[1]

    def _first_peak(self, sign: float) -> tuple[float, float]:
        """Return the maximum of ``sign * s`` and the first time of it."""
        if "highest" not in self._known:
            # both at once, as whoever asks for one mostly asks for the other
            found = {1.0: (-np.inf, self.start_s), -1.0: (-np.inf, self.start_s)}
            for block in self.segments():
                for way, best in found.items():
                    peak = first_peak(block, way)
                    if peak[0] > best[0]:
                        found[way] = peak
            self._known["highest"] = found
        peaks: dict[float, tuple[float, float]] = self._known["highest"]
        return peaks[sign]

    def extremes_of_chunks(self, count: int) -> tuple[FloatArray, FloatArray]:
        """Return maximum and minimum of each so many segments, limits from the left included.

        Parameters
        ----------
        count
            Segments of a chunk; the last may hold fewer. A whole number of chunks makes a ``BLOCK``.

        Returns
        -------
        tuple of FloatArray
            Maxima and minima [value], shape (chunks,).
        """
        if count not in self._known:
            highs, lows = [], []
            for block in self.segments():
                firsts = np.arange(0, block.value.size, count)
                highs.append(np.maximum.reduceat(np.maximum(block.value, block.left_limit), firsts))
                lows.append(np.minimum.reduceat(np.minimum(block.value, block.left_limit), firsts))
            self._known[count] = np.concatenate(highs), np.concatenate(lows)
        found: tuple[FloatArray, FloatArray] = self._known[count]
        return found

    # -- levels ---------------------------------------------------------------------------------------------

    def time_above(self, level: float) -> float:
        """Return how long the signal is strictly above a level.

        Parameters
        ----------
        level
            The level [value].

        Returns
        -------
        float
            Time [s].
        """
        parts = (np.sum(block.length_s * _fraction_above(block, level)) for block in self.segments())
        return float(sum(parts))

    def integral_above(self, level: float) -> float:
        r"""Return the integral of what exceeds a level.

        Parameters
        ----------
        level
            The level [value].

        Returns
        -------
        float
            :math:`\int \max(s(t) - \ell, 0)\,dt` [value·s].
        """
        return float(sum(np.sum(_area_above(block, level)) for block in self.segments()))

    def integral_of_magnitude(self) -> float:
        r"""Return the integral of the magnitude.

        Returns
        -------
        float
            :math:`\int |s(t)|\,dt` [value·s].
        """
        return float(sum(np.sum(_area_of_magnitude(block)) for block in self.segments()))

    def intervals_above(self, level: float) -> FloatArray:
        """Return the maximal intervals in which the signal is above a level.

        Parameters
        ----------
        level
            The level [value].

        Returns
        -------
        FloatArray
            Start and end of each interval [s], shape (k, 2), in order; intervals that touch are one.
        """
        return joined(np.concatenate([segments_above(block, level) for block in self.segments()]), apart_s=0.0)

    # -- values per bin -------------------------------------------------------------------------------------

    def integrals_over(self, edges_s: ArrayLike) -> FloatArray:
        """Return the integral over each bin.

        Parameters
        ----------
        edges_s
            Edges of the bins [s], shape (k,), k at least 2, strictly increasing, within the domain.

        Returns
        -------
        FloatArray
            Integral between consecutive edges [value·s], shape (k-1,).

        Raises
        ------
        ValueError
            Where the edges are fewer than two, do not increase, or lie outside the domain.
        """
        return self._reduce_over(edges_s, np.add, lambda block: block.area)

    def means_over(self, edges_s: ArrayLike) -> FloatArray:
        """Return the time-weighted mean over each bin.

        Parameters
        ----------
        edges_s
            Edges of the bins [s], shape (k,), k at least 2, strictly increasing, within the domain.

        Returns
        -------
        FloatArray
            Mean between consecutive edges [value], shape (k-1,).

        Raises
        ------
        ValueError
            Where the edges are fewer than two, do not increase, or lie outside the domain.
        """
        return self.integrals_over(edges_s) / np.diff(self.inside(edges_s))

    def means_of_intervals(self, step_s: float) -> FloatArray:
        """Return the time-weighted mean of each whole interval of a length [s] from the start on.

        Returns
        -------
        FloatArray
            Means [value], shape (k,): empty where the signal is shorter than one; a rest at the end that
            fills none is left out.
        """
        count = int(self.duration_s // step_s)
        return self.means_over(self.start_s + step_s * np.arange(count + 1)) if count else np.empty(0)

    def minima_over(self, edges_s: ArrayLike) -> FloatArray:
        """Return the minimum in each bin, limits from the left included.

        Parameters
        ----------
        edges_s
            Edges of the bins [s], shape (k,), k at least 2, strictly increasing, within the domain.

        Returns
        -------
        FloatArray
            Infimum on ``[edge, next edge)`` [value], shape (k-1,).

        Raises
        ------
        ValueError
            Where the edges are fewer than two, do not increase, or lie outside the domain.
        """
        return self._reduce_over(edges_s, np.minimum, lambda block: np.minimum(block.value, block.left_limit))

    def maxima_over(self, edges_s: ArrayLike) -> FloatArray:
        """Return the maximum in each bin, limits from the left included.

        Parameters
        ----------
        edges_s
            Edges of the bins [s], shape (k,), k at least 2, strictly increasing, within the domain.

        Returns
        -------
        FloatArray
            Supremum on ``[edge, next edge)`` [value], shape (k-1,).

        Raises
        ------
        ValueError
            Where the edges are fewer than two, do not increase, or lie outside the domain.
        """
        return self._reduce_over(edges_s, np.maximum, lambda block: np.maximum(block.value, block.left_limit))

    def resample(self, step_s: float) -> Self:
        """Return the step signal of means over consecutive windows.

        Parameters
        ----------
        step_s
            Length of a window [s], above 0; the last window may be shorter.

        Returns
        -------
        Signal
            Step signal on the same domain and with the same integral.

        Raises
        ------
        ValueError
            Where the step is not above 0.
        """
        if not step_s > 0.0:
            raise ValueError(f"the step of a resampling must be above 0 s, got {step_s} s")
        count = max(1, int(np.ceil(self.duration_s / step_s - ROUNDING)))
        starts_s = self.start_s + step_s * np.arange(count)
        if self.duration_s == 0.0:
            return type(self).constant(self.mean(), self.end_s, self.start_s)
        return type(self).steps(starts_s, self.means_over(np.append(starts_s, self.end_s)), self.end_s)

    def _reduce_over(
        self, edges_s: ArrayLike, reduce: np.ufunc, measure: Callable[[SegmentBlock], FloatArray]
    ) -> FloatArray:
        """Return for each bin the reduction of a measure of its segments, working piece by piece."""
        edges = self.inside(edges_s)
        if edges.ndim != 1 or edges.size < 2 or not np.all(np.diff(edges) > 0.0):  # noqa: PLR2004 (two edges)
            raise ValueError("edges of bins must be at least two times in strictly increasing order")
        partial, begins_bin = [], []
        for piece in self._pieces(float(edges[0]), float(edges[-1])):
            first, last = np.searchsorted(edges, [piece.start_s, piece.end_s])
            at_edge = edges[first] == piece.start_s
            first += at_edge
            bins = np.append(piece.start_s, edges[first:last])
            split, begins = piece._split_into(bins)  # noqa: SLF001  # of the same class
            measures = np.concatenate([measure(block) for block in split.segments()])
            partial.append(reduce.reduceat(measures, begins))
            begins_bin.append(np.ones(bins.size, dtype=np.bool_))
            begins_bin[-1][0] = at_edge
        if len(partial) == 1:
            return np.asarray(partial[0], dtype=np.float64)
        firsts = np.flatnonzero(np.concatenate(begins_bin))
        return np.asarray(reduce.reduceat(np.concatenate(partial), firsts), dtype=np.float64)

    def _split_into(self, starts_s: FloatArray) -> tuple[Self, IndexArray]:
        """Return the same function with a breakpoint at the start of each bin, and where those stand."""
        merged = merged_places(self.time_s, starts_s, self.end_s)
        split = self._of(merged.time_s, *self.lines_of(merged.first, merged.time_s), self.end_s)
        return split, np.flatnonzero(np.diff(merged.second, prepend=-1))

    def _pieces(self, from_s: float, to_s: float) -> Iterator[Self]:
        """Cut an interval of the signal into pieces of at most ``BLOCK`` breakpoints or so."""
        first, last = np.searchsorted(self.time_s, [from_s, to_s], side="right")
        cuts = [from_s, *self.time_s[first + BLOCK : last : BLOCK].tolist(), to_s]
        for start_s, end_s in pairwise(cuts):
            if end_s > start_s:
                yield self.clip_time(start_s, end_s)


def first_peak(block: SegmentBlock, sign: float) -> tuple[float, float]:
    """Return the maximum of ``sign`` times the value on some segments, and the first time of it [s]."""
    starts, ends = sign * block.value, sign * block.left_limit
    start, end = int(np.argmax(starts)), int(np.argmax(ends))
    # of the two the higher; of equals the earlier, in order of time: value and left limit in turn
    if starts[start] > ends[end] or (starts[start] == ends[end] and start <= end):
        return float(starts[start]), float(block.start_s[start])
    return float(ends[end]), float(block.end_s[end])


def _fraction_above(block: SegmentBlock, level: float) -> FloatArray:
    """Return the part of each segment's duration that lies strictly above a level [1]."""
    high = np.maximum(block.value, block.left_limit) - level
    low = np.minimum(block.value, block.left_limit) - level
    fraction = (high > 0.0).astype(np.float64)
    return np.asarray(np.divide(high, high - low, out=fraction, where=(low < 0.0) & (high > 0.0)))


def _area_above(block: SegmentBlock, level: float) -> FloatArray:
    """Return the integral of the excess over a level on each segment [value·s]."""
    high = np.maximum(block.value, block.left_limit) - level
    low = np.minimum(block.value, block.left_limit) - level
    mean_excess = 0.5 * (np.maximum(high, 0.0) + np.maximum(low, 0.0))
    return block.length_s * _fraction_above(block, level) * mean_excess


def _area_of_magnitude(block: SegmentBlock) -> FloatArray:
    """Return the integral of the magnitude over each segment [value·s]."""
    first, last = np.abs(block.value), np.abs(block.left_limit)
    area = 0.5 * (first + last) * block.length_s
    # two triangles where it passes zero, in place of a trapezoid
    crossing = np.flatnonzero(block.value * block.left_limit < 0.0)
    first, last = first[crossing], last[crossing]
    area[crossing] *= (first**2 + last**2) / (first + last) ** 2
    return area


def segments_above(block: SegmentBlock, level: float) -> FloatArray:
    """Return the parts of segments that lie above a level [s], shape (k, 2)."""
    some = np.flatnonzero(np.maximum(block.value, block.left_limit) > level)
    block = SegmentBlock(block.start_s[some], block.end_s[some], block.value[some], block.left_limit[some])
    above_s = block.length_s * _fraction_above(block, level)
    starts_s = np.where(block.value < level, block.end_s - above_s, block.start_s)
    ends_s = np.where(block.left_limit < level, block.start_s + above_s, block.end_s)
    pieces = np.column_stack([starts_s, ends_s])
    return pieces[(above_s > 0.0) & (ends_s > starts_s)]
