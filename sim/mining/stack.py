"""The merit order of all fleets together: pieces of power, the one that makes most with a megawatt first."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from sim.mining.worth import Piece

FleetShare = tuple[int, float]
"""A fleet, and its share [MW]."""


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

    def shares_mw(self, target_mw: float) -> Sequence[float]:
        """Return each fleet's share of a target [MW]; the target is cut to what the fleets can draw."""
        self._position = None
        return [share_mw for _, share_mw in self.moved(target_mw)]

    def moved(self, target_mw: float) -> Sequence[FleetShare]:
        """Return the fleets whose share may have changed since the last target, in order, each with its own.

        The first time these are all fleets.
        """
        position = bisect_right(self._starts_mw, target_mw) - 1
        last = self._position
        if position == last and 0 <= position < len(self._below):
            return (self._partial(position, target_mw),)
        self._position = position
        changed = dict(self._minimums if last is None else ())
        first = 0 if last is None else max(last, 0)
        changed.update(self._above[first : max(position, 0)])
        changed.update(reversed(self._below[max(position, 0) : first + 1]))
        if 0 <= position < len(self._below):
            changed.update((self._partial(position, target_mw),))
        return sorted(changed.items())

    def _partial(self, position: int, target_mw: float) -> FleetShare:
        """Return the fleet whose piece a target ends in, and its share [MW]."""
        fleet, below_mw = self._below[position]
        return fleet, min(below_mw + (target_mw - self._starts_mw[position]), self._above[position][1])
