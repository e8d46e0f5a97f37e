"""ANDES beside the SFR model; left out where no interpreter has ANDES."""

import csv
import importlib.util
import os
import sys
from pathlib import Path

import pytest

from sim.cli import main
from sim.dynamics.andes_process import SYSTEMS, DynamicsError, run_andes
from sim.dynamics.comparison import compare_windows, write_comparison
from sim.grid.frequency import response
from sim.metrics.frequency import points_of
from sim.result import write_result
from sim.scenario import load_scenario
from sim.signals import Signal
from sim.simulation import run

ROOT = Path(__file__).parents[3]
PYTHON = os.environ.get("HASHBALLAST_ANDES_PYTHON") or (sys.executable if importlib.util.find_spec("andes") else "")
KUNDUR = SYSTEMS["kundur"]
needs_andes = pytest.mark.skipif(not PYTHON, reason="ANDES is not installed")


@needs_andes
@pytest.mark.parametrize(("name", "andes_mhz", "sfr_mhz"), [("kundur", 422.27, 399.13), ("ieee39", 75.20, 71.04)])
def test_a_loss_of_200_mw_peaks_as_with_a_step_of_a_thirtieth_of_a_second(name, andes_mhz, sfr_mhz):
    loss = Signal.steps([0.0, 1.0], [200.0, 0.0], 31.0)
    answer = run_andes(loss, SYSTEMS[name], PYTHON)
    assert answer.failure == ""
    assert 1e3 * (answer.centre_hz.max() - 60.0) == pytest.approx(andes_mhz, rel=1e-3)
    assert answer.highest_machine_hz.max() > answer.centre_hz.max()
    assert 1e3 * response(*points_of(loss), answer.model).peak_hz == pytest.approx(sfr_mhz, rel=1e-4)


@needs_andes
def test_power_that_stands_still_leaves_frequency_alone():
    answer = run_andes(Signal.constant(100.0, 20.0), KUNDUR, PYTHON, reactive_per_mw=0.3)
    assert answer.centre_hz == pytest.approx(60.0, abs=1e-6)


@needs_andes
@pytest.mark.parametrize(
    ("levels_mw", "failure"),
    [
        ((600.0, 150.0), "no solution beyond"),
        ((2350.0, 1700.0), "cannot start"),
        ((9000.0, 0.0), "the power flow"),
    ],
)
def test_a_collapse_is_told_and_not_taken_for_a_result(levels_mw, failure):
    (found,) = compare_windows(Signal.steps([0.0, 40.0], levels_mw, 90.0), [KUNDUR], PYTHON)
    assert failure in found.andes.failure
    assert found.numbers["sfr_off_by_ratio"] != found.numbers["sfr_off_by_ratio"]  # NaN


@needs_andes
def test_a_smaller_share_of_the_power_moves_frequency_by_that_share(tmp_path):
    power = Signal.steps([0.0, 40.0], [100.0, 60.0], 90.0)
    (whole,) = compare_windows(power, [KUNDUR], PYTHON)
    (half,) = compare_windows(power, [KUNDUR], PYTHON, scale=0.5)
    assert half.numbers["sfr_peak_mhz"] == pytest.approx(0.5 * whole.numbers["sfr_peak_mhz"], rel=1e-9)
    assert half.numbers["andes_peak_mhz"] == pytest.approx(0.5 * whole.numbers["andes_peak_mhz"], rel=0.02)
    write_comparison([whole], tmp_path / "new")
    lines = (tmp_path / "new" / "comparison.csv").read_text().splitlines()
    assert "not your grid" in lines[0]
    (row,) = csv.DictReader(lines[1:])
    assert float(row["andes_peak_mhz"]) == whole.numbers["andes_peak_mhz"]
    assert (tmp_path / "new" / "comparison.png").stat().st_size > 10_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("result")
    write_result(run(load_scenario(ROOT / "scenarios" / "replay-day.yaml", overrides=["days=0.1"])), folder)
    return folder


def dynamics(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["dynamics", *map(str, arguments)])
    captured = capsys.readouterr()
    return stopped.value.code or 0, captured.out, captured.err


@needs_andes
def test_the_command_prints_both_models_and_writes_table_and_figure(folder, capsys, tmp_path):
    given = (folder, "--windows", 1, "--system", "kundur", "--python", PYTHON, "--out", tmp_path)
    code, out, _ = dynamics(capsys, *given)
    assert code == 0
    assert "not your grid" in out
    assert "Kundur" in out
    assert {path.name for path in tmp_path.iterdir()} == {"comparison.csv", "comparison.png"}


def test_an_unknown_system_is_refused(folder, capsys):
    code, _, said = dynamics(capsys, folder, "--system", "texas")
    assert code == 2
    assert "must be one of kundur, ieee39, got 'texas'" in said


@pytest.mark.skipif(importlib.util.find_spec("andes") is not None, reason="this interpreter has ANDES")
def test_without_andes_the_way_to_get_it_is_said(folder, capsys):
    code, _, said = dynamics(capsys, folder, "--python", sys.executable)
    assert code == 2
    assert "pip install 'hashballast[dynamics]'" in said


def test_an_interpreter_is_found_from_where_the_user_stands(tmp_path, monkeypatch):
    (tmp_path / "python").write_text("#!/bin/sh\necho here >&2\nexit 3\n")
    (tmp_path / "python").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DynamicsError, match="ended with code 3: here"):
        run_andes(Signal.constant(1.0, 1.0), KUNDUR, "./python")


def test_an_interpreter_that_is_not_there_is_named():
    with pytest.raises(DynamicsError, match="/no/such/python: cannot be started"):
        run_andes(Signal.constant(1.0, 1.0), KUNDUR, "/no/such/python")
