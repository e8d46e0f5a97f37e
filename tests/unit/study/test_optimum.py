"""The bound and the yardstick in cases that can be worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from sim.facts import Facts
from sim.metrics.accounts import incremental_lines
from sim.mining.cohort.spec import CohortFleet
from sim.mining.fleet import AggregateFleet
from sim.recording import Recording, add_totals
from sim.signals import Signal
from sim.study.instants import mining_curve
from sim.study.objective import objective_usd
from sim.study.optimum import benchmarks

END_S = 7200.0
EARNED = 24.0 * 17.5 / 1000.0
"""Hashprice at which 17.5 J/TH earn 1 USD for each MWh [USD/(PH/s)/d]."""
FLEET = AggregateFleet(
    name="m",
    type="aggregate",
    rated_mw=10.0,
    ramp_up_mw_per_s=1.0,
    ramp_down_mw_per_s=1.0,
    efficiency_j_per_th=17.5,
)


def hours(*values):
    return Signal.steps(3600.0 * np.arange(len(values)), values, END_S)


def site(ai_mw, price, fleet_mw=None, limit_mw=100.0, **constants):
    signals = {
        "price_usd_per_btc": Signal.constant(80_000.0, END_S),
        "load.ai.power_mw": ai_mw,
        "fleet.m.power_mw": Signal.constant(0.0, END_S) if fleet_mw is None else fleet_mw,
        "fleet.m.commanded_mw": Signal.constant(0.0, END_S),
        "limit_mw": Signal.constant(limit_mw, END_S),
        "price_usd_per_mwh": price,
        "hashprice_usd_per_ph_day": Signal.constant(60.0 * EARNED, END_S),
    }
    named = {name.replace("__", "."): value for name, value in constants.items()}
    facts = {
        "pool_fee_fraction": 0.0,
        "fleet.m.rated_mw": 10.0,
        "fleet.m.minimum_mw": 0.0,
        "fleet.m.efficiency_j_per_th": 17.5,
    }
    return Recording(0.0, END_S, add_totals(signals, END_S), (), Facts.of({**facts, **named}))


def test_foresight_mines_where_the_price_is_below_what_mining_earns():
    recording = site(Signal.constant(50.0, END_S), hours(20.0, 90.0))
    found = benchmarks(recording, [FLEET])

    assert found.bound_usd == pytest.approx(10.0 * 40.0)
    assert found.always_on_limited_usd == pytest.approx(10.0 * 40.0 - 10.0 * 30.0)
    assert found.capture_ratio(250.0) == pytest.approx(0.5)


def test_a_ramp_of_ai_power_is_followed_exactly():
    ai_mw = Signal.linear([0.0, END_S], [85.0, 105.0], END_S)
    found = benchmarks(site(ai_mw, hours(20.0, 20.0)), [FLEET])

    # free: 10 MW for 1800 s, falling to 0 over 3600 s, then none: 5 + 5 MWh
    assert found.bound_usd == pytest.approx(10.0 * 40.0)
    assert found.always_on_limited_usd == pytest.approx(10.0 * 40.0)


def test_nothing_to_gain_is_not_assessable():
    found = benchmarks(site(Signal.constant(50.0, END_S), hours(20.0, 20.0)), [FLEET])

    assert np.isnan(found.capture_ratio(100.0))


def test_beyond_take_or_pay_the_price_may_fall_and_the_best_corner_is_the_far_one():
    recording = site(Signal.constant(0.0, END_S), hours(-50.0, 90.0))
    signals = {
        **recording.signals,
        "contract_mw": Signal.constant(4.0, END_S),
        "contract_price_usd_per_mwh": hours(30.0, 30.0),
    }
    bought = Recording(0.0, END_S, signals, (), recording.facts)

    # first hour: 10 MW at 60, and 6 of them are paid 50; second: only the 4 MW that are paid for anyway
    assert benchmarks(bought, [FLEET]).bound_usd == pytest.approx(600.0 + 300.0 + 240.0)


def test_a_demand_charge_takes_off_what_the_peaks_cost():
    recording = site(
        Signal.constant(50.0, END_S),
        hours(20.0, 20.0),
        demand_charge__usd_per_kw_month=0.1,
        demand_charge__interval_s=900.0,
        demand_charge__ratchet_fraction=0.0,
        demand_charge__previous_peak_mw=0.0,
        **{"billing_month.2026-01.start_s": 0.0, "billing_month.2026-01.end_s": END_S},
    )

    # a MW more earns 2 h x 40 USD and costs 100 USD of demand: foresight does not mine at all
    found = benchmarks(recording, [FLEET])
    assert found.bound_usd == pytest.approx(0.0, abs=1e-6)
    assert found.always_on_limited_usd == pytest.approx(10.0 * (80.0 - 100.0))


def test_without_a_price_on_exceeding_the_limit_the_bound_keeps_it():
    # AI leaves 10 MW; a MW more earns 60 - 20 USD in each of 2 h
    free = site(Signal.constant(90.0, END_S), hours(20.0, 20.0))
    priced = site(Signal.constant(90.0, END_S), hours(20.0, 20.0), cost__exceedance_penalty_usd_per_mwh=30.0)

    assert benchmarks(free, [FLEET]).bound_usd == pytest.approx(10.0 * 80.0)
    # at 30 USD/MWh breaking it pays: 10 USD for each MWh above
    rest_mw = FLEET.rated_mw - 10.0
    assert benchmarks(priced, [FLEET]).bound_usd == pytest.approx(10.0 * 80.0 + rest_mw * 20.0)


def test_energy_above_the_limit_has_no_price_but_one_that_is_stated():
    recording = site(Signal.constant(105.0, END_S), hours(20.0, 20.0), Signal.constant(10.0, END_S))
    assert objective_usd(recording) == pytest.approx(20.0 * (60.0 - 20.0))


def test_the_terms_of_the_objective_are_differences_to_the_site_without_miners():
    recording = site(
        Signal.constant(105.0, END_S),
        hours(20.0, 20.0),
        Signal.constant(10.0, END_S),
        cost__mining_opex_usd_per_mwh=8.0,
        cost__exceedance_penalty_usd_per_mwh=30.0,
    )
    amounts = {line.account: line.amount_usd for line in incremental_lines(recording) if line.amount_usd}

    assert amounts["mining"] == pytest.approx(20.0 * 60.0)
    assert amounts["power"] == pytest.approx(-20.0 * 20.0)
    assert amounts["opex"] == pytest.approx(-20.0 * 8.0)
    assert amounts["penalty"] == pytest.approx(-20.0 * 30.0)  # 15 MW above the limit, 5 of them AI's own
    assert objective_usd(recording) == pytest.approx(1200.0 - 400.0 - 160.0 - 600.0)


def test_the_mining_curve_of_a_cohort_lies_above_all_its_clocks_and_gets_no_steeper():
    fleet = CohortFleet.model_validate(
        {
            "name": "c",
            "type": "cohort",
            "model": "antminer-s21",
            "machine_count": 1000,
            "scales_clock": True,
        }
    )
    curve = mining_curve([fleet, FLEET])
    slopes = [piece.output_per_mw for piece in curve.pieces]

    assert slopes == sorted(slopes, reverse=True)
    assert curve.full_mw == pytest.approx(fleet.full_mw + 10.0)
    alone = mining_curve([fleet])
    for power_mw, ph_s in fleet.levels:
        if power_mw <= fleet.full_mw:
            assert np.interp(power_mw, alone.miners.power_mw, alone.miners.output) >= ph_s - 1e-9


def with_regulation_down(recording, price, most_mw, called=0.0):
    """Return a run in which the policy may offer room to rise, and never held any."""
    nothing, service = Signal.constant(0.0, END_S), "ancillary.regulation-down"
    names = ("award_mw", "deployed_mw", "due_mw", "hold_mw", "base_mw", "called_fraction")
    prices = ("price_usd_per_mwh", "shortfall_usd_per_mwh", "undelivered_usd_per_mwh")
    signals = dict(recording.signals)
    signals |= {f"{service}.{name}": nothing for name in names}
    signals |= {f"{service}.{name}": Signal.constant(price, END_S) for name in prices}
    signals[f"{service}.called_fraction"] = Signal.constant(called, END_S)
    facts = {f"{service}.policy_up_to_mw": most_mw, f"{service}.restored_after_s": 0.0}
    return replace(recording, signals=signals, facts=Facts.of({**recording.constants, **facts}))


def test_what_may_be_offered_raises_the_bound_and_not_the_yardstick():
    alone = site(Signal.constant(50.0, END_S), hours(20.0, 90.0))
    found = benchmarks(with_regulation_down(alone, 10.0, 4.0), [FLEET])

    # in the first hour 40 USD are mined with a megawatt that would hold for 10; in the second nothing is
    assert found.bound_usd == pytest.approx(10.0 * 40.0 + 4.0 * 10.0)
    assert found.always_on_limited_usd == benchmarks(alone, [FLEET]).always_on_limited_usd


def test_a_demand_charge_that_stops_the_miners_leaves_them_room_to_sell():
    """Mining gains 10 USD/MWh and costs a fortune at the peak; standing still earns 5 for room to rise."""
    charge = {
        "demand_charge__usd_per_kw_month": 10.0,
        "demand_charge__interval_s": 900.0,
        "demand_charge__ratchet_fraction": 0.0,
        "demand_charge__previous_peak_mw": 0.0,
        "billing_month__2026-01__start_s": 0.0,
        "billing_month__2026-01__end_s": END_S,
    }
    recording = site(Signal.constant(50.0, END_S), hours(50.0, 50.0), **charge)
    found = benchmarks(with_regulation_down(recording, 5.0, 10.0), [FLEET])

    assert found.bound_usd == pytest.approx(2.0 * 10.0 * 5.0)


def test_while_it_is_called_a_service_needs_no_room():
    alone = site(Signal.constant(50.0, END_S), hours(20.0, 20.0))
    found = benchmarks(with_regulation_down(alone, 10.0, 4.0, called=0.5), [FLEET])

    assert found.bound_usd == pytest.approx(2.0 * (10.0 * 40.0 + 4.0 * 10.0))
