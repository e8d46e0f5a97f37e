"""What lies between perfect foresight and a run, line by line, on courses that can be reckoned by hand."""

from dataclasses import replace

import pytest
from quick import run

from sim import load_scenario
from sim.signals import Signal
from sim.study.gap import Gap

MINER = {"type": "aggregate", "ramp_up_mw_per_s": 1.0, "ramp_down_mw_per_s": 1.0}
SCENARIO = {
    "schema_version": 1, "name": "site", "start": "2024-01-30T00:00:00Z", "days": 1.0 / 24.0,
    "interconnection": {"limit_mw": 16.0},
    "fleets": [
        {"name": "m", "rated_mw": 10.0, "minimum_mw": 1.0, "efficiency_j_per_th": 20.0, **MINER},
        {"name": "w", "rated_mw": 6.0, "efficiency_j_per_th": 40.0, **MINER},
    ],
    "policy": {"type": "always-on"},
    "market": {
        "power": {"type": "fixed", "price_usd_per_mwh": 40.0},
        "bitcoin": {"type": "fixed", "hashprice_usd_per_ph_day": 48.0},
    },
}  # fmt: skip


def test_each_line_is_what_one_course_is_worth_less_than_the_one_before():
    # a MWh makes 100 USD in m and 50 in w, and costs 40: 60 and 10 are left
    scenario = load_scenario(SCENARIO)
    recording = run(scenario).recording
    levels = {
        "fleet.m.hashing_count": 70.0, "fleet.m.asleep_count": 20.0, "fleet.m.failed_count": 10.0,
        "fleet_target_mw": 14.0, "fleet_obliged_mw": 12.0, "fleet_power_mw": 10.0,
    }  # fmt: skip
    signals = {name: Signal.constant(level, recording.end_s) for name, level in levels.items()}
    gap = Gap(replace(recording, signals={**recording.signals, **signals}), scenario)

    lines_usd = gap.lines_usd(1000.0, 400.0)

    best = 10.0 * 60.0 + 6.0 * 10.0
    working = (1.0 + 0.9 * 9.0) * 60.0 + 6.0 * 10.0  # of what m draws above its least a tenth is in repair
    told = (1.0 + 8.1) * 60.0 + (12.0 - 9.1) * 10.0
    drawn = (1.0 + 8.1) * 60.0 + (10.0 - 9.1) * 10.0
    awake = (1.0 + 8.1) * 60.0 + (9.8 - 9.1) * 10.0 - 0.2 * 40.0  # a fifth of the least is drawn asleep
    assert lines_usd["repair"] == pytest.approx(best - working)
    assert lines_usd["late_price"] == 0.0
    assert lines_usd["forecast"] == pytest.approx(working - told)
    assert lines_usd["latency"] == pytest.approx(told - drawn)
    assert lines_usd["standby"] == pytest.approx(drawn - awake)
    assert sum(lines_usd.values()) == pytest.approx(600.0)
    assert gap.filling_repair_usd() == pytest.approx(best - working)
