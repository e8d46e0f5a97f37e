"""What befalls a training job: checkpoints, interruptions, and the time that it makes good use of."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from sim.metrics.base import LoadMetric
from sim.recording import EventRow, Recording
from sim.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE

INTERRUPTIONS = ("failure", "planned")
WASTES = ("checkpoint", "restart")
"""Events whose value is a time [s], from the event on, in which nothing is computed."""
KINDS = frozenset({*INTERRUPTIONS, *WASTES, "start", "end"})

_NAN = float("nan")


class _Job(NamedTuple):
    """The events of one job, by kind."""

    events: Mapping[str, list[EventRow]]
    run_end_s: float

    def values(self, kind: str) -> list[float]:
        return [event.value for event in self.events[kind]]

    @property
    def interruption_count(self) -> int:
        return sum(len(self.events[kind]) for kind in INTERRUPTIONS)

    @property
    def present_s(self) -> tuple[float, float]:
        """From when it computes to when it ends, within the run [s]."""
        starts = [event.time_s + event.value for event in self.events["start"]]
        ends = [event.time_s for event in self.events["end"]]
        end_s = min([*ends, self.run_end_s])
        return min([*starts, end_s]) if starts else 0.0, end_s


def _jobs(recording: Recording) -> dict[str, _Job]:
    """Return the events of every training job, read once."""
    jobs = {
        f"load.{name}": _Job({kind: [] for kind in KINDS}, recording.end_s)
        for name, kind in recording.load_kinds.items()
        if kind == "training"
    }
    for event in recording.events:
        if event.source in jobs and event.kind in KINDS:
            jobs[event.source].events[event.kind].append(event)
    return jobs


def effective_time_ratio(job: _Job, held_s: float = 0.0) -> float:
    r"""Return the share of the job's time that advanced it; NaN where it was not there.

    Parameters
    ----------
    job
        The job.
    held_s
        Time that it waited for the miners to go, and computing that slow returns cost it [s].

    Notes
    -----
    .. math:: 1 - \frac{\sum \text{stalls} + \sum \text{restarts} + \sum \text{lost work} + \text{held}}{T}

    Work that no checkpoint has saved at the end counts as done.
    """
    start_s, end_s = job.present_s
    wasted_s = sum(min(event.value, end_s - event.time_s) for kind in WASTES for event in job.events[kind])
    wasted_s += sum(job.values("failure")) + held_s
    return 1.0 - wasted_s / (end_s - start_s) if end_s > start_s else _NAN


def mean_time_between_interruptions_h(job: _Job) -> float:
    """Return the job's time over its interruptions [h]; NaN where there was none."""
    start_s, end_s = job.present_s
    count = job.interruption_count
    return (end_s - start_s) / SECONDS_PER_HOUR / count if count else _NAN


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else _NAN


def _held_s(recording: Recording, load: str) -> float:
    """Return what a job lost for the site's sake [s]: waits for the miners, slow returns."""
    facts = recording.facts.of_load(load)
    return (facts.interlock_wait_s or 0.0) + (facts.return_lost_s or 0.0)


def _of_job(measure: Callable[[_Job], float]) -> Callable[[Recording, str], float]:
    return lambda recording, load: measure(recording.once(_jobs)[f"load.{load}"])


def _stated(name: str, summary: str) -> LoadMetric:
    """Return the metric that is a total stated by the job itself; 0 where it stated none."""
    return LoadMetric(
        "training", name, summary, lambda recording, load: getattr(recording.facts.of_load(load), name) or 0.0
    )


def _metric(name: str, summary: str, measure: Callable[[_Job], float]) -> LoadMetric:
    return LoadMetric("training", name, summary, _of_job(measure))


CATALOGUE = (
    _metric(
        "checkpoint_count",
        "Checkpoints the job began to write",
        lambda job: float(len(job.events["checkpoint"])),
    ),
    _metric(
        "interruption_count",
        "Failures and planned interruptions of the job",
        lambda job: float(job.interruption_count),
    ),
    LoadMetric(
        "training",
        "effective_time_ratio",
        "Share of the job's time that advanced it: no stall, no restart, no work that was lost",
        lambda recording, load: effective_time_ratio(
            recording.once(_jobs)[f"load.{load}"], _held_s(recording, load)
        ),
    ),
    _metric(
        "mean_time_between_interruptions_h",
        "The job's time over its interruptions",
        mean_time_between_interruptions_h,
    ),
    _metric(
        "stall_mean_s",
        "Mean time that the job stalled at a checkpoint",
        lambda job: _mean(job.values("checkpoint")),
    ),
    _metric(
        "down_mean_min",
        "Mean time from an interruption of the job to full work",
        lambda job: _mean(job.values("restart")) / SECONDS_PER_MINUTE,
    ),
    _stated(
        "smoothing_energy_mwh", "Energy that power smoothing adds, at the site's meter; 0 without smoothing"
    ),
    _stated("interlock_wait_s", "Time that the job waited for the miners to go; 0 without an interlock"),
    _stated("return_lost_s", "Computing that the job lost by its slow returns; 0 without a limit on them"),
)
