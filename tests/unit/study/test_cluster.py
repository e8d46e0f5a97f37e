"""Runs on a Dask cluster: what a worker does; and the whole with a scheduler and two workers."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import chores
import pytest

from sim.errors import InputError, ResultError
from sim.study.cluster import identity, perform_afar, require_same
from sim.study.runs import RunTask, executor_of, perform
from sim.study.sweep import load_study, sweep

GRID = """
scenario: noisy
days: 0.05
axes:
  fleets.miners.rated_mw: {first: 40.0, last: 120.0, count: 20}
replications: 3
"""


def task_of(study):
    run = study.runs[0]
    return RunTask(run.key, "the first", study.scenario_of(run), study.folder, study.data)


def test_a_worker_does_a_run_from_the_files_that_came_along_alone(desk):
    (desk.scenarios / "data").mkdir()
    (desk.scenarios / "data" / "prices.csv").write_text("time_s,price_usd_per_mwh\n0,20\n60,40\n")
    power = "{type: file, file: data/prices.csv, outside: hold}"
    study = load_study(desk.study(f"scenario: noisy\ndays: 0.05\naxes:\n  market.power: [{power}]\n"))
    task = task_of(study)
    files = {"data/prices.csv": (desk.scenarios / "data" / "prices.csv").read_bytes()}
    there = perform(task)
    shutil.rmtree(desk.scenarios)

    outcome = perform_afar((perform, 60.0), task._replace(folder=Path("abc"), data=()), identity(), files)

    assert outcome.value == there


def test_a_run_that_hangs_is_ended_by_its_worker_and_the_next_one_is_done(desk):
    task = task_of(load_study(desk.study(GRID)))._replace(folder=Path("none"))

    hung = perform_afar((chores.hang_unless_short, 1.0), task, identity(), {})
    done = perform_afar((chores.hang_unless_short, 1.0), task._replace(label="short"), identity(), {})

    assert "the time limit of 1 s was exceeded" in hung.error
    assert hung.attempts == 2
    assert done.value == {"label": "short"}


def test_a_worker_of_another_version_is_refused():
    require_same(identity(), "tcp://here")
    with pytest.raises(ResultError, match=r"tcp://there: has numpy 1\.0, here .*install the same"):
        require_same({**identity(), "numpy": "1.0"}, "tcp://there")
    with pytest.raises(ResultError, match="has model None, here"):
        perform_afar((perform, None), None, {}, {})


def test_without_dask_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"needs Dask: pip install 'hashballast\[cluster\]'"):
        executor_of(perform, on="tcp://127.0.0.1:1")


class Servers:
    """A scheduler and two workers, each a process of its own."""

    def __init__(self, folder: Path, tls: tuple[str, ...] = ()) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"{'tls' if tls else 'tcp'}://127.0.0.1:{free.getsockname()[1]}"
        self.tls = tls
        self.processes: list[subprocess.Popen] = []
        self.start()

    def start(self) -> None:
        common = ("--host", "127.0.0.1", "--no-dashboard", *self.tls)
        port = self.url.rpartition(":")[2]
        self._run("scheduler", "--port", port, *common)
        for number in (1, 2):
            self._run("worker", self.url, "--nthreads", "1", "--memory-limit", "0", *common, name=str(number))

    def _run(self, kind: str, *arguments: str, name: str = "") -> None:
        place = self.folder / f"{kind}{name}"
        place.mkdir(exist_ok=True)
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *arguments]
        with (place / "log").open("w") as log:
            process = subprocess.Popen(command, cwd=place, stdout=log, stderr=subprocess.STDOUT)
        self.processes.append(process)

    def stop(self, number: int = signal.SIGTERM) -> None:
        for process in self.processes:
            process.send_signal(number)
        for process in self.processes:
            process.wait(30.0)
        self.processes.clear()

    def kill_a_worker(self) -> None:
        """Kill the process that works for the first worker's nanny."""
        tasks = Path(f"/proc/{self.processes[1].pid}/task")
        children = " ".join(path.read_text() for path in tasks.glob("*/children")).split()
        [worker] = [pid for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(int(worker), signal.SIGKILL)


@pytest.fixture
def servers(tmp_path, request):
    pytest.importorskip("distributed")
    found = Servers(tmp_path, *getattr(request, "param", ()))
    yield found
    found.stop()


@pytest.fixture
def alone(desk, tmp_path):
    """Bytes of a sweep that nothing disturbs."""
    sweep(load_study(desk.study(GRID)), tmp_path / "alone")
    return (tmp_path / "alone" / "runs.parquet").read_bytes()


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_cluster_leaves_the_bytes_of_a_sweep_here(desk, alone, servers):
    outcome = sweep(load_study(desk.study(GRID)), desk.out, on=servers.url, timeout_s=60.0)

    assert (outcome.done_count, outcome.failures) == (60, ())
    assert (desk.out / "runs.parquet").read_bytes() == alone


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_worker_that_is_killed_costs_nothing(desk, alone, servers):
    def kill(share: float) -> None:
        if not killed and share > 0.2:
            killed.append(share)
            servers.kill_a_worker()

    killed: list[float] = []
    outcome = sweep(load_study(desk.study(GRID)), desk.out, on=servers.url, progress=kill)

    assert killed
    assert outcome.failures == ()
    assert (desk.out / "runs.parquet").read_bytes() == alone


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_scheduler_that_is_killed_stops_the_sweep_and_the_next_one_goes_on(desk, alone, servers):
    def kill(share: float) -> None:
        if share > 0.2 and servers.processes:
            servers.stop(signal.SIGKILL)

    with pytest.raises(ResultError, match="the scheduler is gone; start again, what is done is kept"):
        sweep(load_study(desk.study(GRID)), desk.out, on=servers.url, progress=kill)
    servers.start()
    outcome = sweep(load_study(desk.study(GRID)), desk.out, on=servers.url)

    assert outcome.skipped_count > 0
    assert (desk.out / "runs.parquet").read_bytes() == alone


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_driver_that_is_killed_goes_on_where_it_was(desk, alone, servers):
    study = desk.study(GRID)
    command = [sys.executable, chores.__file__, "afar", str(study), str(desk.out), servers.url]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}) as driver:
        deadline = time.monotonic() + 120.0
        while len(list(desk.out.glob("runs/??/*.json"))) < 5 and time.monotonic() < deadline:
            time.sleep(0.05)
        driver.kill()

    outcome = sweep(load_study(study), desk.out, on=servers.url)

    assert 5 <= outcome.skipped_count < 60
    assert (desk.out / "runs.parquet").read_bytes() == alone
    assert not list(desk.out.rglob("*.partial"))
    assert json.loads((desk.out / "study.json").read_text())["failed"] == []


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_policies_from_outside_stay_here(desk, servers):
    study = load_study(desk.study(GRID), allow_plugins=True)
    with pytest.raises(InputError, match="run on this machine alone"):
        sweep(study, desk.out, on=servers.url)
