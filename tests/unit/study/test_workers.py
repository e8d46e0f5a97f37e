import fcntl
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import chores
import pytest

from sim.study.workers import at_work, crew_of, map_tasks


def worked(tasks, executor):
    with at_work(executor) as crew:
        yield from map_tasks(tasks, crew)


@pytest.mark.parametrize("workers", [1, 2])
def test_every_task_comes_back_with_its_value(workers):
    outcomes = dict(worked(range(50), crew_of(chores.square, workers=workers)))

    assert {task: outcome.value for task, outcome in outcomes.items()} == {n: n * n for n in range(50)}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_task_that_raises_fails_alone_with_its_traceback_and_is_tried_once(workers):
    outcomes = dict(worked(range(6), crew_of(chores.refuse_three, workers=workers)))

    assert [task for task, outcome in outcomes.items() if outcome.error] == [3]
    assert "ValueError: three is out of the question" in outcomes[3].error
    assert "in refuse_three" in outcomes[3].error
    assert outcomes[3].attempts == 1


def test_tasks_are_read_as_they_are_handed_out():
    read = []

    def source() -> Iterator[int]:
        for number in range(10_000):
            read.append(number)
            yield number

    outcomes = worked(source(), crew_of(chores.square, workers=2))
    next(outcomes)
    outcomes.close()

    assert len(read) <= 3


def test_a_task_whose_worker_is_killed_is_tried_again(tmp_path):
    outcomes = dict(worked([tmp_path / "a", tmp_path / "b"], crew_of(chores.die_once, workers=2)))

    assert {outcome.value for outcome in outcomes.values()} == {"done the second time"}
    assert {outcome.attempts for outcome in outcomes.values()} == {2}


def test_a_task_that_always_kills_its_worker_fails_alone():
    outcomes = dict(worked(range(8), crew_of(chores.die_always, workers=2)))

    assert [task for task, outcome in outcomes.items() if outcome.error] == [1]
    assert "the worker died (exit code 7)" in outcomes[1].error
    assert outcomes[1].attempts == 2


def test_a_task_that_hangs_runs_into_the_time_limit_alone():
    outcomes = dict(worked(range(5), crew_of(chores.sleep_forever_at_two, workers=2, timeout_s=0.5)))

    assert [task for task, outcome in outcomes.items() if outcome.error] == [2]
    assert "the time limit of 0.5 s was exceeded" in outcomes[2].error


def test_one_worker_with_a_time_limit_keeps_it():
    outcomes = dict(worked([1, 2, 3], crew_of(chores.sleep_forever_at_two, workers=1, timeout_s=0.5)))

    assert [task for task, outcome in outcomes.items() if outcome.error] == [2]


def test_killing_idle_workers_loses_no_task():
    outcomes = worked(iter(range(40)), crew_of(chores.square, workers=2))
    found = [next(outcomes)]
    time.sleep(0.3)
    for worker in multiprocessing.active_children():
        os.kill(worker.pid, signal.SIGKILL)
    found += list(outcomes)

    assert sorted(outcome.value for _, outcome in found) == [n * n for n in range(40)]


@pytest.mark.slow
def test_killing_workers_again_and_again_loses_no_task():
    outcomes = worked(range(300), crew_of(chores.wait_then_square, workers=2))
    found = {}
    for task, outcome in outcomes:
        found[task] = outcome.value
        workers = multiprocessing.active_children()
        if len(found) % 60 == 0 and workers:
            os.kill(workers[0].pid, signal.SIGKILL)

    assert found == {n: n * n for n in range(300)}


def test_workers_use_one_blas_thread_and_the_driver_keeps_its_own(monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "5")

    [(_, outcome)] = worked([0], crew_of(chores.blas_threads, workers=2))

    assert outcome.value == "1"
    assert os.environ["OPENBLAS_NUM_THREADS"] == "5"


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_no_worker_outlives_its_driver_even_while_it_hangs(tmp_path, number, code):
    driver = subprocess.Popen([sys.executable, chores.__file__, "hang", str(tmp_path)], stderr=subprocess.DEVNULL)
    wait_for(lambda: sum(lock.stat().st_size > 0 for lock in tmp_path.glob("*.lock")) == 2)

    driver.send_signal(number)

    assert driver.wait(timeout=60.0) == code
    for lock in tmp_path.glob("*.lock"):
        wait_for(lambda lock=lock: is_free(lock))


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def is_free(lock: Path) -> bool:
    """Tell whether the process that locked the file is gone."""
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def test_what_a_task_forks_answers_for_no_other_and_does_not_outlive_the_crew(tmp_path):
    outcomes = dict(worked([tmp_path / str(n) for n in range(6)], crew_of(chores.fork_and_return, workers=2)))

    assert {task.name: outcome.value for task, outcome in outcomes.items()} == {str(n): str(n) for n in range(6)}
    forks = [int(path.read_text()) for path in tmp_path.glob("*.pid")]
    assert len(forks) == 6
    deadline_s = time.monotonic() + 10.0  # what is told to end takes a moment to do so
    while (left := [fork for fork in forks if is_alive(fork)]) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert not left


def test_a_task_that_answers_for_another_is_not_believed_and_loses_its_worker(tmp_path):
    outcomes = dict(worked([tmp_path / str(n) for n in range(6)], crew_of(chores.answer_twice, workers=2)))

    assert {task.name: outcome.value for task, outcome in outcomes.items()} == {str(n): str(n) for n in range(6)}
    assert {outcome.attempts for outcome in outcomes.values()} == {2}


def test_a_worker_takes_no_more_than_its_share_of_memory():
    outcomes = dict(worked([0, 1], crew_of(chores.memory_limit, workers=2)))

    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert {outcome.value for outcome in outcomes.values()} == {whole // 2}


def is_alive(process):
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
