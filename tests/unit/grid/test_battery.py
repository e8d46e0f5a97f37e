"""A battery that limits the site's ramps, against a step-by-step simulation and its own limits."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sim.grid.battery import Battery, smooth
from sim.signals import Signal

BATTERY = Battery(power_mw=60.0, energy_mwh=8.0, ramp_limit_mw_per_min=20.0, recharge_mw=3.0)


def stepwise(site, battery, step_s):
    """Return battery power and charge, sampled: the same rule, marched in small steps."""
    times_s = np.arange(0.0, site.end_s, step_s)
    site_mw = site.at(times_s)
    limit_mw = battery.ramp_limit_mw_per_min / 60.0 * step_s
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
        high = power_mw + (battery.power_mw if charge < full else 0.0)
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
    assert found.final_mwh == pytest.approx(charges_mwh[-1], abs=0.01)


@settings(max_examples=60, deadline=None)
@example(seed=3193, energy_mwh=1.0, power_mw=5.0, efficiency=1.0)  # the site rises by 120 MW in 9 ms
@given(st.integers(0, 10_000), st.floats(0.2, 10.0), st.floats(5.0, 100.0), st.floats(0.5, 1.0))
def test_power_and_charge_stay_within_bounds_and_energy_balances(seed, energy_mwh, power_mw, efficiency):
    battery = Battery(
        power_mw=power_mw,
        energy_mwh=energy_mwh,
        ramp_limit_mw_per_min=15.0,
        round_trip_efficiency_fraction=efficiency,
    )
    found = smooth(a_site(seed), battery)
    drawn = found.battery_mw
    assert drawn.maximum() <= power_mw + 1e-6
    assert drawn.minimum() >= -power_mw - 1e-6
    taken_mwh = drawn.positive_part().integral() / 3600.0
    given_mwh = (0.0 - drawn).positive_part().integral() / 3600.0
    gained = efficiency**0.5 * taken_mwh - given_mwh / efficiency**0.5
    assert found.final_mwh == pytest.approx(0.5 * energy_mwh + gained, abs=1e-6)


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
    assert found.final_mwh == pytest.approx(4.0, rel=0.03)
    assert found.battery_mw.minimum() == pytest.approx(-3.0)


def test_recharging_faster_than_it_can_is_refused():
    with pytest.raises(ValidationError, match="recharge_mw is 3 MW; must not be above power_mw, 2 MW"):
        Battery(power_mw=2.0, energy_mwh=1.0, ramp_limit_mw_per_min=1.0, recharge_mw=3.0)
