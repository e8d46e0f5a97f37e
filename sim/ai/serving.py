"""Replicas that serve a demand: how many are up, how full they are, and what waits."""

import math
from collections import deque
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.ai.replicas import MODELS, Gpu, ModelName, ReplicaPower, TokenEnergy, replica_power
from sim.facts import LoadFacts
from sim.spec import NonNegative, Positive, PositiveFraction, Spec
from sim.units import MEGAWATT_IN_WATTS, SECONDS_PER_MINUTE


class Replicas(Spec):
    """Copies of one model that serve the demand; power follows from how many are up and how full they are.

    All replicas in service share the work evenly. A replica is *in service*, *starting*, or *parked*.
    """

    gpus: Annotated[int, Field(ge=1, le=100_000_000)]
    """GPUs of the service; those that make no whole replica are left out."""
    gpu: Gpu = "h100"
    """Kind of GPU: 700 W (``h100``) or 1,000 W (``b200``) each."""
    model: ModelName = "llama-3.1-70b"
    """Model that is served: it sets GPUs of one replica and energy of a token, as measured by ML.ENERGY."""
    gpus_per_replica: Annotated[int, Field(ge=1, le=1024)] | None = None
    """GPUs of one replica; the model's where left out."""
    token_j: Positive | None = None
    """Energy of one output token at a large batch, GPUs alone [J]; the model's where left out."""
    step_j: Positive | None = None
    """Energy of one decoding step, which the batch shares, GPUs alone [J]; the model's where left out."""
    largest_batch_count: Annotated[float, Field(gt=1.0, le=4096.0)] = 128.0
    """Requests that a full replica answers at once. Default: assumption; larger ones answer more slowly."""
    other_power_fraction: Annotated[float, Field(ge=0.0, le=5.0)] = 0.5
    """Power of the rest of the node when loaded, over the GPUs' rated power. Default: 2.8 kW of a node of
    eight H100 that draws at most 8.4 kW (arXiv:2412.08602); for B200 unverified."""
    parking: Literal["resident", "autoscale", "backfill"] = "resident"
    """What becomes of replicas that demand does not need: they stay in service with small batches
    (``resident``), are parked and started again (``autoscale``), or are kept full with other work that can
    wait (``backfill``)."""
    parked_state: Literal["idle", "off"] = "idle"
    """Parked GPUs: powered without a model (0.10 of rated power; the rest of the node at 0.45 of its loaded
    level), or their nodes switched off."""
    target_load_fraction: PositiveFraction = 0.7
    """Load of a replica that autoscaling aims at. Default: assumption."""
    minimum_count: Annotated[int, Field(ge=1, le=100_000_000)] = 1
    """Replicas that autoscaling keeps in service."""
    cold_start_min: Annotated[float, Field(ge=0.0, le=1440.0)] = 10.0
    """Time from the order to start a replica until it serves [min]; it draws the power of a replica without a
    request. Default: middle of 5 to 15 min, unverified."""
    park_delay_min: NonNegative = 5.0
    """Time for which fewer replicas must do before some are parked [min]. Default: the stabilisation window
    of Kubernetes' horizontal autoscaler."""
    patience_s: NonNegative = 60.0
    """Longest that a request waits for a replica; those that would wait longer go unserved [s]. Default:
    assumption."""

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        own = (self.gpus_per_replica, self.token_j, self.step_j)
        if (self.model, self.gpu) not in MODELS and None in own:
            missing = "give gpus_per_replica, token_j and step_j"
            raise ValueError(f"no figures are known for {self.model} on {self.gpu}: {missing}")
        if self.count < 1:
            raise ValueError(
                f"gpus must be at least {self.energy.gpus_per_replica}, those of one replica; got {self.gpus}"
            )
        if self.minimum_count > self.count:
            raise ValueError(f"minimum_count must be at most {self.count}, all replicas; got {self.minimum_count}")
        if not self.power.parking_saves:
            energy = self.energy
            got = f"got token_j {energy.token_j:g} and step_j {energy.step_j:g}"
            raise ValueError(f"step_j must be so large that tokens get cheaper as the batch grows, {got}")
        return self

    @property
    def energy(self) -> TokenEnergy:
        """Energy of a token, and GPUs of one replica."""
        known = MODELS.get((self.model, self.gpu), TokenEnergy(1, 1.0, 1.0))
        return TokenEnergy(
            self.gpus_per_replica or known.gpus_per_replica, self.token_j or known.token_j, self.step_j or known.step_j
        )

    @property
    def count(self) -> int:
        """Replicas that the GPUs make."""
        return self.gpus // self.energy.gpus_per_replica

    @property
    def power(self) -> ReplicaPower:
        """Power of one replica by state and load."""
        return replica_power(self.gpu, self.energy, self.largest_batch_count, self.other_power_fraction)

    @property
    def full_tokens_per_s(self) -> float:
        """Output tokens that all replicas make in a second when full [1/s]."""
        return self.count * self.power.full_tokens_per_s

    @property
    def rated_mw(self) -> float:
        """IT power of all replicas when full [MW]."""
        return self.count * self.power.full_w / MEGAWATT_IN_WATTS


