import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time

import chores
import pytest
from pyarrow import parquet

from sim import load_scenario, run
from sim.study.sweep import load_study, sweep

GRID = """
scenario: noisy
days: 0.1
axes:
  fleets.miners.rated_mw: [40.0, 80.0]
  policy: [follow-headroom, always-on]
replications: 3
"""


def table(folder):
    return parquet.read_table(folder / "runs.parquet").to_pylist()


def test_a_row_holds_the_axes_the_seed_the_key_and_every_metric_of_its_run(desk):
    study = load_study(desk.study(GRID))

    outcome = sweep(study, desk.out)

    assert (outcome.done_count, outcome.skipped_count, len(outcome.failures)) == (12, 0, 0)
    rows = table(desk.out)
    assert [(row["fleets.miners.rated_mw"], row["policy"], row["seed"]) for row in rows] == [
        run.values for run in study.runs
    ]
    assert [row["run_key"] for row in rows] == [run.key for run in study.runs]
    alone = run(
        load_scenario(
            desk.scenario,
            overrides=["days=0.1", "seed=8", "fleets.miners.rated_mw=80", "policy.type=always-on"],
        )
    ).metrics
    for name, value in alone.items():
        assert rows[10][name] == (float(value) if value == value else None)  # noqa: PLR0124  # NaN
    assert rows[10]["site_peak_mw.baseline"] == alone["site_peak_mw"].baseline


def test_study_json_says_what_the_columns_mean(desk):
    sweep(load_study(desk.study(GRID)), desk.out)

    said = json.loads((desk.out / "study.json").read_text())
    assert said["axes"][0] == {"path": "fleets.miners.rated_mw", "values": [40.0, 80.0]}
    assert said["axes"][2] == {"path": "seed", "values": [7, 8, 9]}
    assert said["metrics"]["site_peak_mw"]["unit"] == "MW"
    assert said["scenario"]["days"] == 0.1
    columns = set(parquet.read_schema(desk.out / "runs.parquet").names)
    assert set(said["metrics"]) <= columns


