"""Tasks for workers, and a driver to be killed; in a module of their own, as workers import them by name."""

import fcntl
import os
import resource
import signal
import sys
import time
from pathlib import Path

from sim.study.runs import RunTask
from sim.study.sweep import load_study, sweep
from sim.study.workers import Outcome, at_work, crew_of, map_tasks


def square(number: int) -> int:
    return number * number


def refuse_three(number: int) -> int:
    if number == 3:
        raise ValueError("three is out of the question")
    return number


def sleep_forever_at_two(number: int) -> int:
    while number == 2:
        time.sleep(60.0)
    return number


def die_once(marker: Path) -> str:
    """Kill the process that runs this, the first time."""
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return "done the second time"
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


def die_always(number: int) -> int:
    if number == 1:
        os._exit(7)
    return number


def hold_a_lock(folder: Path) -> None:
    """Hold a file locked for as long as this process lives, and hang."""
    with (folder / f"{os.getpid()}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("locked")
        file.flush()
        time.sleep(60.0)


def wait_then_square(number: int) -> int:
    time.sleep(0.02)
    return number * number


def blas_threads(_: int) -> str | None:
    return os.environ.get("OPENBLAS_NUM_THREADS")


def hang_in_two_workers(folder: Path) -> None:
    with at_work(crew_of(hold_a_lock, workers=2)) as crew:
        list(map_tasks([folder] * 8, crew))


def sweep_with_two_workers(study: Path, folder: Path) -> None:
    sweep(load_study(study), folder, workers=2)


def sweep_afar(study: Path, folder: Path, url: str) -> None:
    sweep(load_study(study), folder, on=url)


def hang_unless_short(task: RunTask) -> dict[str, str]:
    while task.label != "short":
        time.sleep(60.0)
    return {"label": task.label}


def fork_and_return(path: Path) -> str:
    """Leave a fork that comes back as this does, with another answer, and one that goes on for a minute."""
    if os.fork() == 0:
        return "wrong"
    if (fork := os.fork()) == 0:
        time.sleep(60.0)
        os._exit(0)
    path.with_suffix(".pid").write_text(str(fork))
    return path.name


def answer_twice(path: Path) -> str:
    """Answer for another task, through the worker's own pipe, beside this one; at the first try."""
    frame = sys._getframe()  # noqa: SLF001  # as a policy from outside might
    while "pipe" not in frame.f_locals:
        frame = frame.f_back
    if not path.exists():
        path.touch()
        frame.f_locals["pipe"].send((100, Outcome("wrong")))
    return path.name


def memory_limit(_: int) -> int:
    return resource.getrlimit(resource.RLIMIT_DATA)[0]


if __name__ == "__main__":
    # a shell that starts the tests in the background has them ignore an interrupt, and so their children
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.argv[1] == "hang":
        hang_in_two_workers(Path(sys.argv[2]))
    elif sys.argv[1] == "afar":
        sweep_afar(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
    else:
        sweep_with_two_workers(Path(sys.argv[2]), Path(sys.argv[3]))
