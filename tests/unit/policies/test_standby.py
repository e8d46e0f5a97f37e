"""When machines that sleep for a price go off behind their breakers."""

import pytest
from quick import run

from sim import load_scenario
from sim.policies import AwardChange, Awards, FleetView, PriceGuard

FLEET = FleetView("m", 1.0, 100.0, 20.0, 100.0, return_s=900.0)
COMING_BACK_USD = 100.0 * 100.0 * 0.25


def guard(**fields):
    spec = {"type": "price-guard", "inner": {"type": "always-on"}, **fields}
    return PriceGuard.model_validate(spec).start()


def test_a_fleet_goes_off_when_its_standby_has_cost_what_coming_back_costs_and_comes_back_when_it_pays(
    observed,
):
    policy = guard()
    first = policy.decide(observed(0.0, price=5000.0, fleets=(FLEET,)))
    assert first.wake_at_s == COMING_BACK_USD / 5000.0 * 3600.0
    assert policy.decide(observed(1799.0, price=5000.0, fleets=(FLEET,))).off == ()
    gone = policy.decide(observed(1800.0, price=5000.0, fleets=(FLEET,)))
    assert (gone.target_mw, gone.off) == (0.0, ("m",))
    assert policy.decide(observed(9000.0, price=150.0, fleets=(FLEET,))).off == ("m",)
    back = policy.decide(observed(9900.0, price=50.0, fleets=(FLEET,)))
    assert (back.off, back.target_mw) == ((), 100.0)


def test_what_standby_costs_is_counted_from_when_it_began_to_cost(observed):
    policy = guard()
    assert policy.decide(observed(3600.0, price=5000.0, fleets=(FLEET,))).off == ()
    assert policy.decide(observed(5399.0, price=5000.0, fleets=(FLEET,))).off == ()
    assert policy.decide(observed(5400.0, price=5000.0, fleets=(FLEET,))).off == ("m",)


def test_what_it_costs_is_counted_anew_each_time_it_has_paid(observed):
    policy = guard()
    for hour in range(20):
        price = 2400.0 if hour % 2 else 50.0
        assert policy.decide(observed(3600.0 * hour, price=price, fleets=(FLEET,))).off == ()


def test_what_standby_has_cost_is_reckoned_at_the_price_of_that_time(observed):
    policy = guard()
    policy.decide(observed(0.0, price=5000.0, fleets=(FLEET,)))
    # 900 s at 5,000 USD/MWh have cost half of 2,500 USD: the other half takes 1,800 s at 2,500
    assert policy.decide(observed(900.0, price=2500.0, fleets=(FLEET,))).wake_at_s == 2700.0


def test_power_that_is_paid_to_be_drawn_gives_standby_no_credit(observed):
    policy = guard(threshold_usd_per_mwh=-100.0)
    assert policy.decide(observed(0.0, price=-50.0, fleets=(FLEET,))).target_mw == 0.0
    assert policy.decide(observed(3600.0, price=5000.0, fleets=(FLEET,))).off == ()
    assert policy.decide(observed(5400.0, price=5000.0, fleets=(FLEET,))).off == ("m",)


def test_while_reserves_are_sold_it_stays_supplied(observed):
    policy = guard()
    sold = {"fleets": (FLEET,), "awards_mw": Awards(5.0, 0.0)}
    assert all(not policy.decide(observed(t, price=5000.0, **sold)).off for t in (0.0, 90_000.0))


def test_before_reserves_that_are_sold_it_stays_supplied(observed):
    policy = guard()
    change = {"fleets": (FLEET,), "next_awards": AwardChange(172_800.0, Awards(5.0, 0.0))}
    assert all(not policy.decide(observed(t, price=5000.0, **change)).off for t in (0.0, 90_000.0))


@pytest.mark.parametrize("level", [150.0, 900.0, 9000.0])
def test_a_week_of_high_prices_costs_at_most_twice_what_coming_back_costs(level):
    fleet = {"name": "m", "type": "cohort", "model": "antminer-s21", "rated_mw": 100.0, "breaker": {},
             "failures": {"per_year_fraction": 0.0}}  # fmt: skip
    scenario = {
        "schema_version": 1, "name": "storm", "start": "2021-02-12T00:00:00-06:00", "days": 7.0,
        "interconnection": {"limit_mw": 200.0}, "fleets": [fleet],
        "policy": {"type": "price-guard", "inner": {"type": "always-on"}},
        "market": {
            "power": {"type": "fixed", "price_usd_per_mwh": level},
            "bitcoin": {"type": "fixed", "hashprice_usd_per_ph_day": 45.0},
        },
    }  # fmt: skip
    found = run(load_scenario(scenario))
    assert found.recording["fleet.m.commanded_mw"].at(6.9 * 86_400.0) == 0.0
    without = run(load_scenario({**scenario, "fleets": [{**fleet, "breaker": None}]}))
    breakeven = 45.0 * 1e3 / (24.0 * 17.5 * 1.03)
    once_usd = breakeven * found.recording.facts.fleet["m"].rated_mw * 900.0 / 3600.0
    opening_usd = 0.715 * level * 63.0 / 3600.0  # what the breakers take to open
    assert found.metrics["standby_cost_usd"] <= min(
        without.metrics["standby_cost_usd"] + 1e-6, once_usd + opening_usd + 1.0
    )
    assert without.metrics["standby_cost_usd"] == pytest.approx(100.0 * 25.0 / 3500.0 * level * 168.0, rel=1e-3)
