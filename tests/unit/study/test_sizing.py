"""What a site must buy: the bound by hand, the set that passes, what cannot be passed."""

import json

import pytest

from sim import load_scenario, run
from sim.cli import main
from sim.errors import InputError
from sim.grid.limits import published_limits
from sim.study.sizing import Sizing, energy_mwh, ramp_mw_per_min

STEP = {
    "schema_version": 2, "name": "step", "start": "2024-01-30T00:00:00Z", "days": 0.125,
    "interconnection": {"limit_mw": 200.0},
    "loads": [{"name": "hall", "type": "replay", "file": "steps.csv", "interpolation": "step"}],
    "policy": {"type": "mining-off"},
}  # fmt: skip
RULE = {limit.name: limit for limit in published_limits()}


@pytest.fixture
def place(tmp_path):
    (tmp_path / "steps.csv").write_text("time_s,power_mw\n0,100\n3600,40\n7200,100\n")
    return tmp_path / "step.yaml"


def test_a_battery_s_bound_is_that_of_a_triangle():
    # 60 MW to 10 MW in 5 s, 2 MW/s: 30 s at 30 MW on average are 900 MJ
    ramp = ramp_mw_per_min(RULE["ercot-5s"], 200.0)
    assert ramp == pytest.approx(2.0 * 60.0)
    assert energy_mwh(60.0, ramp) == pytest.approx(900.0 / 3600.0)
    assert ramp_mw_per_min(RULE["caiso-10min"], 200.0) == 20.0
    assert energy_mwh(160.0, 20.0) == pytest.approx(10.67, rel=1e-3)


def test_the_set_passes_when_it_is_run_and_a_weaker_battery_does_not(place):
    sizing = Sizing(STEP, place, [], ["southern-6s"], 60.0)
    assert list(sizing.levers) == ["battery"]  # nothing else there is to act on
    assert sizing.step_mw == pytest.approx(60.0)
    found = sizing.search()
    battery, energy = found.document["items"]
    # what the site sees at once is what 10 MW within 6 s lets through, so that 50 MW or more must be there
    assert (battery["item"], battery["unit"], battery["binding_row"]) == ("battery at the site", "MW", "southern-6s")
    assert 48.0 <= battery["amount"] <= 60.0
    assert energy["amount"] >= 2.0 * energy_mwh(battery["amount"], sizing.ramp_mw_per_min)
    assert battery["usd"] == pytest.approx(275e3 * battery["amount"])
    again = Sizing(found.content, place, [], ["southern-6s"], 60.0).search().document
    assert again["items"] == []
    assert again["impossible"] == {}


def test_a_limit_that_no_lever_passes_is_said_to_be_impossible(place):
    outage = {**STEP, "interconnection": {"limit_mw": 90.0, "tolerance": {"above_ratio": 1.0, "after_s": 0.0}}}
    impossible = Sizing(outage, place, [], ["southern-6s"], 60.0).search().document["impossible"]
    assert set(impossible) == {"southern-6s"}  # above its limit a battery does not hold the site up


def test_a_limit_that_there_is_not_is_refused(place):
    with pytest.raises(InputError, match=r"southern-7s.*southern-6s"):
        Sizing(STEP, place, [], ["southern-7s"], 60.0)


def test_the_command_writes_bill_page_and_a_scenario(place, capsys):
    place.write_text(json.dumps(STEP))
    out = place.parent / "out"
    with pytest.raises(SystemExit):
        main(["size", str(place), "--pass", "southern-6s", "--json", "--out", str(out)])
    document = json.loads(capsys.readouterr().out)
    assert {"item", "amount", "unit", "usd", "binding_row"} == set(document["items"][0])
    assert "out of scope" in (out / "size.html").read_text()
    scenario = load_scenario(out / "scenario.yaml", data=[place.parent])
    assert run(scenario).scenario.storage is not None
