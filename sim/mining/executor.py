"""Turns the target that a policy sets for all fleets together into a command for each."""

from collections.abc import Sequence
from typing import Protocol

from sim.mining.stack import Segment, Stack


class _Efficient(Protocol):
    @property
    def efficiency_j_per_th(self) -> float: ...


class Commanded(Protocol):
    """A live fleet, as the executor sees it."""

    @property
    def minimum_mw(self) -> float:
        """Power it draws at the least, now [MW]."""

    @property
    def commanded_mw(self) -> float:
        """What it was last told to draw; its minimum before that [MW]."""

    def segments(self) -> Sequence[Segment]:
        """Return what it can draw above its minimum, now, from below."""

    def command(self, power_mw: float) -> None:
        """Tell it to go to a power in its range [MW]."""


def merit_order(fleets: Sequence[_Efficient]) -> list[int]:
    """Return the positions of the fleets, the most efficient first; equal ones as they stand."""
    return sorted(range(len(fleets)), key=lambda position: fleets[position].efficiency_j_per_th)


class Executor:
    """Hands a target to the fleets: what mines most with a megawatt starts first and stops last.

    Each fleet gets its minimum, then what is left of the target goes up one merit order of segments: a
    fleet's first machines at their lowest clock, and each step of the clock above. Every policy passes here,
    so that policies are compared on decisions and not on imaginary hardware.

    Parameters
    ----------
    fleets
        The live fleets, in merit order.
    """

    def __init__(self, fleets: Sequence[Commanded]) -> None:
        self._fleets = tuple(fleets)
        self._stack = self._stacked()
        self._rebuilt = False

    @property
    def commanded_mw(self) -> float:
        """What the fleets were last told to draw, together [MW]."""
        commanded_mw = 0.0
        for fleet in self._fleets:
            commanded_mw += fleet.commanded_mw
        return commanded_mw

    def rebuild(self) -> None:
        """Take in that what the fleets can draw has changed; the next target is followed anew."""
        self._stack = self._stacked()
        self._rebuilt = True

    def has_followed(self) -> bool:
        """Whether the last target was followed with what the fleets can draw now."""
        return not self._rebuilt

    def follow(self, target_mw: float) -> None:
        """Command the fleets so that together they come as near to the target as they can [MW]."""
        self._rebuilt = False
        for fleet, share_mw in zip(self._fleets, self._stack.shares_mw(target_mw), strict=True):
            fleet.command(share_mw)

    def _stacked(self) -> Stack:
        fleets = self._fleets
        return Stack([fleet.minimum_mw for fleet in fleets], [fleet.segments() for fleet in fleets])
