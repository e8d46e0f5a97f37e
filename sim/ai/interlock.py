"""A tenant that asks before its power comes back: it waits for the miners to go, at most for a while."""

from collections.abc import Callable, Generator
from typing import Any, Final, Protocol

from simpy import Environment, Event

from sim.spec import NonNegative, Positive, Spec

POLL_S: Final = 0.25
"""How often a job that waits asks again [s]."""


class Interlock(Spec):
    """A resume waits for the fleets to release its power, at most for some seconds; then it goes on."""

    release_s: Positive = 8.0
    """Longest wait for the release [s]. Default: 3 s of latency, 1 s of interval, 48 MW at 12 MW/s;
    assumption."""
    stalls_from_s: NonNegative = 60.0
    """Stalls of a checkpoint that are shorter do not wait [s]: the site leaves them their power throughout. A
    wait at the end of each short stall costs a job some percent of its time."""


class Leave(Protocol):
    """A request for power."""

    def is_granted(self) -> bool:
        """Return whether the site has the power free now, for all that have leave together."""

    def close(self) -> None:
        """Tell that power rises from now on, with leave or without."""


def wait_for(
    leave: Leave, release_s: float, env: Environment, wait: Callable[[float], Generator[Event, Any, None]]
) -> Generator[Event, Any, float]:
    """Wait until leave is granted, at most for some time; return how long it took [s].

    Parameters
    ----------
    leave
        The request.
    release_s
        Longest wait [s].
    env
        The clock.
    wait
        How the job waits until a time [s].
    """
    asked_s = float(env.now)
    while not leave.is_granted() and env.now < asked_s + release_s:
        yield from wait(min(env.now + POLL_S, asked_s + release_s))
    leave.close()
    return float(env.now) - asked_s


AskLeave = Callable[[float, float], Leave]
"""Asks for leave to rise to a level [MW] within a time [s]."""
