"""The merit order of all fleets together: pieces of power, the one that makes most with a megawatt first."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from sim.mining.worth import Piece


class Stack:
    """Shares a target among fleets: each its minimum, the rest up the merit order.

    Every knot of the shares over the target is laid out beforehand: one search finds them.

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
        self._fleets = [fleet for _, fleet in order]
        self._starts_mw = list(accumulate((piece.width_mw for piece, _ in order), initial=sum(minimums_mw)))
        shares = list(minimums_mw)
        self._shares = [tuple(shares)]
        for piece, fleet in order:
            shares[fleet] += piece.width_mw
            self._shares.append(tuple(shares))

    def shares_mw(self, target_mw: float) -> Sequence[float]:
        """Return each fleet's share of a target [MW]; the target is cut to what the fleets can draw."""
        position = bisect_right(self._starts_mw, target_mw) - 1
        if position < 0:
            return self._shares[0]
        if position >= len(self._fleets):
            return self._shares[-1]
        fleet = self._fleets[position]
        shares = list(self._shares[position])
        share_mw = shares[fleet] + (target_mw - self._starts_mw[position])
        shares[fleet] = min(share_mw, self._shares[position + 1][fleet])
        return shares
