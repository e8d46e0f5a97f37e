"""The policy alone: which level of the clock earns most."""

import numpy as np
import pytest
from clocked_machines import energy_per_hash_ratio

from sim.mining.catalogue import machine
from sim.mining.clocking import power_ratio
from sim.policies import Decision, FleetView, PartialPower
from sim.policies.price_threshold import best_level_mw

CLOCKS = np.linspace(0.3, 1.0, 15)
SLOPE, STATIC = 0.163, 0.03
RATED_MW, EFFICIENCY, BREAKEVEN = 100.0, 20.0, 100.0
FULL_PH_S = RATED_MW * 1000.0 / EFFICIENCY


def level(clock):
    return RATED_MW * float(power_ratio(clock, SLOPE, STATIC)), FULL_PH_S * float(clock)


LEVELS = tuple(map(level, CLOCKS))


def a_fleet(levels=LEVELS, minimum_mw=0.0):
    return FleetView("miners", minimum_mw, RATED_MW, EFFICIENCY, BREAKEVEN, levels=levels)


def earned_usd_per_h(power_mw, ph_s, price):
    return BREAKEVEN * RATED_MW * ph_s / FULL_PH_S - price * power_mw


@pytest.mark.parametrize("price", [-20.0, 0.0, 30.0, 55.0, 70.0, 90.0, 99.0, 105.0, 112.0, 117.0, 150.0])
def test_no_other_level_earns_more(price):
    chosen_mw = best_level_mw(a_fleet(), price)
    levels = dict([(0.0, 0.0), *map(level, CLOCKS)])
    best = max(earned_usd_per_h(power_mw, ph_s, price) for power_mw, ph_s in levels.items())
    assert earned_usd_per_h(chosen_mw, levels[chosen_mw], price) == best


def test_the_clock_falls_where_the_last_watts_stop_paying():
    # the last 5 % of the clock take more than their share of the power: 6.35 % of it, by the curve
    last = (1.0 - float(power_ratio(0.95, SLOPE, STATIC))) / 0.05
    price = BREAKEVEN / last
    assert best_level_mw(a_fleet(), price - 0.01) == RATED_MW
    assert best_level_mw(a_fleet(), price + 0.01) == pytest.approx(level(0.95)[0])
    assert price == pytest.approx(78.79, abs=0.01)


def test_a_slow_clock_mines_on_above_the_break_even_price_of_full_clock():
    ratios = energy_per_hash_ratio(CLOCKS, SLOPE, STATIC)
    last_price = BREAKEVEN / float(ratios.min())
    assert best_level_mw(a_fleet(), last_price - 0.01) == level(CLOCKS[ratios.argmin()])[0]
    assert best_level_mw(a_fleet(), last_price + 0.01) == 0.0
    assert last_price > 115.0


def test_a_fleet_without_levels_is_on_below_break_even_and_off_from_it_on():
    fleet = a_fleet(levels=(), minimum_mw=7.0)
    assert [best_level_mw(fleet, price) for price in (99.9, 100.1)] == [100.0, 7.0]
    assert best_level_mw(a_fleet(levels=()), 100.0) == 0.0


def test_a_machine_of_the_catalogue_works_out_like_its_curve(observed):
    s21 = machine("antminer-s21")
    breakeven = 50.0 / (0.024 * s21.j_per_th)
    levels = tuple(
        (float(power_ratio(x, SLOPE, STATIC)) * 10.0, x * 10.0 * 1000.0 / s21.j_per_th) for x in (0.5, 0.75, 1.0)
    )
    fleet = FleetView("s21", 0.0, 10.0, s21.j_per_th, breakeven, levels=levels)
    policy = PartialPower(type="partial-power")
    found = [policy.decide(observed(price=price, fleets=(fleet,))).target_mw for price in (40.0, 105.0, 125.0, 140.0)]
    assert found == [10.0, levels[1][0], levels[0][0], 0.0]


@pytest.mark.parametrize(
    ("price", "ai_mw", "decision"),
    [
        (40.0, 0.0, Decision(100.0, "price")),
        (80.0, 0.0, Decision(level(0.95)[0], "partial power")),
        (80.0, 160.0, Decision(36.0, "headroom")),
        (80.0, 210.0, Decision(0.0, "no headroom")),
        (130.0, 0.0, Decision(0.0, "price above break-even")),
    ],
)
def test_it_says_why(observed, price, ai_mw, decision):
    policy = PartialPower(type="partial-power", margin_mw=4.0)
    found = policy.decide(observed(price=price, ai_mw=ai_mw, fleets=(a_fleet(),)))
    assert found.reason == decision.reason
    assert found.target_mw == pytest.approx(decision.target_mw)


def test_the_adder_comes_on_top_of_the_price(observed):
    policy = PartialPower(type="partial-power", adder_usd_per_mwh=100.0)
    assert policy.decide(observed(price=30.0, fleets=(a_fleet(),))).target_mw == 0.0
