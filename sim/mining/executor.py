"""Turns the target that a policy sets for all fleets together into a command for each."""

from collections.abc import Sequence

from sim.mining.fleet import AggregateFleet, LiveFleet


def merit_order(fleets: Sequence[AggregateFleet]) -> list[int]:
    """Return the positions of the fleets, the most efficient first; equal ones as they stand."""
    return sorted(range(len(fleets)), key=lambda position: fleets[position].efficiency_j_per_th)


class Executor:
    """Hands a target to the fleets: the most efficient mine first, the least efficient stop first.

    Each fleet gets its minimum, then what is left of the target goes down the merit order. Every policy
    passes here, so that policies are compared on decisions and not on imaginary hardware.

    Parameters
    ----------
    fleets
        The live fleets, in merit order.
    """

    def __init__(self, fleets: Sequence[LiveFleet]) -> None:
        self._fleets = tuple(fleets)
        self._minimum_mw = sum(fleet.spec.minimum_mw for fleet in fleets)
        self.commanded_mw = self._minimum_mw
        """What the fleets were last told to draw, together [MW]."""

    def follow(self, target_mw: float) -> None:
        """Command the fleets so that together they come as near to the target as they can [MW]."""
        spare_mw = target_mw - self._minimum_mw
        commanded_mw = 0.0
        for fleet in self._fleets:
            minimum_mw = fleet.minimum_mw
            share_mw = minimum_mw
            if spare_mw > 0.0:
                share_mw = min(minimum_mw + spare_mw, fleet.rated_mw)
                spare_mw -= share_mw - minimum_mw
            commanded_mw += share_mw
            fleet.command(share_mw)
        self.commanded_mw = commanded_mw
