"""Runs on a Dask cluster: its workers do them from files that travel along; nothing but a port is shared."""

import hashlib
import json
import multiprocessing
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from logging import CRITICAL, getLogger
from pathlib import Path
from typing import Any, Final

from sim.errors import InputError, ResultError
from sim.simulation import MODEL_VERSION, versions
from sim.study.expand import Checker
from sim.study.runs import Record, RunTask
from sim.study.workers import ATTEMPTS, Crew, Outcome, scratch
from sim.whole import write_whole

WORKERS_S: Final = 60.0
"""How long to wait for the first worker [s]."""

RunFunction = Callable[[RunTask], Record]


class Cluster:
    """Has runs done by the workers of a Dask cluster, each in a process that may be killed there.

    Parameters
    ----------
    address
        Of the scheduler, ``tcp://host:8786``; for ``tls://`` Dask's own configuration names the certificates.
    function
        Does a run.
    timeout_s
        Time a run may take [s], kept by the worker.

    Raises
    ------
    InputError
        Dask is not installed.
    ResultError
        No scheduler or worker answers, or a worker has other versions of what results depend on.
    """

    room = 500
    """Runs that are under way or wait there: enough for every worker to have its next one."""

    def __init__(self, address: str, function: RunFunction, timeout_s: float | None) -> None:
        try:
            from distributed import Client, as_completed  # noqa: PLC0415  # an extra
        except ImportError:
            raise InputError.single("--on", "", "needs Dask: pip install 'hashballast[cluster]'") from None
        getLogger("distributed").setLevel(CRITICAL)  # what counts is said by whoever asks for runs
        self._how = function, timeout_s
        self._address = address
        self._checkers: dict[tuple[Path, ...], Checker] = {}
        self._sent: dict[str, Any] = {}
        self._at_work: dict[Any, tuple[RunTask, int]] = {}
        try:
            self._client = Client(address, set_as_default=False)
            self._client.wait_for_workers(1, timeout=WORKERS_S)
            found = self._client.run(identity)
        except (OSError, ValueError, ImportError) as error:
            raise ResultError(f"{address}: no Dask cluster with hashballast answers ({error})") from error
        for worker, theirs in found.items():
            require_same(theirs, worker)
        self._ended = as_completed(loop=self._client.loop, raise_errors=False)

    def submit(self, task: RunTask, number: int = 1) -> None:
        """Send a run, at its so-manieth try, and the files that it reads unless they were sent before."""
        if task.allow_plugins:
            raise InputError.single("--on", "", "policies from outside run on this machine alone")
        folders = (task.folder, *task.data)
        checker = self._checkers.setdefault(folders, Checker(folders[0], folders[1:]))
        scenario = checker.scenario(task.scenario, task.label)
        digests = scenario.inputs_sha256()
        named = hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()
        if named not in self._sent:
            contents = {name: scenario.files.content(name) for name in digests}
            self._sent[named] = self._client.scatter([contents], hash=False)[0]
        what = self._how, task._replace(folder=Path(named), data=()), identity(), self._sent[named]
        future = self._client.submit(perform_afar, *what, key=f"{task.key}-{number}", pure=False)
        self._at_work[future] = task, number
        self._ended.add(future)

    def completed(self) -> Iterator[tuple[RunTask, Outcome[Record]]]:
        """Wait until a run has ended, and yield it; one that its worker was lost with is tried again."""
        future = next(self._ended)
        task, number = self._at_work.pop(future)
        if future.status == "finished":
            yield task, future.result()
        elif self._client.status != "running":
            raise ResultError(f"{self._address}: the scheduler is gone; start again, what is done is kept")
        elif number < ATTEMPTS:
            self.submit(task, number + 1)
        else:
            yield task, Outcome(error=f"lost by the cluster: {future.exception()!r}", attempts=number)

    def close(self) -> None:
        """Leave the cluster: runs that are at work are dropped there."""
        self._client.close()


def identity() -> dict[str, Any]:
    """Return all that results depend on besides scenario and files: versions of model and libraries."""
    return {"model": MODEL_VERSION, **versions()}


def require_same(theirs: Mapping[str, Any], where: str) -> None:
    """Raise ResultError unless a worker has the same model and libraries as this process."""
    ours = identity()
    other = [f"{name} {theirs.get(name)}, here {own}" for name, own in ours.items() if theirs.get(name) != own]
    if other:
        raise ResultError(f"{where}: has {'; '.join(other)}: install the same on every machine")


def perform_afar(
    how: tuple[RunFunction, float | None], task: RunTask, sender: Mapping[str, Any], files: Mapping[str, bytes]
) -> Outcome[Record]:
    """Do a run in a process of its own, from the files that came along; runs in a Dask worker.

    Parameters
    ----------
    how
        What does a run, and the time that one may take [s].
    task
        The run; its folder is named after what the files hold, and lies where this process puts it.
    sender
        `identity` of who sent it.
    files
        Content of each file by its name.
    """
    require_same(sender, "the sender")
    folder = scratch() / task.folder
    for name, content in files.items():
        path = folder / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)
    crew = _crew(how, threading.get_ident())
    crew.submit(task._replace(folder=folder))
    while True:
        for _, outcome in crew.completed():
            return outcome


@cache
def _crew(how: tuple[RunFunction, float | None], _thread: int) -> Crew[RunTask, Record]:
    """Return the process that does the runs of one of a worker's threads, started once."""
    # Dask's workers are daemons, which may have no children lest they be left over; ours end with them
    config: dict[str, Any] = getattr(multiprocessing.current_process(), "_config", {})
    config["daemon"] = False
    function, timeout_s = how
    return Crew(function, 1, timeout_s)
