"""The policy alone: windows that count, strikes that are passed."""

import pytest
from pydantic import ValidationError

from sim.policies import Decision, Hysteresis


def a_policy(**fields):
    return Hysteresis(type="hysteresis", **fields).start()


def run(policy, observed, *steps, until_s=7200.0, **keys):
    """Feed prices at their times, wake the policy as it asks; return when its target changed to what."""
    changes, prices, wake_at_s, price = [], list(steps), None, None
    while True:
        times = [prices[0][0]] if prices else []
        times += [] if wake_at_s is None else [wake_at_s]
        if not times or min(times) > until_s:
            return changes
        now_s = min(times)
        if prices and prices[0][0] == now_s:
            price = prices.pop(0)[1]
        decision = policy.decide(observed(now_s, price, **keys))
        wake_at_s = decision.wake_at_s
        if not changes or changes[-1][1] != decision.target_mw:
            changes.append((now_s, decision.target_mw))


@pytest.mark.parametrize(("down_count", "waited_min"), [(1, 1), (2, 6), (3, 11), (6, 26)])
def test_a_fleet_stops_five_minutes_a_window_less_four_after_the_first_one_began(observed, down_count, waited_min):
    policy = a_policy(down_count=down_count, strike_usd_per_mwh=80.0)
    found = run(policy, observed, (0.0, 40.0), (3600.0, 100.0))
    assert found == [(0.0, 100.0), (3600.0 + 60.0 * waited_min, 0.0)]


@pytest.mark.parametrize(("up_count", "waited_min"), [(1, 1), (2, 6), (4, 16)])
def test_and_starts_by_the_same_rule(observed, up_count, waited_min):
    policy = a_policy(up_count=up_count, strike_usd_per_mwh=80.0)
    found = run(policy, observed, (0.0, 100.0), (3600.0, 40.0))
    assert found == [(0.0, 0.0), (3600.0 + 60.0 * waited_min, 100.0)]


def test_a_window_that_does_not_pass_the_strike_begins_the_count_anew(observed):
    policy = a_policy(strike_usd_per_mwh=80.0)
    steps = (0.0, 100.0), (300.0, 40.0), (600.0, 100.0), (900.0, 40.0), (1200.0, 100.0)
    assert run(policy, observed, (-300.0, 40.0), *steps, until_s=1560.0) == [(-300.0, 100.0), (1560.0, 0.0)]


def test_a_price_that_is_gone_before_the_window_counts_does_nothing(observed):
    policy = a_policy(strike_usd_per_mwh=80.0, down_count=1)
    assert run(policy, observed, (0.0, 40.0), (300.0, 100.0), (330.0, 40.0)) == [(0.0, 100.0)]


def test_above_the_high_strike_a_fleet_stops_at_once_and_waits_to_start(observed):
    policy = a_policy(strike_usd_per_mwh=80.0, high_strike_usd_per_mwh=150.0)
    found = run(policy, observed, (0.0, 40.0), (10.0, 151.0), (20.0, 40.0))
    assert found == [(0.0, 100.0), (10.0, 0.0), (960.0, 100.0)]


def test_at_a_strike_is_not_above_it(observed):
    policy = a_policy(strike_usd_per_mwh=80.0, high_strike_usd_per_mwh=150.0)
    assert run(policy, observed, (0.0, 80.0)) == [(0.0, 100.0)]
    assert run(
        a_policy(strike_usd_per_mwh=80.0, high_strike_usd_per_mwh=150.0), observed, (0.0, 40.0), (70.0, 150.0)
    ) == [
        (0.0, 100.0),
        (660.0, 0.0),
    ]


def test_each_fleet_has_its_own_break_even_price_and_twice_that_for_strikes(observed):
    # the old fleet, at 70 and 140, keeps its minimum of 5 MW while the new one, at 130 and 260, goes on
    assert run(a_policy(), observed, (0.0, 40.0), (300.0, 71.0)) == [(0.0, 100.0), (660.0, 45.0)]
    assert run(a_policy(), observed, (0.0, 40.0), (300.0, 141.0)) == [
        (0.0, 100.0),
        (300.0, 45.0),
        (660.0, 0.0),
    ]
    assert run(a_policy(), observed, (0.0, 40.0), (300.0, 261.0)) == [(0.0, 100.0), (300.0, 0.0)]


def test_the_adder_comes_on_top_of_the_price(observed):
    policy = a_policy(strike_usd_per_mwh=80.0, adder_usd_per_mwh=5.0, down_count=1)
    assert run(policy, observed, (0.0, 75.0), (300.0, 75.1)) == [(0.0, 100.0), (360.0, 0.0)]


def test_a_strike_above_twice_break_even_is_the_high_strike_too(observed):
    policy = a_policy(strike_usd_per_mwh=500.0)
    assert run(policy, observed, (0.0, 40.0), (300.0, 499.0)) == [(0.0, 100.0)]


def test_windows_that_nobody_was_asked_in_count_at_the_price_that_stood(observed):
    policy = a_policy(strike_usd_per_mwh=80.0, down_count=3)
    decisions = [policy.decide(observed(*at)) for at in [(0.0, 40.0), (10.0, 100.0), (959.0, 40.0)]]
    # windows at 60, 360 and 660 s were above; the price has just fallen, and four windows are needed now
    assert [decision.target_mw for decision in decisions] == [100.0, 100.0, 0.0]
    assert decisions[-1] == Decision(0.0, "waiting below strike", 960.0)


def test_it_asks_to_be_woken_only_while_it_counts(observed):
    policy = a_policy(strike_usd_per_mwh=80.0)
    assert policy.decide(observed(0.0, 40.0)).wake_at_s is None
    assert policy.decide(observed(100.0, 90.0)).wake_at_s == 360.0


@pytest.mark.parametrize(
    ("ai_mw", "decision"),
    [
        (90.0, Decision(100.0, "price")),
        (150.0, Decision(46.0, "headroom")),
        (230.0, Decision(0.0, "no headroom")),
    ],
)
def test_it_stays_within_the_headroom_less_the_margin(observed, ai_mw, decision):
    assert a_policy(margin_mw=4.0).decide(observed(ai_mw=ai_mw)) == decision


@pytest.mark.parametrize(
    "fields",
    [
        {"observe_s": 300.0},
        {"window_min": 1.0},
        {"strike_usd_per_mwh": 80.0, "high_strike_usd_per_mwh": 79.0},
        {"down_count": 0},
    ],
)
def test_windows_and_strikes_that_do_not_fit_are_refused(fields):
    with pytest.raises(ValidationError, match=r"observe_s is|strike_usd_per_mwh is|greater than or equal"):
        a_policy(**fields)
