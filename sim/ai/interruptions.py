"""What interrupts a training job, how long it is down, and the spare nodes that shorten it."""

import math
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Annotated, Final, Literal, NamedTuple, Self

from numpy.random import Generator as RandomStream
from pydantic import Field, model_validator

from sim.ai.notice import State
from sim.spec import Fraction, NonNegative, Positive, Spec
from sim.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE

Sigma = Annotated[float, Field(ge=0.0, le=3.0)]
"""Standard deviation of a logarithm; at 3, one value in six is over 20 times the median."""

Minutes = Annotated[float, Field(ge=0.1, le=1e6)]
"""From 6 s to two years [min]; shorter ones are no events of minutes, and would flood a run."""


class JobFailures(Spec):
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


_PRESETS: Final = {"bytedance": (6.0, 0.5), "meta": (10.0, 0.5), "rsc": (15.0, 0.5), "manual": (330.0, 1.0)}
"""Mean [min] and standard deviation of the logarithm of a restart."""


class RestartPhase(NamedTuple):
    """A part of a restart."""

    state: State
    """What the nodes do; one of `sim.ai.catalogue.STATES`."""
    end_fraction: float
    """When it ends, as a share of the restart."""


class Down(NamedTuple):
    """How a restart goes: its length is lognormal, its parts are shares of it."""

    mean_s: float
    """Its mean [s]."""
    sigma: float
    """Standard deviation of its logarithm [1]."""
    known_fraction: float
    """Share of it after which its end is known."""
    phases: tuple[RestartPhase, ...]
    """Its parts, in order."""


class Restarts(Spec):
    """How long an interrupted job is down, from the interruption to full work. Lognormal.

    It hangs until the failure is detected, is down, loads its state and warms up, each for its share of the
    restart.
    """

    preset: Literal["bytedance", "meta", "rsc", "manual"] | None = None
    """Mean and spread by name: ``bytedance`` 6 min (arXiv:2509.16293), ``meta`` 10 min (arXiv:2407.21783),
    ``rsc`` 15 min (arXiv:2410.21680), each of spread 0.5; ``manual`` 330 min of spread 1 (assumption:
    what makes 0.59 of OPT-175B's 56 days effective with some 90 restarts, arXiv:2205.01068)."""
    mean_min: Minutes | None = None
    """Mean time from an interruption to full power [min]. Where left out: the preset's, or 10, the middle of
    the 5 to 20 min of arXiv:2410.21680."""
    sigma: Sigma | None = None
    """Spread: standard deviation of its logarithm. Where left out: the preset's, or 0.5 (assumption)."""
    hang_fraction: Fraction = 0.2
    """Share until the failure is detected, in which GPUs spin on a collective. Default: assumption; 30 s to
    10 min are published (ByteRobust, arXiv:2509.16293). None of it where the interruption is planned."""
    load_fraction: Fraction = 0.3
    """Share in which the job starts and loads its state. Default: assumption; 129.5 s for 405B parameters
    (arXiv:2407.20143), and minutes to start (MegaScale, arXiv:2402.15627)."""
    warm_up_fraction: Fraction = 0.1
    """Share in which it warms up. Default: assumption."""

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        total = self.hang_fraction + self.load_fraction + self.warm_up_fraction
        if total > 1.0:
            raise ValueError(f"hang, load and warm-up must be at most 1 together, got {total:g}")
        return self

    @property
    def mean_s(self) -> float:
        """Mean of the restart [s]."""
        mean_min = _PRESETS[self.preset or "meta"][0] if self.mean_min is None else self.mean_min
        return mean_min * SECONDS_PER_MINUTE

    @property
    def spread(self) -> float:
        """Standard deviation of the restart's logarithm."""
        return _PRESETS[self.preset or "meta"][1] if self.sigma is None else self.sigma

    def phases(self, down_state: State, *, planned: bool) -> tuple[RestartPhase, ...]:
        """Return the parts of a restart that last, in order; a planned one begins with being down."""
        parts: tuple[tuple[State, float], ...] = (
            ("hang", 0.0 if planned else self.hang_fraction),
            (down_state, 1.0 - self.load_fraction - self.warm_up_fraction),
            ("load", 1.0 - self.warm_up_fraction),
            ("warm_up", 1.0),
        )
        before = (0.0, *(end for _, end in parts))
        return tuple(
            RestartPhase(state, end) for (state, end), start in zip(parts, before, strict=False) if end > start
        )


class Spares(Spec):
    """Hot spare nodes: powered and idle, each ready to take the place of a failed node."""

    count: Annotated[int, Field(ge=0, le=1_000_000)]
    """Spare nodes. Operators hold some 5 % (Delta, arXiv:2503.11901)."""
    restart_mean_min: Minutes = 3.0
    """Mean time from a failure to full power where a spare is left [min]. Default: assumption: 30 s to
    detect, as long to start on over 10,000 GPUs, 130 s to load (arXiv:2509.16293, arXiv:2407.20143)."""
    restart_sigma: Sigma = 0.5
    """Spread: standard deviation of its logarithm. Default: assumption."""
    repair_median_h: Positive = 8.0
    """Median time until the failed node is a spare again [h]. Default: unverified."""
    repair_sigma: Sigma = 1.2
    """Spread: standard deviation of its logarithm. Default: unverified."""


@dataclass(eq=False, slots=True)
class Cause:
    """One reason for interruptions, and when it strikes next."""

    kind: str
    """``failure`` or ``planned``."""
    rate_per_s: float
    """How often it strikes in running time [1/s]; 0: never."""
    draws: RandomStream
    """Random stream of its own."""
    next_s: float = math.inf
    """When it strikes next [s]."""

    def draw(self, now_s: float) -> None:
        """Set the next strike."""
        if self.rate_per_s > 0.0:
            self.next_s = now_s + self.draws.standard_exponential() / self.rate_per_s


class SparePool:
    """The spare nodes of a job while it runs.

    Parameters
    ----------
    spares
        Their description; None: there are none.
    draws
        Random stream of repairs.
    """

    def __init__(self, spares: Spares | None, draws: RandomStream) -> None:
        self._spares = spares
        self._draws = draws
        self._ready_s: list[float] = [0.0] * (spares.count if spares else 0)  # a heap

    def take(self, now_s: float) -> bool:
        """Put a spare in the place of a node that failed now; False where none is ready."""
        if self._spares is None or not self._ready_s or self._ready_s[0] > now_s:
            return False
        heappop(self._ready_s)
        repair_s = self._spares.repair_median_h * SECONDS_PER_HOUR
        repair_s *= math.exp(self._spares.repair_sigma * self._draws.standard_normal())
        heappush(self._ready_s, now_s + repair_s)
        return True


def lognormal(mean: float, sigma: float, draws: RandomStream) -> float:
    """Draw from a lognormal distribution of this mean and standard deviation of the logarithm."""
    return mean * math.exp(sigma * draws.standard_normal() - sigma * sigma / 2.0)
