from pathlib import Path

import pytest

from sim import load_scenario, run
from sim.report.cautions import cautions

NEEDS_DATA = {"helios-2024", "rockdale-like"}
QUIET = {
    "start": "2021-08-02T00:00:00-05:00",
    "loads": [],
    "market": {"power": {"type": "fixed"}, "bitcoin": {"type": "fixed"}},
}


@pytest.fixture
def said(record):
    def texts(loads, fleets, *, scenario=None, metrics=None, **fields):
        recording = record(loads, fleets, **fields)
        found = cautions(recording, {**QUIET, **(scenario or {})}, metrics or {})
        return [(caution.text, caution.field) for caution in found]

    return texts


def test_a_plain_run_has_no_cautions(said):
    assert said({"a": 100.0}, {"m": 24.0}) == []


def test_power_in_the_wrong_unit_is_seen(said):
    [(text, field)] = said({"a": 80_000.0}, {})
    assert "100% of the run" in text
    assert "80,000 MW" in text
    assert "limit_mw" in field


def test_a_fleet_larger_than_any_headroom(said):
    [(text, field)] = said({"a": 170.0}, {"m": 24.0})
    assert "rated for 60 MW" in text
    assert "30 MW" in text
    assert field == "fleets.*.rated_mw"


def test_a_fleet_that_moves_far_in_seconds(said):
    step = [(0.0, 0.0), (1800.0, 0.0), (1800.0, 150.0), (3600.0, 150.0)]
    [(text, field)] = said({"a": 10.0}, {"m": step})
    assert "150 MW within 5 s" in text
    assert "ramp-limit" in field


def test_machines_that_start_all_the_time(said):
    [(text, _)] = said({"a": 100.0}, {"m": 24.0}, metrics={"machine_starts_per_machine_day": 94.0})
    assert "94 times a day" in text


def test_nameplate_and_interval_of_a_job_name_the_job(said):
    job = {
        "name": "training",
        "type": "training",
        "gpus": 48960,
        "gpu": "gb200-nvl72",
        "power_mw": 90.0,
        "iteration": {"duty_fraction": 0.8},
        "checkpoint": {"interval_min": 30.0},
    }
    metrics = {
        "ai.training.stall_mean_s": 5.0,
        "ai.training.mean_time_between_interruptions_h": 1.15,
    }
    found = said({"a": 100.0}, {"m": 24.0}, scenario={"loads": [job]}, metrics=metrics)
    assert [field for _, field in found] == [
        "loads.training.power_mw",
        "loads.training.checkpoint: {interval: young-daly}",
    ]


def test_prices_of_one_year_and_hashprice_of_another(said):
    market = {"power": {"type": "file"}, "bitcoin": {"type": "fixed"}}
    [(text, field)] = said({"a": 100.0}, {"m": 24.0}, scenario={"market": market})
    assert "2021" in text
    assert field.startswith("market.bitcoin")


def test_a_year_that_is_stated_is_no_slip(said):
    market = {"power": {"type": "file"}, "bitcoin": {"type": "fixed", "of_year": 2026}}
    assert said({"a": 100.0}, {"m": 24.0}, scenario={"market": market}) == []


SHIPPED = sorted(path for path in Path("scenarios").glob("*.yaml") if path.stem not in NEEDS_DATA)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_scenarios_state_no_nameplates_and_say_their_years(path):
    result = run(load_scenario(path, overrides={"days": 0.05}))
    found = cautions(result.recording, result.scenario.model_dump(mode="json"), result.metrics)
    assert [said.text for said in found if "nameplate" in said.text or "prices of power" in said.text] == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_prices_of_different_years_are_said_in_the_answer(path):
    scenario = load_scenario(path)
    said = " ".join(sentence.say for sentence in scenario.answer)
    market = scenario.market
    if scenario.fleets and market.power.type == "file" and market.bitcoin.type == "fixed":
        assert str(scenario.start.year) in said
        assert str(market.bitcoin.of_year) in said


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_scenarios_count_what_mining_costs_to_operate(path):
    scenario = load_scenario(path)
    assert not scenario.fleets or scenario.costs.mining_opex_usd_per_mwh


@pytest.mark.parametrize(("how", "count"), [({"power_mw": 50.0}, 1), ({"replicas": {"count": 3}}, 0)])
def test_tokens_that_do_not_count_are_named(said, how, count):
    requests = {"file": "azure.csv", "output_column": "GeneratedTokens"}
    service = {"name": "chat", "type": "inference", "profile": "requests", "requests": requests, **how}
    found = said({"chat": 50.0}, {"m": 24.0}, scenario={"loads": [service]})
    assert [field for _, field in found] == ["loads.0.replicas, in place of power_mw"] * count
    assert all("tokens of azure.csv do not count" in text for text, _ in found)
