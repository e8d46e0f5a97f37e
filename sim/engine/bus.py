"""Where AI loads connect: each has a port, the bus adds them up; with the fleets it is site power."""

from collections.abc import Sequence
from math import inf
from typing import Final, Protocol

import numpy as np

from sim.ai.base import SetPower
from sim.clock import Clock
from sim.grid.line import Line, together
from sim.recording import Track
from sim.signals import Signal

BANK_SIZE: Final = 16
"""Loads that are added up together: a change among hundreds costs the sum of so many, and one of banks."""


class Metered(Protocol):
    """Whatever draws power and can tell what it drew; a track of recorded power is one."""

    def power_between(self, from_s: float, to_s: float) -> Signal:
        """Return the power drawn from one time [s] to a later one, at most now [MW]."""


class Terminal(Protocol):
    """Where one load draws its power."""

    def set_power_mw(self, power_mw: float, slope_mw_per_s: float = 0.0) -> None:
        """Draw ``power_mw`` [MW] from now on, changing by ``slope_mw_per_s`` [MW/s]."""

    def draw(self, power_mw: Signal) -> None:
        """Draw power that is known beforehand [MW], from now on."""


class Busbar(Protocol):
    """Where loads connect: the site's own bus, or that of loads that run ahead."""

    clock: Clock
    """The clock that its loads live by."""

    def connect(self, track: Track) -> Terminal:
        """Return a new terminal, whose power is recorded on a track [MW]."""


class Port:
    """One load's terminal on the site's bus.

    Parameters
    ----------
    clock
        Told that there is something to read.
    bank
        The bank that it is of.
    track
        Where the power is recorded [MW].
    """

    __slots__ = ("_bank", "_clock", "_record", "power_mw", "since_s", "slope_mw_per_s")

    def __init__(self, clock: Clock, bank: "Bank", track: Track) -> None:
        self._clock = clock
        self._bank = bank
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
        self._bank.is_stale = True
        clock.unread = True

    def draw(self, power_mw: Signal) -> None:
        """Draw power that is known beforehand [MW], from now on."""
        draw_in_turn(self._clock, self.set_power_mw, power_mw)


def draw_in_turn(clock: Clock, set_power_mw: SetPower, power_mw: Signal) -> None:
    """State power that is known beforehand [MW]: the first now, each other one at its time."""
    rows = np.column_stack((power_mw.value, power_mw.slope_per_s))
    set_power_mw(*rows[0].tolist())
    clock.feed(power_mw.time_s[1:], rows[1:], lambda row: set_power_mw(*row))


class Bank:
    """Some of the ports of a bus: their sum stands until one of them changes."""

    __slots__ = ("_moves", "_power", "is_stale", "ports")

    def __init__(self) -> None:
        self.ports: list[Port] = []
        self.is_stale = False
        """Whether a port was stated since the ports were added up."""
        self._moves = False
        self._power = 0.0, 0.0

    def power(self, now_s: float) -> tuple[float, float]:
        """Return the power of its loads now [MW], and its slope [MW/s]."""
        if self.is_stale or self._moves:
            self.is_stale = False
            self._moves = False
            power_mw = slope_mw_per_s = 0.0
            for port in self.ports:
                power_mw += port.power_mw
                slope = port.slope_mw_per_s
                if slope:
                    self._moves = True
                    power_mw += slope * (now_s - port.since_s)
                    slope_mw_per_s += slope
            self._power = power_mw, slope_mw_per_s
        return self._power


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

    def connect(self, track: Track) -> Port:
        """Return a new port."""
        if not self._banks or len(self._banks[-1].ports) == BANK_SIZE:
            self._banks.append(Bank())
        bank = self._banks[-1]
        port = Port(self.clock, bank, track)
        bank.ports.append(port)
        return port

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
