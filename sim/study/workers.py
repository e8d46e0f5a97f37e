"""Map a function over tasks in processes, so that a task that dies or hangs fails alone.

Each worker has a pipe of its own and one task at a time, so there is never a doubt what a dead one was at.
Pools with one queue for all lose sight of a task whose worker dies just as it takes it up, and wait for ever.
"""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import wait
from types import FrameType
from typing import Final, Generic

from sim.study.worker import LostError, Outcome, R, T, Try, Worker, outcome_of

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
