"""The moves of a signal, where it goes one way without standing still; when its integral reaches a level."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.signals.breakpoints import BLOCK, SLIVER_S
from sim.signals.windows import Signal
from sim.units import FloatArray, IndexArray

STILL_FRACTION: Final = 1e-12
"""A step of less than this share of the signal's largest magnitude comes of rounding and goes no way
(assumption: thousands of times the spacing of doubles, a thousandth of a watt in a gigawatt)."""

_REST: Final = 2


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Moves of a signal, as arrays of one length, in order of time.

    A move is a maximal stretch in which the signal goes one way, in lines or jumps, without standing still.
    What comes of rounding is neither a move nor an end of one.
    """

    start_s: FloatArray
    """When each begins [s]."""
    end_s: FloatArray
    """When it ends [s]; a jump alone takes no time."""
    before: FloatArray
    """Value it begins at [value]."""
    after: FloatArray
    """Value it ends at [value]."""

    @property
    def size(self) -> FloatArray:
        """How far each goes, below 0 downwards [value]."""
        return self.after - self.before

    @property
    def length_s(self) -> FloatArray:
        """How long each takes [s]."""
        return self.end_s - self.start_s


def changes(signal: Signal, above: float = 0.0) -> Changes:
    """Return the moves of a signal.

    Parameters
    ----------
    signal
        The signal.
    above
        Only moves of more than this size either way count [value].

    Returns
    -------
    Changes
        In order of time; empty where it stands still.

    Examples
    --------
    >>> power = Signal.linear([0.0, 10.0, 12.0, 12.0, 20.0], [50.0, 50.0, 30.0, 20.0, 20.0], 30.0)
    >>> found = changes(power)
    >>> found.start_s.tolist(), found.end_s.tolist(), found.size.tolist()
    ([10.0], [12.0], [-30.0])
    """
    ways = _ways(signal)
    places = np.flatnonzero(ways)
    ways = ways[places]
    turns = ways[1:] != ways[:-1]
    moves = ways != _REST
    firsts = places[moves & np.append(True, turns)[: ways.size]]
    lasts = places[moves & np.append(turns, True)[: ways.size]]
    blocks = (slice(first, first + BLOCK) for first in range(0, max(firsts.size, 1), BLOCK))
    parts = [_moves(signal, firsts[block], lasts[block], above) for block in blocks]
    return Changes(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def _moves(signal: Signal, firsts: IndexArray, lasts: IndexArray, above: float) -> tuple[FloatArray, ...]:
    """Return start and end [s] and values before and after of the moves of more than a size."""
    end_s, after = _ends(signal, lasts)
    before = _starts(signal, firsts)
    large = np.abs(after - before) > above
    return signal.time_s[firsts[large] // 2], end_s[large], before[large], after[large]


def _ways(signal: Signal) -> NDArray[np.int8]:
    """Return which way each step goes: 1 up, -1 down, 0 none, or that it is a rest; in the memory of a part.

    A step is the jump at a breakpoint, or the line from there on: those of even and of odd number.
    """
    highest = max(float(np.maximum(np.abs(b.value), np.abs(b.left_limit)).max()) for b in signal.segments())
    ways, before = [], signal.value[:1]
    for block in signal.segments():
        jumps = _way(block.value - np.append(before, block.left_limit[:-1]), STILL_FRACTION * highest)
        lines = _way(block.left_limit - block.value, STILL_FRACTION * highest)
        # a jump of nothing parts no line from the next, nor does a piece of no length
        lines[(lines == 0) & (block.end_s > block.start_s + SLIVER_S)] = _REST
        ways.append(np.column_stack([jumps, lines]).ravel())
        before = block.left_limit[-1:]
    return np.concatenate(ways)


def _starts(signal: Signal, steps: IndexArray) -> FloatArray:
    """Return the value at the start of steps: before a jump, or where a line begins."""
    place, jump = steps // 2, steps % 2 == 0
    before = _ends(signal, 2 * np.maximum(place - 1, 0) + 1)[1]
    return np.where(jump & (place > 0), before, signal.value[place])


def _ends(signal: Signal, steps: IndexArray) -> tuple[FloatArray, FloatArray]:
    """Return time [s] and value at the end of steps: after a jump, or where a line leads."""
    place = steps // 2
    start_s, value = signal.time_s[place], signal.value[place]
    last = signal.time_s.size - 1
    next_s = np.where(place < last, signal.time_s[np.minimum(place + 1, last)], signal.end_s)
    line = steps % 2 == 1
    left = value + signal.slopes.take(place) * (next_s - start_s)
    return np.where(line, next_s, start_s), np.where(line, left, value)


def _way(step: FloatArray, rounding: float) -> NDArray[np.int8]:
    """Return 1 where a step goes up, -1 where it goes down, 0 where it is rounding."""
    return (step > rounding).astype(np.int8) - (step < -rounding).astype(np.int8)


def one_within(spans_s: FloatArray, end_s: float) -> Signal:
    """Return one inside of intervals that do not overlap, and zero outside, from 0 to an end [s].

    Examples
    --------
    >>> one_within(np.array([[-1.0, 2.0], [5.0, 9.0]]), 8.0).integral()
    5.0
    """
    times_s = np.append(0.0, np.maximum(spans_s, 0.0))
    return Signal.steps(times_s, np.append(0.0, np.tile([1.0, 0.0], len(spans_s))), end_s)


def of_spans(
    spans: Sequence[tuple[float, float, float]], together: Callable[[list[float]], float], end_s: float
) -> Signal:
    """Return what spans of time make together, as steps over a run.

    Parameters
    ----------
    spans
        Start [s], end [s] and value of each, in any order; they may reach beyond the run.
    together
        Makes one value of those in force; of none, too.
    end_s
        The run's end [s].

    Examples
    --------
    >>> of_spans([(0.0, 20.0, 0.5), (10.0, 30.0, 1.0)], sum, 60.0).value.tolist()
    [0.5, 1.5, 1.0, 0.0]
    """
    edges_s = sorted({0.0, *(time_s for span in spans for time_s in span[:2] if 0.0 < time_s < end_s)})
    in_force = [[value for from_s, to_s, value in spans if from_s <= at_s < to_s] for at_s in edges_s]
    return Signal.steps(edges_s, [together(values) for values in in_force], end_s)


def times_of_integral(rate: Signal, levels: ArrayLike) -> FloatArray:
    r"""Return the times at which the running integral of a signal reaches the levels.

    Parameters
    ----------
    rate
        The signal [value], nowhere below 0.
    levels
        Levels of its integral from its start on [value·s], shape (n,), not below 0, not decreasing.

    Returns
    -------
    FloatArray
        First time at which each level is reached [s]; levels that are not reached have none, so shape (m,),
        m at most n.

    Notes
    -----
    Exact: in a segment with value :math:`v` and slope :math:`s` the rest :math:`r` of a level is reached
    after :math:`x = 2r / (v + \sqrt{v^2 + 2sr})`, the root of :math:`vx + sx^2/2 = r`.

    Examples
    --------
    >>> times_of_integral(Signal.linear([0.0, 10.0], [0.0, 10.0], 20.0), [0.5, 50.0, 100.0, 151.0]).tolist()
    [1.0, 10.0, 15.0]
    """
    edges_s = np.append(rate.time_s, rate.end_s)
    reached = np.concatenate([[0.0], np.cumsum(rate.integrals_over(edges_s))])
    wanted = np.asarray(levels, dtype=np.float64)
    wanted = wanted[wanted <= reached[-1]]
    segment = np.clip(np.searchsorted(reached, wanted, side="left") - 1, 0, rate.time_s.size - 1)
    rest = wanted - reached[segment]
    value, slope_per_s = rate.value[segment], rate.slope_per_s[segment]
    root = np.sqrt(np.maximum(value**2 + 2.0 * slope_per_s * rest, 0.0))
    after_s = np.divide(2.0 * rest, value + root, out=np.zeros_like(rest), where=rest > 0.0)
    return np.asarray(np.minimum(rate.time_s[segment] + after_s, edges_s[segment + 1]))
