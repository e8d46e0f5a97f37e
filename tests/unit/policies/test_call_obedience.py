"""A wish kept within orders and reserves, ahead of time and after."""

import pytest

from sim.grid.events import Order
from sim.policies import AwardChange, Awards, CallObedience, Decision

ORDER = Order(100.0, 1000.0, 2000.0, 30.0, "fleets", "curtailment order")


@pytest.mark.parametrize(
    ("time_s", "decision"),
    [
        (500.0, Decision(80.0, "inner", 940.0)),
        (940.0, Decision(30.0, "curtailment order", 2000.0)),
        (1500.0, Decision(30.0, "curtailment order", 2000.0)),
    ],
)
def test_it_is_down_a_lead_before_an_order_binds(observed, scripted, time_s, decision):
    policy, _ = scripted(CallObedience, lead_s=60.0)(80.0)
    assert policy.decide(observed(time_s, orders=(ORDER,))) == decision


def test_it_stays_down_for_a_time_after_the_order(observed, scripted):
    policy, _ = scripted(CallObedience, lead_s=60.0, hold_s=300.0)(80.0)
    found = [policy.decide(observed(time_s, orders=(ORDER,))) for time_s in (1000.0, 1500.0)]
    found += [policy.decide(observed(time_s)) for time_s in (2000.0, 2299.0, 2300.0)]
    assert [decision.target_mw for decision in found] == [30.0, 30.0, 30.0, 30.0, 80.0]
    assert [decision.wake_at_s for decision in found] == [2000.0, 2000.0, 2300.0, 2300.0, None]


def test_a_wish_below_the_cap_stands(observed, scripted):
    policy, _ = scripted(CallObedience)(20.0)
    assert policy.decide(observed(1500.0, orders=(ORDER,)))[:2] == (20.0, "inner")


def test_an_order_on_the_site_leaves_what_ai_leaves(observed, scripted):
    policy, _ = scripted(CallObedience)(80.0)
    order = ORDER._replace(cap_mw=90.0, applies_to="site")
    assert policy.decide(observed(1500.0, ai_mw=70.0, orders=(order,))).target_mw == 20.0


@pytest.mark.parametrize(("wish_mw", "target_mw"), [(0.0, 35.0), (50.0, 50.0), (100.0, 90.0)])
def test_what_is_sold_is_held(observed, scripted, wish_mw, target_mw):
    # the fleets draw 5 MW at the least and 100 MW at the most
    policy, _ = scripted(CallObedience)(wish_mw)
    assert policy.decide(observed(awards_mw=Awards(30.0, 10.0))).target_mw == target_mw


def test_what_will_be_sold_is_held_ahead_of_time_as_far_as_what_is_sold_lets_it(observed, scripted):
    policy, _ = scripted(CallObedience, lead_s=120.0)(0.0)
    change = AwardChange(600.0, Awards(30.0, 0.0))
    assert policy.decide(observed(0.0, next_awards=change))[:3] == (0.0, "inner", 480.0)
    assert policy.decide(observed(480.0, next_awards=change))[:2] == (35.0, "reserves")
    now = Awards(0.0, 80.0)
    assert policy.decide(observed(500.0, next_awards=change, awards_mw=now)).target_mw == 20.0


def test_an_order_comes_before_reserves_and_reserves_before_what_is_over(observed, scripted):
    policy, _ = scripted(CallObedience, hold_s=300.0)(80.0)
    sold = Awards(60.0, 0.0)
    assert policy.decide(observed(1500.0, orders=(ORDER,), awards_mw=sold)).target_mw == 30.0
    assert policy.decide(observed(2000.0, awards_mw=sold)).target_mw == 65.0


def test_the_inner_offers_pass(observed, scripted):
    inner = Decision(80.0, "inner", 50.0, (("rrs", 5.0),))
    policy, _ = scripted(CallObedience)(inner)
    assert policy.decide(observed(1500.0, orders=(ORDER,))).offers == inner.offers
