"""A battery that limits the site's ramps, against a step-by-step simulation and its own limits."""

from itertools import pairwise

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sim.grid.storage import CHARGE_ERROR_FRACTION, Battery, Storage, smooth
from sim.signals import Signal

BATTERY = Battery(power_mw=60.0, energy_mwh=8.0, ramp_limit_mw_per_min=20.0, recharge_mw=3.0)


def final_mwh(found):
    return found.charge_mwh.left_limits()[-1]


def stepwise(site, battery, step_s):
    """Return battery power and charge, sampled: the same rule, marched in small steps."""
    times_s = np.arange(0.0, site.end_s, step_s)
    site_mw = site.at(times_s)
    limit_mw = (battery.ramp_limit_mw_per_min or np.inf) / 60.0 * step_s
    level_mw = battery.shave_above_mw or np.inf
    full, wanted = battery.energy_mwh, battery.wanted_charge_fraction * battery.energy_mwh
    efficiency = battery.round_trip_efficiency_fraction**0.5
    grid_mw, charge, bias, drawn, charges = site_mw[0], wanted, 0.0, [], []
    for power_mw in site_mw:
        away = wanted - charge
        if abs(away) > 0.02 * full and bias == 0.0:
            bias = np.copysign(battery.recharge_mw, away)
        elif bias * away <= 0.0:
            bias = 0.0
        low = power_mw - (battery.power_mw if charge > 0.0 else 0.0)
        high = max(low, min(power_mw + (battery.power_mw if charge < full else 0.0), level_mw))
        target = min(max(power_mw + bias, low), high)
        grid_mw = min(max(grid_mw, low), high)
        grid_mw = min(max(grid_mw + min(max(target - grid_mw, -limit_mw), limit_mw), low), high)
        drawn.append(grid_mw - power_mw)
        gain = efficiency if drawn[-1] > 0.0 else 1.0 / efficiency
        charge = min(max(charge + gain * drawn[-1] * step_s / 3600.0, 0.0), full)
        charges.append(charge)
    return times_s, np.array(drawn), np.array(charges)


def a_site(seed, points=40, end_s=4000.0):
    draws = np.random.default_rng(seed)
    times_s = np.concatenate([[0.0], np.sort(draws.uniform(0.0, end_s, points - 1))])
    return Signal.linear(times_s, draws.uniform(20.0, 200.0, points), end_s)


@pytest.mark.parametrize("energy_mwh", [0.5, 2.0, 8.0])
@pytest.mark.parametrize("seed", range(3))
def test_it_follows_the_rule_marched_in_small_steps(seed, energy_mwh):
    site = a_site(seed)
    battery = BATTERY.model_copy(update={"energy_mwh": energy_mwh})
    found = smooth(site, battery)
    times_s, drawn_mw, charges_mwh = stepwise(site, battery, 0.01)
    difference = np.abs(found.battery_mw.at(times_s) - drawn_mw)
    assert difference.mean() < 0.02
    assert final_mwh(found) == pytest.approx(charges_mwh[-1], abs=0.01)


@pytest.mark.parametrize("energy_mwh", [0.5, 2.0, 8.0])
@pytest.mark.parametrize(
    "rules",
    [
        {"ramp_limit_mw_per_min": None, "shave_above_mw": 120.0},
        {"shave_above_mw": 120.0},
        {"shave_above_mw": 60.0, "wanted_charge_fraction": 1.0},
    ],
    ids=["shaves", "shaves and limits ramps", "is full, and empty all too soon"],
)
def test_it_shaves_as_the_rule_marched_in_small_steps(rules, energy_mwh):
    site = a_site(5)
    battery = BATTERY.model_copy(update={"energy_mwh": energy_mwh, **rules})
    found = smooth(site, battery)
    times_s, drawn_mw, charges_mwh = stepwise(site, battery, 0.01)
    assert np.abs(found.battery_mw.at(times_s) - drawn_mw).mean() < 0.02
    assert np.abs(found.charge_mwh.at(times_s) - charges_mwh).max() < 0.01


def test_a_battery_that_is_large_enough_keeps_the_site_below_the_level():
    battery = Battery(
        power_mw=200.0, energy_mwh=500.0, shave_above_mw=90.0, wanted_charge_fraction=1.0, recharge_mw=40.0
    )
    site = a_site(7)
    found = smooth(site, battery)
    grid = site + found.battery_mw
    assert grid.maximum() == pytest.approx(90.0, abs=1e-9)
    assert found.charge_mwh.minimum() > 0.0
    given = (-found.battery_mw).positive_part()
    assert (given - (site - 90.0).positive_part()).maximum() < 1e-6  # no more than it must


def test_it_recharges_only_below_the_level():
    site = Signal.steps([0.0, 600.0, 1200.0], [100.0, 88.0, 60.0], 40_000.0)
    battery = Battery(power_mw=30.0, energy_mwh=4.0, shave_above_mw=90.0, wanted_charge_fraction=1.0, recharge_mw=5.0)
    drawn = smooth(site, battery).battery_mw
    assert drawn.at([0.0, 599.0, 600.0, 1199.0, 1200.0, 39_000.0]).tolist() == [-10, -10, 2, 2, 5, 0]


