"""Cohorts in a campus: what the controller learns, and what stays the same under another policy."""

import numpy as np
import pytest
from quick import run

from sim.errors import InputError
from sim.metrics.mining import hashrate_ph_s
from sim.testing import a_scenario

COHORT = {"name": "miners", "type": "cohort", "model": "antminer-s21", "machine_count": 10_000}
FAILING = COHORT | {"failures": {"per_year_fraction": 5.0, "repair_min_d": 0.2, "repair_max_d": 0.5}}
BURSTS = {
    "name": "burst", "type": "training", "gpus": 8000, "gpus_per_node": 8, "gpu": "h100-hgx",
    "power_mw": 30.0,
    "checkpoint": {"interval_min": 30.0, "stall_median_s": 120.0, "stall_sigma": 0.5},
}  # fmt: skip


def recorded(**keys):
    return run(a_scenario(**keys)).recording


def test_a_failure_takes_power_from_the_target_of_no_other_machine():
    recording = recorded(fleets=[FAILING], days=2.0, limit_mw=20.0, policy={"type": "follow-headroom"})
    power, failed = recording["fleet.miners.power_mw"], recording["fleet.miners.failed_count"]
    assert failed.maximum() > failed.minimum()
    # the others take over what those in repair leave: the target is met all the time but for the latency
    assert power.mean() == pytest.approx(20.0, rel=1e-4)


def test_another_policy_leaves_base_failures_as_they_were():
    only_base = FAILING | {"failures": FAILING["failures"] | {"per_start_fraction": 0.0}}
    one = recorded(fleets=[only_base], loads=[BURSTS], days=2.0, limit_mw=40.0)
    other = recorded(fleets=[only_base], days=2.0, policy={"type": "mining-off"})
    for name in ("time_s", "value"):
        first, second = (getattr(r["fleet.miners.failed_count"], name) for r in (one, other))
        assert np.array_equal(first, second)


def test_another_fleet_changes_no_draw_of_the_first():
    alone = recorded(fleets=[FAILING], days=2.0, policy={"type": "always-on"})
    both = recorded(fleets=[FAILING, FAILING | {"name": "more"}], days=2.0, policy={"type": "always-on"})
    one, same = (r["fleet.miners.failed_count"] for r in (alone, both))
    assert np.array_equal(one.time_s, same.time_s)
    assert not np.array_equal(one.time_s, both["fleet.more.failed_count"].time_s)


def test_a_cohort_earns_by_its_hash_rate():
    result = run(a_scenario(fleets=[COHORT | {"failures": {"per_year_fraction": 0.0}}], limit_mw=20.0))
    rate = hashrate_ph_s(result.recording, "miners")
    assert result.metrics["mining_revenue_usd"] == pytest.approx(rate.mean() * 50.0)
    at_full_clock_ph_s = 1000.0 * 20.0 / result.recording.constants["fleet.miners.efficiency_j_per_th"]
    assert rate.mean() > 1.05 * at_full_clock_ph_s  # a lower clock mines more with the power


def test_machine_starts_are_counted():
    result = run(a_scenario(fleets=[COHORT], loads=[BURSTS], limit_mw=45.0, days=0.5))
    assert result.metrics["fleet_machine_start_count"] > 0
    off = run(a_scenario(fleets=[COHORT], policy={"type": "mining-off"}))
    assert off.metrics["fleet_machine_start_count"] == 0
    assert np.isnan(run(a_scenario()).metrics["fleet_machine_start_count"])


def test_the_better_cohort_takes_the_target_and_each_runs_where_a_megawatt_mines_alike():
    good = COHORT | {"name": "good", "model": "antminer-s21-xp", "failures": {"per_year_fraction": 0.0}}
    poor = COHORT | {"name": "poor", "failures": {"per_year_fraction": 0.0}}
    recording = recorded(fleets=[poor, good], limit_mw=8.0)
    assert recording["fleet.poor.hashing_count"].maximum() == 0.0
    assert recording["fleet.good.power_mw"].mean() > 7.0
    recording = recorded(fleets=[poor, good], limit_mw=50.0)
    clocks = [recording[f"fleet.{name}.setpoint_fraction"].mean() for name in ("good", "poor")]
    assert clocks[0] > clocks[1]


def test_a_lost_pool_costs_its_time():
    loss = {"type": "pool-loss", "at_s": 3600.0, "duration_s": 7200.0}
    fleets = [COHORT | {"failures": {"per_year_fraction": 0.0}}]
    kept = run(a_scenario(fleets=fleets)).metrics
    lost = run(a_scenario(fleets=fleets, events=[loss]))
    assert lost.metrics["mining_revenue_usd"] == pytest.approx(kept["mining_revenue_usd"] * 22.0 / 24.0)
    assert lost.metrics["fleet_energy_mwh"] == pytest.approx(kept["fleet_energy_mwh"])
    asleep = [fleets[0] | {"on_pool_loss": "sleep"}]
    slept = run(a_scenario(fleets=asleep, events=[loss]))
    assert slept.metrics["fleet_energy_mwh"] == pytest.approx(kept["fleet_energy_mwh"] * 22.0 / 24.0, rel=0.01)


def test_a_pool_loss_that_names_no_cohort_is_refused():
    loss = {"type": "pool-loss", "at_s": 0.0, "duration_s": 1.0, "fleets": ["miners"]}
    with pytest.raises(InputError, match="pool-loss names fleet 'miners'; the scenario has no cohorts"):
        a_scenario(events=[loss])


def test_heat_takes_power_on_hot_afternoons():
    hot = {"type": "synthetic", "mean_c": 36.0, "annual_c": 0.0, "daily_c": 6.0}
    fleets = [COHORT | {"heat": {}, "failures": {"per_year_fraction": 0.0}}]
    recording = recorded(fleets=fleets, weather=hot, policy={"type": "always-on"})
    rate = recording["fleet.miners.hashrate_ph_s"]
    assert rate.minimum() == pytest.approx(0.9 * 2000.0)
    assert rate.maximum() == pytest.approx(2000.0)
    assert recording["outdoor_temperature_c"].maximum() == pytest.approx(42.0)
    cool = recorded(fleets=fleets, weather=hot | {"mean_c": 20.0}, policy={"type": "always-on"})
    assert cool["fleet.miners.hashrate_ph_s"].minimum() == pytest.approx(2000.0)


def test_the_same_seed_gives_the_same_run():
    one, same = (recorded(fleets=[FAILING], loads=[BURSTS], limit_mw=45.0, days=0.5) for _ in range(2))
    for name, signal in one.signals.items():
        assert np.array_equal(signal.value, same.signals[name].value), name


def test_the_relay_sees_orders_of_cohorts_that_are_under_way(tmp_path):
    (tmp_path / "ai.csv").write_text("time_s,power_mw\n0,150\n600,100\n")
    recording = run(
        a_scenario(
            tmp_path,
            days=1200.0 / 86_400.0,
            loads=[{"name": "ai", "type": "replay", "file": "ai.csv"}],
            fleets=[COHORT | {"machine_count": 20_000, "latency_s": 5.0}],
            policy={"type": "always-on"},
            interconnection={
                "limit_mw": 200.0,
                "trip": {"above_ratio": 1.02, "after_s": 10.0, "hold_min": 1.0},
            },
        )
    ).recording
    above = (recording["site_power_mw"] - 204.0).intervals_above(1e-6)
    trips_s = [event.time_s for event in recording.events if event.kind == "trip"]
    assert len(trips_s) > 3
    assert trips_s == pytest.approx([from_s + 10.0 for from_s, _ in above])
