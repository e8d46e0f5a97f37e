"""What the smallest example shows, in numbers that follow from its file by hand.

AI draws 150 MW, and 70 MW in a checkpoint of five minutes in each hour; in the fourteenth hour it fails at
48,000 s to 40 MW, is back at 90 MW at 50,100 s and at 150 MW at 50,400 s. The limit is 200 MW; 60 MW of
miners rise by 1 MW/s and fall by 5 MW/s.
"""

from pathlib import Path

import pytest
from quick import run

from sim import load_scenario

REPLAY_DAY = Path(__file__).parents[2] / "scenarios" / "replay-day.yaml"
RETURNS = 23  # returns to 150 MW: at the end of every checkpoint but the last, which lasts to midnight


@pytest.fixture(scope="module")
def day():
    return run(load_scenario(REPLAY_DAY))


@pytest.fixture(scope="module")
def uncontrolled():
    return run(load_scenario(REPLAY_DAY, overrides=["policy.type=always-on"]))


def test_ai_leaves_a_third_of_the_day_idle_in_its_checkpoints(day):
    ai_mwh = 24 * 150.0 - 23 * 80.0 * 300.0 / 3600.0
    ai_mwh -= (110.0 * 2100.0 + 60.0 * 300.0) / 3600.0  # the failure takes the place of one checkpoint
    assert day.metrics["ai_energy_mwh"].value == pytest.approx(ai_mwh, rel=1e-12)
    assert day.metrics["idle_energy_mwh"].value == pytest.approx(24 * 200.0 - ai_mwh, rel=1e-12)


def test_miners_take_up_the_idle_power_within_ten_seconds_up_and_two_down(day):
    # 50 MW all day, and 10 MW more in each fall of AI: up at 1 MW/s, down at 5 MW/s when AI returns
    more_s = 22 * 300.0 + 300.0 + 2400.0  # 22 whole checkpoints, the last, the failure until 150 MW
    ramps_mwh = (24 * -(10.0 * 10.0 / 2.0) + RETURNS * (10.0 * 2.0 / 2.0)) / 3600.0
    fleet_mwh = 24 * 50.0 + 10.0 * more_s / 3600.0 + ramps_mwh
    assert day.metrics["fleet_energy_mwh"].value == pytest.approx(fleet_mwh, rel=1e-12)
    assert day.metrics["soaked_energy_mwh"].value == pytest.approx(fleet_mwh - RETURNS * 10.0 / 3600.0, rel=1e-12)


def test_each_return_of_ai_exceeds_the_limit_for_two_seconds_by_ten_megawatts(day):
    metrics = day.metrics
    assert metrics["exceedance_count"] == RETURNS
    assert metrics["exceedance_peak_mw"] == 10.0
    assert metrics["exceedance_s"].value == pytest.approx(RETURNS * 2.0, rel=1e-6)
    assert metrics["exceedance_mwh"].value == pytest.approx(RETURNS * 10.0 / 3600.0, rel=1e-12)
    assert (metrics["site_peak_mw"], metrics["site_peak_mw"].baseline) == (210.0, 150.0)


def test_mining_does_not_make_the_site_jump_less(day):
    # 60 MW of miners cannot fill a fall of 80 MW, and they move in seconds where AI moves at once
    for window_s in (5, 15, 60):
        metric = day.metrics[f"rolling_range_{window_s}s_mw"]
        assert (metric.value, metric.baseline) == (110.0, 110.0)


def test_every_fall_of_ai_is_a_dip(day):
    assert day.metrics["dip_count"] == 24.0
    # five minutes of 80 MW; the failure counts until AI is back within 10 MW: 110 MW for 35 min, 60 MW for 5
    dips_mwh = (23 * 300.0 * 80.0 + 2100.0 * 110.0 + 300.0 * 60.0) / 3600.0
    assert day.metrics["dip_energy_mwh"].value == pytest.approx(dips_mwh, rel=1e-12)


def test_money_is_energy_times_price(day):
    metrics = day.metrics
    fleet_mwh = metrics["fleet_energy_mwh"].value
    assert metrics["fleet_power_cost_usd"].value == pytest.approx(40.0 * fleet_mwh, rel=1e-12)
    # 50 USD/(PH/s)/d at 17.5 J/TH are 119.05 USD/MWh
    assert metrics["mining_revenue_usd"].value == pytest.approx(fleet_mwh * 50.0 / (0.024 * 17.5), rel=1e-12)


def test_the_whole_day_takes_49_settles(day):
    # 49 rows, of which the first is the start; no settle for a ramp, no event for a fleet without latency
    counts = [day.metrics[f"{kind}_count"].value for kind in ("event", "settle", "decision")]
    assert counts[0] <= 56
    assert counts[1:] == [49, 49]


def test_uncontrolled_miners_exceed_the_limit_whenever_ai_is_at_full_power(uncontrolled):
    metrics = uncontrolled.metrics
    full_s = 86_400.0 - 23 * 300.0 - 2400.0
    assert metrics["exceedance_s"].value == pytest.approx(full_s, rel=1e-12)
    assert metrics["exceedance_mwh"].value == pytest.approx(10.0 * full_s / 3600.0, rel=1e-12)
    assert metrics["exceedance_count"] == 24.0
