"""Policies that plan: against the threshold, against brute force, and in time."""

from itertools import product

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sim.policies import FleetView, Forecast, Mpc, MpcCvar, Observation, PriceThreshold
from sim.policies.mpc import ForecastErrors
from sim.policies.outlook import Outlook, look_ahead
from sim.testing import observations

ONE = (FleetView("miners", 0.0, 1.0, 17.5, 60.0),)


def a_policy(kind=Mpc, **fields):
    return kind.model_validate({"type": kind.model_fields["type"].annotation.__args__[0], **fields}).start()


def ahead(*prices, start_s=0.0, step_s=900.0):
    return Forecast(start_s, start_s, step_s, tuple(float(price) for price in prices))


@pytest.mark.parametrize("kind", [Mpc, MpcCvar])
@pytest.mark.parametrize("seed", range(3))
def test_where_nothing_couples_it_is_the_threshold(kind, seed):
    threshold = PriceThreshold(type="price-threshold", margin_mw=3.0, adder_usd_per_mwh=2.0)
    policy = a_policy(kind, margin_mw=3.0, adder_usd_per_mwh=2.0, start_usd_per_mw=0.0, counts_peaks=False)
    for observation in observations(200, seed):
        assert policy.decide(observation) == threshold.decide(observation)


@pytest.mark.parametrize("seed", range(3))
def test_a_programme_whose_ramps_never_bind_says_what_the_threshold_says(seed):
    for observation in observations(60, seed):
        fleets = tuple(fleet._replace(levels=()) for fleet in observation.fleets)
        plain = observation._replace(price_steps=(), fleets=fleets)
        ramps = {"ramp_up_mw_per_min": 1e6, "ramp_down_mw_per_min": 1e6}
        policy = a_policy(start_usd_per_mw=0.0, counts_peaks=False, **ramps)
        wanted_mw = PriceThreshold(type="price-threshold").decide(plain).target_mw
        minimum_mw = sum(fleet.minimum_mw for fleet in plain.fleets)
        free_mw = max(0.0, plain.headroom_mw)
        stopped = {fleet.minimum_mw for fleet in plain.fleets if plain.price_usd_per_mwh >= fleet.breakeven_usd_per_mwh}
        expected = min(max(wanted_mw + sum(stopped), minimum_mw), free_mw) if plain.fleets else 0.0
        assert policy.decide(plain).target_mw == pytest.approx(expected, abs=1e-6)


def first_by_force(prices, initial, start_usd, breakeven=60.0):
    """Return the best values with and without running in the first quarter hour."""

    def value(powers):
        rises = np.maximum(np.diff(powers, prepend=initial), 0.0)
        return 0.25 * float(np.dot(breakeven - np.array(prices), powers)) - start_usd * float(rises.sum())

    runs = product((0.0, 1.0), repeat=len(prices) - 1)
    rest = list(runs)
    return tuple(max(value((first, *later)) for later in rest) for first in (0.0, 1.0))


@examples(60)
@given(
    prices=st.lists(st.integers(-50, 200), min_size=4, max_size=6),
    initial=st.sampled_from([0.0, 1.0]),
    start_usd=st.sampled_from([1.0, 5.0, 20.0]),
)
def test_its_first_step_is_that_of_the_best_of_all_dispatches(prices, initial, start_usd):
    policy = a_policy(start_usd_per_mw=start_usd, deviation_h=0.0)
    before = Observation(-900.0, 0.0, 10.0, 0.0 if initial else 1000.0, 50.0, initial, ONE)
    policy.decide(before)
    now = before._replace(time_s=0.0, price_usd_per_mwh=float(prices[0]), price_forecast=ahead(*prices))
    off, on = first_by_force(prices, initial, start_usd)
    target_mw = policy.decide(now).target_mw
    if abs(on - off) > 1e-6:  # else both are best
        assert target_mw == pytest.approx(float(on > off), abs=1e-6)


def test_it_does_not_start_for_a_quarter_hour_that_does_not_pay_the_start(observed):
    keys = {"fleets": ONE, "price_forecast": ahead(30, 90, 90, 90, 90)}
    policy = a_policy(start_usd_per_mw=10.0)
    policy.decide(observed(-900.0, 90.0, fleets=ONE))
    assert policy.decide(observed(0.0, 30.0, **keys)).target_mw == 0.0  # 7.5 USD, and no more
    policy = a_policy(start_usd_per_mw=7.0)
    policy.decide(observed(-900.0, 90.0, fleets=ONE))
    assert policy.decide(observed(0.0, 30.0, **keys)).target_mw == 1.0


def test_it_stays_on_through_a_short_spike(observed):
    keys = {"fleets": ONE, "commanded_mw": 1.0}
    policy = a_policy(start_usd_per_mw=10.0)
    policy.decide(observed(-900.0, 30.0, fleets=ONE))
    forecast = ahead(90, 30, 30, 30)
    assert policy.decide(observed(0.0, 90.0, price_forecast=forecast, **keys)).target_mw == 1.0
    assert policy.decide(observed(900.0, 110.0, price_forecast=ahead(110, 30, 30), **keys)).target_mw == 0.0


