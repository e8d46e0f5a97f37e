"""The runs of a study: which are done, doing one, doing them all.

They lie on disk: the folder is the state, and a run is done where its file is there and whole. ::

    <study folder>/runs/<first 2 hex of the key>/<key>.json          a run that is done
                                                 <key>.failed.json   a run that failed, with its traceback
                                                 .<name>....partial  left over by a process that was killed
"""

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from sim.errors import ResultError
from sim.metrics import Measurement
from sim.result import finite, read_document
from sim.scenario.load import scenario_from
from sim.scenario.model import Scenario
from sim.simulation import run, run_key
from sim.study.workers import TaskExecutor, crew_of, map_tasks
from sim.whole import alone, clear_leftovers, said_plainly, write_whole

RUNS: Final = "runs"
LOCK: Final = ".lock"
BATCH_COUNT: Final = 100
BATCH_S: Final = 5.0
"""So many runs are put on disk at once, or those of so long [s]: no more are lost if a machine stops."""
_END: Final = b"}\n"
"""How a file that is whole ends."""


class Failure(NamedTuple):
    """A run that could not be done."""

    run_key: str
    run: str
    """The run in words: its value on each axis."""
    attempts: int
    error: str
    """Traceback, or what happened to the worker."""

    @property
    def reason(self) -> str:
        """The last line of the error."""
        return self.error.strip().rpartition("\n")[2]


class Store:
    """The runs in one study folder, found by their run keys.

    Parameters
    ----------
    folder
        The study folder; made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._unsynced_count = 0
        self._synced_s = -BATCH_S

    def path(self, key: str) -> Path:
        """Return where the run with this key lies once it is done."""
        return self.folder / RUNS / key[:2] / f"{key}.json"

    def failed_path(self, key: str) -> Path:
        """Return where the failure of the run with this key lies."""
        return self.path(key).with_suffix(".failed.json")

    def holds(self, key: str) -> bool:
        """Tell whether the run with this key is done."""
        return _is_whole(self.path(key))

    def done(self) -> set[str]:
        """Return the keys of all runs that are done."""
        files = (self.folder / RUNS).glob("??/*.json")
        return {path.stem for path in files if not path.name.endswith(".failed.json") and _is_whole(path)}

    def failed(self) -> list[Failure]:
        """Return the runs that failed, in the order of their keys."""
        files = sorted((self.folder / RUNS).glob("??/*.failed.json"))
        found = (kept(path, Failure._fields) for path in files)
        return [Failure(*(failure[name] for name in Failure._fields)) for failure in found]

    def commit(self, key: str, record: Mapping[str, Any]) -> None:
        """Write a run that is done: whole, or not at all."""
        path = self.path(key)
        with said_plainly(path, "written"):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, _json(record), is_synced=False)
        self.failed_path(key).unlink(missing_ok=True)
        self._unsynced_count += 1
        if self._unsynced_count >= BATCH_COUNT or time.monotonic() - self._synced_s >= BATCH_S:
            self.sync()

    def sync(self) -> None:
        """Have all runs committed so far put on disk."""
        if self._unsynced_count:
            os.sync()
        self._unsynced_count, self._synced_s = 0, time.monotonic()

    def fail(self, failure: Failure) -> None:
        """Write why a run failed."""
        write_json(self.failed_path(failure.run_key), failure._asdict())

    def read(self, key: str) -> dict[str, Any]:
        """Return what was committed under this key."""
        return kept(self.path(key), ("metrics", "baseline"))

    @contextmanager
    def opened(self, part: str = "") -> Iterator[None]:
        """Hold the folder, or a part of its runs, alone, and clear what a process that was killed left over.

        Raises
        ------
        ResultError
            Another process holds the folder.
        """
        with said_plainly(self.folder, "made"):
            self.folder.mkdir(parents=True, exist_ok=True)
        with alone(
            self.folder / f"{LOCK}{part}",
            f"{self.folder}: another sweep is at work in this folder; wait until it ends",
        ):
            for folder in (self.folder, *(self.folder / RUNS).glob("??")):
                clear_leftovers(folder)
            try:
                yield
            finally:
                self.sync()


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write canonical JSON to a temporary name in the same folder, then rename it; NaN is refused."""
    text = _json(content)
    with said_plainly(path, "written"):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)


def kept(path: Path, wanted: Iterable[str]) -> dict[str, Any]:
    """Return what a JSON file of a study holds; raise ResultError where something wanted is not in it."""
    found = read_document(path.parent, path.name)
    lacking = [name for name in wanted if name not in found]
    if lacking:
        raise ResultError(f"{path}: lacks {', '.join(lacking)}")
    return found


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, allow_nan=False, ensure_ascii=False, indent=1) + "\n"


def _is_whole(path: Path) -> bool:
    """Return whether a file ends as it should: one that a machine was stopped at may be empty or cut off."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        length = file.seek(0, os.SEEK_END)
        file.seek(max(0, length - len(_END)))
        return file.read() == _END


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
        return scenario_from(self.scenario, folder=self.folder, data=self.data, allow_plugins=self.allow_plugins)


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
        "metrics": {name: finite(value) for name, value in metrics.items()},
        "baseline": {name: finite(value.baseline) for name, value in metrics.items() if value.baseline is not None},
    }


def executor_of(
    function: Callable[[RunTask], Record], workers: int = 1, timeout_s: float | None = None, on: str | None = None
) -> TaskExecutor[RunTask, Record]:
    """Return where runs are done: here as `crew_of` has it, or on the Dask cluster with this address."""
    if on is None:
        return crew_of(function, workers, timeout_s)
    from sim.study.cluster import Cluster  # noqa: PLC0415  # which names runs

    return Cluster(on, function, timeout_s)


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
            error = outcome.error or "the run ended without a result"
            failures.append(Failure(task.key, task.label, outcome.attempts, error))
            store.fail(failures[-1])
        if progress is not None:
            progress(number / count)
    return failures


def require_all(
    tasks: Iterable[RunTask], store: Store, executor: TaskExecutor[RunTask, Record], progress: Progress | None = None
) -> None:
    """Do the runs that are not done, as `perform_all`; raise ResultError if any fails, as fewer mislead."""
    missing = {task.key: task for task in tasks if not store.holds(task.key)}
    failures = perform_all(missing.values(), store, len(missing), executor, progress)
    if failures:
        lines = [f"{failure.run}: {failure.reason}" for failure in failures]
        raise ResultError("\n".join([f"{len(failures)} runs failed", *lines]))
