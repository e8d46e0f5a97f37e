import pytest

from sim.simulation import run
from sim.testing import a_scenario


def test_each_fleet_has_its_energy_use_efficiency_and_break_even_price():
    cohort = {"name": "s21", "type": "cohort", "model": "antminer-s21", "rated_mw": 20.0, "failures": QUIET}
    market = {"bitcoin": {"type": "fixed", "hashprice_usd_per_ph_day": 50.0, "pool_fee_fraction": 0.02}}
    metrics = run(a_scenario(fleets=[cohort], days=0.5, market=market)).metrics
    rated_j_per_th = 17.5 * 1.03
    assert metrics["fleet.s21.energy_mwh"] == pytest.approx(20.0 * 12.0, rel=1e-3)
    assert metrics["fleet.s21.use_fraction"] == pytest.approx(1.0, rel=1e-3)
    assert metrics["fleet.s21.run_efficiency_j_per_th"] == pytest.approx(rated_j_per_th, rel=1e-3)
    assert metrics["fleet.s21.breakeven_usd_per_mwh"] == pytest.approx(
        50.0 * 0.98 / (0.024 * rated_j_per_th), rel=1e-3
    )


def test_a_slower_clock_is_more_efficient_than_rated():
    cohort = {"name": "s21", "type": "cohort", "model": "antminer-s21", "rated_mw": 20.0, "failures": QUIET}
    metrics = run(a_scenario(fleets=[cohort], days=0.5, limit_mw=12.0)).metrics
    assert metrics["fleet.s21.use_fraction"] == pytest.approx(0.6, rel=1e-3)
    assert metrics["fleet.s21.run_efficiency_j_per_th"] < 0.95 * 17.5 * 1.03


QUIET = {"per_year_fraction": 0.0, "per_start_fraction": 0.0}
