"""How a training job saves its state: what it writes, how often, and how long the GPUs wait."""

import math
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.ai.checkpointing import async_stall_s, daly_interval_s, sync_stall_s
from sim.ai.interruptions import Minutes, Sigma
from sim.spec import NonNegative, Positive, Spec
from sim.units import SECONDS_PER_MINUTE


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

    @model_validator(mode="after")
    def _one_interval(self) -> Self:
        if self.interval is not None and self.interval_min is not None:
            raise ValueError(
                f"give interval or interval_min, not both; got {self.interval} and {self.interval_min:g}"
            )
        return self

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
            raise ValueError(
                "checkpoint: mode sync needs parameters_billion and storage_gb_per_s, or stall_median_s"
            )
        writers_gb_per_s = (checkpoints.writers or self.gpus) * checkpoints.writer_gb_per_s
        rate_gb_per_s = min(self.storage_gb_per_s, writers_gb_per_s)
        return sync_stall_s(
            self.parameters_billion, self.bytes_per_parameter, rate_gb_per_s, checkpoints.barrier_s
        )

    def background_s(self, checkpoints: Checkpoints) -> float:
        """Return how long the state is written after the stall [s]; 0 where the storage is not given."""
        if checkpoints.mode == "sync" or self.parameters_billion is None or self.storage_gb_per_s is None:
            return 0.0
        return self.parameters_billion * self.bytes_per_parameter / self.storage_gb_per_s

    def interval_s(self, checkpoints: Checkpoints, failures_per_s: float) -> float:
        """Return the time from one checkpoint to the next [s]."""
        if checkpoints.interval is None:
            return (
                10.0 if checkpoints.interval_min is None else checkpoints.interval_min
            ) * SECONDS_PER_MINUTE
        if failures_per_s == 0.0:
            raise ValueError("checkpoint: interval young-daly needs failures above 0")
        mean_stall_s = self.stall_s(checkpoints) * math.exp(checkpoints.spread**2 / 2.0)
        return daly_interval_s(mean_stall_s, 1.0 / failures_per_s)
