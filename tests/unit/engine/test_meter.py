"""The utility's meter inside a run."""

import numpy as np
import pytest
from quick import run

from sim.clock import Clock
from sim.engine.campus import Campus
from sim.engine.prices import DemandMeter
from sim.market.demand_charge import BillingMonth, DemandCharge
from sim.metrics.demand import billed_months
from sim.mining.fleet import AggregateFleet, LiveFleet
from sim.policies import Decision
from sim.recording import Track
from sim.testing import a_scenario

CHARGE = {"usd_per_kw_month": 10.0}


class Watch:
    """Writes down the billing peak it sees, and swings the fleet between what a script says."""

    def __init__(self, *targets_mw, every_s=600.0):
        self.seen = []
        self._targets_mw = targets_mw
        self._every_s = every_s

    def decide(self, observation):
        self.seen.append((observation.time_s, observation.billing_peak_mw))
        turn = int(observation.time_s // self._every_s)
        target_mw = self._targets_mw[turn % len(self._targets_mw)]
        return Decision(target_mw, "script", (turn + 1) * self._every_s)


def campus_with(policy, **fields):
    campus = Campus(a_scenario(**fields))
    campus.controller._decide_by_policy = policy.decide  # noqa: SLF001  # a scenario names no such policy
    return campus


def test_the_meter_and_the_bill_agree_on_every_peak():
    policy = Watch(0.0, 60.0, 10.0, 35.0, 60.0, every_s=650.0)
    campus = campus_with(policy, market={"demand_charge": CHARGE}, days=1.0)
    recording = campus.run()

    means = recording["site_power_mw"].integrals_over([900.0 * count for count in range(97)]) / 900.0
    highest = [0.0, *np.maximum.accumulate(means)]
    for time_s, peak_mw in policy.seen:
        closed = int(time_s // 900.0) - (time_s % 900.0 == 0.0)  # one that ends now may or may not be read yet
        known = highest[closed], highest[int(time_s // 900.0)]
        assert any(peak_mw == pytest.approx(value, rel=1e-9) for value in known)


def test_a_new_month_begins_with_no_peak_and_the_old_one_is_logged():
    fields = {"start": "2026-01-31T22:00:00-06:00", "days": 4 / 24}
    result = run(a_scenario(market={"demand_charge": CHARGE}, policy={"type": "always-on"}, **fields))

    logged = [(event.time_s, event.value) for event in result.recording.events if event.source == "meter"]
    assert logged == [(7200.0, pytest.approx(60.0))]
    assert result.metrics["demand.2026-01.billing_peak_mw"] == pytest.approx(60.0)
    assert result.metrics["demand.2026-02.billing_peak_mw"] == pytest.approx(60.0)
    january, february = 2 / (31 * 24), 2 / (28 * 24)
    assert result.metrics["demand_charge_usd"] == pytest.approx(600_000.0 * (january + february))


def test_the_meter_adds_one_event_an_interval_and_no_decision():
    plain, billed = (run(a_scenario(market=market)).metrics for market in ({}, {"demand_charge": CHARGE}))
    assert billed["event_count"] - plain["event_count"] == 96 - 1 + 2  # less the one at the end; its process
    assert billed["decision_count"] == plain["decision_count"]
    assert plain["site_energy_mwh"] == billed["site_energy_mwh"]


def test_own_generation_is_taken_off_moment_by_moment():
    market = {"demand_charge": CHARGE, "generation": {"type": "constant", "mw": 20.0}}
    policy = Watch(0.0, 60.0, every_s=450.0)  # half of each interval: 40 MW on, nothing off
    campus = campus_with(policy, market=market, days=0.1)
    campus.run()
    assert policy.seen[-1][1] == pytest.approx(20.0, rel=0.1)


def test_a_fleet_tells_what_it_drew_though_its_ramp_is_recorded_ahead():
    spec = {"name": "m", "type": "aggregate", "rated_mw": 60.0, "efficiency_j_per_th": 20.0}
    spec |= {"ramp_up_mw_per_s": 1.0, "ramp_down_mw_per_s": 5.0}

    class Env:
        now = 0.0

    env = Env()
    fleet = LiveFleet(env, AggregateFleet(**spec), Track(), Track())
    fleet.command(0.0)
    env.now = 10.0
    fleet.command(60.0)
    assert fleet.power_between(0.0, 40.0).integral() == 30.0 * 30.0 / 2.0
    env.now = 40.0
    fleet.command(0.0)
    assert fleet.power_between(35.0, 46.0).integral() == pytest.approx(27.5 * 5.0 + 30.0 * 6.0 / 2.0)


def test_a_policy_is_told_what_a_megawatt_of_each_months_peak_costs_and_what_is_billed_anyway():
    class Terms(Watch):
        def decide(self, observation):
            self.seen.append((observation.demand_terms, observation.time_s))
            return Decision(50.0 if observation.time_s < 7200.0 else 10.0, "script", observation.time_s + 600.0)

    policy = Terms()
    charge = {**CHARGE, "ratchet_fraction": 0.8, "previous_peak_mw": 20.0}
    fields = {"start": "2026-01-31T22:00:00-06:00", "days": 4 / 24}
    campus = campus_with(policy, market={"demand_charge": charge}, **fields)
    january, february = billed_months(campus.run())

    told = dict.fromkeys(terms for terms, _ in policy.seen)
    first, second = told
    assert (first.usd_per_mw, second.usd_per_mw) == pytest.approx(
        (1e4 * january.month_fraction, 1e4 * february.month_fraction)
    )
    assert first.floor_mw == pytest.approx(16.0)
    assert second.floor_mw == pytest.approx(0.8 * january.peak_mw)
    assert second.floor_mw == pytest.approx(february.billed_mw)
    assert (first.until_s, second.until_s) == (7200.0, 14_400.0)
    assert all(terms is not None and time_s <= terms.until_s for terms, time_s in policy.seen)


def test_a_month_that_ends_with_the_run_is_logged_and_one_that_ends_later_is_not():
    clock, logged = Clock(), []
    charge = DemandCharge(**CHARGE)
    meter = DemandMeter(clock, [], None, lambda _: None, lambda kind, _: logged.append((clock.now, kind)))
    months = [BillingMonth("2026-01", -1800.0, 1800.0), BillingMonth("2026-02", 1800.0, 9000.0)]
    clock.process(meter.read(months[:1], charge, 1800.0, lambda _: None))
    clock.process(meter.read(months[1:], charge, 3600.0, lambda _: None))
    clock.run_before(10_000.0)
    assert logged == [(1800.0, "billing peak")]


def test_a_month_that_ends_with_the_run_is_logged_too():
    clock, track, logged = Clock(), Track(), []
    track.set(0.0, 30.0)
    spec = DemandCharge(usd_per_kw_month=10.0)
    meter = DemandMeter(clock, [track], None, lambda _: None, lambda kind, peak: logged.append((kind, peak)))
    months = [BillingMonth("2026-01", 0.0, 3600.0), BillingMonth("2026-02", 3600.0, 9000.0)]
    clock.process(meter.read(months, spec, 9000.0, lambda _: None))
    clock.run_before(9001.0)
    assert logged == [("billing peak", 30.0), ("billing peak", 30.0)]
