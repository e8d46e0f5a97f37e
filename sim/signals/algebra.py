"""Sums, products, and pointwise maximum and minimum of signals."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Self, TypeVar

import numpy as np

from sim.signals.base import PiecewiseLinear
from sim.signals.breakpoints import BLOCK, END_TOLERANCE, merged_places, merged_times
from sim.signals.measures import Measured
from sim.signals.slopes import Slopes
from sim.units import BoolArray, FloatArray, IndexArray

AnySignal = TypeVar("AnySignal", bound=PiecewiseLinear)
Lines = tuple[FloatArray, FloatArray, FloatArray]
"""Times [s], values [value] and slopes [value/s] of breakpoints."""


class Pair(NamedTuple):
    """Two signals on common segments, as arrays of one length."""

    start_s: FloatArray
    end_s: FloatArray
    value: FloatArray
    slope_per_s: FloatArray
    other_value: FloatArray
    other_slope_per_s: FloatArray


class Algebraic(Measured):
    """Adds arithmetic. Two signals that meet must share their domain; their ends may differ by rounding."""

    __slots__ = ()

    def __neg__(self) -> Self:
        """Return the signal with its sign turned."""
        return self._of(self.time_s, -self.value, -self.slopes, self.end_s)

    def __add__(self, other: Self | float) -> Self:
        """Return the sum with a signal or a number [value]; ValueError where the domains differ."""
        if isinstance(other, PiecewiseLinear):
            return total([self, other])
        return type(self)(self.time_s, self.value + other, self.slope_per_s, self.end_s)

    def __radd__(self, other: float) -> Self:
        """Return the sum with a number [value]."""
        return self + other

    def __sub__(self, other: Self | float) -> Self:
        """Return the difference from a signal or a number [value]; ValueError where the domains differ."""
        return self + (-other)

    def __rsub__(self, other: float) -> Self:
        """Return a number [value] less the signal."""
        return -self + other

    def __mul__(self, other: Self | float) -> Self:
        """Return the product with a number or a signal.

        Of two signals one must be a step signal, as the product would not be piecewise linear otherwise.
        ValueError where neither is, or where the domains differ.
        """
        if not isinstance(other, PiecewiseLinear):
            return type(self)(self.time_s, self.value * other, self.slope_per_s * other, self.end_s)
        if not (self.is_step or other.is_step):
            raise ValueError("of two signals to be multiplied one must be piecewise constant")
        return self._combine(other, _product)

    def times(self, other: Self) -> Self:
        """Return the product with a signal, straight between the breakpoints of the two.

        It misses the product by at most that of their slopes times an eighth of a piece's length squared.
        ValueError where the domains differ.
        """
        return self._combine(other, _chords)

    def __rmul__(self, other: float) -> Self:
        """Return the product with a number."""
        return self * other

    def maximum_with(self, other: Self | float) -> Self:
        """Return the pointwise maximum, with breakpoints where the two cross.

        Parameters
        ----------
        other
            A signal on the same domain, or a level [value].

        Returns
        -------
        Signal
            The function ``t -> max(s(t), other(t))``.

        Raises
        ------
        ValueError
            Where the domains differ.
        """
        if not isinstance(other, PiecewiseLinear):
            other = type(self).constant(other, self.end_s, self.start_s)
        return self._combine(other, _upper)

    def minimum_with(self, other: Self | float) -> Self:
        """Return the pointwise minimum, with breakpoints where the two cross.

        Parameters
        ----------
        other
            A signal on the same domain, or a level [value].

        Returns
        -------
        Signal
            The function ``t -> min(s(t), other(t))``.

        Raises
        ------
        ValueError
            Where the domains differ.
        """
        return -(-self).maximum_with(-other)

    def positive_part(self) -> Self:
        """Return the signal where it is positive, and zero elsewhere.

        Returns
        -------
        Signal
            The function ``t -> max(s(t), 0)``.
        """
        return self if self.minimum() >= 0.0 else self.maximum_with(0.0)

    def _combine(self, other: PiecewiseLinear, rule: Callable[[Pair], Lines]) -> Self:
        """Apply a rule to the common segments of two signals, block by block."""
        end_s = _common_end_s([self, other])
        parts = [rule(pair) for pair in self._pairs(other, end_s)]
        time_s, value, slope_per_s = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return type(self)(time_s, value, slope_per_s, end_s)

    def _pairs(self, other: PiecewiseLinear, end_s: float) -> Iterator[Pair]:
        """Yield the common segments of two signals, block by block."""
        if end_s == self.end_s and _is_constant(other):
            yield from (Pair(*lines, *_held(other, lines[0].size)) for lines in _blocks(self))
        elif end_s == other.end_s and _is_constant(self):
            yield from (Pair(*lines[:2], *_held(self, lines[0].size), *lines[2:]) for lines in _blocks(other))
        else:
            times_s = merged_times([self.time_s, other.time_s], end_s)
            for first in range(0, times_s.size, BLOCK):
                start_s, end_of_s = times_s[first : first + BLOCK], times_s[first + 1 : first + BLOCK + 1]
                if end_of_s.size < start_s.size:
                    end_of_s = np.append(end_of_s, end_s)
                yield Pair(start_s, end_of_s, *self.lines_along(start_s), *other.lines_along(start_s))


def _blocks(signal: PiecewiseLinear) -> Iterator[tuple[FloatArray, FloatArray, FloatArray, FloatArray]]:
    """Yield start [s], end [s], value and slope of a signal's own segments, block by block."""
    for place, block in enumerate(signal.segments()):
        slope_per_s = signal.slopes[place * BLOCK : (place + 1) * BLOCK]
        yield block.start_s, block.end_s, block.value + 0.0 * slope_per_s, slope_per_s


