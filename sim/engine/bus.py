"""Where AI loads connect: each has a port, the bus adds them up; with the fleets it is site power."""

from collections.abc import Sequence
from math import inf
from typing import Protocol

from sim.clock import Clock
from sim.grid.line import Line, together
from sim.recording import Track
from sim.signals import Signal


class Metered(Protocol):
    """Whatever draws power and can tell what it drew; a track of recorded power is one."""

    def power_between(self, from_s: float, to_s: float) -> Signal:
        """Return the power drawn from one time [s] to a later one, at most now [MW]."""


class Port:
    """One load's connection: takes the power it states, and records it.

    Parameters
    ----------
    clock
        Told that there is something to read.
    track
        Where the power is recorded [MW].
    """

    __slots__ = ("_clock", "_record", "power_mw", "since_s", "slope_mw_per_s")

    def __init__(self, clock: Clock, track: Track) -> None:
        self._clock = clock
        self._record = track.set
        self.power_mw = 0.0
        self.slope_mw_per_s = 0.0
        self.since_s = 0.0

    def set_power_mw(self, power_mw: float, slope_mw_per_s: float = 0.0) -> None:
        """Draw ``power_mw`` [MW] from now on, changing by ``slope_mw_per_s`` [MW/s]."""
        clock = self._clock
        now_s = clock.now
        self.power_mw = power_mw
        self.slope_mw_per_s = slope_mw_per_s
        self.since_s = now_s
        self._record(now_s, power_mw, slope_mw_per_s)
        clock.unread = True


class Bus:
    """Adds up what the loads draw; afresh each time, in the order in which they were connected."""

    def __init__(self) -> None:
        self._ports: list[Port] = []

    def connect(self, clock: Clock, track: Track) -> Port:
        """Return a new port."""
        port = Port(clock, track)
        self._ports.append(port)
        return port

    def power(self, now_s: float) -> tuple[float, float]:
        """Return the power of all loads now [MW], and its slope [MW/s]."""
        power_mw = 0.0
        slope_mw_per_s = 0.0
        for port in self._ports:
            power_mw += port.power_mw
            slope = port.slope_mw_per_s
            if slope:
                power_mw += slope * (now_s - port.since_s)
                slope_mw_per_s += slope
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
