"""Map a function over tasks in processes, so that a task that dies or hangs fails alone.

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
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from types import FrameType
from typing import Any, Final, Generic, NamedTuple, NoReturn, TypeVar, cast

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

    @property
    def ok(self) -> bool:
        """Whether the task returned."""
        return not self.error


class Try(NamedTuple, Generic[T]):
    """A task that is handed out, and which try it is."""

    task: T
    number: int


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

    given: Try[T]

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
        self._count = 0
        self._timeout_s: float | None = None
        self._deadline_s = float("inf")

    def is_fit(self) -> bool:
        """Whether the worker can take another task; one that has none writes nothing, unless it is dead."""
        return self._count < TASKS_PER_WORKER and not self.pipe.poll()

    def give(self, given: Try[T], timeout_s: float | None) -> None:
        """Send a task; a worker that is dead by now shows by its closed pipe."""
        self.given = given
        self._count += 1
        self._timeout_s = timeout_s
        self._deadline_s = float("inf") if timeout_s is None else time.monotonic() + timeout_s
        self._number += 1
        with suppress(OSError):
            self.pipe.send((self._number, given.task))

    def time_left_s(self) -> float:
        """Return the time until the task is overdue [s], 0 once it is."""
        return max(0.0, self._deadline_s - time.monotonic())

    def answer(self) -> Outcome[R]:
        """Return what the worker sent, or raise if it died instead."""
        try:
            number, outcome = self.pipe.recv()
        except (EOFError, OSError):
            self._process.join(LAST_WORDS_S)
            raise LostError(f"the worker died ({self._fate()})") from None
        if number != self._number:
            raise LostError("the worker answered for another task")
        return cast("Outcome[R]", outcome)

    def refuse_to_wait(self) -> NoReturn:
        """Raise: the task is overdue."""
        raise LostError(f"the time limit of {self._timeout_s:g} s was exceeded")

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
        stack = ExitStack()
        config["tempdir"] = str(stack.enter_context(scratch_folder()))
        atexit.register(stack.close)


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
BLAS_VARIABLES: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def map_tasks(
    function: Callable[[T], R], tasks: Iterable[T], *, workers: int = 1, timeout_s: float | None = None
) -> Generator[tuple[T, Outcome[R]], None, None]:
    """Yield each task with its outcome, in the order in which they finish.

    Parameters
    ----------
    function
        A function of a module, of one task; what it takes and returns can be pickled.
    tasks
        The tasks; read as they are handed out, never all at once.
    workers
        Number of processes. One worker without a time limit works in this process, which a task can end.
    timeout_s
        Time a task may take [s]; a worker that takes longer is killed.

    Notes
    -----
    A task whose worker died or ran into the time limit is tried once more; one that raised is not.
    SIGTERM becomes `SystemExit`; use the iterator within `contextlib.closing`, so that workers end with the
    loop. They also end by themselves when this process is killed.
    """
    with _sigterm_raises():
        if workers == 1 and timeout_s is None:
            for task in tasks:
                yield task, outcome_of(function, task)
            return
        with _one_blas_thread():
            yield from _Crew(function, workers, timeout_s).map(tasks)


class _Crew(Generic[T, R]):
    """The workers, and the tasks that are to be tried again."""

    def __init__(self, function: Callable[[T], R], size: int, timeout_s: float | None) -> None:
        self._function = function
        self._size = size
        self._timeout_s = timeout_s
        self._busy: list[Worker[T, R]] = []
        self._idle: list[Worker[T, R]] = []
        self._again: deque[Try[T]] = deque()

    def map(self, tasks: Iterable[T]) -> Iterator[tuple[T, Outcome[R]]]:
        """Keep all workers busy and yield what finishes, until nothing is left."""
        source = (Try(task, 1) for task in tasks)
        try:
            while self._hand_out(source):
                yield from self._collect()
        finally:
            for worker in (*self._busy, *self._idle):
                worker.end()

    def _hand_out(self, source: Iterator[Try[T]]) -> bool:
        """Give a task to each worker that has none; return whether any has one."""
        while len(self._busy) < self._size:
            given = self._again.popleft() if self._again else next(source, None)
            if given is None:
                break
            worker = self._fit_worker()
            self._busy.append(worker)
            worker.give(given, self._timeout_s)
        return bool(self._busy)

    def _fit_worker(self) -> "Worker[T, R]":
        """Return an idle worker that lives and is not due for replacement, else a new one."""
        while self._idle:
            worker = self._idle.pop()
            if worker.is_fit():
                return worker
            worker.end()
        return Worker(self._function)

    def _collect(self) -> Iterator[tuple[T, Outcome[R]]]:
        """Wait until a worker answers, dies or is overdue, and yield the outcomes."""
        patience_s = min(worker.time_left_s() for worker in self._busy)
        ready = wait(
            [worker.pipe for worker in self._busy], None if patience_s == float("inf") else patience_s
        )
        for worker in tuple(self._busy):
            if worker.pipe in ready or worker.time_left_s() == 0.0:
                self._busy.remove(worker)
                yield from self._outcome(worker, answers=worker.pipe in ready)

    def _outcome(self, worker: "Worker[T, R]", *, answers: bool) -> Iterator[tuple[T, Outcome[R]]]:
        """Yield the outcome of a worker's task, unless the task is to be tried again."""
        task, number = worker.given
        try:
            outcome = worker.answer() if answers else worker.refuse_to_wait()
        except LostError as lost:
            worker.end()
            if number < ATTEMPTS:
                self._again.append(Try(task, number + 1))
                return
            outcome = Outcome(error=str(lost))
        else:
            self._idle.append(worker)
        yield task, replace(outcome, attempts=number)


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
