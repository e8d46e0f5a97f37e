"""What every AI load shares: its name, and the connection through which it draws power."""

from abc import abstractmethod
from collections.abc import Callable, Generator
from dataclasses import dataclass
from math import inf
from typing import Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np
from numpy.random import Generator as RandomStream
from simpy import Event

from sim.ai.flexibility import Flexibility
from sim.ai.interlock import AskLeave
from sim.ai.notice import Notice, State
from sim.clock import Clock
from sim.facts import LoadFacts
from sim.recording import Track
from sim.signals import FloatArray, Signal
from sim.span import Span
from sim.spec import UNSAID, Name, Spec


class SetPower(Protocol):
    """States the power that a load draws from now on."""

    def __call__(self, power_mw: float, slope_mw_per_s: float = 0.0) -> None:
        """Draw ``power_mw`` [MW] now, changing by ``slope_mw_per_s`` [MW/s] until told otherwise."""


class StatedPower(NamedTuple):
    """A power from some time on, until it is stated anew."""

    since_s: float
    mw: float
    mw_per_s: float = 0.0

    def at(self, time_s: float) -> float:
        """Return it at a time [MW]."""
        return self.mw + self.mw_per_s * (time_s - self.since_s)


class Outlet:
    """Where a load states its power: to the bus, to its hall, or to what stands before them."""

    __slots__ = ()
    _clock: Clock

    @abstractmethod
    def set_power_mw(self, power_mw: float, slope_mw_per_s: float = 0.0) -> None:
        """Need this power [MW] from now on, changing by ``slope_mw_per_s`` [MW/s]."""

    def draw(self, power_mw: Signal) -> None:
        """State power that is known beforehand [MW]: the first now, each other one at its time."""
        rows = np.column_stack((power_mw.value, power_mw.slope_per_s))
        self.set_power_mw(*rows[0].tolist())
        self._clock.feed(power_mw.time_s[1:], rows[1:], lambda row: self.set_power_mw(*row))


class Inlet(Outlet):
    """Where one load states its power, to the bus or to its hall.

    Parameters
    ----------
    bank
        With which others it is added up.
    track
        Where the power is recorded [MW].
    """

    __slots__ = ("_bank", "_clock", "_record", "power_mw", "since_s", "slope_mw_per_s")

    def __init__(self, bank: "Bank", track: Track) -> None:
        self._bank, self._clock, self._record = bank, bank.clock, track.set
        self.power_mw = self.slope_mw_per_s = self.since_s = 0.0

    def set_power_mw(self, power_mw: float, slope_mw_per_s: float = 0.0) -> None:
        """Draw this power [MW] from now on, changing by ``slope_mw_per_s`` [MW/s]."""
        now_s = self._clock.now
        self.power_mw = power_mw
        self.slope_mw_per_s = slope_mw_per_s
        self.since_s = now_s
        self._record(now_s, power_mw, slope_mw_per_s)
        self._bank.is_stale = True
        self._bank.changed()


class Bank:
    """Some loads that are added up together: their sum stands until one of them changes.

    Parameters
    ----------
    clock
        The clock.
    changed
        Told that one of them has changed.
    """

    __slots__ = ("_moves", "_power", "changed", "clock", "inlets", "is_stale")

    def __init__(self, clock: Clock, changed: Callable[[], None]) -> None:
        self.clock, self.changed = clock, changed
        self.inlets: list[Inlet] = []
        self.is_stale = self._moves = False
        self._power = 0.0, 0.0

    def inlet(self, track: Track) -> Inlet:
        """Return where a new load states its power, recorded on a track [MW]."""
        self.inlets.append(Inlet(self, track))
        return self.inlets[-1]

    def power(self, now_s: float) -> tuple[float, float]:
        """Return the power of its loads now [MW], and its slope [MW/s]."""
        if self.is_stale or self._moves:
            self.is_stale = self._moves = False
            power_mw = slope_mw_per_s = 0.0
            for inlet in self.inlets:
                power_mw += inlet.power_mw
                slope = inlet.slope_mw_per_s
                if slope:
                    self._moves = True
                    power_mw += slope * (now_s - inlet.since_s)
                    slope_mw_per_s += slope
            self._power = power_mw, slope_mw_per_s
        return self._power


def _to_nobody(*_: object) -> None:
    """Take what nobody listens to."""


def _no_calendar(time_s: FloatArray, time_zone: str) -> FloatArray:
    """Refuse: a load that lives by local time needs a connection with a calendar."""
    raise LookupError(f"this connection has no calendar for {time_zone} at {time_s[:1]} s")


@dataclass(frozen=True, slots=True)
class Connection:
    """All that a load is given: a clock, a way to state its power, a log, its random streams, its files."""

    env: Clock
    set_power_mw: SetPower
    log: Callable[[str, float], None]
    """Records that something happened now: its kind, and a number that goes with it."""
    stream: Callable[[str], RandomStream]
    """Returns the load's random stream of a name, ``"failures"``."""
    span: Span
    """The run, with the files that it may read."""
    draw: Callable[[Signal], None]
    """States power that is known beforehand [MW], from now on."""
    announce: Callable[[Notice], None] = _to_nobody
    """Tells the site what is to come."""
    state: Callable[[LoadFacts], None] = _to_nobody
    """Records what the load knows of itself; the last word counts."""
    tell_state: Callable[[State, float], None] = _to_nobody
    """Tells the site what state the load is in, and the most that it draws in it without a word [MW]."""
    ask_leave: AskLeave | None = None
    """Asks the site for leave to rise; None: it grants all."""
    undone_mws: Callable[[], float] = float
    """Returns the energy that would have done the work left undone so far because power was capped [MW s]."""
    hour_of_week: Callable[[FloatArray, str], FloatArray] = _no_calendar
    """Returns the hour of the week [h], from Monday 00:00, that the clocks of a time zone show at some times
    [s from the scenario's start]."""


class Load(Spec):
    """Base of every load's description."""

    name: Name
    """Name of the load; stands in signals and metrics."""
    type: str
    """Kind of load; each kind names its own."""
    hall: Name | None = None
    """Hall that the load stands in: it then states IT power, a replayed one too, and the hall's losses and
    cooling take the place of ``pue``."""

    flexibility: Flexibility | None = UNSAID
    """How it gives way where an order on the site, or a lowered limit, is more than miners and battery meet;
    left out: not at all."""

    drifts: ClassVar[bool] = False
    """Whether its power drifts with demand, and never jumps."""
    from_outside: ClassVar[bool] = False
    """Whether it draws what comes from outside the run, as it goes on."""

    @property
    def rise_mw_per_s(self) -> float:
        """Fastest that it rises at the site's meter [MW/s]; infinity: at once."""
        return inf

    def most_mw(self, span: Span) -> float:  # noqa: ARG002  # some read their files
        """Return the most that it states to draw at the site's meter [MW]; infinity: it states nothing."""
        return inf

    def check(self, span: Span) -> None:
        """Read what the load needs from files; raise InputError where it will not do.

        Loads without files have nothing to check.
        """

    def in_hall(self) -> Self:
        """Return the load as it runs in a hall: it states IT power, whatever its ``pue``."""
        return self.model_copy(update={"pue": 1.0}) if "pue" in type(self).model_fields else self

    @abstractmethod
    def process(self, connection: Connection) -> Generator[Event, Any, None]:
        """Return the SimPy process that draws this load's power."""
