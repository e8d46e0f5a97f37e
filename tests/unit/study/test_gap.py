"""What lies between perfect foresight and a run, line by line, on courses that can be reckoned by hand."""

from dataclasses import replace
from math import inf

import pytest
from quick import run

from sim import load_scenario
from sim.mining.fleet import RampedSpec
from sim.mining.worth import Piece, Worth
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


def gap_with(scenario, levels, from_s=0.0):
    """Return the gap of a run, or of its part from a time on, with other levels in place of what it did."""
    recording = run(scenario).recording
    recording = recording.between(from_s, recording.end_s)
    signals = {name: Signal.constant(level, recording.end_s) for name, level in levels.items()}
    return Gap(replace(recording, signals={**recording.signals, **signals}), scenario)


def test_what_was_mined_is_set_against_what_the_same_power_could_mine():
    scenario = load_scenario(SCENARIO)
    gap = gap_with(scenario, {"fleet_obliged_mw": 10.0, "fleet_power_mw": 10.0})
    # always-on mines with both fleets from the first second on: 1,300 USD, of which 10 MW cost 400
    assert gap.lines_usd(1000.0, 400.0)["clock"] == pytest.approx(10.0 * 60.0 - (1300.0 - 400.0))


def test_best_and_repair_are_within_what_ai_leaves():
    counts = {"fleet.m.hashing_count": 90.0, "fleet.m.asleep_count": 0.0, "fleet.m.failed_count": 10.0}
    gap = gap_with(load_scenario(SCENARIO), {**counts, "ai_power_mw": 4.0})
    best, working = 10.0 * 60.0 + 2.0 * 10.0, 9.1 * 60.0 + 2.9 * 10.0
    assert gap.filling_repair_usd() == pytest.approx(best - working)
    assert gap.lines_usd(1000.0, 400.0)["repair"] == pytest.approx(best - working)


@pytest.mark.parametrize(("from_h", "late_usd"), [(0, 600.0), (1, 600.0), (2, 150.0)])
def test_a_price_seen_late_costs_its_own_line_whatever_a_warm_up_left_out(tmp_path, from_h, late_usd):
    (tmp_path / "p.csv").write_text(
        "time_utc,price_usd_per_mwh\n"
        + "".join(f"2024-01-30T{hour:02}:00Z,{price}\n" for hour, price in enumerate((40, 200, 40, 40)))
    )
    power = {"type": "file", "file": "p.csv", "publication_delay_s": 900.0}
    market = {**SCENARIO["market"], "power": power}
    scenario = load_scenario({**SCENARIO, "days": 3.0 / 24.0, "market": market}, data=[tmp_path])
    gap = gap_with(scenario, {}, from_h * 3600.0)
    # a quarter of an hour with 9 MW of m at -100 USD and 6 MW of w at -150; one without them at 60 and 10
    assert gap.lines_usd(1000.0, 400.0)["late_price"] == pytest.approx(late_usd)


def test_what_pays_half_a_dollar_is_run_and_a_price_that_is_not_late_costs_nothing():
    market = {**SCENARIO["market"], "power": {"type": "fixed", "price_usd_per_mwh": 49.5}}
    gap = gap_with(load_scenario({**SCENARIO, "market": market}), {"fleet_obliged_mw": 10.0})
    lines_usd = gap.lines_usd(1000.0, 400.0)
    assert lines_usd["late_price"] == 0.0
    assert lines_usd["forecast"] == pytest.approx(6.0 * 0.5)


class Works(RampedSpec):
    """Makes 12 USD an hour with its first megawatt, and 66 USD with each MWh of the rest."""

    name: str = "works"
    rated_mw: float = 5.0
    minimum_mw: float = 1.0
    ramp_up_mw_per_s: float = 1.0
    ramp_down_mw_per_s: float = 1.0
    latency_s: float = 0.0
    initial_mw: float | None = None
    location: None = None

    @property
    def efficiency_j_per_th(self) -> float:
        return inf

    @property
    def full_mw(self) -> float:
        return self.rated_mw

    @property
    def worth(self) -> Worth:
        return Worth(self.minimum_mw, 12.0, (Piece(4.0, 66.0),), is_hash=False)


def test_a_product_with_a_price_of_its_own_counts_at_that_price():
    scenario = load_scenario(SCENARIO).model_copy(update={"fleets": (Works(),)})
    gap = gap_with(scenario, {"fleet_obliged_mw": 3.0, "fleet_power_mw": 1.0})
    lines_usd = gap.lines_usd(1000.0, 400.0)
    assert lines_usd["forecast"] == pytest.approx((4.0 - 2.0) * (66.0 - 40.0))
    assert lines_usd["latency"] == pytest.approx(2.0 * 26.0)
    assert lines_usd["clock"] == pytest.approx(12.0 - 40.0 - (12.0 + 4.0 * 66.0 - 40.0))