class Service:
    """Replicas in service, starting and parked, and the work that waits for them.

    Work is counted in output tokens. Demand is taken as constant within a step.

    Parameters
    ----------
    replicas
        What serves.
    peak_per_s
        Requests in a second at demand 1 [1/s].
    pue
        Power at the site's meter over IT power.
    """

    trouble_kind = "backlog"
    """What is logged when requests begin to wait."""

    def __init__(self, replicas: Replicas, peak_per_s: float, pue: float) -> None:
        power = replicas.power
        self.count = replicas.count
        self.active_count = self.count
        """Replicas in service."""
        self.trouble = 0.0
        """Time that the replicas in service need for the work that waits [s]."""
        self.tokens = Tokens()
        """What has become of the work so far."""
        self.backlog_tokens = 0.0
        """Work that waits at the end of the last step [tokens]."""
        self._peak_per_s = peak_per_s
        self._mw_per_w = pue / MEGAWATT_IN_WATTS
        self._full_tokens_per_s = power.full_tokens_per_s
        self._busy_w = power.at
        self._full_w = power.full_w
        self._patience_s = replicas.patience_s
        self._backfills = replicas.parking == "backfill"
        self._scaler = Autoscaler(replicas) if replicas.parking == "autoscale" else None

    def step(self, ratio: float, work_tokens: float, step_s: float) -> float:
        """Serve a demand [ratio], each request of some work [tokens], for a step [s]; return power [MW]."""
        requests_per_s = ratio * self._peak_per_s
        tokens_per_s = requests_per_s * work_tokens
        scaler, tokens = self._scaler, self.tokens
        if scaler is not None:
            self.active_count = scaler.step(tokens_per_s + self.backlog_tokens / step_s, step_s)
        active = self.active_count
        came = tokens_per_s * step_s
        todo = came + self.backlog_tokens
        capacity = active * self._full_tokens_per_s * step_s
        if todo > capacity:
            self._queue(todo - capacity, came, capacity / step_s)
            served = capacity
        else:
            self.backlog_tokens = self.trouble = 0.0
            served = todo
        tokens.requests += requests_per_s * step_s
        tokens.offered += came
        tokens.served += served
        tokens.capacity += capacity
        tokens.replica_s += active * step_s
        if self._backfills:
            tokens.backfilled += capacity - served
            return active * self._full_w * self._mw_per_w
        power_w = active * self._busy_w(served / capacity)
        if scaler is not None:
            power_w += scaler.idle_w
        return power_w * self._mw_per_w

    def totals(self, end_s: float) -> LoadFacts:
        """Return the totals of a run of this length [s]."""
        tokens = self.tokens
        offered = tokens.offered or 1.0
        return LoadFacts(
            served_query_count=tokens.requests * tokens.served / offered,
            served_token_count=tokens.served,
            backfill_token_count=tokens.backfilled,
            unserved_fraction=tokens.unserved / offered,
            delayed_fraction=tokens.delayed / offered,
            backlog_peak_s=tokens.longest_wait_s,
            replica_mean_count=tokens.replica_s / end_s,
            utilisation_mean_fraction=tokens.served / tokens.capacity,
        )

    def _queue(self, left_tokens: float, came_tokens: float, capacity_per_s: float) -> None:
        """Let work wait as far as patience goes; the rest goes unserved."""
        tokens = self.tokens
        limit = self._patience_s * capacity_per_s
        if left_tokens > limit:
            tokens.unserved += left_tokens - limit
            came_tokens -= left_tokens - limit
            left_tokens = limit
        self.backlog_tokens = left_tokens
        self.trouble = left_tokens / capacity_per_s
        tokens.delayed += max(0.0, min(left_tokens, came_tokens))
        tokens.longest_wait_s = max(tokens.longest_wait_s, self.trouble)


