"""What the site draws from now on, as far as it is known."""

from collections.abc import Sequence
from math import inf
from typing import Protocol

from sim.engine.bus import Bus
from sim.grid.line import Line, together


class Planned(Protocol):
    """A live fleet, as one who looks ahead sees it."""

    @property
    def known_until_s(self) -> float:
        """Up to when its plan stands, unless it is told otherwise [s]."""

    def ahead(self, now_s: float) -> Sequence[tuple[float, float, float]]:
        """Return its power from now on: time [s], value [MW], slope [MW/s]."""


class SitePower:
    """AI and fleets together, exact: loads state their power in lines, fleets know their ramps ahead.

    What it returns holds until the next instant in which something changes.

    Parameters
    ----------
    bus
        What AI draws from.
    fleets
        The live fleets.
    """

    def __init__(self, bus: Bus, fleets: Sequence[Planned]) -> None:
        self._bus = bus
        self._fleets = tuple(fleets)

    def ahead(self, now_s: float) -> list[Line]:
        """Return the site's power from now on, as lines [MW]."""
        ai = [Line(now_s, *self._bus.power(now_s))]
        fleets = [[Line(*point) for point in fleet.ahead(now_s)] for fleet in self._fleets]
        return together(now_s, [ai, *fleets])

    @property
    def known_until_s(self) -> float:
        """When an order arrives that changes it without a word from outside [s]; infinity: none is under way.

        To be read after `ahead`.
        """
        return min((fleet.known_until_s for fleet in self._fleets), default=inf)
