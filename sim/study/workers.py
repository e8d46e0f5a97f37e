"""Do tasks in processes, or wherever an executor has them done, so that one that dies or hangs fails alone.

Each worker has a pipe of its own and one task at a time, so there is never a doubt what a dead one was at.
Pools with one queue for all lose sight of a task whose worker dies just as it takes it up, and wait for ever.
"""

import atexit
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from math import inf
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import FrameType
from typing import Any, Final, Generic, Protocol, TypeVar, cast

from sim.whole import scratch_folder

T = TypeVar("T")
R = TypeVar("R")

TASKS_PER_WORKER: Final = 500
"""Tasks after which a worker is replaced, so that no leak grows."""
START_S: Final = 60.0
"""How long a worker may take to start and say so [s]."""
MEMORY_FRACTION: Final = 0.5
"""Share of the machine's memory that a worker may take: one alone does not bring the machine down."""
LAST_WORDS_S: Final = 1.0
"""How long a worker that has closed its pipe may take to end and show its exit code [s]."""
PRELOAD: Final = ["__main__", "sim.simulation"]
"""Modules that the fork server imports once, for all workers."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[R]):
    """What became of a task: a value, or the text of what went wrong."""

    value: R | None = None
    error: str = ""
    """Traceback, or what happened to the worker; empty where all is well."""
    attempts: int = 1


class LostError(Exception):
    """A worker died or was killed with a task in hand."""


def outcome_of(function: Callable[[T], R], task: T) -> Outcome[R]:
    """Call the function; an exception crosses to the driver as text, as not all exceptions can be pickled."""
    try:
        return Outcome(function(task))
    except Exception:  # noqa: BLE001  # whatever a task raises is its outcome
        return Outcome(error=traceback.format_exc())


class Worker(Generic[T, R]):
    """A process, the pipe to it, and the task it has in hand."""

    given: tuple[T, int]
    """A task, and which try of it this is."""

    def __init__(self, function: Callable[[T], R]) -> None:
        context = _context()
        self._number = 0
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(function, theirs), daemon=True)
        self._process.start()
        theirs.close()
        if self.pipe.poll(START_S):  # so that starting up does not count against a task's time limit
            with suppress(EOFError, OSError):
                self.pipe.recv()

    def is_fit(self) -> bool:
        """Whether the worker can take another task; one that has none writes nothing, unless it is dead."""
        return self._number < TASKS_PER_WORKER and not self.pipe.poll()

    def give(self, task: T, attempt: int, timeout_s: float) -> None:
        """Send a task; a worker that is dead by now shows by its closed pipe."""
        self.given = task, attempt
        self._timeout_s = timeout_s
        self._deadline_s = time.monotonic() + timeout_s
        self._number += 1
        with suppress(OSError):
            self.pipe.send((self._number, task))

    def time_left_s(self) -> float:
        """Return the time until the task is overdue [s], 0 once it is."""
        return max(0.0, self._deadline_s - time.monotonic())

    def answer(self) -> Outcome[R]:
        """Return what the worker sent, or raise if it sent nothing in time or died."""
        if not self.pipe.poll():
            raise LostError(f"the time limit of {self._timeout_s:g} s was exceeded")
        try:
            number, outcome = self.pipe.recv()
        except (EOFError, OSError):
            self._process.join(LAST_WORDS_S)
            raise LostError(f"the worker died ({self._fate()})") from None
        if number != self._number:
            raise LostError("the worker answered for another task")
        return cast("Outcome[R]", outcome)

    def _fate(self) -> str:
        code = self._process.exitcode
        return f"killed by signal {-code}" if code is not None and code < 0 else f"exit code {code}"

    def end(self) -> None:
        """End the process and all that it started, whatever they are at."""
        self.pipe.close()
        if self._process.pid:
            _end_group(self._process.pid)
        self._process.kill()
        self._process.join()
        self._process.close()


def _context() -> Any:
    """Return the way to start processes: by a server that has imported what they need, if there is one."""
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    context.set_forkserver_preload(PRELOAD)
    _keep_sockets_in_our_scratch()
    return context


def _keep_sockets_in_our_scratch() -> None:
    """Have the server's sockets lie where the next command clears them if this process is killed."""
    config: dict[str, Any] = getattr(multiprocessing.current_process(), "_config", {})
    if config.get("tempdir") is None:
        config["tempdir"] = str(scratch())


