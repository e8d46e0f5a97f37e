"""What a scenario says of a synchronous training job and its checkpoints, and what follows from it."""

import math
from dataclasses import dataclass
from math import inf
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.ai.announcements import Notices
from sim.ai.base import Load
from sim.ai.catalogue import SERVERS, STATES
from sim.ai.checkpointing import async_stall_s, daly_interval_s, interruption_rate_per_s, sync_stall_s
from sim.ai.interlock import Interlock
from sim.ai.interruptions import Down, JobFailures, Minutes, RestartPhase, Restarts, Sigma, Spares
from sim.ai.node_power import state_powers_mw
from sim.ai.notice import State
from sim.ai.power_path import Smoothing
from sim.facts import LoadFacts
from sim.span import Span
from sim.spec import SIZED, Fraction, NonNegative, Positive, Spec, some_of
from sim.units import MEGAWATT_IN_WATTS, SECONDS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_MINUTE


class Checkpoints(Spec):
    """How often the job saves its state, and how long the GPUs wait for it.

    The stall is lognormal. Its median is ``stall_median_s``, or follows from the model's size and the
    storage.
    """

    mode: Literal["sync", "async"] = "async"
    """``sync``: the GPUs wait until all is written to storage. ``async``: they wait for a copy and for each
    other; the write goes on in the background, which does not lower the power, and is safe only once it is
    done."""
    interval_min: Minutes | None = None
    """Running time from the start of one checkpoint to the start of the next [min]. Where left out: 10 min,
    an assumption for a job of the size of Llama 3 405B, whose interval is not published."""
    interval: Literal["young-daly"] | None = None
    """``young-daly``: the interval that wastes the least time, from the job's own stall and failures."""
    phase_min: NonNegative | None = None
    """Start of a checkpoint on the clock [min from the scenario's start], and of all others, whole intervals
    away from it: jobs with phases of their own do not stall together. After a restart the job waits for the
    first of these times that is half an interval away at least (assumption). Where left out, an interval
    counts from when the job computes."""
    stall_median_s: Positive | None = None
    """Median stall of one checkpoint [s]; where left out, from the model's size: see ``mode``."""
    stall_sigma: Sigma | None = None
    """Spread of the stall: standard deviation of its logarithm. Where left out: 1 if ``async``, 0.2 if
    ``sync`` (assumption)."""
    barrier_s: NonNegative = 3.0
    """Time for all ranks to stop and to go on [s]; nearly all of an asynchronous stall. Default: within the
    0.3 to 14 s published for asynchronous checkpoints (0.59 s for 405B parameters: ByteCheckpoint,
    arXiv:2407.20143; 6 to 14 s: PyTorch blog)."""
    writers: Annotated[int, Field(ge=1, le=100_000_000)] | None = None
    """Ranks that write at once in a synchronous checkpoint; where left out, every GPU."""
    writer_gb_per_s: Positive = 10.0
    """Most that one GPU or writer moves out of its memory [GB/s]. Default: unverified."""

    _one_interval = some_of("interval", "interval_min", least=0)

    @property
    def spread(self) -> float:
        """Standard deviation of the stall's logarithm."""
        if self.stall_sigma is not None:
            return self.stall_sigma
        return 1.0 if self.mode == "async" else 0.2