def test_one_worker_and_two_leave_the_same_bytes(desk, tmp_path):
    study = load_study(desk.study(GRID))
    sweep(study, tmp_path / "one", workers=1)
    sweep(study, tmp_path / "two", workers=2)

    for name in ("runs.parquet", "study.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_values_that_are_neither_numbers_nor_text_stand_in_the_table_as_json(desk):
    path = desk.study("scenario: noisy\ndays: 0.01\naxes: {policy: [always-on, {type: mining-off}]}\n")
    sweep(load_study(path), desk.out)

    assert [row["policy"] for row in table(desk.out)] == ["always-on", '{"type": "mining-off"}']


def test_a_finished_sweep_runs_nothing_again(desk):
    study = load_study(desk.study(GRID))
    sweep(study, desk.out)
    before = written(desk.out)

    outcome = sweep(study, desk.out)

    assert (outcome.done_count, outcome.skipped_count) == (12, 12)
    assert written(desk.out) == before


def test_a_wider_study_runs_what_is_new_alone(desk):
    sweep(load_study(desk.study(GRID)), desk.out)

    outcome = sweep(load_study(desk.study(GRID.replace("replications: 3", "replications: 4"))), desk.out)

    assert (outcome.done_count, outcome.skipped_count) == (16, 12)


def test_runs_that_fail_are_named_and_the_others_are_done(desk):
    for name in ("good", "bad"):
        (desk.scenarios / f"{name}.csv").write_text("time_s,power_mw\n0,100\n600,50\n")
    desk.scenario.write_text(REPLAY)
    study = load_study(desk.study("scenario: noisy\naxes: {loads.ai.file: [bad.csv, good.csv]}\nreplications: 2\n"))
    (desk.scenarios / "bad.csv").unlink()

    outcome = sweep(study, desk.out, workers=2)

    assert (outcome.done_count, len(outcome.failures)) == (2, 2)
    assert {failure.run for failure in outcome.failures} == {
        "loads.ai.file = bad.csv, seed = 1",
        "loads.ai.file = bad.csv, seed = 2",
    }
    assert all("bad.csv" in failure.reason and "no such file" in failure.reason for failure in outcome.failures)
    [first, _] = sorted(desk.out.glob("runs/??/*.failed.json"))
    assert "Traceback" in json.loads(first.read_text())["error"]
    assert [(row["done"], row["site_peak_mw"] is None) for row in table(desk.out)] == [
        (False, True),
        (False, True),
        (True, False),
        (True, False),
    ]

    (desk.scenarios / "bad.csv").write_text("time_s,power_mw\n0,100\n600,50\n")
    outcome = sweep(study, desk.out)

    assert (outcome.done_count, outcome.skipped_count, len(outcome.failures)) == (4, 2, 0)
    assert list(desk.out.glob("runs/??/*.failed.json")) == []


def test_a_data_file_that_changes_meanwhile_spoils_its_runs_alone(desk):
    data = desk.scenarios / "good.csv"
    data.write_text("time_s,power_mw\n0,100\n")
    desk.scenario.write_text(REPLAY)
    study = load_study(desk.study("scenario: noisy\n"))
    data.write_text("time_s,power_mw\n0,101\n")

    outcome = sweep(study, desk.out)

    assert "a data file changed while the study ran" in outcome.failures[0].reason


def test_a_worker_killed_at_work_costs_no_run(desk):
    study = load_study(desk.study(GRID.replace("days: 0.1", "days: 2.0")))
    killed = []

    def kill_one(_: float) -> None:
        if not killed:
            killed.append(multiprocessing.active_children()[-1].pid)
            os.kill(killed[0], signal.SIGKILL)

    outcome = sweep(study, desk.out, workers=2, progress=kill_one)

    assert killed
    assert (outcome.done_count, len(outcome.failures)) == (12, 0)


def test_a_run_that_takes_too_long_fails_alone(desk):
    study = load_study(desk.study("scenario: noisy\naxes: {days: [0.01, 3660.0, 0.02]}\n"))

    outcome = sweep(study, desk.out, workers=2, timeout_s=2.5)

    assert [failure.run for failure in outcome.failures] == ["days = 3660.0"]
    assert "time limit of 2.5 s" in outcome.failures[0].reason


def test_a_sweep_whose_driver_is_killed_goes_on_where_it_was(desk, tmp_path):
    path = desk.study(GRID.replace("days: 0.1", "days: 1.0").replace("replications: 3", "replications: 10"))
    driver = subprocess.Popen([sys.executable, chores.__file__, "sweep", str(path), str(desk.out)])
    until = time.monotonic() + 30.0
    while len(written(desk.out)) < 5:
        assert time.monotonic() < until
        time.sleep(0.005)
    driver.kill()
    driver.wait()
    time.sleep(0.5)  # a worker ends as soon as it sees that the driver is gone
    before = written(desk.out)
    for file in before:
        json.loads((desk.out / "runs" / file[:2] / file).read_text())

    study = load_study(path)
    outcome = sweep(study, desk.out)

    assert 5 <= len(before) < 40
    assert (outcome.done_count, len(outcome.failures)) == (40, 0)
    assert outcome.skipped_count >= len(before)
    after = written(desk.out)
    assert {file: after[file] for file in before} == before
    assert not list(desk.out.rglob("*.partial"))
    sweep(study, tmp_path / "never-stopped")
    assert (desk.out / "runs.parquet").read_bytes() == (tmp_path / "never-stopped" / "runs.parquet").read_bytes()


def test_progress_rises_to_one(desk):
    told = []
    sweep(load_study(desk.study(GRID)), desk.out, progress=told.append)

    assert told == pytest.approx([number / 12 for number in range(1, 13)])


def written(folder):
    """Return the files of the runs that are done, and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("runs/??/*.json")}


REPLAY = """
schema_version: 1
name: replayed
start: "2026-01-01T00:00:00-06:00"
days: 0.1
interconnection: {limit_mw: 200.0}
loads: [{name: ai, type: replay, file: good.csv, interpolation: step}]
"""
