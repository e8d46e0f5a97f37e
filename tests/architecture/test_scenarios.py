import json
from pathlib import Path

import pytest

from sim import load_scenario, run
from sim.cli import main
from sim.scenario import json_schema
from sim.study.sweep import load_study

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
STUDIES = sorted((ROOT / "scenarios" / "studies").glob("*.yaml"))
NEEDS_DATA = {"helios-2024", "rockdale-like"}


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_every_scenario_loads_and_runs_shortened(path):
    if path.stem in NEEDS_DATA and not DATA.is_dir():
        pytest.skip("its data files do not ship: no ../shared/data here")

    result = run(load_scenario(path, overrides={"days": 0.25}, data=[DATA] if DATA.is_dir() else []))

    assert result.scenario.name == path.stem
    assert result.metrics["site_energy_mwh"] > 0.0
    assert abs(result.metrics["energy_balance_error_mwh"]) < 1e-9 * result.metrics["site_energy_mwh"]


@pytest.mark.parametrize(
    "seed", [10, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 21) if seed != 10)]
)
@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_every_scenario_is_measured_over_an_hour_with_any_seed(path, seed):
    if path.stem in NEEDS_DATA:
        pytest.skip("its data files do not ship")
    metrics = run(load_scenario(path, overrides={"days": 0.05, "seed": seed})).metrics
    assert metrics["site_energy_mwh"] >= 0.0  # a calm hour of wind alone may hold none


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_every_scenario_says_which_question_it_answers_and_names_its_schema(path):
    text = path.read_text()
    assert text.startswith("# yaml-language-server: $schema=scenario.schema.json\n")
    assert "question: " in text


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_study_loads(path):
    assert load_study(path).runs
    assert path.read_text().startswith("# yaml-language-server: $schema=study.schema.json\n")


def test_the_shipped_schema_is_the_current_one():
    shipped = json.loads((ROOT / "scenarios" / "scenario.schema.json").read_text())
    assert shipped == json_schema(), "write it again: make schema"


def test_the_shipped_schema_of_studies_is_the_current_one(capsys):
    with pytest.raises(SystemExit):
        main(["schema", "--study"])
    shipped = json.loads((ROOT / "scenarios" / "studies" / "study.schema.json").read_text())
    assert shipped == json.loads(capsys.readouterr().out), "write it again: make schema"
    assert {"axes", "design", "replications"} <= shipped["properties"].keys()
