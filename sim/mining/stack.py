"""The merit order of all fleets together: pieces of power, the one that makes most with a megawatt first."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import inf

from sim.mining.worth import Piece

FleetShare = tuple[int, float]
"""A fleet, and its share [MW]."""

_NOWHERE = (inf, -inf, 0, 0.0, 0.0)
"""A piece that no target ends in: its start and end on the way up, its fleet, and that one's shares [MW]."""


class Stack:
    """Shares a target among fleets: each its minimum, the rest up the merit order.

    It remembers the last target: where the next one lies near it, few shares are looked at.

    Parameters
    ----------
    minimums_mw
        Power that each fleet draws whatever the target [MW].
    pieces
        What each fleet can draw above, from below, with what a megawatt makes never rising; all in one unit.
    """

    def __init__(self, minimums_mw: Sequence[float], pieces: Sequence[Sequence[Piece]]) -> None:
        order = [(piece, fleet) for fleet, own in enumerate(pieces) for piece in own if piece.width_mw > 0.0]
        order.sort(key=lambda piece: -piece[0].output_per_mw)  # stable: a fleet's own stay in order
        self._starts_mw = list(accumulate((piece.width_mw for piece, _ in order), initial=sum(minimums_mw)))
        shares_mw = list(minimums_mw)
        self._minimums = list(enumerate(minimums_mw))
        self._below: list[FleetShare] = []  # the fleet of each piece, with its share before the piece is used
        self._above: list[FleetShare] = []  # and when all of it is
        for piece, fleet in order:
            self._below.append((fleet, shares_mw[fleet]))
            shares_mw[fleet] += piece.width_mw
            self._above.append((fleet, shares_mw[fleet]))
        self._position: int | None = None
        self._within = _NOWHERE

    def shares_mw(self, target_mw: float) -> Sequence[float]:
        """Return each fleet's share of a target [MW]; the target is cut to what the fleets can draw."""
        self._position, self._within = None, _NOWHERE
        return [share_mw for _, share_mw in self.moved(target_mw)]

    def moved(self, target_mw: float) -> Sequence[FleetShare]:
        """Return the fleets whose share may have changed since the last target, in order, each with its own.

        The first time these are all fleets.
        """
        start_mw, end_mw, fleet, below_mw, above_mw = self._within
        if start_mw <= target_mw < end_mw:  # as for nearly all targets of a year
            share_mw = below_mw + (target_mw - start_mw)
            return ((fleet, min(above_mw, share_mw)),)
        return self._moved_far(target_mw)

    def _moved_far(self, target_mw: float) -> Sequence[FleetShare]:
        position, last = bisect_right(self._starts_mw, target_mw) - 1, self._position
        self._position, self._within = position, _NOWHERE
        changed = dict(self._minimums if last is None else ())
        first = 0 if last is None else max(last, 0)
        changed.update(self._above[first : max(position, 0)])
        changed.update(reversed(self._below[max(position, 0) : first + 1]))
        if 0 <= position < len(self._below):
            start_mw, end_mw = self._starts_mw[position : position + 2]
            (fleet, below_mw), (_, above_mw) = self._below[position], self._above[position]
            self._within = start_mw, end_mw, fleet, below_mw, above_mw
            changed[fleet] = min(below_mw + (target_mw - start_mw), above_mw)
        return sorted(changed.items())
