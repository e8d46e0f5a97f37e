"""A piecewise-linear function of time: construction, evaluation, cutting and shifting."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from sim.signals.breakpoints import BLOCK, END_TOLERANCE, SegmentBlock, merged_times, places_at, require_breakpoints
from sim.signals.slopes import Slopes
from sim.units import BoolArray, FloatArray, IndexArray


def _last_of_instants(time_s: FloatArray, end_s: float) -> BoolArray:
    """Tell which breakpoints count: of several at one instant the last, and none after the end."""
    count = max(np.searchsorted(time_s, end_s, "left"), np.searchsorted(time_s, time_s[0], "right"))
    return np.append(time_s[1:count] > time_s[: count - 1], True)


@dataclass(frozen=True, slots=True, eq=False)
class PiecewiseLinear:
    """The bare function; :class:`~sim.signals.windows.Signal` is the class to use."""

    time_s: FloatArray
    value: FloatArray
    slopes: FloatArray | Slopes
    end_s: float
    _known: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)
    """What was measured before: a signal does not change."""

    __array_ufunc__: ClassVar[None] = None  # so that numpy leaves `np.float64(2.0) * signal` to the signal

    def __post_init__(self) -> None:
        """Check the breakpoints and freeze them."""
        parts = (self.time_s, self.value, self.slopes)
        arrays = [np.asarray(part, dtype=np.float64) for part in parts if not isinstance(part, Slopes)]
        end_s = float(self.end_s)
        require_breakpoints(arrays, end_s)
        time_s = arrays[0]
        if not np.all(time_s[1:] > time_s[:-1]):
            raise ValueError("the times of a signal must increase strictly; from_breakpoints takes repeated times")
        count = time_s.size - 1 if time_s.size > 1 and time_s[-1] == end_s else time_s.size
        if isinstance(self.slopes, Slopes):
            if self.slopes.size < count or not np.isfinite(self.slopes.values).all():
                raise ValueError("slopes must be finite, and as many as there are times")
            object.__setattr__(self, "slopes", self.slopes.kept(np.ones(count, dtype=np.bool_)))
        for name, array in zip(("time_s", "value", "slopes"), arrays, strict=False):
            kept = array[:count]
            array.setflags(write=False)
            kept.setflags(write=False)
            object.__setattr__(self, name, kept)
        object.__setattr__(self, "end_s", end_s)

    # -- construction ---------------------------------------------------------------------------------------

    @classmethod
    def _of(cls, time_s: FloatArray, value: FloatArray, slopes: FloatArray | Slopes, end_s: float) -> Self:
        """Return the signal of breakpoints that are known to make one, as parts of another do: unchecked."""
        signal = object.__new__(cls)
        for name, part in (("time_s", time_s), ("value", value), ("slopes", slopes)):
            if isinstance(part, np.ndarray):
                part.setflags(write=False)
            object.__setattr__(signal, name, part)
        object.__setattr__(signal, "end_s", end_s)
        object.__setattr__(signal, "_known", {})
        return signal

    def with_times_of(self, other: Self) -> Self:
        """Return the same signal, its times held by another one that has the same."""
        return self._of(other.time_s, self.value, self.slopes, self.end_s)

    def compact(self) -> Self:
        """Return the same signal in less memory, where most of its slopes are zero."""
        return self._of(self.time_s, self.value, Slopes.of(self.slopes), self.end_s)

    @classmethod
    def constant(cls, value: float, end_s: float, start_s: float = 0.0) -> Self:
        """Return a signal that holds one value [value] on ``[start_s, end_s]`` [s]."""
        return cls(np.array([start_s]), np.array([value]), np.zeros(1), end_s)

    @classmethod
    def steps(cls, time_s: ArrayLike, value: ArrayLike, end_s: float) -> Self:
        """Return a step signal: each value holds until the next time.

        Parameters
        ----------
        time_s
            Times of the steps [s], shape (n,), not decreasing; of several at one instant the last counts.
        value
            Value from each time on [value], shape (n,).
        end_s
            End of the domain [s]; steps at or after it are dropped.

        Returns
        -------
        Signal
            The step signal from ``time_s[0]`` to `end_s`.

        Raises
        ------
        ValueError
            See :meth:`from_breakpoints`.
        """
        return cls.from_breakpoints(time_s, value, np.zeros(np.shape(value)), end_s)

    @classmethod
    def linear(cls, time_s: ArrayLike, value: ArrayLike, end_s: float) -> Self:
        """Return straight lines through points; the last value is held to the end.

        Two points at one instant make a jump: the line leads to the first and goes on from the last.

        Parameters
        ----------
        time_s
            Times of the points [s], shape (n,), not decreasing.
        value
            Values of the points [value], shape (n,).
        end_s
            End of the domain [s]; what lies after it is cut off.

        Returns
        -------
        Signal
            The signal from ``time_s[0]`` to `end_s`.

        Raises
        ------
        ValueError
            See :meth:`from_breakpoints`.
        """
        times = np.array(time_s, dtype=np.float64)
        values = np.array(value, dtype=np.float64)
        require_breakpoints([times, values], None)
        slopes = np.zeros(times.size)
        step_s = np.diff(times)
        np.divide(np.diff(values), step_s, out=slopes[:-1], where=step_s > 0.0)
        return cls.from_breakpoints(times, values, slopes, end_s)

    @classmethod
    def from_breakpoints(cls, time_s: ArrayLike, value: ArrayLike, slope_per_s: ArrayLike, end_s: float) -> Self:
        """Return the signal of a raw recording, whose times may repeat.

        Parameters
        ----------
        time_s
            Times [s], shape (n,), not decreasing; of several breakpoints at one instant the last counts.
        value
            Value from each time on [value], shape (n,).
        slope_per_s
            Slope from each time on [value/s], shape (n,).
        end_s
            End of the domain [s]; breakpoints at or after it are dropped, unless it is the start too.

        Returns
        -------
        Signal
            The signal from ``time_s[0]`` to `end_s`. The arrays are copied.

        Raises
        ------
        ValueError
            Where the arrays differ in length, are empty, hold a number that is not finite, or decrease in
            time, or where `end_s` lies before the start.
        """
        arrays = [np.asarray(array, dtype=np.float64) for array in (time_s, value, slope_per_s)]
        require_breakpoints(arrays, None)
        keep = _last_of_instants(arrays[0], end_s)
        kept = [array[: keep.size][keep] for array in arrays]
        return cls(kept[0], kept[1], kept[2], end_s)

    @classmethod
    def recorded(cls, time_s: FloatArray, value: FloatArray, slopes: Slopes, end_s: float) -> Self:
        """Return the same of arrays that nobody else holds: they are taken over where they will do."""
        require_breakpoints([time_s, value], None)
        keep = _last_of_instants(time_s, end_s)
        if keep.size < time_s.size or not keep.all():
            slopes = slopes.kept(keep)
            time_s = time_s[: keep.size][keep]
            value = value[: keep.size][keep]
        return cls(time_s, value, Slopes.of(slopes), end_s)

    # -- evaluation -----------------------------------------------------------------------------------------

    @property
    def start_s(self) -> float:
        """Start of the domain [s]."""
        return float(self.time_s[0])

    @property
    def duration_s(self) -> float:
        """Length of the domain [s]."""
        return self.end_s - self.start_s

    @property
    def slope_per_s(self) -> FloatArray:
        """Slope from each breakpoint to the next, or to the end [value/s], shape (n,)."""
        slopes = self.slopes
        if isinstance(slopes, Slopes):
            slopes = slopes.between(0, slopes.size)
            slopes.setflags(write=False)
        return slopes

    @property
    def is_step(self) -> bool:
        """Whether the signal is piecewise constant."""
        return not self.slopes.any()

    def segments(self) -> Iterator[SegmentBlock]:
        """Iterate over the segments in blocks, so that what is derived from them needs little memory.

        Yields
        ------
        SegmentBlock
            The next segments in order of time, at most ``BLOCK`` of them.
        """
        for first in range(0, self.time_s.size, BLOCK):
            last = first + BLOCK
            start_s, value = self.time_s[first:last], self.value[first:last]
            end_s = self.time_s[first + 1 : last + 1]
            if end_s.size < start_s.size:
                end_s = np.append(end_s, self.end_s)
            yield SegmentBlock(start_s, end_s, value, value + self.slopes[first:last] * (end_s - start_s))

    def spans_s(self) -> list[tuple[float, float]]:
        """Return consecutive intervals that make up the domain and hold at most ``BLOCK`` breakpoints each.

        What is computed span by span needs the memory of one span, not that of a year.

        Returns
        -------
        list of tuple of float
            Start and end of each interval [s], in order.
        """
        return list(pairwise([*self.time_s[::BLOCK].tolist(), self.end_s]))

    def left_limits(self) -> FloatArray:
        """Return the value just before the next breakpoint, or the end, of each segment, shape (n,)."""
        return np.concatenate([block.left_limit for block in self.segments()])

    def at(self, time_s: ArrayLike) -> FloatArray:
        """Return the value at given times.

        Parameters
        ----------
        time_s
            Times within the domain [s], any shape and order.

        Returns
        -------
        FloatArray
            Value [value], in the shape of `time_s`: the limit from the right, at ``end_s`` from the left.

        Raises
        ------
        ValueError
            Where a time lies outside the domain.
        """
        return np.asarray(self.lines_at(self.inside(time_s))[0])

    def lines_at(self, time_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return value [value] and slope [value/s] at times [s] that are known to lie in the domain."""
        return self.lines_of(np.searchsorted(self.time_s, time_s, side="right") - 1, time_s)

    def lines_along(self, time_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the same as `lines_at` of times that increase, at least one, in half the time."""
        return self.lines_of(places_at(self.time_s, time_s), time_s)

    def lines_of(self, place: IndexArray, time_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return value [value] and slope [value/s] at times [s] of which the breakpoint in force is known."""
        slope_per_s = self.slopes.take(place)
        passed = time_s - self.time_s.take(place)
        passed *= slope_per_s
        passed += self.value.take(place)
        return passed, slope_per_s

    def inside(self, time_s: ArrayLike) -> FloatArray:
        """Return times as an array, once they are known to lie in the domain.

        Parameters
        ----------
        time_s
            Times [s], any shape.

        Returns
        -------
        FloatArray
            The same times [s]; those outside by no more than rounding are moved to the border.

        Raises
        ------
        ValueError
            Where a time lies outside the domain.
        """
        times = np.asarray(time_s, dtype=np.float64)
        slack_s = END_TOLERANCE * max(1.0, abs(self.end_s))
        fits = (times >= self.start_s - slack_s) & (times <= self.end_s + slack_s)
        if not np.all(fits):
            wrong = np.atleast_1d(times)[~np.atleast_1d(fits)].flat[0]
            raise ValueError(f"time {wrong} s lies outside the signal, which spans {self.start_s} to {self.end_s} s")
        return np.clip(times, self.start_s, self.end_s)

    # -- cutting and shifting -------------------------------------------------------------------------------

    def split_at(self, time_s: ArrayLike) -> Self:
        """Return the same function with extra breakpoints.

        Parameters
        ----------
        time_s
            Times within the domain [s], any order.

        Returns
        -------
        Signal
            The signal with a breakpoint at each of the times.

        Raises
        ------
        ValueError
            Where a time lies outside the domain.
        """
        times = merged_times([self.time_s, self.inside(time_s).ravel()], self.end_s)
        return type(self)(times, *self.lines_along(times), self.end_s)

    def clip_time(self, from_s: float, to_s: float) -> Self:
        """Return the signal restricted to an interval.

        Parameters
        ----------
        from_s
            Start of the interval [s].
        to_s
            End of the interval [s], not before `from_s`.

        Returns
        -------
        Signal
            The signal on ``[from_s, to_s]``.

        Raises
        ------
        ValueError
            Where the interval reaches outside the domain or ends before it starts.
        """
        first_s, last_s = self.inside([from_s, to_s])
        if last_s < first_s:
            raise ValueError(f"an interval must not end before it starts: from {from_s} s to {to_s} s")
        first = int(np.searchsorted(self.time_s, first_s, "right")) - 1
        last = max(int(np.searchsorted(self.time_s, last_s, "left")), first + 1)
        times, values = self.time_s[first:last], self.value[first:last]
        if first_s > times[0]:
            passed = self.slopes[first] * (first_s - times[0])
            times, values = times.copy(), values.copy()
            times[0], values[0] = first_s, values[0] + passed
        return self._of(times, values, self.slopes[first:last], float(last_s))

    def shift(self, by_s: float) -> Self:
        """Return the signal moved in time.

        Parameters
        ----------
        by_s
            Delay [s]; below 0 moves it to earlier times.

        Returns
        -------
        Signal
            The function ``t -> s(t - by_s)`` on ``[start_s + by_s, end_s + by_s]``.
        """
        # breakpoints closer than rounding may fall together, hence not the plain constructor
        return self.from_breakpoints(self.time_s + by_s, self.value, self.slope_per_s, self.end_s + by_s)

    def simplify(self) -> Self:
        """Return the same function without the breakpoints that continue value and slope exactly."""
        keep = np.ones(self.time_s.size, dtype=np.bool_)
        keep[1:] = self.value[1:] != self.left_limits()[:-1]
        keep[1:] |= self.slope_per_s[1:] != self.slope_per_s[:-1]
        return type(self)(self.time_s[keep], self.value[keep], self.slope_per_s[keep], self.end_s)
