"""The merit order of all fleets together: pieces of power, the one that mines most with a megawatt first."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple


class Segment(NamedTuple):
    """A piece of a fleet's power range in which another megawatt mines alike."""

    width_mw: float
    """Power of the piece [MW]."""
    energy_j_per_th: float
    """Energy that another terahash takes there [J/TH]."""


def rising(segments: Sequence[Segment]) -> list[Segment]:
    """Return the segments of a fleet with those merged that would come before a worse one below them.

    A fleet's range is filled from below, so that a better piece behind a worse one can only be had with it:
    both become one piece at their common energy per hash.

    Examples
    --------
    >>> rising([Segment(10.0, 20.0), Segment(20.0, 10.0), Segment(5.0, 30.0)])
    [Segment(width_mw=30.0, energy_j_per_th=12.0), Segment(width_mw=5.0, energy_j_per_th=30.0)]
    """
    merged: list[Segment] = []
    for segment in segments:
        piece = segment
        while merged and piece.energy_j_per_th < merged[-1].energy_j_per_th:
            below = merged.pop()
            hashes = piece.width_mw / piece.energy_j_per_th + below.width_mw / below.energy_j_per_th
            width_mw = piece.width_mw + below.width_mw
            piece = Segment(width_mw, width_mw / hashes)
        merged.append(piece)
    return merged


class Stack:
    """Shares a target among fleets: each its minimum, the rest up the merit order.

    Every knot of the shares over the target is laid out beforehand: one search finds them.

    Parameters
    ----------
    minimums_mw
        Power that each fleet draws whatever the target [MW].
    segments
        What each fleet can draw above, from below, with energy per hash never falling.
    """

    def __init__(self, minimums_mw: Sequence[float], segments: Sequence[Sequence[Segment]]) -> None:
        pieces = [
            (piece, fleet) for fleet, own in enumerate(segments) for piece in own if piece.width_mw > 0.0
        ]
        pieces.sort(key=lambda piece: piece[0].energy_j_per_th)  # stable: a fleet's own stay in order
        self._fleets = [fleet for _, fleet in pieces]
        self._starts_mw = list(accumulate((piece.width_mw for piece, _ in pieces), initial=sum(minimums_mw)))
        shares = list(minimums_mw)
        self._shares = [tuple(shares)]
        for piece, fleet in pieces:
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