def test_ramps_are_kept_from_plan_to_plan_and_headroom_at_once(observed):
    policy = a_policy(start_usd_per_mw=0.0, ramp_up_mw_per_min=2.0, ramp_down_mw_per_min=4.0)
    targets, commanded = [], 0.0
    for time_s, price, ai_mw in [
        (0.0, 500.0, 0.0), (300.0, 10.0, 0.0), (600.0, 10.0, 0.0), (650.0, 10.0, 190.0), (660.0, 10.0, 0.0),
        (900.0, 500.0, 0.0),
    ]:  # fmt: skip
        fleets = (FleetView("miners", 0.0, 100.0, 17.5, 60.0),)
        decision = policy.decide(observed(time_s, price, ai_mw=ai_mw, commanded_mw=commanded, fleets=fleets))
        commanded = decision.target_mw
        targets.append((commanded, decision.reason))
    # by the last plan the fleets stand at 20 MW, and fall by 5 minutes' worth
    assert targets == [
        (0.0, "planned stop"), (10.0, "plan"), (20.0, "plan"), (10.0, "headroom"), (20.0, "plan"),
        (0.0, "planned stop"),
    ]  # fmt: skip


def test_it_releases_ahead_of_a_rise_of_ai_that_ramps_could_not_follow(observed):
    fleets = (FleetView("miners", 0.0, 100.0, 17.5, 60.0),)
    policy = a_policy(start_usd_per_mw=0.0, ramp_down_mw_per_min=2.0, step_min=15)
    policy.decide(observed(-300.0, 10.0, fleets=fleets))
    rise = Forecast(0.0, 0.0, 900.0, (0.0, 150.0, 150.0, 150.0))
    keys = {"ai_forecast": rise, "commanded_mw": 100.0, "fleets": fleets}
    # 50 MW fit from the next quarter hour on; a target may fall by 10 MW in an interval
    assert policy.decide(observed(0.0, 10.0, **keys)).target_mw == pytest.approx(90.0)


def test_it_asks_to_be_woken_at_the_next_interval(observed):
    assert a_policy().decide(observed(400.0, 10.0)).wake_at_s == 600.0


def test_between_two_plans_only_a_new_price_makes_another(observed):
    policy = a_policy(start_usd_per_mw=1.0)
    assert policy.decide(observed(0.0, 10.0, fleets=ONE)).target_mw == 1.0
    other = (FleetView("miners", 0.0, 2.0, 17.5, 60.0),)
    assert policy.decide(observed(10.0, 10.0, fleets=other, commanded_mw=1.0)).target_mw == 1.0
    assert policy.decide(observed(20.0, 9.0, fleets=other, commanded_mw=1.0)).target_mw == 2.0


def test_the_first_step_is_as_it_is_now_and_later_ones_as_forecast(observed):
    found = look_ahead(observed(300.0, 50.0, ai_mw=20.0, price_forecast=ahead(10, 20, 30, 40)), 900.0, 24)
    assert found.edges_s.tolist() == [300.0, 900.0, 1800.0, 2700.0, 3600.0]
    assert found.price_usd_per_mwh.tolist() == [50.0, 20.0, 30.0, 40.0]
    assert found.headroom_mw.tolist() == [180.0] * 4
    assert found.first_share == pytest.approx(2.0 / 3.0)


def test_what_a_price_is_off_its_forecast_fades(observed):
    seen = observed(0.0, 50.0, price_forecast=ahead(10, 20, 30))
    found = look_ahead(seen, 900.0, 24, deviation_s=1350.0)
    assert found.price_usd_per_mwh.tolist() == pytest.approx(
        [50.0, 20.0 + 40.0 * np.exp(-1.0), 30.0 + 40.0 * np.exp(-2250.0 / 1350.0)]
    )


def an_outlook(first, *prices):
    edges_s = (first + np.arange(len(prices) + 1.0)) * 900.0
    return Outlook(first, 900.0, edges_s, np.array(prices, float), np.full(len(prices), 100.0))


def test_errors_are_what_came_less_what_was_said():
    errors = ForecastErrors(5)
    errors.take_in(an_outlook(0, 10, 20, 30))
    errors.take_in(an_outlook(1, 25, 0))  # in the same hour: not kept
    assert errors.quantiles(5, 2) == ()
    errors.take_in(an_outlook(3, 50, 60))  # step 2 was not looked at
    ((first, second),) = errors.quantiles(5, 2)
    assert (first, second) == (5.0, 20.0)


def test_the_errors_taken_stand_in_the_middle_of_equal_parts():
    errors = ForecastErrors(100)
    for hour in range(9):
        errors.take_in(an_outlook(4 * hour, 0.0, float(-hour)))
        errors.take_in(an_outlook(4 * hour + 1, 0.0, 0.0))
    means = [float(path[0]) for path in errors.quantiles(3, 1)]
    assert means == [1.0, 4.0, 7.0]


def test_who_fears_the_worst_does_not_start(observed):
    def decided(risk_weight):
        policy = a_policy(
            MpcCvar,
            risk_weight_fraction=risk_weight,
            start_usd_per_mw=8.0,
            interval_min=15.0,
            deviation_h=0.0,
        )
        for hour in range(12):  # of twelve forecasts one was off by far
            at_s = 3600.0 * hour
            policy.decide(observed(at_s, 90.0, fleets=ONE, price_forecast=ahead(90, 30, start_s=at_s)))
            came = 190.0 if hour == 5 else 30.0
            policy.decide(observed(at_s + 900.0, came, fleets=ONE, price_forecast=ahead(came, start_s=at_s + 900)))
        at_s = 12 * 3600.0
        keys = {"fleets": ONE, "price_forecast": ahead(50, 30, start_s=at_s)}
        return policy.decide(observed(at_s, 50.0, **keys)).target_mw

    assert decided(0.0) == 1.0
    assert decided(1.0) == 0.0


@pytest.mark.parametrize(
    "fields", [{"horizon_h": 0.5}, {"step_min": 7}, {"ramp_up_mw_per_min": 0.0}, {"start_usd_per_mw": -1.0}]
)
def test_plans_that_cannot_be_are_refused(fields):
    with pytest.raises(ValidationError):
        a_policy(**fields)
