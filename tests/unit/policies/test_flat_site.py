"""The policy alone: a site that stands still while AI moves."""

from math import exp

import pytest
from pydantic import ValidationError

from sim.policies import Decision, FlatSite


def a_policy(**fields):
    return FlatSite(type="flat-site", **fields).start()


@pytest.mark.parametrize(
    ("ai_mw", "decision"),
    [
        (120.0, Decision(60.0, "flat site")),
        (90.0, Decision(90.0, "flat site")),
        (180.0, Decision(5.0, "AI above the level")),  # what the fleets draw at the least
        (190.0, Decision(5.0, "AI above the level")),
    ],
)
def test_miners_take_what_ai_leaves_of_the_level(observed, ai_mw, decision):
    assert a_policy(site_mw=180.0).decide(observed(ai_mw=ai_mw)) == decision


def test_the_limit_less_the_margin_caps_the_level(observed):
    policy = a_policy(site_mw=250.0, margin_mw=4.0)
    assert policy.decide(observed(ai_mw=150.0)) == Decision(46.0, "headroom")
    assert policy.decide(observed(1.0, ai_mw=200.0)) == Decision(5.0, "no headroom")


def test_without_a_level_it_is_the_average_of_ai_power_and_a_share_of_the_fleets(observed):
    policy = a_policy(averaging_min=10.0, fleet_fraction=0.4, step_s=60.0)
    first = policy.decide(observed(0.0, ai_mw=100.0))
    assert first == Decision(40.0, "flat site", 60.0)

    # AI stood at 100 MW until now, so the average has not moved
    assert policy.decide(observed(300.0, ai_mw=80.0)).target_mw == pytest.approx(60.0)

    level_mw = 80.0 + 20.0 * exp(-0.5) + 40.0
    assert policy.decide(observed(600.0, ai_mw=80.0)).target_mw == pytest.approx(level_mw - 80.0)


def test_the_average_does_not_depend_on_how_often_it_is_asked(observed):
    often, seldom = a_policy(), a_policy()
    for policy, times in [(often, range(0, 3601, 10)), (seldom, (0, 1800, 3600))]:
        for time_s in times:
            last = policy.decide(observed(float(time_s), ai_mw=100.0 if time_s < 1800 else 80.0))
        assert last.target_mw == pytest.approx(80.0 + 20.0 * exp(-1800.0 / 14_400.0) + 50.0 - 80.0)


def test_its_ramp_is_limited_both_ways(observed):
    policy = a_policy(site_mw=180.0, up_mw_per_min=6.0, down_mw_per_min=12.0, step_s=10.0)
    assert policy.decide(observed(0.0, ai_mw=150.0)).target_mw == 30.0
    assert policy.decide(observed(100.0, ai_mw=120.0)) == Decision(31.0, "ramp", 110.0)
    assert policy.decide(observed(110.0, ai_mw=120.0)) == Decision(32.0, "ramp", 120.0)
    assert policy.decide(observed(120.0, ai_mw=160.0)) == Decision(30.0, "ramp", 130.0)


@pytest.mark.parametrize("name", ["averaging_min", "fleet_fraction"])
def test_a_level_and_an_average_together_are_refused(name):
    with pytest.raises(ValidationError, match=f"at most one of site_mw, {name}; got site_mw and {name}"):
        a_policy(site_mw=100.0, **{name: 0.5})
