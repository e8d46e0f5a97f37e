"""Turns the target that a policy sets for all fleets together into a command for each.

The merit order of all fleets stacks their pieces of power, the one that makes most with a megawatt first.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import reduce
from itertools import accumulate
from math import inf
from operator import add

from sim.mining.fleet import FleetSpec
from sim.mining.running import RunningFleet
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


def merit_order(fleets: Sequence[FleetSpec]) -> list[int]:
    """Return the positions of the fleets, the most efficient first; equal ones as they stand."""
    return sorted(range(len(fleets)), key=lambda position: fleets[position].efficiency_j_per_th)


class Executor:
    """Hands a target to the fleets: what makes most with a megawatt starts first and stops last.

    Each fleet gets its minimum, then what is left of the target goes up one merit order of segments: a
    fleet's first machines at their lowest clock, and each step of the clock above. Every policy passes here,
    so that policies are compared on decisions and not on imaginary hardware.

    Parameters
    ----------
    fleets
        The live fleets, in merit order.
    are_miners
        Whether each makes hashes; left out: all do. Else the order depends on what hashes earn.
    """

    def __init__(self, fleets: Sequence[RunningFleet], are_miners: Sequence[bool] = ()) -> None:
        self._fleets = tuple(fleets)
        self._commanded_mw = [fleet.commanded_mw for fleet in self._fleets]
        self._restless = [n for n, fleet in enumerate(self._fleets) if fleet.commands_itself]
        self._are_miners = tuple(are_miners)
        self._usd_per_ph_h = 0.0
        self._stack = self._stacked()
        self._rebuilt = False

    @property
    def commanded_mw(self) -> float:
        """What the fleets were last told to draw, together [MW]."""
        commanded_mw = self._commanded_mw
        for position in self._restless:
            commanded_mw[position] = self._fleets[position].commanded_mw
        return reduce(add, commanded_mw, 0.0)

    def rebuild(self) -> None:
        """Take in that what the fleets can draw has changed; the next target is followed anew."""
        self._stack = self._stacked()
        self._rebuilt = True

    def supply_all_but(self, off: Sequence[str]) -> None:
        """Open the breakers of fleets by name, and close those of all others; what they can draw changes."""
        for fleet in self._fleets:
            fleet.supply(is_on=fleet.spec.name not in off)
        self.rebuild()

    def pay(self, usd_per_ph_h: float) -> None:
        """Take in what a PH/s earns in an hour [USD], which matters where some fleets are no miners."""
        if len(set(self._are_miners)) > 1 and usd_per_ph_h != self._usd_per_ph_h:
            self._usd_per_ph_h = usd_per_ph_h
            self.rebuild()

    def has_followed(self) -> bool:
        """Whether the last target was followed with what the fleets can draw now."""
        return not self._rebuilt

    def follow(self, target_mw: float) -> None:
        """Command the fleets so that together they come as near to the target as they can [MW]."""
        self._rebuilt = False
        fleets, commanded_mw = self._fleets, self._commanded_mw
        for position, share_mw in self._stack.moved(target_mw):
            fleet = fleets[position]
            fleet.command(share_mw)
            commanded_mw[position] = fleet.commanded_mw

    def _stacked(self) -> Stack:
        fleets = self._fleets
        pieces = [fleet.pieces() for fleet in fleets]
        if len(set(self._are_miners)) > 1:  # hashes and dollars have no order among them but by worth
            paid = [self._usd_per_ph_h if is_miner else 1.0 for is_miner in self._are_miners]
            pieces = [
                [Piece(piece.width_mw, usd * piece.output_per_mw) for piece in own]
                for own, usd in zip(pieces, paid, strict=True)
            ]
        return Stack([fleet.minimum_mw for fleet in fleets], pieces)