@cache
def scratch() -> Path:
    """Return a temporary folder that is there as long as this process."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(scratch_folder())


def _serve(function: Callable[[T], R], pipe: "Connection[tuple[int, Outcome[R]], tuple[int, T]]") -> None:
    """Do the tasks that come through the pipe, until it is closed; runs in a worker."""
    own = os.getpid()
    _stand_alone()
    os.dup2(2, 1)  # what a policy from outside prints is no result
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the driver decides when to stop
    threading.Thread(target=_end_with_the_driver, daemon=True).start()
    with suppress(EOFError, OSError):
        pipe.send((0, Outcome()))  # ready
        while True:
            number, task = pipe.recv()
            outcome = outcome_of(function, task)
            if os.getpid() != own:  # a policy from outside forked, and this is the fork
                os._exit(0)
            pipe.send((number, outcome))


def _stand_alone() -> None:
    """Begin a process group, which ends as one, and bound the memory, where the system can."""
    with suppress(ImportError, AttributeError, OSError, ValueError):
        import resource  # noqa: PLC0415  # not on every system

        os.setpgid(0, 0)
        own_bytes = int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * MEMORY_FRACTION)
        resource.setrlimit(resource.RLIMIT_DATA, (own_bytes, own_bytes))


def _end_group(leader: int) -> None:
    """End the process group of a worker: it, and what its tasks started."""
    with suppress(OSError, AttributeError):  # there is none by now, or the system has no groups
        os.killpg(leader, signal.SIGKILL)


def _end_with_the_driver() -> None:
    """End this worker as soon as the driver is gone, even one that was killed while the worker hangs."""
    driver = multiprocessing.parent_process()
    if driver is not None:
        driver.join()
        _end_group(os.getpid())
        os._exit(1)


ATTEMPTS: Final = 2
"""How often a task is tried whose worker dies or hangs; one that raises is tried once."""
BLAS_VARIABLES: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class TaskExecutor(Protocol[T, R]):
    """Where tasks are done."""

    @property
    def room(self) -> int:
        """How many tasks it takes at a time."""

    def submit(self, task: T) -> None:
        """Take a task; there is room for it."""

    def completed(self) -> Iterator[tuple[T, Outcome[R]]]:
        """Wait until something happens to a task, and yield those that have ended by then, perhaps none."""

    def close(self) -> None:
        """End all that is at work."""


class Here(Generic[T, R]):
    """Does tasks in this process, which a task can end."""

    room = 1

    def __init__(self, function: Callable[[T], R]) -> None:
        self._function = function

    def submit(self, task: T) -> None:
        """Take a task."""
        self._task = task

    def completed(self) -> Iterator[tuple[T, Outcome[R]]]:
        """Do the task."""
        yield self._task, outcome_of(self._function, self._task)

    def close(self) -> None:
        """Nothing is at work."""


class Crew(Generic[T, R]):
    """Processes that each do a task at a time; one whose worker dies or hangs is tried once more.

    Parameters
    ----------
    function
        A function of a module, of one task; what it takes and returns can be pickled.
    room
        Number of processes.
    timeout_s
        Time a task may take [s]; a worker that takes longer is killed.
    """

    def __init__(self, function: Callable[[T], R], room: int, timeout_s: float | None = None) -> None:
        self.room = room
        self._function = function
        self._timeout_s = inf if timeout_s is None else timeout_s
        self._busy: list[Worker[T, R]] = []
        self._idle: list[Worker[T, R]] = []

    def submit(self, task: T, number: int = 1) -> None:
        """Give a task, at its so-manieth try, to a worker that is idle, alive and not due for replacement."""
        while self._idle and not self._idle[-1].is_fit():
            self._idle.pop().end()
        worker = self._idle.pop() if self._idle else self._started()
        self._busy.append(worker)
        worker.give(task, number, self._timeout_s)

    def _started(self) -> Worker[T, R]:
        with _one_blas_thread():
            return Worker(self._function)

    def completed(self) -> Iterator[tuple[T, Outcome[R]]]:
        """Wait until a worker answers, dies or is overdue, and yield the outcomes."""
        patience_s = min(worker.time_left_s() for worker in self._busy)
        ready = wait([worker.pipe for worker in self._busy], None if patience_s == inf else patience_s)
        for worker in tuple(self._busy):
            if worker.pipe in ready or worker.time_left_s() == 0.0:
                self._busy.remove(worker)
                yield from self._outcome(worker)

    def _outcome(self, worker: Worker[T, R]) -> Iterator[tuple[T, Outcome[R]]]:
        """Yield the outcome of a worker's task, unless the task is tried again."""
        task, number = worker.given
        try:
            outcome = worker.answer()
        except LostError as lost:
            worker.end()
            if number < ATTEMPTS:
                self.submit(task, number + 1)
                return
            outcome = Outcome(error=str(lost))
        else:
            self._idle.append(worker)
        yield task, replace(outcome, attempts=number)

    def close(self) -> None:
        """End the workers."""
        for worker in (*self._busy, *self._idle):
            worker.end()


def map_tasks(tasks: Iterable[T], executor: TaskExecutor[T, R]) -> Iterator[tuple[T, Outcome[R]]]:
    """Yield each task with its outcome, in the order in which they finish.

    Parameters
    ----------
    tasks
        The tasks; read as there is room for them, never all at once.
    executor
        Where they are done.
    """
    left, pending = iter(tasks), 0
    while True:
        for task in islice(left, max(0, executor.room - pending)):
            executor.submit(task)
            pending += 1
        if not pending:
            return
        for ended in executor.completed():
            pending -= 1
            yield ended


@contextmanager
def at_work(executor: TaskExecutor[T, R]) -> Iterator[TaskExecutor[T, R]]:
    """Close an executor in the end, after SIGTERM too, which becomes `SystemExit`; for the main thread.

    What is at work also ends by itself when this process is killed.
    """
    with _sigterm_raises(), closing(executor):
        yield executor


def crew_of(function: Callable[[T], R], workers: int = 1, timeout_s: float | None = None) -> TaskExecutor[T, R]:
    """Return workers on this machine.

    Parameters
    ----------
    function
        Does a task.
    workers
        Number of processes; one without a time limit works in this process, which a task can end.
    timeout_s
        Time a task may take [s].
    """
    return Here(function) if workers == 1 and timeout_s is None else Crew(function, workers, timeout_s)


@contextmanager
def _sigterm_raises() -> Iterator[None]:
    """Turn SIGTERM into `SystemExit`, so that a driver told to end stops its workers first."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Let workers inherit an environment with one BLAS thread each; they share the cores among themselves."""
    before = {name: os.environ.get(name) for name in BLAS_VARIABLES}
    os.environ.update(dict.fromkeys(BLAS_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
