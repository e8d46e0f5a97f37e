import json
import pickle
from importlib.metadata import version

import pytest

from sim.errors import InputError
from sim.simulation import MODEL_VERSION, provenance, run, run_key
from sim.testing import a_scenario

TRACE = [{"name": "a", "type": "replay", "file": "a.csv"}]


@pytest.fixture
def trace(tmp_path):
    (tmp_path / "a.csv").write_text("time_s,power_mw\n0,150\n600,120\n")
    return tmp_path


def key(folder, **fields):
    return run_key(a_scenario(folder, **({"loads": TRACE} | fields)))


def test_a_run_gives_scenario_recording_metrics_and_provenance(trace):
    scenario = a_scenario(trace, loads=TRACE, days=0.5)
    result = run(scenario)
    assert result.scenario is scenario
    assert result.recording["site_power_mw"].end_s == 43_200.0
    assert result.metrics["ai_energy_mwh"] == pytest.approx((600 * 150 + 42_600 * 120) / 3600.0)
    assert result.provenance == provenance(scenario)


def test_progress_goes_up_to_one():
    shares = []
    run(a_scenario(days=0.01), progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"a\.csv"):
        run(a_scenario(tmp_path, loads=TRACE))


def test_a_run_key_is_64_hexadecimal_digits_and_the_same_again(trace):
    assert key(trace) == key(trace)
    assert len(bytes.fromhex(key(trace))) == 32


@pytest.mark.parametrize(
    "fields",
    [
        {"seed": 2},
        {"days": 2.0},
        {"name": "b"},
        {"limit_mw": 201.0},
        {"policy": {"type": "always-on"}},
        {"fleets": []},
    ],
)
def test_whatever_a_scenario_says_is_in_its_run_key(trace, fields):
    assert key(trace, **fields) != key(trace)


def test_a_default_said_or_left_out_is_the_same_run(trace):
    assert key(trace, seed=1) == key(trace)
    assert key(trace, policy={"type": "follow-headroom"}) == key(trace)


def test_the_content_of_a_data_file_is_in_the_run_key_but_not_its_folder(trace, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "a.csv").write_bytes((trace / "a.csv").read_bytes())
    before = key(trace)
    assert key(elsewhere) == before
    (trace / "a.csv").write_text("time_s,power_mw\n0,150\n600,121\n")
    assert key(trace) != before


def test_a_run_does_not_change_its_key(trace):
    scenario = a_scenario(trace, loads=TRACE, days=0.01)
    before = run_key(scenario)
    assert run(scenario).provenance["run_key"] == before == run_key(scenario)


def test_a_scenario_that_has_travelled_runs_to_the_same_key(trace):
    scenario = a_scenario(trace, loads=TRACE, days=0.01)
    travelled = pickle.loads(pickle.dumps(scenario))  # noqa: S301  # our own bytes
    assert run(travelled).provenance == provenance(scenario)


def test_provenance_says_what_made_the_result(trace):
    found = provenance(a_scenario(trace, loads=TRACE, seed=7))
    assert (found["model_version"], found["seed"]) == (MODEL_VERSION, 7)
    assert list(found["inputs_sha256"]) == ["a.csv"]
    assert found["versions"]["simpy"] == version("simpy")
    assert set(found["versions"]) == {"python", "hashballast", "simpy", "numpy", "pyarrow"}
    json.dumps(found, allow_nan=False)
