"""What waiting, ramps and guards cost and save, on a month of prices that often cross break-even."""

import pytest
from quick import run

from sim.testing import a_scenario

MARKET = {
    "power": {"type": "synthetic"},
    "bitcoin": {"type": "fixed", "hashprice_usd_per_ph_day": 15.0},
}
THRESHOLD = {"type": "price-threshold"}


def a_month(policy):
    return run(a_scenario(days=30.0, policy=policy, market=MARKET)).metrics


@pytest.fixture(scope="module")
def threshold():
    return a_month(THRESHOLD)


def test_waiting_saves_starts_and_costs_margin(threshold):
    waiting = a_month({"type": "hysteresis"})
    assert waiting["fleet_start_count"] < 0.85 * threshold["fleet_start_count"]
    assert 0.97 < waiting["mining_margin_usd"] / threshold["mining_margin_usd"] < 1.0


def test_a_line_between_base_points_is_five_minutes_long_and_costs_half_of_one_a_move(threshold):
    bidding = a_month({"type": "sced-bid"})
    assert threshold["net_ramp_down_60s_mw_per_min"] == pytest.approx(60.0)
    assert bidding["net_ramp_down_60s_mw_per_min"] == pytest.approx(12.0)
    assert bidding["fleet_start_count"] == threshold["fleet_start_count"]
    assert 0.98 < bidding["mining_margin_usd"] / threshold["mining_margin_usd"] < 1.0


def test_a_ramp_limit_is_kept_by_the_site_where_nothing_else_moves():
    limited = a_month({"type": "ramp-limit", "up_mw_per_min": 3.0, "down_mw_per_min": 6.0, "inner": THRESHOLD})
    step_min = 10.0 / 60.0
    assert limited["net_ramp_up_300s_mw_per_min"] <= 3.0 * (1.0 + step_min / 5.0) + 1e-9
    assert limited["net_ramp_down_300s_mw_per_min"] <= 6.0 * (1.0 + step_min / 5.0) + 1e-9
    assert limited["net_ramp_up_300s_mw_per_min"] > 2.9


def test_a_guard_around_a_policy_that_ignores_prices_is_the_threshold(threshold):
    guarded = a_month({"type": "price-guard", "inner": {"type": "follow-headroom"}})
    assert guarded["mining_margin_usd"] == pytest.approx(threshold["mining_margin_usd"], rel=1e-12)


def test_a_dwell_turns_seldomer_and_costs_margin(threshold):
    dwelling = a_month({"type": "minimum-dwell", "minimum_s": 3600.0, "inner": THRESHOLD})
    assert dwelling["fleet_start_count"] < 0.85 * threshold["fleet_start_count"]
    assert dwelling["mining_margin_usd"] < threshold["mining_margin_usd"]


def test_without_levels_partial_power_is_the_threshold_at_break_even(threshold):
    assert a_month({"type": "partial-power"})["mining_margin_usd"] == threshold["mining_margin_usd"]