@dataclass(frozen=True, slots=True)
class SavedState:
    """What a job writes, and where to."""

    parameters_billion: float | None
    bytes_per_parameter: float
    storage_gb_per_s: float | None
    gpus: int

    def stall_s(self, checkpoints: Checkpoints) -> float:
        """Return the median stall [s]."""
        if checkpoints.stall_median_s is not None:
            return checkpoints.stall_median_s
        if checkpoints.mode == "async":
            return async_stall_s(
                self.parameters_billion or 0.0,
                self.bytes_per_parameter,
                self.gpus,
                checkpoints.writer_gb_per_s,
                checkpoints.barrier_s,
            )
        if self.parameters_billion is None or self.storage_gb_per_s is None:
            raise ValueError("checkpoint: mode sync needs parameters_billion and storage_gb_per_s, or stall_median_s")
        writers_gb_per_s = (checkpoints.writers or self.gpus) * checkpoints.writer_gb_per_s
        rate_gb_per_s = min(self.storage_gb_per_s, writers_gb_per_s)
        return sync_stall_s(self.parameters_billion, self.bytes_per_parameter, rate_gb_per_s, checkpoints.barrier_s)

    def background_s(self, checkpoints: Checkpoints) -> float:
        """Return how long the state is written after the stall [s]; 0 where the storage is not given."""
        if checkpoints.mode == "sync" or self.parameters_billion is None or self.storage_gb_per_s is None:
            return 0.0
        return self.parameters_billion * self.bytes_per_parameter / self.storage_gb_per_s

    def interval_s(self, checkpoints: Checkpoints, failures_per_s: float) -> float:
        """Return the time from one checkpoint to the next [s]."""
        if checkpoints.interval is None:
            return (10.0 if checkpoints.interval_min is None else checkpoints.interval_min) * SECONDS_PER_MINUTE
        if failures_per_s == 0.0:
            raise ValueError("checkpoint: interval young-daly needs failures above 0")
        mean_stall_s = self.stall_s(checkpoints) * math.exp(checkpoints.spread**2 / 2.0)
        return daly_interval_s(mean_stall_s, 1.0 / failures_per_s)


class Iterations(Spec):
    """The steps of a job, within seconds; a run draws their mean power."""

    period_s: Positive = 5.0
    """Time of one iteration [s]. Default: within the 1 to 10 s of arXiv:2606.22096; 0.3 to 30 s are seen
    (arXiv:2508.14318)."""
    duty_fraction: Fraction = 0.8
    """Share of an iteration in which GPUs compute; in the rest they wait for each other. Default:
    assumption."""
    jitter_fraction: Annotated[float, Field(ge=0.0, le=0.2)] = 0.015
    """Standard deviation of an iteration's time over its mean. Default: assumption."""


