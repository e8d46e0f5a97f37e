"""What a run may cost: counts, the same everywhere, and one ratio to a bare SimPy loop beside it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import cases
from benchmarks.timing import in_timeouts
from sim.engine.campus import Campus
from sim.simulation import run

ROOT = Path(__file__).parents[2]
DAYS = 0.05
MOST_TIMEOUTS = 15.0  # a machine that others use doubles a ratio now and then
MOST_SETTLES_A_DECISION = 1.05
MOST_MODELS = 179
MODELS_LOADED = """
import json, sys
from pydantic import BaseModel
from sim import load_scenario
load_scenario("scenarios/replay-day.yaml")
def made(kind):
    return [kind, *(found for child in kind.__subclasses__() for found in made(child))]
print(len({kind for kind in made(BaseModel) if kind.__module__.startswith("sim.")}))
"""


@pytest.fixture(scope="module")
def ramping(tmp_path_factory):
    scenario = cases.ramping_seconds(tmp_path_factory.mktemp("ramping"), DAYS)
    return scenario, run(scenario)


def test_each_change_of_the_bench_makes_the_fleet_ramp(ramping):
    assert cases.ramping_share(ramping[1].recording) > 0.95


def test_a_change_is_one_event_one_settle_and_one_decision(ramping):
    changes = ramping[1].recording["ai_power_mw"].time_s.size
    counts = [ramping[1].metrics[f"{what}_count"] for what in ("event", "settle", "decision")]
    assert changes == DAYS * cases.SECONDS_A_DAY
    assert counts[0] <= changes + 10
    assert counts[1:] == [changes, changes]


def test_a_day_of_the_campus_settles_little_more_than_it_decides():
    metrics = run(cases.campus_days(1.0)).metrics
    assert metrics["settle_count"] <= MOST_SETTLES_A_DECISION * metrics["decision_count"]


def test_a_change_costs_no_more_than_some_waits_of_a_bare_process(ramping):
    scenario, result = ramping
    changes = result.recording["ai_power_mw"].time_s.size
    assert min(in_timeouts(lambda: Campus(scenario).run(), rounds=3)) / changes < MOST_TIMEOUTS


def test_a_scenario_makes_no_more_descriptions_than_today():
    done = subprocess.run([sys.executable, "-c", MODELS_LOADED], cwd=ROOT, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) <= MOST_MODELS
