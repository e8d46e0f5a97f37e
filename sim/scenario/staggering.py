"""Checkpoints of several jobs, shared out over their interval so that they do not stall together."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from sim.ai import AnyLoad, TrainingLoad
from sim.units import SECONDS_PER_MINUTE

INTERVAL_DIGITS: Final = 6
"""Intervals that agree to a microsecond are one."""


def staggered(loads: Sequence[AnyLoad]) -> tuple[AnyLoad, ...]:
    """Return the loads, training jobs of one checkpoint interval with phases shared out over it.

    Parameters
    ----------
    loads
        The loads; of n jobs with the same interval, the k-th gets a phase of (k - 1)/n of it. Jobs that say
        when their checkpoints start keep to it and are not counted.

    Returns
    -------
    tuple of AnyLoad
        In the same order; no draw of any job depends on it.
    """
    phases_min = {
        name: interval_s / SECONDS_PER_MINUTE * place / len(names)
        for interval_s, names in _alike(loads).items()
        for place, name in enumerate(names)
    }
    return tuple(_with_phase(load, phases_min.get(load.name)) for load in loads)


def check_staggering(loads: Sequence[AnyLoad]) -> None:
    """Raise ValueError where no two jobs could be told apart."""
    if max(map(len, _alike(loads).values()), default=0) < 2:  # noqa: PLR2004  # a pair
        raise ValueError(
            "stagger_checkpoints needs two training jobs or more with one checkpoint interval, which leave "
            "out first_checkpoint_min and checkpoint.phase_min"
        )


def _alike(loads: Sequence[AnyLoad]) -> dict[float, list[str]]:
    """Return the names of the jobs that leave their phase open, by interval [s]."""
    names: dict[float, list[str]] = defaultdict(list)
    for load in loads:
        if isinstance(load, TrainingLoad) and _leaves_open(load):
            names[round(load.interval_s, INTERVAL_DIGITS)].append(load.name)
    return names


def _leaves_open(job: TrainingLoad) -> bool:
    return job.first_checkpoint_min is None and job.checkpoint.phase_min is None


def _with_phase(load: AnyLoad, phase_min: float | None) -> AnyLoad:
    if phase_min is None or not isinstance(load, TrainingLoad):
        return load
    checkpoint = load.checkpoint.model_copy(update={"phase_min": phase_min})
    return load.model_copy(update={"checkpoint": checkpoint})
