import math
from dataclasses import replace

import pytest

from sim.metrics import measure
from sim.metrics.accounts import present_years
from sim.signals import Signal

LEVELS = ("low", "base", "high")
VALUATION = {
    "valuation.discount_rate_fraction": 0.1,
    "valuation.mining_life_years": 5.0,
    "valuation.mining_multiple.low_ratio": 6.0,
    "valuation.mining_multiple.base_ratio": 9.0,
    "valuation.mining_multiple.high_ratio": 12.0,
    "valuation.ai_multiple.low_ratio": 20.0,
    "valuation.ai_multiple.base_ratio": 22.0,
    "valuation.ai_multiple.high_ratio": 25.0,
}
LEASE = {
    "lease.gpu.critical_mw": 100.0,
    "lease.gpu.rent_usd_per_mw_year": 876_000.0,
    "lease.gpu.take_or_pay_fraction": 1.0,
    "lease.gpu.ebitda_margin_fraction": 0.8,
    "lease.gpu.escalator_fraction": 0.03,
    "lease.gpu.term_years": 10.0,
    "lease.gpu.capex_usd_per_mw": 1e6,
    "lease.gpu.pass_through": 1.0,
    "lease.gpu.tenant_keeps_curtailment": 0.0,
    "lease.gpu.start_s": 0.0,
    "lease.gpu.end_s": 1e9,
    "lease.gpu.part.load.a": 1.0,
}


@pytest.fixture
def campus(record):
    def make(fleets=None, constants=None):
        fleets = {"m": 24.0} if fleets is None else fleets
        recording = record({"a": 100.0}, fleets, constants={**VALUATION, **LEASE, **(constants or {})})
        rent = Signal.constant(10_000.0, recording.end_s)
        return replace(recording, signals={**recording.signals, "lease.gpu.rent_usd_per_h": rent})

    return make


def test_an_hours_earnings_make_a_years(campus):
    metrics = measure(campus())
    assert metrics["ebitda_mining_usd"] == pytest.approx(1440.0)
    assert metrics["ebitda_ai_usd"] == pytest.approx(8000.0)
    assert metrics["ebitda_usd"] == pytest.approx(9440.0)
    assert metrics["ebitda_mining_usd_per_year"] == pytest.approx(1440.0 * 8760.0)
    assert metrics["ebitda_ai_usd_per_year"] == pytest.approx(8000.0 * 8760.0)


def test_the_site_without_miners_earns_what_its_tenants_pay(campus):
    assert measure(campus())["ebitda_usd"].baseline == pytest.approx(8000.0)


def test_a_year_is_valued_at_each_segments_multiple(campus):
    few = {f"valuation.ai_multiple.{level}_ratio": ratio for level, ratio in zip(LEVELS, (2.0, 3.0, 4.0), strict=True)}
    metrics = measure(campus(constants=few))
    assert metrics["enterprise_value_low_usd"] == pytest.approx(8760.0 * (6 * 1440.0 + 2 * 8000.0))
    assert metrics["enterprise_value_base_usd"] == pytest.approx(8760.0 * (9 * 1440.0 + 3 * 8000.0))
    assert metrics["enterprise_value_high_usd"] == pytest.approx(8760.0 * (12 * 1440.0 + 4 * 8000.0))


def test_a_lease_is_worth_no_more_than_it_earns_over_its_term_and_debt_is_taken_off(campus):
    owed = {"valuation.capex_to_complete_usd": 30e6, "valuation.net_debt_usd": 12e6}
    metrics = measure(campus(constants=owed))
    leased = 100.0 * 876_000.0 * 0.8 * present_years(10, 0.1, 0.03)
    assert metrics["enterprise_value_base_usd"] == pytest.approx(8760.0 * 9 * 1440.0 + leased)
    assert metrics["enterprise_value_high_usd"] == pytest.approx(8760.0 * 12 * 1440.0 + leased)
    assert metrics["equity_value_usd"] == pytest.approx(8760.0 * 9 * 1440.0 + leased - 42e6)
    # what a lease is worth, and its net present value, differ by what its capacity costs to build
    assert metrics["npv_leases_usd"] == pytest.approx(leased - 100.0 * 1e6)


def test_shared_cost_is_valued_at_the_multiple_of_mining(campus):
    metrics, without = measure(campus(constants={"cost.fixed_usd_per_year": 1e6})), measure(campus())
    lost_usd = without["enterprise_value_base_usd"] - metrics["enterprise_value_base_usd"]
    assert lost_usd == pytest.approx(9 * 1e6)


def test_a_loss_has_no_multiple(campus):
    metrics = measure(campus(constants={"cost.mining_opex_usd_per_mwh": 1000.0}))
    assert metrics["ebitda_mining_usd"] < 0.0
    assert math.isnan(metrics["enterprise_value_base_usd"])


