"""What a month's peak costs, and the ratchet after it."""

import pytest

from sim.market.demand_charge import BillingMonth, DemandCharge, ratchet_mw, whole_intervals_s
from sim.metrics.ledger import ledger
from sim.simulation import run
from sim.testing import a_scenario


@pytest.mark.parametrize(("months_since", "billed_mw"), [(10, 80.0), (11, 40.0)])
def test_the_ratchet_looks_back_eleven_months_and_no_further(months_since, billed_mw):
    peaks_mw = [100.0, *([50.0] * months_since)]
    assert ratchet_mw(0.8, peaks_mw) == billed_mw
    charge = DemandCharge(usd_per_kw_month=6.0, ratchet_fraction=0.8, previous_peak_mw=100.0)
    month = BillingMonth("2024-06", 0.0, 30 * 86_400.0)
    assert charge.terms(month, 86_400.0, peaks_mw[1:]).floor_mw == billed_mw


def tariffed(**fields):
    return DemandCharge(usd_per_kw_month=6.0, tariff="aep-ohio-dct", contract_mw=200.0, **fields)


def test_a_tariff_bills_its_minimum_or_its_own_ratchet():
    month = BillingMonth("2024-06", 0.0, 30 * 86_400.0)
    assert tariffed().terms(month, 86_400.0, []).floor_mw == 170.0  # 57.5 of 75 MW, the rest whole, 85 % at most
    assert tariffed(previous_peak_mw=240.0).terms(month, 86_400.0, []).floor_mw == pytest.approx(204.0)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"tariff": "aep-ohio-dct"}, "tariff and contract_mw go together"),
        ({"contract_mw": 90.0}, "tariff and contract_mw go together"),
        ({"tariff": "dominion-gs5-td", "contract_mw": 20.0}, "contracts of 25 MW and above, got 20 MW"),
    ],
)
def test_a_tariff_and_its_contract_go_together(fields, fault):
    with pytest.raises(ValueError, match=fault):
        DemandCharge(usd_per_kw_month=6.0, **fields)


@pytest.mark.parametrize(
    ("tariff", "billed_mw", "collateral_usd"),
    [
        ("aep-ohio-dct", 170.0, None),
        ("dominion-gs5-td", 170.0, 300e6),
        ("dominion-gs5-generation", 120.0, 300e6),
    ],
)
def test_the_ledger_of_a_run_holds_the_minimum_of_each_shipped_tariff(tariff, billed_mw, collateral_usd):
    demand = {"usd_per_kw_month": 5.0, "tariff": tariff, "contract_mw": 200.0}
    start = "2027-01-01T00:00:00-06:00"
    result = run(a_scenario(start=start, days=1.0, market={"demand_charge": demand}, policy={"type": "mining-off"}))
    [line] = [line for line in ledger(result.recording) if line.item == "demand charge 2027-01"]
    assert line.quantity == pytest.approx(billed_mw / 31.0)
    assert line.amount_usd == pytest.approx(-5000.0 * billed_mw / 31.0)
    assert result.metrics.get("collateral_usd") == collateral_usd


def test_a_month_that_begins_within_the_run_has_its_first_interval_too():
    month = BillingMonth("2024-08", 900.0, 5000.0)
    assert whole_intervals_s(month, 900.0, 4000.0) == [900.0, 1800.0, 2700.0, 3600.0]
