from math import inf
from typing import Literal, get_args

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from sim.market.bill import price_at_usd_per_mwh
from sim.policies import (
    POLICIES,
    AlwaysOn,
    AnyPolicy,
    Decision,
    FleetView,
    FollowHeadroom,
    MiningOff,
    Observation,
    PriceStep,
    PriceThreshold,
)
from sim.testing import check_policy

NEW = FleetView("new", 0.0, 40.0, 15.0, 130.0)
OLD = FleetView("old", 5.0, 60.0, 30.0, 70.0)


def seen(**keys):
    return Observation(
        **{
            "time_s": 0.0,
            "ai_power_mw": 120.0,
            "limit_mw": 200.0,
            "price_usd_per_mwh": 40.0,
            "hashprice_usd_per_ph_day": 50.0,
            "commanded_mw": 0.0,
            "fleets": (NEW, OLD),
        }
        | keys
    )


@pytest.mark.parametrize(
    "keys",
    [
        {"type": "always-on"},
        {"type": "mining-off"},
        {"type": "follow-headroom"},
        {"type": "follow-headroom", "margin_mw": 30.0},
        {"type": "price-threshold"},
        {
            "type": "price-threshold",
            "threshold_usd_per_mwh": 60.0,
            "adder_usd_per_mwh": 5.0,
            "margin_mw": 4.0,
        },
        {"type": "checkpoint-aware"},
        {"type": "hysteresis"},
        {
            "type": "hysteresis",
            "strike_usd_per_mwh": 80.0,
            "high_strike_usd_per_mwh": 150.0,
            "margin_mw": 4.0,
        },
        {"type": "partial-power"},
        {"type": "flat-site"},
        {"type": "flat-site", "site_mw": 300.0, "up_mw_per_min": 3.0, "down_mw_per_min": 9.0},
        {"type": "sced-bid", "margin_mw": 4.0},
        {"type": "mpc"},
        {"type": "mpc", "step_min": 5, "ramp_up_mw_per_min": 3.0, "ramp_down_mw_per_min": 9.0},
        {"type": "mpc-cvar", "start_usd_per_mw": 20.0},
        {"type": "ramp-limit", "up_mw_per_min": 3.0, "inner": {"type": "always-on"}},
        {"type": "ancillary"},
        {"type": "ancillary", "submit_s": 1800.0, "margin_mw": 4.0, "adder_usd_per_mwh": 3.0},
        {"type": "call-obedience", "inner": {"type": "ancillary"}},
        {"type": "call-obedience", "lead_s": 0.0, "hold_s": 900.0, "inner": {"type": "always-on"}},
        {"type": "price-guard", "inner": {"type": "follow-headroom"}},
        {"type": "minimum-dwell", "minimum_s": 300.0, "inner": {"type": "price-threshold"}},
        {
            "type": "minimum-dwell",
            "minimum_s": 120.0,
            "inner": {"type": "ramp-limit", "down_mw_per_min": 5.0, "inner": {"type": "sced-bid"}},
        },
    ],
)
def test_every_policy_answers_soundly_and_repeatably(keys):
    check_policy(lambda: TypeAdapter(AnyPolicy).validate_python(keys).start())


def test_headroom_is_what_ai_leaves_under_the_limit():
    assert seen().headroom_mw == 80.0
    assert seen(ai_power_mw=215.0).headroom_mw == -15.0


def test_always_on_asks_for_all_there_is_whatever_happens():
    policy = AlwaysOn(type="always-on")
    assert policy.decide(seen()) == Decision(100.0, "always on")
    assert policy.decide(seen(ai_power_mw=500.0, price_usd_per_mwh=9000.0)) == Decision(100.0, "always on")
    assert policy.decide(seen(fleets=())).target_mw == 0.0


def test_mining_off_asks_for_nothing_ever():
    assert MiningOff(type="mining-off").decide(seen(price_usd_per_mwh=-50.0)) == Decision(0.0, "mining off")


@pytest.mark.parametrize(
    ("ai_power_mw", "margin_mw", "decision"),
    [
        (120.0, 0.0, Decision(80.0, "headroom")),
        (120.0, 4.0, Decision(76.0, "headroom")),
        (0.0, 0.0, Decision(200.0, "headroom")),  # the executor cuts it to what the fleets can
        (196.0, 4.0, Decision(0.0, "no headroom")),
        (200.0, 0.0, Decision(0.0, "no headroom")),
        (230.0, 0.0, Decision(0.0, "no headroom")),
    ],
)
def test_follow_headroom_asks_for_what_stays_under_the_limit(ai_power_mw, margin_mw, decision):
    policy = FollowHeadroom(type="follow-headroom", margin_mw=margin_mw)
    assert policy.decide(seen(ai_power_mw=ai_power_mw)) == decision


@pytest.mark.parametrize(
    ("price", "decision"),
    [
        (-20.0, Decision(100.0, "price")),
        (69.0, Decision(100.0, "price")),
        (70.0, Decision(40.0, "price")),  # at its break-even price a fleet stops
        (129.9, Decision(40.0, "price")),
        (130.0, Decision(0.0, "price above threshold")),
        (5000.0, Decision(0.0, "price above threshold")),
    ],
)
def test_price_threshold_stops_each_fleet_at_its_break_even_price(price, decision):
    policy = PriceThreshold(type="price-threshold")
    assert policy.decide(seen(ai_power_mw=0.0, price_usd_per_mwh=price)) == decision


@pytest.mark.parametrize(("price", "target_mw"), [(49.9, 100.0), (50.0, 0.0), (100.0, 0.0)])
def test_a_threshold_of_its_own_stops_all_fleets_at_once(price, target_mw):
    policy = PriceThreshold(type="price-threshold", threshold_usd_per_mwh=50.0)
    assert policy.decide(seen(ai_power_mw=0.0, price_usd_per_mwh=price)).target_mw == target_mw


