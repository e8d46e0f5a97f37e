"""The moves of a signal: where it goes one way without standing still."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.signals.breakpoints import FloatArray
from sim.signals.windows import SLIVER_S, Signal

ROUNDING: Final = 1e-12
"""A step of less than this share of the signal's largest magnitude comes of rounding and goes no way
(assumption: thousands of times the spacing of doubles, a thousandth of a watt in a gigawatt)."""


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

    def larger_than(self, size: float) -> "Changes":
        """Return the moves of more than a size either way [value]."""
        keep = np.abs(self.size) > size
        return Changes(self.start_s[keep], self.end_s[keep], self.before[keep], self.after[keep])


def changes(signal: Signal) -> Changes:
    """Return all moves of a signal.

    Parameters
    ----------
    signal
        The signal.

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
    left = signal.left_limits()
    ends_s = np.append(signal.time_s[1:], signal.end_s)
    # the jump at each breakpoint, then the line from there on, in turn
    values = np.column_stack([np.append(signal.value[0], left[:-1]), signal.value]).ravel()
    afters = np.column_stack([signal.value, left]).ravel()
    starts_s = np.repeat(signal.time_s, 2)
    stops_s = np.column_stack([signal.time_s, ends_s]).ravel()
    steps = afters - values
    rounding = ROUNDING * max(float(np.abs(signal.value).max()), float(np.abs(left).max()))
    way = np.where(np.abs(steps) > rounding, np.sign(steps), 0.0)
    moves = np.flatnonzero(way)
    # a jump of nothing parts no line from the next, nor does a piece of no length
    rests = np.flatnonzero((way == 0.0) & (stops_s > starts_s + SLIVER_S))
    rested = np.searchsorted(rests, moves)
    begins = np.ones(moves.size, dtype=np.bool_)
    begins[1:] = (way[moves[1:]] != way[moves[:-1]]) | (rested[1:] != rested[:-1])
    firsts = moves[begins]
    lasts = moves[np.append(begins[1:], True)] if moves.size else moves
    return Changes(starts_s[firsts], stops_s[lasts], values[firsts], afters[lasts])