class TrainingSpec(Load):
    """Fields of a training job."""

    type: Literal["training"]
    """Kind of load."""
    gpus: Annotated[int, Field(ge=1, le=100_000_000)]
    """GPUs of the job."""
    gpu: Literal["h100-hgx", "a100-server", "gb200-nvl72"] = "h100-hgx"
    """Servers that the GPUs stand in; they say what a node draws in each state. ``h100-hgx``: 8 GPUs of 700
    W, ``a100-server``: 8 of 400 W, ``gb200-nvl72``: trays of 4 of 1,200 W, 18 in a rack of 132 kW."""
    gpus_per_node: Annotated[int, Field(ge=1, le=1_000)] | None = None
    """GPUs in one node; the node is what fails. Where left out, as the catalogue says."""
    power_mw: Positive | None = None
    """IT power while computing [MW], mean over iterations, before smoothing. Where left out, it follows from
    ``gpu`` and ``gpus``; where given, all states are scaled to it."""
    pue: Annotated[float, Field(ge=1.0, le=10.0)] = 1.25
    """Power at the site's meter over IT power, at every load. Default: assumption."""
    iteration: Iterations = Iterations()
    """Iterations of the job."""
    parameters_billion: Positive | None = None
    """Parameters of the model [1e9]; with the storage they say how long a checkpoint takes."""
    bytes_per_parameter: Annotated[float, Field(gt=0.0, le=1000.0), SIZED] = 14.0
    """State saved for each parameter [B]. Default: Adam in mixed precision (2 for the weight, 4 for its fp32
    copy, 8 for the moments); 9 to 16 in published runs."""
    storage_gb_per_s: Positive | None = None
    """Rate at which the storage takes the state [GB/s]. 2,000 for Llama 3 (arXiv:2407.21783)."""
    checkpoint: Checkpoints = Checkpoints()
    """Checkpoints of the job."""
    first_checkpoint_min: Minutes | None = None
    """Start of the first checkpoint [min from when the job computes]; one interval where left out."""
    failures: JobFailures = JobFailures()
    """Interruptions of the job."""
    restart: Restarts = Restarts()
    """Restarts of the job."""
    spares: Spares | None = None
    """Hot spare nodes; they draw power as nodes without a job. Where left out: none."""
    snap_back_s: Annotated[float, Field(ge=0.0, le=3600.0)] = 2.0
    """Time in which 95 % of a rise of power is done, where nothing smooths it [s]. Default: unverified; 0.5 to
    5 s."""
    fall_s: Annotated[float, Field(ge=0.0, le=3600.0)] = 0.0
    """Time in which 95 % of a fall of power is done, where nothing smooths it [s]. Default: at once, which is the
    steepest (assumption). A node of eight H100 falls within a second, over which its driver averages
    (measured); the nodes of a large job, which do not finish together, take longer: up to 5 s, unverified."""
    smoothing: Smoothing | None = None
    """Power smoothing by the GPUs. Where left out: none."""
    notice: Notices | None = None
    """What the tenant announces. Where left out: nothing."""
    stated_mw: Positive | None = None
    """Most power at the site's meter that the tenant states [MW]. Where left out: the highest it draws."""
    interlock: Interlock | None = None
    """Whether its resumes wait for the miners to go. Where left out: they do not."""
    return_limit_w_per_s: Positive | None = None
    """Fastest rise of power for each GPU [W/s]; the computing that a slow return costs is counted. Where left
    out: power is back within ``snap_back_s``."""
    start_h: NonNegative = 0.0
    """When the job starts [h from the scenario's start]: it loads, warms up and computes. At 0 it has been
    computing before the run began."""
    length_h: Positive | None = None
    """Time after which the job ends [h from its start]; where left out, it goes on."""
    work_h: Positive | None = None
    """Useful computing after which the job ends [h]; what is lost is not counted. Where left out, it goes
    on."""
    absent_power_fraction: Fraction = 0.0
    """IT power before the job's start and after its end, over computing. Default: none, for other jobs take
    its nodes; 0.25 where they stand idle (computed)."""
    stall_power_fraction: Fraction | None = None
    """IT power in a checkpoint's stall over computing. Where left out, as the catalogue says: 0.5."""
    down_power_fraction: Fraction | None = None
    """IT power in a restart over computing, from the interruption to full work. Where left out, as the
    catalogue says: 0.6 hanging, 0.25 to 0.3 down, 0.45 loading, 0.7 warming up."""

    @model_validator(mode="after")
    def _leaves_time_to_compute(self) -> Self:
        stall_s, interval_s = self.stall_median_s, self.interval_s
        if stall_s >= interval_s:
            must = f"must be below the interval of {interval_s:g} s"
            raise ValueError(f"checkpoint: stall_median_s {must}, got {stall_s:g} s")
        return self

    _asks_at_the_meter = some_of("interlock", "hall", least=0)

    @model_validator(mode="after")
    def _one_first_checkpoint(self) -> Self:
        phase_min, first_min = self.checkpoint.phase_min, self.first_checkpoint_min
        if phase_min is not None and first_min is not None:
            raise ValueError(
                "give first_checkpoint_min or checkpoint.phase_min, not both; got "
                f"{first_min:g} min and {phase_min:g} min"
            )
        return self

    @property
    def nodes(self) -> float:
        """Nodes of the job, each of which fails on its own."""
        return self.gpus / (self.gpus_per_node or SERVERS[self.gpu].gpus_per_node)

    @property
    def failure_rate_per_s(self) -> float:
        """Failures in a second of running [1/s], planned interruptions not counted."""
        return interruption_rate_per_s(self.nodes, self.failures.per_node_day, self.failures.per_job_hour)

    @property
    def saved_state(self) -> SavedState:
        """What a checkpoint writes."""
        return SavedState(self.parameters_billion, self.bytes_per_parameter, self.storage_gb_per_s, self.gpus)

    @property
    def stall_median_s(self) -> float:
        """Median stall of a checkpoint [s]."""
        return self.saved_state.stall_s(self.checkpoint)

    @property
    def interval_s(self) -> float:
        """Time from the start of one checkpoint to the start of the next [s]."""
        return self.saved_state.interval_s(self.checkpoint, self.failure_rate_per_s)

    @property
    def floor_fraction(self) -> float:
        """Power floor of smoothing, over what GPUs draw at most [1]; 0 without."""
        return self.smoothing.floor_fraction if self.smoothing else 0.0

    @property
    def iteration_facts(self) -> LoadFacts:
        """What is known of its iterations."""
        levels_mw = state_powers_mw(SERVERS[self.gpu], 1.0, 0.0, self.floor_fraction)
        return LoadFacts(
            iteration_period_s=self.iteration.period_s,
            iteration_duty_fraction=self.iteration.duty_fraction,
            iteration_jitter_fraction=self.iteration.jitter_fraction,
            iteration_low_fraction=levels_mw["communicate"] / levels_mw["compute"],
        )

    def levels_mw(self, floor_fraction: float = 0.0) -> dict[str, float]:
        """Return the power at the site's meter by state [MW], spare nodes included."""
        server = SERVERS[self.gpu]
        nodes = self.gpus / server.gpus_per_node
        pause_fraction = 1.0 - self.iteration.duty_fraction
        powers_mw = state_powers_mw(server, nodes, pause_fraction, floor_fraction, self.power_mw)
        computing_mw = state_powers_mw(server, nodes, pause_fraction, 0.0, self.power_mw)["compute"]
        if self.stall_power_fraction is not None:
            powers_mw["stall"] = self.stall_power_fraction * computing_mw
        if self.down_power_fraction is not None:
            powers_mw |= dict.fromkeys(
                ("hang", "down_context", "down_cold", "load", "warm_up"), self.down_power_fraction * computing_mw
            )
        idle_mw = self.spares.count / self.nodes * powers_mw["down_cold"] if self.spares else 0.0
        return {state: (powers_mw[state] + idle_mw) * self.pue for state in STATES}

    def most_mw(self, span: Span) -> float:  # noqa: ARG002  # as in Load
        """Return the most that the tenant states to draw at the site's meter [MW]."""
        return max(self.levels_mw(self.floor_fraction).values()) if self.stated_mw is None else self.stated_mw

    @property
    def rise_mw_per_s(self) -> float:
        """Fastest that it rises at the site's meter [MW/s]; infinity: within its snap-back."""
        by_gpus = inf if self.smoothing is None else self.smoothing.ramp_up_w_per_s
        return min(by_gpus * self.gpus * self.pue / MEGAWATT_IN_WATTS, self.return_mw_per_s)

    @property
    def return_mw_per_s(self) -> float:
        """Limit on the return of its power at the site's meter [MW/s]; infinity: none."""
        limit = inf if self.return_limit_w_per_s is None else self.return_limit_w_per_s
        return limit * self.gpus * self.pue / MEGAWATT_IN_WATTS

    @property
    def starts_s(self) -> float:
        """When the job starts [s]."""
        return self.start_h * SECONDS_PER_HOUR

    @property
    def latest_end_s(self) -> float:
        """When the job ends at the latest [s]; infinity: never."""
        return inf if self.length_h is None else self.starts_s + self.length_h * SECONDS_PER_HOUR

    @property
    def work_s(self) -> float:
        """Useful computing after which the job ends [s]; infinity: never."""
        return inf if self.work_h is None else self.work_h * SECONDS_PER_HOUR

    @property
    def first_checkpoint_s(self) -> float:
        """Start of the first checkpoint [s from when the job computes]."""
        first_min = self.first_checkpoint_min
        return self.interval_s if first_min is None else first_min * SECONDS_PER_MINUTE

    @property
    def planned_per_s(self) -> float:
        """Planned interruptions in a second of running [1/s]."""
        return self.failures.planned_per_day / SECONDS_PER_DAY

    def down(self, *, planned: bool = False) -> Down:
        """Return how a restart goes after a failure without a spare node, or after a planned interruption."""
        known_fraction = 0.0 if planned else self.restart.hang_fraction
        phases = self._phases("down_cold", planned=planned)
        return Down(self.restart.mean_s, self.restart.spread, known_fraction, phases)

    def down_with_spare(self) -> Down:
        """Return how a restart goes in which a spare takes the failed node's place."""
        spares = self.spares or Spares(count=0)
        mean_s = spares.restart_mean_min * SECONDS_PER_MINUTE
        phases = self._phases("down_context", planned=False)
        return Down(mean_s, spares.restart_sigma, self.restart.hang_fraction, phases)

    def _phases(self, state: State, *, planned: bool) -> tuple[RestartPhase, ...]:
        """Return the parts of a restart; one alone where the scenario gives all the same power."""
        if self.down_power_fraction is not None:
            return (RestartPhase(state, 1.0),)
        return self.restart.phases(state, planned=planned)
