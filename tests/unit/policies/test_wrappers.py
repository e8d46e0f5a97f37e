"""Policies around another one, and in one another."""

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from sim.policies import AnyPolicy, Decision, FleetView, Observation
from sim.policies.call_obedience import CallObedience, CallObediencePolicy
from sim.policies.droop import Droop, DroopPolicy, UnderFrequency, UnderFrequencyPolicy
from sim.policies.price_threshold import PriceGuard, PriceGuardPolicy
from sim.policies.ramp import MinimumDwell, MinimumDwellPolicy, RampLimit, RampLimitPolicy

ANY = TypeAdapter(AnyPolicy)
NESTED = {
    "type": "ramp-limit",
    "up_mw_per_min": 6.0,
    "inner": {
        "type": "price-guard",
        "threshold_usd_per_mwh": 60.0,
        "inner": {"type": "minimum-dwell", "minimum_s": 300.0, "inner": {"type": "follow-headroom"}},
    },
}


# --- ramp-limit


def test_a_ramp_goes_in_steps_and_asks_to_be_woken_for_each(observed, scripted):
    policy, _ = scripted(RampLimit, up_mw_per_min=6.0, down_mw_per_min=12.0)(20.0, 24.0, 24.0, 24.0)
    found = [policy.decide(observed(time_s)) for time_s in (0.0, 100.0, 110.0, 120.0)]
    assert found[0] == Decision(20.0, "inner")
    assert found[1:3] == [Decision(21.0, "ramp", 110.0), Decision(22.0, "ramp", 120.0)]


def test_it_ends_at_the_wish_and_then_sleeps(observed, scripted):
    policy, _ = scripted(RampLimit, up_mw_per_min=6.0)(20.0, 21.5)
    found = [policy.decide(observed(time_s)) for time_s in (0.0, 100.0, 110.0)]
    assert found[-1] == Decision(21.5, "inner")


def test_a_side_that_is_left_out_moves_at_once(observed, scripted):
    policy, _ = scripted(RampLimit, up_mw_per_min=6.0)(60.0, 20.0)
    assert [policy.decide(observed(time_s)).target_mw for time_s in (0.0, 1.0)] == [60.0, 20.0]
    policy, _ = scripted(RampLimit, down_mw_per_min=6.0)(20.0, 60.0)
    assert [policy.decide(observed(time_s)).target_mw for time_s in (0.0, 1.0)] == [20.0, 60.0]


def test_the_limit_comes_before_the_ramp(observed, scripted):
    policy, _ = scripted(RampLimit, down_mw_per_min=6.0)(90.0, 20.0)
    policy.decide(observed(0.0, ai_mw=100.0))
    # 170 MW leave 30 MW: that far it falls at once, from there to 20 MW on the ramp
    assert policy.decide(observed(10.0, ai_mw=170.0)) == Decision(30.0, "ramp", 20.0)
    assert policy.decide(observed(20.0, ai_mw=170.0)) == Decision(29.0, "ramp", 30.0)


def test_no_time_is_lost_on_megawatts_that_the_fleets_do_not_have(observed, scripted):
    policy, _ = scripted(RampLimit, down_mw_per_min=6.0)(200.0, 20.0)
    assert [policy.decide(observed(time_s)).target_mw for time_s in (0.0, 10.0)] == [100.0, 99.0]


def test_the_earlier_wake_up_counts(observed, scripted):
    policy, _ = scripted(RampLimit, up_mw_per_min=6.0)(
        20.0, Decision(60.0, "inner", 105.0), Decision(60.0, "inner", 500.0)
    )
    policy.decide(observed(0.0))
    assert policy.decide(observed(100.0)).wake_at_s == 105.0
    assert policy.decide(observed(105.0)).wake_at_s == 115.0


MINERS = (FleetView("miners", 0.0, 100.0, 20.0, 100.0),)


@examples(100)
@given(
    st.lists(st.tuples(st.floats(0.0, 100.0), st.floats(0.1, 100.0)), min_size=2, max_size=20),
    st.floats(1.0, 600.0),
    st.floats(1.0, 60.0),
)
def test_in_any_window_a_target_moves_by_the_rate_and_one_step_at_most(course, rate, step_s):
    spec = RampLimit.model_validate(
        {
            "type": "ramp-limit",
            "up_mw_per_min": rate,
            "down_mw_per_min": rate,
            "step_s": step_s,
            "inner": {"type": "follow-headroom"},
        }
    )
    policy, time_s, found = spec.start(), 0.0, []
    for wish_mw, later_s in course:
        # the limit moves by the wish and AI stands still; a limit below the target would come before the ramp
        seen = Observation(time_s, 0.0, wish_mw, 40.0, 50.0, 0.0, MINERS)
        wish = found[-1][1] if found and wish_mw < found[-1][1] else wish_mw
        found.append((time_s, policy.decide(seen._replace(limit_mw=wish)).target_mw))
        time_s += later_s
    for number, (start_s, start_mw) in enumerate(found):
        for end_s, end_mw in found[number:]:
            assert abs(end_mw - start_mw) <= rate / 60.0 * (end_s - start_s + step_s) + 1e-9