def test_a_loss_of_ai_has_no_multiple_either(campus):
    # a margin of 3,000 USD on the rent, and 4,000 USD of power that the tenant does not pay
    metrics = measure(campus(constants={"lease.gpu.pass_through": 0.0, "lease.gpu.ebitda_margin_fraction": 0.3}))
    assert metrics["ebitda_ai_usd"] == pytest.approx(-1000.0)
    assert metrics["ebitda_mining_usd"] > 0.0
    assert math.isnan(metrics["enterprise_value_base_usd"])


def test_without_a_lease_ai_and_site_are_not_assessable(record):
    metrics = measure(record({"a": 100.0}, {"m": 24.0}, constants=VALUATION))
    for name in ("revenue_usd", "ebitda_ai_usd", "ebitda_usd", "enterprise_value_low_usd", "npv_leases_usd"):
        assert math.isnan(metrics[name]), name
    assert metrics["ebitda_mining_usd"] == pytest.approx(1440.0)


def test_costs_are_metrics_above_zero(campus):
    metrics = measure(campus(constants={"cost.mining_opex_usd_per_mwh": 10.0}))
    assert metrics["operating_cost_usd"] == pytest.approx(2000.0 + 240.0)
    assert metrics["power_cost_ai_usd"] == pytest.approx(4000.0)
    assert metrics["power_cost_mining_usd"] == pytest.approx(960.0)
    assert metrics["lease_revenue_usd"] == pytest.approx(14_000.0)
    assert str(metrics["penalty_usd"].value) == "0.0"


def test_present_years_are_the_closed_form_of_an_annuity():
    assert present_years(10, 0.1) == pytest.approx((1.0 - 1.1**-10) / 0.1)
    assert present_years(10, 0.1, 0.03) == pytest.approx((1.0 - (1.03 / 1.1) ** 10) / (0.1 - 0.03))
    assert present_years(7, 0.0) == 7.0


def test_a_lease_is_worth_its_discounted_margin_less_what_it_costs_to_build(campus):
    worth = 100.0 * (876_000.0 * 0.8 * present_years(10, 0.1, 0.03) - 1e6)
    assert measure(campus())["npv_leases_usd"] == pytest.approx(worth)


def test_of_a_lease_without_take_or_pay_what_is_used_is_worth_something(campus):
    half = {"lease.gpu.critical_mw": 200.0, "lease.gpu.take_or_pay_fraction": 0.0}  # 100 MW are drawn
    worth = 100.0 * 876_000.0 * 0.8 * present_years(10, 0.1, 0.03) - 200.0 * 1e6
    assert measure(campus(constants=half))["npv_leases_usd"] == pytest.approx(worth)


def test_mining_is_worth_its_years_less_sites_and_machines(campus):
    prices = {"valuation.mining_capex_usd_per_mw": 4e5, "valuation.asic_price_usd_per_th": 10.0}
    capex = 60.0 * 4e5 + 60e6 / 20.0 * 10.0  # 60 MW rated at 20 J/TH
    expected = 1440.0 * 8760.0 * present_years(5, 0.1) - capex
    assert measure(campus(constants=prices))["npv_mining_usd"] == pytest.approx(expected)
    assert math.isnan(measure(campus())["npv_mining_usd"])


def test_the_value_of_mining_counts_the_charge_on_peaks_that_miners_cause(campus):
    prices = {"valuation.mining_capex_usd_per_mw": 0.0, "valuation.asic_price_usd_per_th": 0.0}
    demand = {
        "demand_charge.usd_per_kw_month": 0.01,
        "demand_charge.interval_s": 900.0,
        "demand_charge.ratchet_fraction": 0.0,
        "demand_charge.previous_peak_mw": 0.0,
        "billing_month.1970-01.start_s": 0.0,
        "billing_month.1970-01.end_s": 3600.0,
    }
    years = present_years(5.0, 0.1) * 8760.0
    assert measure(campus(constants=prices))["npv_mining_usd"] == pytest.approx(1440.0 * years)
    charged = measure(campus(constants={**prices, **demand}))
    assert charged["npv_mining_usd"] == pytest.approx((1440.0 - 24.0 * 10.0) * years)


def test_a_converted_megawatt_is_worth_its_lease_less_what_miners_made_of_it(campus):
    metrics = measure(campus(constants={"load.a.pue_ratio": 1.25}))
    leased = (876_000.0 * 0.8 * present_years(10, 0.1, 0.03) - 1e6) / 1.25
    mined = metrics["incremental_ebitda_usd"] * 8760.0 / 24.0 * present_years(5, 0.1)
    assert metrics["converted_worth_usd_per_mw"] == pytest.approx(leased - mined)


def test_without_miners_nothing_is_converted(campus):
    assert math.isnan(measure(campus(fleets={}))["converted_worth_usd_per_mw"])
