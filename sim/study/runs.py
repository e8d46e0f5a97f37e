"""The runs of a study: which are to be done, doing one, doing them all."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from sim.errors import ResultError
from sim.metrics import Measurement
from sim.scenario.load import scenario_from
from sim.scenario.model import Scenario
from sim.simulation import run, run_key
from sim.study.store import Store
from sim.study.workers import Outcome, TaskExecutor, map_tasks

RECORD_FORMAT: Final = 1
"""Version of the files under ``runs/``."""

Bound = Literal["free", "limited", "none"]
"""What a compared run is held against: perfect foresight; the same, with inertia of machines; nothing."""

Record = dict[str, Any]
"""What is kept of a run, as plain data."""
Progress = Callable[[float], None]
"""Told the share of the runs that is done, from 0 to 1."""


class RunTask(NamedTuple):
    """One run for a worker: plain data, so that it travels."""

    key: str
    """The run key that the scenario must have."""
    label: str
    """The run in words, for the report of a failure."""
    scenario: Mapping[str, Any]
    """The scenario as plain data."""
    folder: Path
    """The scenario's own folder."""
    data: tuple[Path, ...]
    """Folders that the scenario may read from besides."""
    warm_up_s: float = 0.0
    """Time at the start that a comparison leaves out of its metrics [s]."""
    allow_plugins: bool = False
    """Whether its policy may be code from outside."""
    bound: Bound = "free"
    """What a comparison holds it against."""

    def resolved(self) -> Scenario:
        """Return the scenario, checked; raise InputError where a file does not serve it."""
        return scenario_from(
            self.scenario, folder=self.folder, data=self.data, allow_plugins=self.allow_plugins
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """A run that could not be done."""

    key: str
    label: str
    """The run in words: its value on each axis."""
    error: str
    """Traceback, or what happened to the worker."""

    @property
    def reason(self) -> str:
        """The last line of the error."""
        return self.error.strip().rpartition("\n")[2]


def perform(task: RunTask) -> Record:
    """Run a scenario and return what is kept of it.

    Raises
    ------
    ResultError
        The run key is not what it was when the runs were listed: a data file has changed meanwhile.
    """
    scenario = task.resolved()
    if run_key(scenario) != task.key:
        raise ResultError(f"a data file changed while the study ran ({task.label}); start it again")
    return run_record(task.key, run(scenario).metrics)


def run_record(key: str, metrics: Mapping[str, Measurement]) -> Record:
    """Return what is kept of a run: values, and values without mining; None where not assessable."""
    return {
        "format": RECORD_FORMAT,
        "run_key": key,
        "metrics": {name: _number(value) for name, value in metrics.items()},
        "baseline": {
            name: _number(value.baseline) for name, value in metrics.items() if value.baseline is not None
        },
    }


def _number(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def perform_all(
    tasks: Iterable[RunTask],
    store: Store,
    count: int,
    executor: TaskExecutor[RunTask, Record],
    progress: Progress | None = None,
) -> list[Failure]:
    """Do all runs and commit them; return those that failed, each written beside the runs.

    Parameters
    ----------
    tasks
        The runs to do, none of them done.
    store
        Where they are committed.
    count
        How many there are.
    executor
        Where they are done.
    progress
        Told the share of the tasks that has ended.
    """
    failures: list[Failure] = []
    for number, (task, outcome) in enumerate(map_tasks(tasks, executor), start=1):
        if outcome.value is not None:
            store.commit(task.key, outcome.value)
        else:
            failures.append(_failure(task, outcome, store))
        if progress is not None:
            progress(number / count)
    return failures


def require_all(
    tasks: Iterable[RunTask],
    store: Store,
    executor: TaskExecutor[RunTask, Record],
    progress: Progress | None = None,
) -> None:
    """Do the runs that are not done, as `perform_all`; raise ResultError if any fails, as fewer mislead."""
    missing = {task.key: task for task in tasks if not store.holds(task.key)}
    failures = perform_all(missing.values(), store, len(missing), executor, progress)
    if failures:
        lines = [f"{failure.label}: {failure.reason}" for failure in failures]
        raise ResultError("\n".join([f"{len(failures)} runs failed", *lines]))


def _failure(task: RunTask, outcome: Outcome[Record], store: Store) -> Failure:
    """Write down why a run failed, and return it."""
    error = outcome.error or "the run ended without a result"
    store.fail(
        task.key, {"run_key": task.key, "run": task.label, "attempts": outcome.attempts, "error": error}
    )
    return Failure(task.key, task.label, error)