def test_a_ramp_without_a_rate_is_refused():
    with pytest.raises(ValidationError, match="at least one of up_mw_per_min, down_mw_per_min"):
        ANY.validate_python({"type": "ramp-limit", "inner": {"type": "always-on"}})


# --- price-guard


@pytest.mark.parametrize(
    ("price", "decision"),
    [
        (59.9, Decision(80.0, "inner", 7.0)),
        (60.0, Decision(0.0, "price above threshold", 7.0)),
        (900.0, Decision(0.0, "price above threshold", 7.0)),
    ],
)
def test_at_and_above_the_threshold_nothing_is_mined(observed, scripted, price, decision):
    policy, _ = scripted(PriceGuard, threshold_usd_per_mwh=60.0)(Decision(80.0, "inner", 7.0))
    assert policy.decide(observed(price=price)) == decision


@pytest.mark.parametrize(
    ("price", "wish_mw", "decision"),
    [
        (69.9, 80.0, Decision(80.0, "inner")),
        (70.0, 80.0, Decision(45.0, "price above threshold")),  # the old fleet keeps its minimum
        (70.0, 30.0, Decision(30.0, "inner")),
        (130.0, 80.0, Decision(0.0, "price above threshold")),
    ],
)
def test_without_one_only_the_fleets_that_pay_go_on(observed, scripted, price, wish_mw, decision):
    policy, _ = scripted(PriceGuard)(wish_mw)
    assert policy.decide(observed(price=price)) == decision


def test_the_adder_counts(observed, scripted):
    policy, _ = scripted(PriceGuard, threshold_usd_per_mwh=60.0, adder_usd_per_mwh=25.0)(80.0)
    assert policy.decide(observed(price=35.0)).target_mw == 0.0


def test_the_inner_policy_is_asked_even_while_it_is_not_heard(observed, scripted):
    policy, script = scripted(PriceGuard, threshold_usd_per_mwh=60.0)(80.0)
    policy.decide(observed(price=100.0))
    assert script.asked == 1


# --- minimum-dwell


def test_a_change_of_direction_waits(observed, scripted):
    policy, _ = scripted(MinimumDwell, minimum_s=300.0)(50.0, 60.0, 40.0, 40.0)
    found = [policy.decide(observed(time_s)) for time_s in (0.0, 100.0, 150.0, 400.0)]
    assert found == [
        Decision(50.0, "inner"),
        Decision(60.0, "inner"),
        Decision(60.0, "dwell", 400.0),
        Decision(40.0, "inner"),
    ]


def test_a_change_in_the_same_direction_does_not(observed, scripted):
    policy, _ = scripted(MinimumDwell, minimum_s=300.0)(50.0, 60.0, 70.0, 60.0)
    found = [policy.decide(observed(time_s)) for time_s in (0.0, 100.0, 110.0, 120.0)]
    assert [decision.target_mw for decision in found] == [50.0, 60.0, 70.0, 70.0]
    assert found[-1].wake_at_s == 410.0


def test_a_wish_that_is_gone_by_then_is_forgotten(observed, scripted):
    policy, _ = scripted(MinimumDwell, minimum_s=300.0)(50.0, 60.0, 40.0, 60.0)
    found = [policy.decide(observed(time_s)) for time_s in (0.0, 100.0, 150.0, 200.0)]
    assert found[-1] == Decision(60.0, "inner")


def test_a_fall_that_the_limit_asks_for_does_not_wait_but_the_rise_after_it_does(observed, scripted):
    policy, _ = scripted(MinimumDwell, minimum_s=300.0)(50.0, 60.0, 40.0, 60.0)
    found = [
        policy.decide(observed(time_s, ai_mw=ai_mw))
        for time_s, ai_mw in ((0.0, 100.0), (100.0, 100.0), (150.0, 160.0), (200.0, 100.0))
    ]
    assert [decision.target_mw for decision in found] == [50.0, 60.0, 40.0, 40.0]
    assert found[-1] == Decision(40.0, "dwell", 450.0)


