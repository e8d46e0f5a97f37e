"""Turns the target that a policy sets for all fleets together into a command for each."""

from collections.abc import Sequence
from functools import reduce
from operator import add

from sim.mining.fleet import FleetSpec, RunningFleet
from sim.mining.stack import Stack
from sim.mining.worth import Piece


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
