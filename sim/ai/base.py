"""What every AI load shares: its name, and the connection through which it draws power."""

from abc import abstractmethod
from collections.abc import Callable, Generator
from dataclasses import dataclass
from math import inf
from typing import Any, ClassVar, Protocol, Self

from numpy.random import Generator as RandomStream
from simpy import Environment, Event

from sim.ai.interlock import AskLeave
from sim.ai.notice import Notice, State
from sim.facts import LoadFacts
from sim.signals import FloatArray, Signal
from sim.span import Span
from sim.spec import Name, Spec


class SetPower(Protocol):
    """States the power that a load draws from now on."""

    def __call__(self, power_mw: float, slope_mw_per_s: float = 0.0) -> None:
        """Draw ``power_mw`` [MW] now, changing by ``slope_mw_per_s`` [MW/s] until told otherwise."""


def _to_nobody(*_: object) -> None:
    """Take what nobody listens to."""


def _no_calendar(time_s: FloatArray, time_zone: str) -> FloatArray:
    """Refuse: a load that lives by local time needs a connection with a calendar."""
    raise LookupError(f"this connection has no calendar for {time_zone} at {time_s[:1]} s")


@dataclass(frozen=True, slots=True)
class Connection:
    """All that a load is given: a clock, a way to state its power, a log, its random streams, its files."""

    env: Environment
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

    drifts: ClassVar[bool] = False
    """Whether its power drifts with demand, and never jumps."""

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
