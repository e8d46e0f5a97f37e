"""What every AI load shares: its name, and the connection through which it draws power."""

from abc import abstractmethod
from collections.abc import Callable, Generator
from dataclasses import dataclass
from heapq import heappush
from typing import Any, Protocol

from numpy.random import Generator as RandomStream
from simpy import Environment, Event
from simpy.events import NORMAL

from sim.signals import FloatArray
from sim.spec import Name, Spec
from sim.tables import Files


class At(Event):
    """An event at an absolute time; a wait from now on may miss it by a rounding error.

    What happens at one time in two files is then one instant.

    Parameters
    ----------
    env
        The clock.
    time_s
        When it happens [s]; at once where that has passed.
    """

    def __init__(self, env: Environment, time_s: float) -> None:
        super().__init__(env)
        self._ok = True
        self._value = None
        # Environment.schedule takes a delay alone
        heappush(env._queue, (max(time_s, env.now), NORMAL, next(env._eid), self))  # noqa: SLF001


class SetPower(Protocol):
    """States the power that a load draws from now on."""

    def __call__(self, power_mw: float, slope_mw_per_s: float = 0.0) -> None:
        """Draw ``power_mw`` [MW] now, changing by ``slope_mw_per_s`` [MW/s] until told otherwise."""


def _forget(name: str, value: float) -> None:
    """Record nothing."""


def _no_calendar(time_s: FloatArray, time_zone: str) -> FloatArray:
    """Refuse: a load that lives by local time needs a connection with a calendar."""
    raise NotImplementedError(f"no calendar for {time_zone}")


@dataclass(frozen=True, slots=True)
class Connection:
    """All that a load is given: a clock, a way to state its power, a log, its random streams, its files."""

    env: Environment
    set_power_mw: SetPower
    log: Callable[[str, float], None]
    """Records that something happened now: its kind, and a number that goes with it."""
    stream: Callable[[str], RandomStream]
    """Returns the load's random stream of a name, ``"failures"``."""
    files: Files
    start_utc_s: float
    """The scenario's start [s since 1970-01-01T00:00Z]."""
    end_s: float
    """The scenario's end [s]."""
    constant: Callable[[str, float], None] = _forget
    """Records a number of the whole run, such as a count; said twice, the last word counts."""
    hour_of_week: Callable[[FloatArray, str], FloatArray] = _no_calendar
    """Returns the hour of the week [h], from Monday 00:00, that the clocks of a time zone show at some times
    [s from the scenario's start]."""


class Load(Spec):
    """Base of every load's description."""

    name: Name
    """Name of the load; stands in signals and metrics."""
    type: str
    """Kind of load; each kind names its own."""

    def check(self, files: Files, start_utc_s: float, end_s: float) -> None:
        """Read what the load needs from files; raise InputError where it will not do.

        Loads without files have nothing to check.
        """

    @abstractmethod
    def process(self, connection: Connection) -> Generator[Event, Any, None]:
        """Return the SimPy process that draws this load's power."""