@dataclass(slots=True)
class Tokens:
    """What has become of the work of a run, in output tokens."""

    requests: float = 0.0
    """Requests that came."""
    offered: float = 0.0
    """Work that came."""
    served: float = 0.0
    """Work done."""
    unserved: float = 0.0
    """Work that would have had to wait too long."""
    delayed: float = 0.0
    """Work not done in the step in which it came."""
    backfilled: float = 0.0
    """Other work, which filled up the batches."""
    capacity: float = 0.0
    """Work that the replicas in service could have done."""
    replica_s: float = 0.0
    """Replicas in service, over time [s]."""
    longest_wait_s: float = 0.0
    """Longest time that work had to wait [s]."""


class Autoscaler:
    """Decides how many replicas are in service: starts them with a delay, parks them after a while.

    Parameters
    ----------
    replicas
        What is scaled.
    """

    def __init__(self, replicas: Replicas) -> None:
        power = replicas.power
        self.idle_w = 0.0
        """IT power of the replicas that start or are parked [W]."""
        self.active_count = 0
        self.starting_count = 0
        self._count = replicas.count
        self._minimum_count = replicas.minimum_count
        self._starting_w = power.resident_w
        self._parked_w = 0.0 if replicas.parked_state == "off" else power.parked_w
        self._target_tokens_per_s = replicas.target_load_fraction * power.full_tokens_per_s
        self._cold_start_s = replicas.cold_start_min * SECONDS_PER_MINUTE
        self._park_delay_s = replicas.park_delay_min * SECONDS_PER_MINUTE
        self._now_s = 0.0
        self._starts: deque[tuple[float, int]] = deque()  # when they serve, how many
        self._most_wanted_count = 0  # since the park delay began
        self._park_s = self._park_delay_s

    def step(self, tokens_per_s: float, step_s: float) -> int:
        """Return the replicas in service for a step [s] that asks for this much work [tokens/s].

        The first step finds the replicas that it asks for in service.
        """
        wanted = math.ceil(tokens_per_s / self._target_tokens_per_s)
        wanted = max(self._minimum_count, min(self._count, wanted))
        now_s = self._now_s
        if now_s == 0.0:
            self.active_count = wanted
        while self._starts and self._starts[0][0] <= now_s:
            self._serve(self._starts.popleft()[1])
        lacking = wanted - self.active_count - self.starting_count
        if lacking > 0:
            self._start(lacking)
        if lacking >= 0:
            self._wait()
        else:
            self._most_wanted_count = max(self._most_wanted_count, wanted)
            if now_s >= self._park_s:
                self.active_count = min(self.active_count, self._most_wanted_count)
                self._wait()
        self._now_s = now_s + step_s
        parked = self._count - self.active_count - self.starting_count
        self.idle_w = self.starting_count * self._starting_w + parked * self._parked_w
        return self.active_count

    def _wait(self) -> None:
        """Begin the park delay anew."""
        self._park_s = self._now_s + self._park_delay_s
        self._most_wanted_count = 0

    def _start(self, count: int) -> None:
        if self._cold_start_s:
            self._starts.append((self._now_s + self._cold_start_s, count))
            self.starting_count += count
        else:
            self.active_count += count

    def _serve(self, count: int) -> None:
        self.starting_count -= count
        self.active_count += count
