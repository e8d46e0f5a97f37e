import pytest

from sim.engine.campus import Campus
from sim.engine.load_views import BatteryWatch
from sim.grid.storage import Battery, smooth
from sim.policies import Decision
from sim.recording import Track
from sim.signals import Signal
from sim.testing import a_scenario

BATTERY = Battery(power_mw=30.0, energy_mwh=0.25, shave_above_mw=100.0)


def test_it_sees_the_charge_that_the_run_ends_up_with():
    track = Track()
    for time_s, power_mw in ((0.0, 90.0), (100.0, 120.0), (110.0, 70.0)):
        track.set(time_s, power_mw)
    limit = Signal.constant(100.0, 1000.0)
    watch = BatteryWatch(BATTERY, limit, [track])
    site = Signal.steps([0.0, 100.0, 110.0], [90.0, 120.0, 70.0], 1000.0)
    whole = smooth(site, BATTERY, limit)
    assert watch.seen(0.0).charge_mwh == pytest.approx(0.125)
    during = watch.seen(105.0)
    assert during.giving_mw == pytest.approx(20.0)
    assert during.charge_mwh == pytest.approx(float(whole.charge_mwh.at(105.0)), rel=1e-6)
    after = watch.seen(200.0)
    assert after.giving_mw < 0.0
    assert after.charge_mwh == pytest.approx(float(whole.charge_mwh.at(200.0)), rel=1e-6)


def test_a_battery_without_a_level_to_shave_does_not_recharge_above_the_limit():
    ramping = Battery(power_mw=30.0, energy_mwh=1.0, ramp_limit_mw_per_min=10.0, recharge_mw=1.0)
    # it has given to hold up the grid's power, and wants to recharge while the site stands at its limit
    site = Signal.steps([0.0, 600.0], [60.0, 100.0], 7200.0)
    alone = smooth(site, ramping).battery_mw
    limited = smooth(site, ramping, Signal.constant(100.0, 7200.0)).battery_mw
    assert (site + alone).maximum() == pytest.approx(101.0)
    assert (site + limited).maximum() <= 100.0 + 1e-9
    # what was above the limit already stays as it is: it is no shaving
    above = smooth(site, ramping, Signal.constant(90.0, 7200.0)).battery_mw
    assert (site + above).at(7000.0) == pytest.approx(100.0)


def test_it_recharges_as_far_as_a_limit_that_moves():
    battery = Battery(power_mw=30.0, energy_mwh=1.0, shave_above_mw=80.0, recharge_mw=5.0)
    site = Signal.steps([0.0, 100.0, 200.0], [70.0, 100.0, 70.0], 3600.0)
    limit = Signal.steps([0.0, 1000.0], [72.0, 90.0], 3600.0)
    seen = site + smooth(site, battery, limit).battery_mw
    assert seen.at([500.0, 1020.0]).tolist() == pytest.approx([72.0, 75.0])


def test_policies_see_the_charge():
    class Looks:
        def __init__(self):
            self.seen = []

        def decide(self, observation):
            self.seen.append((observation.time_s, observation.battery))
            return Decision(0.0, "look", observation.time_s + 600.0)

    looks = Looks()
    scenario = a_scenario(
        loads=[{"name": "ai", "type": "inference", "power_mw": 80.0, "noise_sigma": 0.0}],
        limit_mw=100.0,
        storage={"power_mw": 30.0, "energy_mwh": 5.0, "shave_above_mw": 60.0},
        days=0.1,
    )
    charge = Campus(scenario, looks).run()["battery_charge_mwh"]
    for time_s, battery in looks.seen[1:]:
        assert battery.charge_mwh == pytest.approx(float(charge.at(time_s)), abs=5e-4 * 5.0)