def _held(constant: PiecewiseLinear, count: int) -> tuple[FloatArray, FloatArray]:
    """Return value and slope of a constant on so many segments."""
    slope_per_s = float(constant.slopes[0])
    return np.full(count, constant.value[0] + slope_per_s), np.full(count, slope_per_s)


def total(signals: Sequence[AnySignal]) -> AnySignal:
    """Return the sum of signals.

    At each breakpoint of any of them every signal is evaluated afresh, so that no error builds up along time.

    Parameters
    ----------
    signals
        The signals, at least one, on one domain.

    Returns
    -------
    Signal
        Their sum, with the breakpoints of all.

    Raises
    ------
    ValueError
        Where there is no signal, or where the domains differ.

    Examples
    --------
    >>> from sim.signals import Signal
    >>> parts = [Signal.constant(2.0, 10.0), Signal.linear([0.0, 10.0], [0.0, 1.0], 10.0)]
    >>> total(parts).integral()
    25.0
    """
    if not signals:
        raise ValueError("a sum needs at least one signal, for its domain")
    end_s = _common_end_s(signals)
    varying = [signal for signal in signals if not _is_constant(signal)]
    if len(varying) == 1 and end_s == varying[0].end_s:
        return _total_with_constants(signals, varying[0])
    if len(signals) == 2 and sum(signal.time_s.size for signal in signals) < 4 * BLOCK:  # noqa: PLR2004  # a pair
        return _total_of_two(signals[0], signals[1], end_s)
    time_s = merged_times([signal.time_s for signal in signals], end_s)
    value, slopes = np.zeros(time_s.size), []
    for first in range(0, time_s.size, BLOCK):
        block = slice(first, first + BLOCK)
        slope_per_s = np.zeros(value[block].size)
        for signal in signals:
            if _is_constant(signal):
                value[block] += signal.value
                continue
            line = signal.lines_along(time_s[block])
            value[block] += line[0]
            slope_per_s += line[1]
        slopes.append(Slopes.of(slope_per_s))
    return type(signals[0])(time_s, value, Slopes.of_parts(slopes), end_s)


def _is_constant(signal: PiecewiseLinear) -> bool:
    return signal.time_s.size == 1 and signal.slopes[0] == 0.0


