"""Replicas that serve a demand: how many are up, how full they are, and what waits."""

import math
from collections import deque
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.ai.replicas import MODELS, Gpu, ModelName, ReplicaPower, TokenEnergy, replica_power
from sim.spec import Fraction, NonNegative, Positive, Spec
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
    """Power of the rest of the node when loaded, over the GPUs' rated power. Default: 2.8 kW of a node of eight
    H100 that draws at most 8.4 kW (arXiv:2412.08602); for B200 unverified."""
    parking: Literal["resident", "autoscale", "backfill"] = "resident"
    """What becomes of replicas that demand does not need: they stay in service with small batches
    (``resident``), are parked and started again (``autoscale``), or are kept full with other work that can
    wait (``backfill``)."""
    parked_state: Literal["idle", "off"] = "idle"
    """Parked GPUs: powered without a model (0.10 of rated power; the rest of the node at 0.45 of its loaded
    level), or their nodes switched off."""
    target_load_fraction: Annotated[float, Field(gt=0.0, le=1.0)] = 0.7
    """Load of a replica that autoscaling aims at. Default: assumption."""
    minimum_count: Annotated[int, Field(ge=1, le=100_000_000)] = 1
    """Replicas that autoscaling keeps in service."""
    cold_start_min: Annotated[float, Field(ge=0.0, le=1440.0)] = 10.0
    """Time from the order to start a replica until it serves [min]; it draws the power of a replica without a
    request. Default: middle of 5 to 15 min, unverified."""
    park_delay_min: NonNegative = 5.0
    """Time for which fewer replicas must do before some are parked [min]. Default: the stabilisation window of
    Kubernetes' horizontal autoscaler."""
    patience_s: NonNegative = 60.0
    """Longest that a request waits for a replica; those that would wait longer go unserved [s]. Default:
    assumption."""

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        own = (self.gpus_per_replica, self.token_j, self.step_j)
        if (self.model, self.gpu) not in MODELS and None in own:
            raise ValueError(f"no figures for {self.model} on {self.gpu}: give gpus_per_replica, token_j, step_j")
        if self.count < 1:
            raise ValueError(f"gpus must be at least {self.energy.gpus_per_replica}, one replica's; got {self.gpus}")
        if self.minimum_count > self.count:
            raise ValueError(f"minimum_count must be at most {self.count}, all replicas; got {self.minimum_count}")
        if not self.power.parking_saves:
            raise ValueError("step_j is too small: energy of a token must fall as the batch grows")
        return self

    @property
    def energy(self) -> TokenEnergy:
        """Energy of a token, and GPUs of one replica."""
        known = MODELS.get((self.model, self.gpu), TokenEnergy(1, 0.0, 0.0))
        return TokenEnergy(
            self.gpus_per_replica or known.gpus_per_replica,
            self.token_j or known.token_j,
            self.step_j or known.step_j,
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
    first_tokens_per_s
        Demand at the start [1/s]; autoscaling begins with the replicas it asks for.
    """

    def __init__(self, replicas: Replicas, first_tokens_per_s: float) -> None:
        power = replicas.power
        self.count = replicas.count
        self.backlog_tokens = 0.0
        """Work that waits at the end of the last step [tokens]."""
        self.offered_tokens = self.served_tokens = self.unserved_tokens = 0.0
        self.delayed_tokens = self.backfill_tokens = 0.0
        """Work not served in the step in which it came; work that filled up the batches [tokens]."""
        self.replica_seconds = self.capacity_tokens = self.longest_wait_s = 0.0
        """Replicas in service, over time [s]; what they could have served [tokens]; longest wait [s]."""
        self._full_tokens_per_s = power.full_tokens_per_s
        self._busy_w = power.at
        self._full_w = power.full_w
        self._starting_w = power.resident_w
        self._parked_w = 0.0 if replicas.parked_state == "off" else power.parked_w
        self._patience_s = replicas.patience_s
        self._autoscales = replicas.parking == "autoscale"
        self._backfills = replicas.parking == "backfill"
        self._minimum_count = replicas.minimum_count
        self._target_tokens_per_s = replicas.target_load_fraction * power.full_tokens_per_s
        self._cold_start_s = replicas.cold_start_min * SECONDS_PER_MINUTE
        self._park_delay_s = replicas.park_delay_min * SECONDS_PER_MINUTE
        self._now_s = 0.0
        self._starts: deque[tuple[float, int]] = deque()  # when they serve, how many
        self._starting_count = 0
        self.active_count = self._wanted(first_tokens_per_s) if self._autoscales else self.count
        """Replicas in service."""
        self._most_wanted_count = self.active_count  # since the park delay began
        self._park_s = self._park_delay_s

    def step(self, tokens_per_s: float, step_s: float) -> float:
        """Serve a demand [tokens/s] for a step [s]; return the IT power [W]."""
        came = tokens_per_s * step_s
        if self._autoscales:
            self._scale(tokens_per_s + self.backlog_tokens / step_s)
        active = self.active_count
        capacity_per_s = active * self._full_tokens_per_s
        capacity = capacity_per_s * step_s
        todo = came + self.backlog_tokens
        served = todo
        if todo > capacity:
            served = capacity
            self._queue(todo - capacity, came, capacity_per_s)
        else:
            self.backlog_tokens = 0.0
        self._now_s += step_s
        self.offered_tokens += came
        self.served_tokens += served
        self.capacity_tokens += capacity
        self.replica_seconds += active * step_s
        if self._backfills:
            self.backfill_tokens += capacity - served
            return active * self._full_w
        power_w = active * self._busy_w(served / capacity)
        if self._autoscales:
            starting = self._starting_count
            power_w += starting * self._starting_w + (self.count - active - starting) * self._parked_w
        return power_w

    @property
    def backlog_s(self) -> float:
        """Time that the replicas in service need for the work that waits [s]."""
        return self.backlog_tokens / (self.active_count * self._full_tokens_per_s)

    def _queue(self, left_tokens: float, came_tokens: float, capacity_per_s: float) -> None:
        """Let work wait as far as patience goes; the rest goes unserved."""
        limit = self._patience_s * capacity_per_s
        if left_tokens > limit:
            self.unserved_tokens += left_tokens - limit
            came_tokens -= left_tokens - limit
            left_tokens = limit
        self.backlog_tokens = left_tokens
        self.delayed_tokens += max(0.0, min(left_tokens, came_tokens))
        self.longest_wait_s = max(self.longest_wait_s, left_tokens / capacity_per_s)

    def _wanted(self, tokens_per_s: float) -> int:
        """Return the replicas that autoscaling asks for."""
        wanted = math.ceil(tokens_per_s / self._target_tokens_per_s)
        return max(self._minimum_count, min(self.count, wanted))

    def _scale(self, tokens_per_s: float) -> None:
        """Bring started replicas into service; start what lacks, park what has not been needed for a while."""
        now_s = self._now_s
        while self._starts and self._starts[0][0] <= now_s:
            started = self._starts.popleft()[1]
            self._starting_count -= started
            self.active_count += started
        wanted = self._wanted(tokens_per_s)
        lacking = wanted - self.active_count - self._starting_count
        self._most_wanted_count = max(self._most_wanted_count, wanted)
        if lacking >= 0:
            self._park_s = now_s + self._park_delay_s
            self._most_wanted_count = wanted
            if lacking:
                self._start(lacking, now_s)
        elif now_s >= self._park_s:
            self.active_count -= min(self.active_count, max(0, self.active_count - self._most_wanted_count))
            self._park_s = now_s + self._park_delay_s
            self._most_wanted_count = wanted

    def _start(self, count: int, now_s: float) -> None:
        if self._cold_start_s:
            self._starts.append((now_s + self._cold_start_s, count))
            self._starting_count += count
        else:
            self.active_count += count
