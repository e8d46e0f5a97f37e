"""Charges on peaks and ancillary services stand in the ledger with the amounts that the metrics know."""

import pytest
from quick import run

from sim.metrics.ledger import ledger, sum_usd
from sim.testing import a_scenario

MARKET = {
    "demand_charge": {"usd_per_kw_month": 10.0},
    "ancillary": [{"service": "rrs", "offer_mw": 20.0, "price": {"type": "fixed", "price_usd_per_mwh": 8.0}}],
}


@pytest.fixture(scope="module")
def result():
    return run(a_scenario(days=2.0, market=MARKET, policy={"type": "always-on"}))


def test_a_demand_charge_is_a_cost_of_the_site_month_by_month(result):
    lines = [line for line in ledger(result.recording) if line.account == "charges"]
    assert [(line.segment, line.item) for line in lines] == [("site", "demand charge 2026-01")]
    assert sum_usd(lines) == pytest.approx(-float(result.metrics["demand_charge_usd"]), rel=1e-12)
    # 60 MW for two days of a month of 31, at 10 USD/kW
    assert lines[0].amount_usd == pytest.approx(-60_000.0 * 10.0 * 2.0 / 31.0, rel=1e-6)


def test_capacity_sold_is_mining_s_revenue_and_penalties_its_cost(result):
    lines = [line for line in ledger(result.recording) if line.account == "ancillary"]
    earned = float(result.metrics["ancillary_revenue_usd"]) - float(result.metrics["ancillary_penalty_usd"])
    assert {line.segment for line in lines} == {"mining"}
    assert sum_usd(lines) == pytest.approx(earned, rel=1e-12)
    assert lines[0].amount_usd == pytest.approx(20.0 * 48.0 * 8.0)


def test_both_are_part_of_ebitda(result):
    mining = float(result.metrics["ebitda_mining_usd"])
    of_mining = sum_usd(line for line in ledger(result.recording) if line.segment == "mining")
    assert mining == pytest.approx(of_mining, rel=1e-12)