def _total_with_constants(signals: Sequence[AnySignal], varying: AnySignal) -> AnySignal:
    """Return the sum of one signal and constants, in the order given: it has the breakpoints of the one."""
    value = np.zeros(varying.time_s.size)
    for signal in signals:
        value += signal.value
    # a slope of minus zero becomes zero, as in any sum
    slopes = varying.slopes if isinstance(varying.slopes, Slopes) else varying.slopes + 0.0
    return type(varying)(varying.time_s, value, slopes, varying.end_s)


def _total_of_two(one: AnySignal, other: AnySignal, end_s: float) -> AnySignal:
    """Return the sum of two signals that are small enough to be worked on in one go."""
    merged = merged_places(one.time_s, other.time_s, end_s)
    if not merged.time_s.size:
        merged = merged_places(one.time_s, other.time_s, np.inf)  # a domain of one instant
    value, slope_per_s = one.lines_of(merged.first, merged.time_s)
    line = other.lines_of(merged.second, merged.time_s)
    value += 0.0
    value += line[0]
    slope_per_s += 0.0
    slope_per_s += line[1]
    return type(one)(merged.time_s, value, slope_per_s, end_s)


def _common_end_s(signals: Sequence[PiecewiseLinear]) -> float:
    """Return the end that signals share [s], or raise ValueError where their domains differ."""
    ends_s = [signal.end_s for signal in signals]
    starts_s = [signal.start_s for signal in signals]
    slack_s = END_TOLERANCE * max(1.0, abs(ends_s[0]))
    if max(starts_s) != min(starts_s) or max(ends_s) - min(ends_s) > slack_s:
        raise ValueError(
            f"signals must share their time domain, got starts from {min(starts_s)} to {max(starts_s)} s "
            f"and ends from {min(ends_s)} to {max(ends_s)} s"
        )
    return min(ends_s)


def _product(pair: Pair) -> Lines:
    """Return the product of two signals of which one is flat on each segment."""
    slope_per_s = pair.value * pair.other_slope_per_s + pair.slope_per_s * pair.other_value
    return pair.start_s, pair.value * pair.other_value, slope_per_s


def _chords(pair: Pair) -> Lines:
    """Return the product of two signals at the ends of each segment, and a straight line between."""
    length_s = pair.end_s - pair.start_s
    ends = pair.value + pair.slope_per_s * length_s, pair.other_value + pair.other_slope_per_s * length_s
    value = pair.value * pair.other_value
    return pair.start_s, value, (ends[0] * ends[1] - value) / length_s


def _upper(pair: Pair) -> Lines:
    """Return the upper of two signals, with a breakpoint where they cross inside a segment."""
    length_s = pair.end_s - pair.start_s
    lead = pair.value - pair.other_value
    last_value = pair.value + pair.slope_per_s * length_s
    last_lead = last_value - (pair.other_value + pair.other_slope_per_s * length_s)
    crossing = np.flatnonzero(np.sign(lead) * np.sign(last_lead) < 0.0)
    part = lead[crossing] / (lead[crossing] - last_lead[crossing])
    crossing_s = pair.start_s[crossing] + part * length_s[crossing]
    leads = (lead > 0.0) | ((lead == 0.0) & (last_lead > 0.0))
    # a crossing that rounds to the start of its segment lets the later leader take the whole segment
    early = crossing_s <= pair.start_s[crossing]
    leads[crossing[early]] ^= True
    inside = ~early & (crossing_s < pair.end_s[crossing])
    crossing, crossing_s = crossing[inside], crossing_s[inside]
    value, slope_per_s = _leader(pair, slice(None), leads)
    if not crossing.size:
        return pair.start_s, value, slope_per_s
    later_value, later_slope_per_s = _leader(pair, crossing, ~leads[crossing])
    later_value = later_value + later_slope_per_s * (crossing_s - pair.start_s[crossing])
    return (
        np.insert(pair.start_s, crossing + 1, crossing_s),
        np.insert(value, crossing + 1, later_value),
        np.insert(slope_per_s, crossing + 1, later_slope_per_s),
    )


def _leader(pair: Pair, index: IndexArray | slice, leads: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return value and slope at given segments, of the first signal where it leads, else of the other."""
    value = np.where(leads, pair.value[index], pair.other_value[index])
    return value, np.where(leads, pair.slope_per_s[index], pair.other_slope_per_s[index])