def test_targets_beyond_what_the_fleets_can_are_no_change(observed, scripted):
    policy, _ = scripted(MinimumDwell, minimum_s=300.0)(120.0, 180.0, 40.0)
    found = [policy.decide(observed(time_s)).target_mw for time_s in (0.0, 100.0, 110.0)]
    assert found == [100.0, 100.0, 40.0]


# --- in one another


def test_wrappers_stand_in_one_another(observed):
    policy = ANY.validate_python(NESTED).start()
    first = policy.decide(observed(0.0, price=70.0, ai_mw=150.0))
    assert first == Decision(5.0, "price above threshold")
    assert policy.decide(observed(10.0, price=40.0, ai_mw=150.0)) == Decision(6.0, "ramp", 20.0)


class Own:
    """A user's policy: no description, only decisions."""

    def decide(self, observation):
        return Decision(10.0 + observation.time_s, "own")


@pytest.mark.parametrize(
    "around",
    [
        (RampLimitPolicy, RampLimit, {"up_mw_per_min": 600.0, "down_mw_per_min": 600.0, "step_s": 1.0}),
        (PriceGuardPolicy, PriceGuard, {"threshold_usd_per_mwh": 1e6}),
        (MinimumDwellPolicy, MinimumDwell, {"minimum_s": 60.0}),
        (CallObediencePolicy, CallObedience, {}),
        (DroopPolicy, Droop, {}),
        (UnderFrequencyPolicy, UnderFrequency, {}),
    ],
)
def test_any_object_that_decides_can_stand_within_a_wrapper(observed, around):
    kind, spec, fields = around
    policy = kind(Own(), spec.model_construct(**fields))
    assert [policy.decide(observed(time_s)).target_mw for time_s in (0.0, 5.0)] == [10.0, 15.0]


def test_two_runs_of_one_description_share_nothing(observed):
    spec = ANY.validate_python(NESTED)
    first, second = spec.start(), spec.start()
    first.decide(observed(0.0, ai_mw=190.0))
    assert second.decide(observed(0.0, ai_mw=150.0)).target_mw == 50.0


@pytest.mark.parametrize(
    "keys",
    [
        {"type": "price-guard"},
        {"type": "price-guard", "inner": {"type": "no-such-policy"}},
        {"type": "price-guard", "inner": {"type": "follow-headroom", "margin_mw": -1.0}},
        {"type": "minimum-dwell", "inner": {"type": "always-on"}},
    ],
)
def test_a_wrapper_around_no_policy_is_refused(keys):
    with pytest.raises(ValidationError):
        ANY.validate_python(keys)


# --- price-guard on a ramp


def test_a_guard_takes_the_miners_down_and_gives_them_back_on_its_ramp(observed, scripted):
    policy, _ = scripted(PriceGuard, ramp_mw_per_min=6.0)(100.0)
    prices = {0.0: 40.0, 100.0: 200.0, 110.0: 200.0, 120.0: 40.0, 130.0: 40.0, 140.0: 40.0}
    found = [policy.decide(observed(time_s, price)) for time_s, price in prices.items()]
    assert [decision.target_mw for decision in found] == [100.0, 99.0, 98.0, 99.0, 100.0, 100.0]
    assert [decision.wake_at_s for decision in found] == [None, 110.0, 120.0, 130.0, None, None]
    assert [decision.reason for decision in found][:2] == ["inner", "price above threshold"]


def test_a_guards_ramp_begins_at_what_is_mined(observed, scripted):
    policy, _ = scripted(PriceGuard, ramp_mw_per_min=6.0)(50.0)
    found = [policy.decide(observed(time_s, price)) for time_s, price in ((0.0, 40.0), (100.0, 200.0))]
    assert [decision.target_mw for decision in found] == [50.0, 49.0]


def test_a_guard_whose_price_pays_all_along_holds_nobody_back(observed, scripted):
    policy, _ = scripted(PriceGuard, ramp_mw_per_min=6.0)(100.0, 20.0, 100.0)
    found = [policy.decide(observed(time_s, 40.0)).target_mw for time_s in (0.0, 10.0, 20.0)]
    assert found == [100.0, 20.0, 100.0]


def test_on_its_ramp_a_guard_never_asks_for_more_than_the_inner_policy(observed, scripted):
    policy, _ = scripted(PriceGuard, ramp_mw_per_min=6.0)(100.0, 100.0, 20.0)
    found = [policy.decide(observed(time_s, 200.0 if time_s else 40.0)) for time_s in (0.0, 100.0, 110.0)]
    assert [decision.target_mw for decision in found] == [100.0, 99.0, 19.0]