@pytest.mark.parametrize(("price", "target_mw"), [(44.9, 100.0), (45.0, 0.0)])
def test_the_adder_comes_on_top_of_the_price(price, target_mw):
    policy = PriceThreshold(type="price-threshold", threshold_usd_per_mwh=50.0, adder_usd_per_mwh=5.0)
    assert policy.decide(seen(ai_power_mw=0.0, price_usd_per_mwh=price)).target_mw == target_mw


@pytest.mark.parametrize(
    ("ai_power_mw", "margin_mw", "decision"),
    [
        (100.0, 0.0, Decision(100.0, "price")),
        (100.0, 4.0, Decision(96.0, "headroom")),
        (150.0, 0.0, Decision(50.0, "headroom")),
        (150.0, 10.0, Decision(40.0, "headroom")),
        (230.0, 0.0, Decision(0.0, "no headroom")),
    ],
)
def test_price_threshold_stays_within_the_headroom_less_the_margin(ai_power_mw, margin_mw, decision):
    policy = PriceThreshold(type="price-threshold", margin_mw=margin_mw)
    assert policy.decide(seen(ai_power_mw=ai_power_mw)) == decision


def test_a_threshold_of_zero_is_a_threshold():
    policy = PriceThreshold(type="price-threshold", threshold_usd_per_mwh=0.0)
    assert policy.decide(seen(price_usd_per_mwh=10.0)).target_mw == 0.0
    assert policy.decide(seen(ai_power_mw=0.0, price_usd_per_mwh=-0.01)).target_mw == 100.0


def test_no_policy_asks_to_be_woken():
    policies = [
        AlwaysOn(type="always-on"),
        MiningOff(type="mining-off"),
        FollowHeadroom(type="follow-headroom"),
    ]
    assert [policy.start().decide(seen()).wake_at_s for policy in policies] == [None, None, None]


def test_a_policy_that_remembers_nothing_is_its_own_description():
    policy = FollowHeadroom(type="follow-headroom", margin_mw=3.0)
    assert policy.start() is policy


@pytest.mark.parametrize(
    "keys",
    [
        {"type": "follow-headroom", "margin_mw": -1.0},
        {"type": "follow-headroom", "threshold_usd_per_mwh": 1.0},
        {"type": "price-threshold", "threshold_usd_per_mwh": 1e7},
        {"type": "no-such-policy"},
    ],
)
def test_a_policy_that_is_none_is_refused(keys):
    with pytest.raises(ValidationError):
        TypeAdapter(AnyPolicy).validate_python(keys)


def test_every_policy_that_a_scenario_may_name_is_listed_by_its_type():
    (union, *_) = get_args(AnyPolicy)
    assert {kind.model_fields["type"].annotation: kind for kind in get_args(union)} == {
        Literal[name]: kind for name, kind in POLICIES.items()
    }


BLOCK_OF_150 = (PriceStep(150.0, 0.0), PriceStep(inf, 90.0))


@pytest.mark.parametrize(
    ("keys", "target_mw", "reason"),
    [
        ({"price_steps": BLOCK_OF_150}, 40.0, "price"),  # 30 MW of the block, and more pays
        ({"price_steps": (PriceStep(150.0, 0.0), PriceStep(inf, 200.0))}, 30.0, "price"),
        ({"price_steps": (PriceStep(100.0, 0.0), PriceStep(inf, 200.0))}, 0.0, "price above threshold"),
        ({"price_steps": (PriceStep(150.0, 50.0), PriceStep(inf, -20.0))}, 80.0, "headroom"),
        ({"price_steps": (PriceStep(125.0, 500.0), PriceStep(inf, -20.0))}, 80.0, "headroom"),
        (
            {"price_steps": (PriceStep(150.0, 0.0), PriceStep(inf, 1.0)), "limit_mw": 120.0},
            0.0,
            "no headroom",
        ),
        ({"price_steps": (PriceStep(150.0, 130.0), PriceStep(inf, 130.0))}, 0.0, "price above threshold"),
    ],
)
def test_where_the_price_depends_on_power_the_best_power_is_mined(keys, target_mw, reason):
    decision = PriceThreshold(type="price-threshold").decide(seen(**keys))

    assert decision[:2] == (target_mw, reason)


@examples(40)
@given(
    up_to_mw=st.lists(st.floats(0.0, 300.0), max_size=3).map(sorted),
    prices=st.lists(st.floats(-100.0, 300.0), min_size=4, max_size=4),
    ai_power_mw=st.floats(0.0, 250.0),
)
def test_no_power_on_a_grid_earns_more_than_the_one_chosen(up_to_mw, prices, ai_power_mw):
    steps = tuple(map(PriceStep, [*up_to_mw, inf], prices[len(prices) - len(up_to_mw) - 1 :]))
    observation = seen(price_steps=steps, ai_power_mw=ai_power_mw)

    def margin(power_mw):
        grid = np.linspace(ai_power_mw, ai_power_mw + power_mw, 4001)
        cost = np.mean([price_at_usd_per_mwh(steps, at_mw) for at_mw in grid]) * power_mw
        return 130.0 * min(power_mw, 40.0) + 70.0 * max(0.0, power_mw - 40.0) - cost

    chosen = PriceThreshold(type="price-threshold").decide(observation).target_mw

    free_mw = min(100.0, max(0.0, 200.0 - ai_power_mw))
    assert 0.0 <= chosen <= free_mw
    best = max(margin(power_mw) for power_mw in np.linspace(0.0, free_mw, 9))
    assert margin(chosen) >= best - 20.0  # the sum over a grid is that coarse
