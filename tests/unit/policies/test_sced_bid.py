"""The policy alone: base points at their times, and the line between them."""

import pytest

from sim.policies import Decision, FleetView, ScedBid

ONE = (FleetView("miners", 0.0, 100.0, 20.0, 100.0),)


def a_policy(**fields):
    return ScedBid(type="sced-bid", **fields).start()


@pytest.mark.parametrize(("price", "base_mw"), [(69.9, 100.0), (70.0, 45.0), (129.9, 45.0), (130.0, 5.0)])
def test_the_base_point_is_what_is_bid_above_the_price(observed, price, base_mw):
    assert a_policy().decide(observed(price=price)).target_mw == base_mw


def test_adder_and_margin_lower_the_bid(observed):
    policy = a_policy(adder_usd_per_mwh=4.0, bid_margin_usd_per_mwh=6.0)
    assert policy.decide(observed(price=60.0)).target_mw == 45.0


def test_a_price_in_between_waits_for_the_next_base_point(observed):
    policy = a_policy()
    assert policy.decide(observed(0.0, 40.0, fleets=ONE)) == Decision(100.0, "base point", 300.0)
    assert policy.decide(observed(150.0, 500.0, fleets=ONE)) == Decision(100.0, "base point", 300.0)
    assert policy.decide(observed(300.0, 500.0, fleets=ONE)).target_mw < 100.0


def walk(policy, observed, *, price, until_s):
    """Follow the policy's own wake-ups after a price that moves at 300 s; return its steps."""
    decision = policy.decide(observed(0.0, 40.0, fleets=ONE))
    steps = []
    while decision.wake_at_s < until_s:
        now_s = decision.wake_at_s
        decision = policy.decide(observed(now_s, price, fleets=ONE))
        steps.append((now_s, decision.target_mw))
    return steps


def test_it_moves_in_a_line_to_the_new_base_point(observed):
    steps = walk(a_policy(), observed, price=500.0, until_s=1000.0)
    assert [time_s for time_s, _ in steps] == [300.0 + 30.0 * n for n in range(10)] + [600.0, 900.0]
    assert [power_mw for _, power_mw in steps] == pytest.approx([95.0 - 10.0 * n for n in range(10)] + [0.0, 0.0])


@pytest.mark.parametrize("count", [1, 4, 10, 60])
def test_the_energy_is_that_of_the_line_and_the_target_near_it(observed, count):
    steps = walk(a_policy(ramp_step_count=count), observed, price=500.0, until_s=600.0)
    powers_mw = [power_mw for _, power_mw in steps]
    assert len(steps) == count
    assert sum(powers_mw) / count == pytest.approx(50.0)
    assert 100.0 - powers_mw[0] == pytest.approx(100.0 / (2 * count))


def test_the_headroom_cuts_at_once(observed):
    policy = a_policy(margin_mw=4.0)
    policy.decide(observed(0.0))
    assert policy.decide(observed(10.0, ai_mw=150.0)) == Decision(46.0, "headroom", 300.0)
    assert policy.decide(observed(20.0, ai_mw=250.0)) == Decision(0.0, "no headroom", 300.0)


def test_standing_above_the_bid_has_its_reason(observed):
    assert a_policy().decide(observed(price=900.0)) == Decision(5.0, "price above bid", 300.0)
