"""How a service follows its demand in time: update by update, power in a line between them."""

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import accumulate, chain, repeat
from typing import Any, NamedTuple, Protocol

import numpy as np
from simpy import Event

from sim.ai.base import Connection
from sim.ai.demand_path import DemandPath
from sim.clock import At
from sim.facts import LoadFacts
from sim.signals import Signal


class DemandServer(Protocol):
    """Turns demand into power."""

    trouble_kind: str
    """What is logged when trouble begins."""
    trouble: float
    """How much demand is too much at present; 0 where it is not."""

    def step(self, ratio: float, work_tokens: float, step_s: float) -> float:
        """Serve a demand [ratio], each request of some work [tokens], for a step [s]; return power [MW]."""

    def totals(self, end_s: float) -> LoadFacts:
        """Return the totals of a run of this length [s]."""


@dataclass(eq=False)
class StraightLine:
    """A service whose power is a straight line in demand, up to its capacity."""

    power_mw: float
    """IT power at demand 1 [MW]."""
    pue: float
    """Power at the site's meter over IT power."""
    idle_fraction: float
    """IT power without demand over that at demand 1."""
    capacity_ratio: float
    """Demand that can be served; what is above is turned away."""
    peak_per_s: float | None
    """Requests in a second at demand 1 [1/s]; None: not known."""
    trouble_kind = "saturated"  # what is logged when demand goes above the capacity

    def __post_init__(self) -> None:
        """Begin with nothing done yet."""
        self.trouble = 0.0
        self._busy_fraction = 1.0 - self.idle_fraction
        self._offered_s = self._served_s = self._served_tokens = 0.0  # demand over time

    def step(self, ratio: float, work_tokens: float, step_s: float) -> float:
        """Serve a demand for a step; return power, as in DemandServer."""
        served_ratio = min(ratio, self.capacity_ratio)
        self.trouble = ratio if ratio > self.capacity_ratio else 0.0
        served_s = served_ratio * step_s
        self._offered_s += ratio * step_s
        self._served_s += served_s
        self._served_tokens += served_s * work_tokens
        return self.power_mw * (self.idle_fraction + self._busy_fraction * served_ratio) * self.pue

    def totals(self, end_s: float) -> LoadFacts:
        """Return the totals, as in DemandServer."""
        per_s = self.peak_per_s
        return LoadFacts(
            unserved_fraction=1.0 - self._served_s / (self._offered_s or 1.0),
            utilisation_mean_fraction=self._served_s / (self.capacity_ratio * end_s),
            served_query_count=None if per_s is None else self._served_s * per_s,
            served_token_count=None if per_s is None else self._served_tokens * per_s,
        )


def follow(path: DemandPath, server: DemandServer, connection: Connection) -> Generator[Event, Any, None]:
    """Follow a demand until the scenario's end: the process of a service.

    Nothing on the site can change what it draws: it serves a block of updates at a time, states the power of
    all of them, and wakes when trouble begins, and for the next block.
    """
    env, interval_s, end_s = connection.env, path.update_interval_s, connection.span.end_s
    count = math.ceil(end_s / interval_s)
    time_s, powers_mw, done = env.now, [], 0
    for served in _served(path, server, count, end_s):
        powers_mw += served.powers_mw
        times_s = list(accumulate(repeat(interval_s, len(powers_mw) - 1), initial=time_s))
        line_mw = np.array(powers_mw)
        slopes_mw_per_s = np.diff(line_mw) / interval_s
        connection.draw(Signal.from_breakpoints(times_s[:-1], line_mw[:-1], slopes_mw_per_s, times_s[-1]))
        for number, trouble in served.begun:
            yield At(env, times_s[number - done])
            connection.log(server.trouble_kind, trouble)
        if served.totals is not None:
            yield At(env, times_s[-2])
            connection.state(served.totals)
            return
        yield At(env, times_s[-1])
        time_s, powers_mw, done = times_s[-1], powers_mw[-1:], done + len(powers_mw) - 1


class Served(NamedTuple):
    """What has become of a block of updates."""

    powers_mw: list[float]
    """Power from each on, on its way to that of the next [MW]."""
    begun: list[tuple[int, float]]
    """Number of each update with which trouble begins, and how much is too much."""
    totals: LoadFacts | None
    """The totals of the run, where it ends in this block."""


def _served(path: DemandPath, server: DemandServer, count: int, end_s: float) -> Iterator[Served]:
    """Serve the updates of a run, and the one after it, to which its last power leads."""
    step, interval_s = server.step, path.update_interval_s
    last_s = end_s - (count - 1) * interval_s  # the end may cut the last update short
    updates = zip(range(count + 1), chain(repeat(interval_s, count - 1), (last_s, interval_s)), strict=True)
    trouble = math.inf  # that with which the run begins is no news
    for ratios, works in path.blocks(count + 1):
        powers_mw, begun, totals = [], [], None
        for ratio, work_tokens, (number, step_s) in zip(ratios, works, updates, strict=False):
            if number == count:
                totals = server.totals(end_s)
            powers_mw.append(step(ratio, work_tokens, step_s))
            if server.trouble and not trouble and number < count:
                begun.append((number, server.trouble))
            trouble = server.trouble
        yield Served(powers_mw, begun, totals)
