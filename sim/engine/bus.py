"""Where AI loads connect: each has a port, the bus adds them up; with the fleets it is site power."""

from collections.abc import Iterable, Sequence
from math import inf
from typing import Final, Protocol

from sim.ai.base import Bank, Inlet, Outlet
from sim.clock import Clock
from sim.grid.line import Line, together
from sim.recording import Track
from sim.signals import Signal, total

BANK_SIZE: Final = 16
"""Loads that are added up together: a change among hundreds costs the sum of so many, and one of banks."""


class Metered(Protocol):
    """Whatever draws power and can tell what it drew; a track of recorded power is one."""

    def power_between(self, from_s: float, to_s: float) -> Signal:
        """Return the power drawn from one time [s] to a later one, at most now [MW]."""


def drawn_mw(parts: Iterable[Metered], from_s: float, to_s: float) -> Signal:
    """Return what some draw together between two times in the past [MW]."""
    return total([*(part.power_between(from_s, to_s) for part in parts), Signal.constant(0.0, to_s, from_s)])


class Busbar(Protocol):
    """Where loads connect: the site's own bus, or that of loads that run ahead."""

    clock: Clock
    """The clock that its loads live by."""

    def connect(self, track: Track) -> Outlet:
        """Return a new terminal, whose power is recorded on a track [MW]."""


class Bus:
    """Adds up what the loads draw, bank by bank, each afresh and in the order in which they were connected.

    Parameters
    ----------
    clock
        The clock.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._banks: list[Bank] = []

    def connect(self, track: Track) -> Inlet:
        """Return a new port."""
        if not self._banks or len(self._banks[-1].inlets) == BANK_SIZE:
            self._banks.append(Bank(self.clock, self.clock.ask_to_read))
        return self._banks[-1].inlet(track)

    def power(self, now_s: float) -> tuple[float, float]:
        """Return the power of all loads now [MW], and its slope [MW/s]."""
        power_mw = slope_mw_per_s = 0.0
        for bank in self._banks:
            bank_mw, bank_slope = bank.power(now_s)
            power_mw += bank_mw
            slope_mw_per_s += bank_slope
        return power_mw, slope_mw_per_s


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
