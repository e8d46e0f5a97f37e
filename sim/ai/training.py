"""A synchronous training job: it computes, stalls at checkpoints, is interrupted and restarts."""

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from numpy.random import Generator as RandomStream
from pydantic import Field, model_validator
from simpy import Event

from sim.ai.base import At, Connection, Load
from sim.ai.checkpointing import interruption_rate_per_s
from sim.spec import Fraction, NonNegative, Positive, Spec
from sim.units import SECONDS_PER_DAY, SECONDS_PER_MINUTE

Sigma = Annotated[float, Field(ge=0.0, le=3.0)]
"""Standard deviation of a logarithm; at 3, one value in six is over 20 times the median."""


Minutes = Annotated[float, Field(ge=0.1, le=1e6)]
"""From 6 s to two years [min]; shorter ones are no events of minutes, and would flood a run."""


class Checkpoints(Spec):
    """How often the job saves its state, and how long the GPUs wait for it.

    The defaults stand for asynchronous saving; ``sim.ai.checkpointing.sync_stall_s`` gives the stall of a
    synchronous one.
    """

    interval_min: Minutes = 10.0
    """Running time from the start of one checkpoint to the start of the next [min]. Default: assumption, for
    a job of the size of Llama 3 405B, whose interval is not published."""
    stall_median_s: Positive = 3.0
    """Median stall of one checkpoint [s]. Default: within the 0.3 to 14 s published for asynchronous
    checkpoints (0.59 s for 405B parameters: ByteCheckpoint, arXiv:2407.20143; 6 to 14 s: PyTorch blog)."""
    stall_sigma: Sigma = 1.0
    """Spread of the stall: standard deviation of its logarithm. Default: assumption."""

    @model_validator(mode="after")
    def _leaves_time_to_compute(self) -> Self:
        interval_s = self.interval_min * SECONDS_PER_MINUTE
        if self.stall_median_s >= interval_s:
            got = f"got {self.stall_median_s:g} s"
            raise ValueError(f"stall_median_s must be below the interval of {interval_s:g} s, {got}")
        return self


class Failures(Spec):
    """How often the job is interrupted, at constant rates, counted in running time."""

    per_node_day: NonNegative = 4.2e-3
    """Failures for each node and day [1/d]. Default: 466 interruptions of 2,048 nodes in 54 days, planned
    ones among them (Llama 3, arXiv:2407.21783); counted in calendar days, so some 6 % low for days of
    running. 2.3e-3 to 6.5e-3 in Meta's research clusters (arXiv:2410.21680)."""
    per_job_hour: NonNegative = 0.0
    """Failures that do not depend on size, such as software faults [1/h]. Default: none, for the rate above
    counts all interruptions."""
    planned_per_day: NonNegative = 0.0
    """Planned interruptions [1/d], taken once the state is saved. Default: none, for the rate above counts
    them; Llama 3 had 47 in 54 days: 0.87."""


class Restarts(Spec):
    """How long an interrupted job is down: detect, diagnose, replace, load. Lognormal."""

    mean_min: Minutes = 10.0
    """Mean time from an interruption to full power [min]. Default: middle of the 5 to 20 min of
    arXiv:2410.21680."""
    sigma: Sigma = 0.5
    """Spread: standard deviation of its logarithm. Default: assumption."""


class TrainingLoad(Load):
    """One synchronous training job on all its GPUs.

    It computes at full power; at each checkpoint its power falls for seconds; a failure takes it down for
    minutes. Lost work is done again at full power: it costs time, it is no dip. Steps within a second,
    iterations and ramps are left out: power jumps.
    """

    type: Literal["training"]
    """Kind of load."""
    gpus: Annotated[int, Field(ge=1, le=100_000_000)]
    """GPUs of the job."""
    gpus_per_node: Annotated[int, Field(ge=1, le=1_000)] = 8
    """GPUs in one node; the node is what fails."""
    power_mw: Positive
    """IT power while computing [MW]."""
    pue: Annotated[float, Field(ge=1.0, le=10.0)] = 1.25
    """Power at the site's meter over IT power, at every load. Default: assumption."""
    checkpoint: Checkpoints = Checkpoints()
    """Checkpoints of the job."""
    first_checkpoint_min: Minutes | None = None
    """Start of the first checkpoint [min from the scenario's start]; one interval where left out."""
    failures: Failures = Failures()
    """Interruptions of the job."""
    restart: Restarts = Restarts()
    """Restarts of the job."""
    stall_power_fraction: Fraction = 0.5
    """IT power in a checkpoint's stall over ``power_mw``. Default: GPUs at 0.25 of their rated power instead
    of 0.9, the rest of the node at 0.85 of its loaded level; computed, partly unverified."""
    down_power_fraction: Fraction = 0.25
    """IT power while down over ``power_mw``. Default: GPUs idle at 0.10 to 0.17 of their rated power
    (arXiv:2604.07345), the rest of the node at 0.45 of its loaded level; computed, partly unverified."""

    @property
    def failure_rate_per_s(self) -> float:
        """Failures in a second of running [1/s], planned interruptions not counted."""
        nodes = self.gpus / self.gpus_per_node
        return interruption_rate_per_s(nodes, self.failures.per_node_day, self.failures.per_job_hour)

    @property
    def first_checkpoint_s(self) -> float:
        """Start of the first checkpoint [s]."""
        first_min = self.first_checkpoint_min or self.checkpoint.interval_min
        return first_min * SECONDS_PER_MINUTE

    def process(self, connection: Connection) -> Generator[Event, Any, None]:
        """Run the job for ever.

        Logs ``checkpoint`` with its stall [s], ``failure`` and ``planned`` with the work lost [s of
        computing], and ``restart`` with the time down [s], each at its start.
        """
        return _Job(self, connection).run()


