from math import isnan

import pytest
from quick import run

from sim.metrics import measure
from sim.metrics.fleets import rise_mw, start_count
from sim.signals import Signal
from sim.testing import a_scenario


def test_going_from_the_minimum_to_more_is_a_start():
    power = Signal.steps([0.0, 10.0, 20.0, 30.0, 40.0], [5.0, 40.0, 20.0, 5.0, 60.0], 100.0)
    assert start_count(power, 5.0) == 2
    assert start_count(power, 0.0) == 0  # it runs all along


def test_running_from_the_beginning_is_no_start():
    assert start_count(Signal.steps([0.0, 50.0], [60.0, 0.0], 100.0), 0.0) == 0


def test_rising_from_the_minimum_at_the_beginning_is_a_start():
    assert start_count(Signal.linear([0.0, 60.0], [0.0, 60.0], 100.0), 0.0) == 1


def test_less_than_a_watt_is_no_start():
    assert start_count(Signal.steps([0.0, 50.0], [0.0, 0.9e-6], 100.0), 0.0) == 0
    assert start_count(Signal.steps([0.0, 50.0], [0.0, 1.1e-6], 100.0), 0.0) == 1


def test_rises_add_up_whether_they_jump_or_ramp():
    # 20 up in a line, 5 down, 15 up at once, 50 down, 10 up in a line to the end
    power = Signal.linear([0.0, 10.0, 20.0, 20.0, 30.0, 90.0, 100.0], [20.0, 40.0, 35.0, 50.0, 0.0, 0.0, 10.0], 100.0)
    assert rise_mw(power) == pytest.approx(20.0 + 15.0 + 10.0, rel=1e-12)
    assert rise_mw(-power) == pytest.approx(5.0 + 50.0, rel=1e-12)


def test_starts_and_cycles_are_counted_of_all_fleets(record):
    blink = Signal.steps([0.0, 100.0, 200.0, 300.0], [0.0, 60.0, 0.0, 30.0], 3600.0)
    recording = record(
        {"a": 100.0}, {"m": blink, "n": [(0.0, 10.0), (600.0, 40.0)]}, constants={"fleet.n.minimum_mw": 10.0}
    )
    metrics = measure(recording)
    assert metrics["fleet_start_count"].value == 3.0
    assert metrics["fleet_cycle_count"].value == pytest.approx((60 + 30 + 30) / 120.0, rel=1e-12)


def test_without_fleets_there_are_no_starts_and_no_cycles(record):
    metrics = measure(record({"a": 100.0}))
    assert metrics["fleet_start_count"].value == 0.0
    assert isnan(metrics["fleet_cycle_count"])


def test_each_fleet_has_its_energy_use_efficiency_and_break_even_price():
    cohort = {"name": "s21", "type": "cohort", "model": "antminer-s21", "rated_mw": 20.0, "failures": QUIET}
    market = {"bitcoin": {"type": "fixed", "hashprice_usd_per_ph_day": 50.0, "pool_fee_fraction": 0.02}}
    metrics = run(a_scenario(fleets=[cohort], days=0.5, market=market)).metrics
    rated_j_per_th = 17.5 * 1.03
    assert metrics["fleet.s21.energy_mwh"] == pytest.approx(20.0 * 12.0, rel=1e-3)
    assert metrics["fleet.s21.use_fraction"] == pytest.approx(1.0, rel=1e-3)
    assert metrics["fleet.s21.run_efficiency_j_per_th"] == pytest.approx(rated_j_per_th, rel=1e-3)
    assert metrics["fleet.s21.breakeven_usd_per_mwh"] == pytest.approx(50.0 * 0.98 / (0.024 * rated_j_per_th), rel=1e-3)


def test_a_slower_clock_is_more_efficient_than_rated():
    cohort = {"name": "s21", "type": "cohort", "model": "antminer-s21", "rated_mw": 20.0, "failures": QUIET}
    metrics = run(a_scenario(fleets=[cohort], days=0.5, limit_mw=12.0)).metrics
    assert metrics["fleet.s21.use_fraction"] == pytest.approx(0.6, rel=1e-3)
    assert metrics["fleet.s21.run_efficiency_j_per_th"] < 0.95 * 17.5 * 1.03


QUIET = {"per_year_fraction": 0.0, "per_start_fraction": 0.0}
