"""Result folders and scenario files of earlier versions keep opening: four of them stand in `tests/fixtures`.

Each folder was written by the revision whose model version it is named after, from `tiny.yaml` beside them;
pages and figures, which are made anew, are left out.
"""

import json
import shutil
from pathlib import Path

import pytest

import sim
from sim.cli import main
from sim.metrics import measure

FIXTURES = Path(__file__).parents[1] / "fixtures"
FOLDERS = sorted(FIXTURES.glob("results/*"))
LASTING = ("site_energy_mwh", "ai_energy_mwh", "fleet_energy_mwh", "exceedance_s", "site_peak_mw")


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def old(request, tmp_path):
    shutil.copytree(request.param, tmp_path / "old")
    for name in ("tiny.yaml", "trace.csv", "price.csv"):
        shutil.copy(FIXTURES / name, tmp_path)
    return tmp_path / "old"


@pytest.fixture
def command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def called(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        return ended.value.code

    return called


def test_there_are_folders_of_several_versions():
    versions = [json.loads((folder / "provenance.json").read_text())["model_version"] for folder in FOLDERS]
    assert sorted(versions) == [1, 3, 7, 10]


def test_numbers_are_those_that_were_stored_and_signals_still_give_them(old):
    stored = json.loads((old / "metrics.json").read_text())
    result = sim.read_result(old)
    assert {name: result.metrics[name]["value"] for name in LASTING} == {
        name: stored[name]["value"] for name in LASTING
    }
    anew = measure(result.recording)
    for name in LASTING:
        assert anew[name].value == pytest.approx(stored[name]["value"], rel=1e-9, abs=1e-9)


def test_the_page_and_the_tables_are_made_of_the_folder(old, command):
    assert command("report", "old") == 0
    assert "</html>" in (old / "report.html").read_text()
    assert (old / "ledger.csv").read_text().count("\n") > 2


@pytest.mark.usefixtures("old")
def test_its_power_is_exported(command):
    assert command("export", "old", "--format", "psse", "--out", "p.csv") == 0
    assert command("waveform", "old", "--at", "100", "--for", "2", "--out", "w.csv") == 0


def test_its_scenario_runs_and_is_compared(old, command, tmp_path):
    shutil.copy(old / "scenario.yaml", tmp_path / "resolved.yaml")
    assert command("validate", "resolved.yaml") == 0
    assert command("compare", "resolved.yaml", "--policies", "mining-off", "--workers", "1", "--out", "c") == 0


def test_a_scenario_as_it_was_written_then_still_runs(old, command):
    assert command("run", "tiny.yaml", "--out", "new") == 0
    then, now = sim.read_result(old).metrics, sim.read_result(old.parent / "new").metrics
    for name in ("ai_energy_mwh", "site_peak_mw"):
        assert now[name]["value"] == pytest.approx(then[name]["value"], rel=0.2)