@dataclass(slots=True)
class _Cause:
    """One reason for interruptions, and when it strikes next."""

    kind: str
    rate_per_s: float
    draws: RandomStream
    next_s: float = math.inf

    def draw(self, now_s: float) -> None:
        """Set the next strike; a rate of 0 never strikes."""
        if self.rate_per_s > 0.0:
            self.next_s = now_s + self.draws.standard_exponential() / self.rate_per_s


class _Job:
    """A training job while it runs; one draw for each event keeps the streams apart."""

    def __init__(self, load: TrainingLoad, connection: Connection) -> None:
        self._load = load
        self._env = connection.env
        self._log = connection.log
        self._set_power_mw = connection.set_power_mw
        self._stalls = connection.stream("checkpoints")
        self._restarts = connection.stream("restarts")
        self._interval_s = load.checkpoint.interval_min * SECONDS_PER_MINUTE
        planned_per_s = load.failures.planned_per_day / SECONDS_PER_DAY
        self._causes = (
            _Cause("failure", load.failure_rate_per_s, connection.stream("failures")),
            _Cause("planned", planned_per_s, connection.stream("planned")),
        )
        self._computing_since_s = self._env.now  # start of the work that no checkpoint has saved yet
        self._next_checkpoint_s = self._env.now + load.first_checkpoint_s

    def run(self) -> Generator[Event, Any, None]:
        """Compute until the next checkpoint or interruption, for ever."""
        for cause in self._causes:
            cause.draw(self._env.now)
        self._draw_power(1.0)
        while True:
            cause = self._next_cause()
            if cause.next_s <= self._next_checkpoint_s:
                yield self._wait_until(cause.next_s)
                yield from self._go_down(cause, unsaved_s=self._env.now - self._computing_since_s)
            else:
                yield self._wait_until(self._next_checkpoint_s)
                yield from self._save()

    def _save(self) -> Generator[Event, Any, None]:
        """Stall for a checkpoint; an interruption within it leaves the state unsaved."""
        start_s, stall_s = self._env.now, self._draw_stall_s()
        self._next_checkpoint_s = start_s + max(self._interval_s, stall_s)
        self._log("checkpoint", stall_s)
        self._draw_power(self._load.stall_power_fraction)
        cause = self._next_cause()
        if cause.next_s < start_s + stall_s:
            yield self._wait_until(cause.next_s)
            yield from self._go_down(cause, unsaved_s=start_s - self._computing_since_s)
        else:
            yield self._env.timeout(stall_s)
            self._compute()

    def _go_down(self, cause: _Cause, unsaved_s: float) -> Generator[Event, Any, None]:
        """Be down for a restart; failures count running time, so the next ones move on by as much."""
        down_s = self._draw_down_s()
        self._log(cause.kind, 0.0 if cause.kind == "planned" else unsaved_s)
        self._log("restart", down_s)
        self._draw_power(self._load.down_power_fraction)
        cause.draw(self._env.now)
        for each in self._causes:
            each.next_s += down_s
        yield self._env.timeout(down_s)
        self._next_checkpoint_s = self._env.now + self._interval_s
        self._compute()

    def _compute(self) -> None:
        self._computing_since_s = self._env.now
        self._draw_power(1.0)

    def _next_cause(self) -> _Cause:
        return min(self._causes, key=lambda cause: cause.next_s)

    def _wait_until(self, time_s: float) -> Event:
        return At(self._env, time_s)

    def _draw_power(self, fraction: float) -> None:
        self._set_power_mw(self._load.power_mw * fraction * self._load.pue)

    def _draw_stall_s(self) -> float:
        checkpoint = self._load.checkpoint
        return checkpoint.stall_median_s * math.exp(checkpoint.stall_sigma * self._stalls.standard_normal())

    def _draw_down_s(self) -> float:
        sigma = self._load.restart.sigma
        mean_s = self._load.restart.mean_min * SECONDS_PER_MINUTE
        return mean_s * math.exp(sigma * self._restarts.standard_normal() - sigma * sigma / 2.0)
