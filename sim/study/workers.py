"""Map a function over tasks in processes, so that a task that dies or hangs fails alone."""

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from queue import Empty, SimpleQueue
from types import FrameType
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from pebble import ProcessPool

T = TypeVar("T")
R = TypeVar("R")

ATTEMPTS: Final = 2
"""How often a task is tried whose worker died, hung or was lost; one that raises is tried once."""
WINDOW_PER_WORKER: Final = 8
"""Tasks handed out ahead, per worker; what bounds the memory of a long sweep."""
TASKS_PER_WORKER: Final = 500
"""Tasks after which a worker is replaced, so that no leak grows."""
LONGEST_S: Final = 86_400.0
"""Time limit where none is asked for [s]: a worker that dies while it takes up a task may go unnoticed."""
BROKEN_POOLS: Final = 3
"""How many pools in a row may break before any of their tasks is done."""
POLL_S: Final = 1.0
"""How often a silent pool is asked whether it still works [s]."""
PRELOAD: Final = ["__main__", "sim.simulation"]
"""Modules that the fork server imports once, for all workers."""
BLAS_VARIABLES: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


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
    A task whose worker died, ran into the time limit or was lost is tried once more; one that raised is not.
    SIGTERM becomes `SystemExit`; use the iterator within `contextlib.closing`, so that workers end with the
    loop. They also end by themselves when this process is killed.
    """
    with _sigterm_raises():
        if workers == 1 and timeout_s is None:
            for task in tasks:
                yield task, _attempt(function, task)
            return
        with _one_blas_thread():
            yield from _Crew(function, workers, timeout_s).map(tasks)


def _attempt(function: Callable[[T], R], task: T) -> Outcome[R]:
    """Call the function; an exception crosses to the driver as text, as not all exceptions can be pickled."""
    try:
        return Outcome(function(task))
    except Exception:  # noqa: BLE001  # whatever a task raises is its outcome
        return Outcome(error=traceback.format_exc())


class _Try(NamedTuple, Generic[T]):
    """A task that is handed out, and which try it is."""

    task: T
    number: int


class _Crew(Generic[T, R]):
    """A pool of processes, and the tasks that it holds."""

    def __init__(self, function: Callable[[T], R], workers: int, timeout_s: float | None) -> None:
        self._function = function
        self._workers = workers
        self._timeout_s = LONGEST_S if timeout_s is None else timeout_s
        self._finished: SimpleQueue[Future[Outcome[R]]] = SimpleQueue()
        self._pending: dict[Future[Outcome[R]], _Try[T]] = {}
        self._broken = 0
        self._pool = _new_pool(workers)

    def map(self, tasks: Iterable[T]) -> Iterator[tuple[T, Outcome[R]]]:
        """Keep the window full and yield what finishes, until nothing is left."""
        source = iter(tasks)
        try:
            while self._fill(source):
                future = self._next_finished()
                yield from self._close(self._pending.pop(future), future)
        finally:
            self._stop()

    def _fill(self, source: Iterator[T]) -> bool:
        """Hand out tasks up to the window; return whether any is pending."""
        room = WINDOW_PER_WORKER * self._workers - len(self._pending)
        for task in islice(source, max(0, room)):
            self._submit(_Try(task, 1))
        return bool(self._pending)

    def _submit(self, attempt: _Try[T]) -> None:
        """Hand a task to the pool; one that is broken refuses it, which shows as the task's outcome."""
        try:
            future: Future[Outcome[R]] = self._pool.schedule(
                _attempt, (self._function, attempt.task), timeout=self._timeout_s
            )
        except RuntimeError as error:
            future = Future()
            future.set_exception(BrokenProcessPool(str(error)))
        self._pending[future] = attempt
        future.add_done_callback(self._finished.put)

    def _next_finished(self) -> "Future[Outcome[R]]":
        """Wait for a task to finish, replacing a pool that breaks meanwhile."""
        while True:
            try:
                future = self._finished.get(timeout=POLL_S)
            except Empty:
                if not self._pool.active:
                    self._replace_pool()
                continue
            if _is_lost(future):
                if future in self._pending:  # else it is of a pool already replaced
                    self._replace_pool()
                continue
            self._broken = 0
            return future

    def _replace_pool(self) -> None:
        """Start a fresh pool and hand it what the broken one held; these tasks are not to blame."""
        self._stop()
        self._broken += 1
        if self._broken > BROKEN_POOLS:
            raise ChildProcessError(
                f"{self._broken} pools of worker processes broke before any task was done"
            )
        self._pool = _new_pool(self._workers)
        for future in [future for future in self._pending if not future.done() or _is_lost(future)]:
            self._submit(self._pending.pop(future))

    def _close(self, attempt: _Try[T], future: "Future[Outcome[R]]") -> Iterator[tuple[T, Outcome[R]]]:
        """Yield the outcome of a finished future, or try its task again."""
        error = _worker_error(future)
        if error is None:
            yield attempt.task, replace(future.result(), attempts=attempt.number)
        elif attempt.number < ATTEMPTS:
            self._submit(_Try(attempt.task, attempt.number + 1))
        else:
            yield attempt.task, Outcome(error=error, attempts=attempt.number)

    def _stop(self) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]  # pebble says no type here
        self._pool.join()


def _is_lost(future: "Future[Outcome[R]]") -> bool:
    """Whether a finished future's pool broke under it."""
    return isinstance(future.exception(), BrokenProcessPool)


def _worker_error(future: "Future[Outcome[R]]") -> str | None:
    """Return what happened to the worker, or None if it answered."""
    from pebble import ProcessExpired  # noqa: PLC0415  # slow to import, and one worker needs none of it

    error = future.exception()
    if isinstance(error, TimeoutError):
        return f"the time limit of {error.args[1]:g} s was exceeded"
    if isinstance(error, ProcessExpired):
        return f"the worker died (exit code {error.exitcode})"
    return None if error is None else f"the worker was lost ({error!r})"


def _new_pool(workers: int) -> "ProcessPool":
    from pebble import ProcessPool  # noqa: PLC0415  # see above

    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    context.set_forkserver_preload(PRELOAD)
    return ProcessPool(workers, TASKS_PER_WORKER, _end_with_the_driver, (), context)


def _end_with_the_driver() -> None:
    """Make this worker end as soon as the driver does, even one that is killed while this worker hangs."""
    driver = multiprocessing.parent_process()

    def watch() -> None:
        if driver is not None:
            driver.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


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
