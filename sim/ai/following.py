"""How a service follows its demand in time: update by update, power in a line between them."""

import math
from collections.abc import Generator
from itertools import chain
from typing import Any, Protocol

from simpy import Event

from sim.ai.base import Connection
from sim.ai.demand_path import DemandPath
from sim.facts import LoadFacts


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


class StraightLine:
    """A service whose power is a straight line in demand, up to its capacity.

    Parameters
    ----------
    power_mw
        IT power at demand 1 [MW].
    pue
        Power at the site's meter over IT power.
    idle_fraction
        IT power without demand over that at demand 1.
    capacity_ratio
        Demand that can be served; what is above is turned away.
    peak_per_s
        Requests in a second at demand 1 [1/s]; None: not known.
    """

    trouble_kind = "saturated"
    """What is logged when demand goes above the capacity."""

    def __init__(
        self,
        power_mw: float,
        pue: float,
        idle_fraction: float,
        capacity_ratio: float,
        peak_per_s: float | None,
    ) -> None:
        self.trouble = 0.0
        self._power_mw = power_mw
        self._pue = pue
        self._idle_fraction = idle_fraction
        self._busy_fraction = 1.0 - idle_fraction
        self._capacity_ratio = capacity_ratio
        self._peak_per_s = peak_per_s
        self._offered_s = self._served_s = self._served_tokens = 0.0  # demand over time

    def step(self, ratio: float, work_tokens: float, step_s: float) -> float:
        """Serve a demand for a step; return power, as in DemandServer."""
        served_ratio = ratio
        if ratio > self._capacity_ratio:
            served_ratio = self._capacity_ratio
            self.trouble = ratio
        else:
            self.trouble = 0.0
        served_s = served_ratio * step_s
        self._offered_s += ratio * step_s
        self._served_s += served_s
        self._served_tokens += served_s * work_tokens
        return self._power_mw * (self._idle_fraction + self._busy_fraction * served_ratio) * self._pue

    def totals(self, end_s: float) -> LoadFacts:
        """Return the totals, as in DemandServer."""
        per_s = self._peak_per_s
        return LoadFacts(
            unserved_fraction=1.0 - self._served_s / (self._offered_s or 1.0),
            utilisation_mean_fraction=self._served_s / (self._capacity_ratio * end_s),
            served_query_count=None if per_s is None else self._served_s * per_s,
            served_token_count=None if per_s is None else self._served_tokens * per_s,
        )


def follow(path: DemandPath, server: DemandServer, connection: Connection) -> Generator[Event, Any, None]:
    """Follow a demand until the scenario's end: the process of a service."""
    set_power_mw, timeout, step = connection.set_power_mw, connection.env.timeout, server.step
    interval_s, end_s = path.update_interval_s, connection.span.end_s
    left = math.ceil(end_s / interval_s)
    last_s = end_s - (left - 1) * interval_s  # the end may cut the last update short
    updates = chain.from_iterable(zip(*block, strict=True) for block in path.blocks(left + 1))
    power_mw = step(*next(updates), interval_s if left > 1 else last_s)
    trouble = server.trouble
    for ratio, work_tokens in updates:
        left -= 1
        if left == 0:
            connection.state(server.totals(end_s))  # the step to come lies beyond the end
        next_mw = step(ratio, work_tokens, last_s if left == 1 else interval_s)
        next_trouble = server.trouble
        set_power_mw(power_mw, (next_mw - power_mw) / interval_s)
        yield timeout(interval_s)
        if next_trouble and not trouble:
            connection.log(server.trouble_kind, next_trouble)
        power_mw, trouble = next_mw, next_trouble