def test_a_site_followed_in_pieces_is_the_site_followed_at_once():
    site, whole = a_site(3), smooth(a_site(3), BATTERY).battery_mw
    storage, edges_s = Storage(BATTERY), [0.0, 900.0, 1300.0, 1300.5, 4000.0]
    for from_s, to_s in pairwise(edges_s):
        part = storage.follow(site.clip_time(from_s, to_s)).battery_mw
        assert np.abs((part - whole.clip_time(from_s, to_s)).integrals_over([from_s, to_s])) < 1e-4


@pytest.mark.parametrize("size_mw", [1e-10, 3e-9, 1e-8, 1e-7, 3e-7, 1e-6])
def test_a_step_too_small_to_tell_does_not_set_it_off(size_mw):
    site = Signal.steps([0.0, 100.0], [150.0, 150.0 - size_mw], 20_000.0)
    drawn = smooth(site, BATTERY).battery_mw
    assert max(drawn.maximum(), -drawn.minimum()) <= 1e-6


def test_charge_between_breakpoints_is_within_its_error():
    site = Signal.steps([0.0, 100.0], [150.0, 100.0], 20_000.0)
    found = smooth(site, BATTERY)
    times_s = np.arange(0.0, 20_000.0, 7.0)
    drawn = found.battery_mw
    gain = BATTERY.round_trip_efficiency_fraction**0.5
    taken = drawn.positive_part().integrals_over([*times_s, 20_000.0])
    given = (-drawn).positive_part().integrals_over([*times_s, 20_000.0])
    exact = 4.0 + np.concatenate([[0.0], np.cumsum(gain * taken - given / gain)])[:-1] / 3600.0
    error = np.abs(found.charge_mwh.at(times_s) - exact).max()
    assert 0.0 < error < CHARGE_ERROR_FRACTION * 8.0


@examples(60)
@given(
    st.integers(0, 10_000),
    st.floats(0.2, 10.0),
    st.floats(5.0, 100.0),
    st.floats(0.5, 1.0),
    st.none() | st.floats(10.0, 220.0),
)
def test_power_and_charge_stay_within_bounds_and_energy_balances(seed, energy_mwh, power_mw, efficiency, level_mw):
    battery = Battery(
        power_mw=power_mw,
        energy_mwh=energy_mwh,
        ramp_limit_mw_per_min=15.0,
        shave_above_mw=level_mw,
        round_trip_efficiency_fraction=efficiency,
    )
    found = smooth(a_site(seed), battery)
    drawn = found.battery_mw
    assert len(drawn.time_s) < 10 * 40  # it settles between two moves of the site
    assert drawn.maximum() <= power_mw + 1e-6
    assert drawn.minimum() >= -power_mw - 1e-6
    taken_mwh = drawn.positive_part().integral() / 3600.0
    given_mwh = (0.0 - drawn).positive_part().integral() / 3600.0
    gained = efficiency**0.5 * taken_mwh - given_mwh / efficiency**0.5
    assert final_mwh(found) == pytest.approx(0.5 * energy_mwh + gained, abs=1e-6)


def test_a_battery_that_is_large_enough_keeps_every_ramp_within_the_limit():
    site = a_site(7)
    battery = Battery(power_mw=200.0, energy_mwh=500.0, ramp_limit_mw_per_min=20.0)
    grid = site + smooth(site, battery).battery_mw
    assert np.abs(grid.slope_per_s).max() <= 20.0 / 60.0 + 1e-9
    jumps = grid.value[1:] - grid.left_limits()[:-1]
    assert np.abs(jumps).max() < 1e-6


def test_a_steady_site_leaves_it_idle():
    drawn = smooth(Signal.constant(80.0, 1000.0), BATTERY).battery_mw
    assert drawn.maximum() == drawn.minimum() == 0.0


def test_it_brings_its_charge_back():
    site = Signal.steps([0.0, 100.0], [150.0, 100.0], 20_000.0)
    found = smooth(site, BATTERY)
    assert final_mwh(found) == pytest.approx(4.0, rel=0.03)
    assert found.battery_mw.minimum() == pytest.approx(-3.0)


def test_recharging_comes_to_rest_however_small_the_battery():
    small = Battery(power_mw=60.0, energy_mwh=0.5, ramp_limit_mw_per_min=10.0, recharge_mw=50.0)
    drawn = smooth(Signal.steps([0.0, 100.0], [150.0, 100.0], 20_000.0), small).battery_mw
    assert drawn.clip_time(5_000.0, 20_000.0).maximum() == 0.0
    assert drawn.clip_time(5_000.0, 20_000.0).minimum() == 0.0


def test_recharging_faster_than_it_can_is_refused():
    with pytest.raises(ValidationError, match="recharge_mw is 3 MW; must not be above power_mw, 2 MW"):
        Battery(power_mw=2.0, energy_mwh=1.0, ramp_limit_mw_per_min=1.0, recharge_mw=3.0)


def test_a_battery_without_a_rule_is_refused():
    with pytest.raises(ValidationError, match="at least one of ramp_limit_mw_per_min, shave_above_mw"):
        Battery(power_mw=2.0, energy_mwh=1.0)
