"""How a figure is measured: beside a bare SimPy loop, in turn, in processor time of one process."""

import gc
import resource
import time
from collections.abc import Callable, Generator
from statistics import median
from typing import Any, NamedTuple

from simpy import Environment, Event

BARE_EVENTS = 100_000
ROUNDS = 5


class Figure(NamedTuple):
    """One number of a benchmark, as often as it was measured."""

    name: str
    unit: str
    values: tuple[float, ...]
    aim: str = ""
    """What is wanted of it, in words."""

    @property
    def median(self) -> float:
        """The middle one of its values."""
        return median(self.values)

    def as_json(self) -> dict[str, object]:
        """Return it as `make bench ARGS=--json` prints it."""
        spread = {"lowest": min(self.values), "highest": max(self.values), "count": len(self.values)}
        return {"name": self.name, "unit": self.unit, "median": self.median, **spread, "aim": self.aim}


def bare_timeouts() -> None:
    """Let a bare SimPy process wait 100,000 times: the unit that all else is measured in."""

    def loop(env: Environment) -> Generator[Event, Any, None]:
        while True:
            yield env.timeout(1.0)

    env = Environment()
    env.process(loop(env))
    env.run(until=BARE_EVENTS)


def cpu_s(action: Callable[[], Any]) -> float:
    """Return the processor time that something takes in this process [s], the garbage swept before."""
    gc.collect()
    started = time.process_time()
    action()
    return time.process_time() - started


def in_turn(first: Callable[[], Any], second: Callable[[], Any], rounds: int = ROUNDS) -> list[tuple[float, float]]:
    """Return the processor times of two things, one after the other in each round [s].

    A machine that others use becomes slower and faster within seconds: only what ran side by side compares.
    """
    return [(cpu_s(first), cpu_s(second)) for _ in range(rounds)]


def in_timeouts(action: Callable[[], Any], rounds: int = ROUNDS) -> tuple[float, ...]:
    """Return what something costs, in waits of a bare SimPy process, in each round."""
    return tuple(action_s / (bare_s / BARE_EVENTS) for bare_s, action_s in in_turn(bare_timeouts, action, rounds))


def peak_mib() -> float:
    """Return the peak memory of this process [MiB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
