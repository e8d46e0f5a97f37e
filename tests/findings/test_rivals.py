"""Miners, battery, power smoothing, staggered checkpoints: each has time scales of its own, and a price."""

from functools import cache

import pytest

from docs.rivals import VARIANTS, amounts_usd, variant

DAYS = 4.0


@cache
def run_of(name):
    return variant(VARIANTS[name], DAYS)


def metric(name, of):
    return run_of(of).metrics[name].value


def rms_mw(scale, of):
    return metric(f"residual_{scale}_mw", of)


def sum_usd(of):
    return amounts_usd(run_of(of), run_of("nothing"))[-1]


def test_miners_flatten_minutes_and_make_seconds_worse():
    assert rms_mw("above_600s", "miners") < 0.4 * rms_mw("above_600s", "nothing")
    assert rms_mw("60s_to_600s", "miners") < 0.5 * rms_mw("60s_to_600s", "nothing")
    assert rms_mw("below_5s", "miners") > rms_mw("below_5s", "nothing")
    # they climb into the dip, and are still there when it ends
    assert metric("rolling_range_60s_mw", "miners") > metric("rolling_range_60s_mw", "nothing") + 20.0
    assert metric("exceedance_mwh", "miners") > 0.0 == metric("exceedance_mwh", "nothing")


def test_a_battery_flattens_seconds_and_leaves_tens_of_minutes():
    assert rms_mw("below_5s", "battery") < 0.25 * rms_mw("below_5s", "nothing")
    assert rms_mw("above_600s", "battery") > 0.9 * rms_mw("above_600s", "nothing")


def test_staggering_takes_the_worst_moment_away_and_hardly_a_swing():
    assert metric("rolling_range_5s_mw", "staggering") < 0.6 * metric("rolling_range_5s_mw", "nothing")
    assert rms_mw("5s_to_60s", "staggering") == pytest.approx(rms_mw("5s_to_60s", "nothing"), rel=0.1)
    assert abs(sum_usd("staggering")) < 0.001 * metric("power_cost_usd", "nothing")


def test_a_battery_holds_its_ramp_once_jobs_do_not_stall_together():
    for mix in ("battery, staggering", "miners, battery, staggering"):
        for way in ("up", "down"):
            assert metric(f"net_ramp_{way}_60s_mw_per_min", mix) <= 20.0 + 1e-6
    assert metric("rolling_range_5s_mw", "battery") > 20.0  # more stalls at once than it has power for


def test_smoothing_by_gpus_costs_many_times_what_a_battery_wears_and_loses():
    assert sum_usd("smoothing") < 8.0 * sum_usd("battery") < 0.0


def test_miners_and_a_battery_do_better_together_than_each_alone_on_every_scale():
    for scale in ("5s_to_60s", "60s_to_600s", "above_600s"):
        alone_mw = min(rms_mw(scale, "miners"), rms_mw(scale, "battery"))
        assert rms_mw(scale, "miners, battery") < 0.85 * alone_mw
    assert rms_mw("below_5s", "miners, battery") < 1.1 * rms_mw("below_5s", "battery")
    assert metric("exceedance_mwh", "miners, battery") == 0.0
    # the miners take the slow part off it: it wears less
    given_mwh = [metric("battery_throughput_mwh", name) for name in ("miners, battery", "battery")]
    assert given_mwh[0] < 0.6 * given_mwh[1]


def test_floor_and_ramps_of_the_gpus_leave_the_miners_little_to_soak_up():
    earned_usd = [amounts_usd(run_of(name), run_of("nothing"))[2] for name in ("all four", "miners")]
    assert earned_usd[0] < 0.25 * earned_usd[1]
