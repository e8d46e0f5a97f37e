"""What it is worth to plan with a demand charge: a campus that mines on thin margins."""

from functools import cache
from pathlib import Path

import pytest
from added import added
from quick import run

from sim import load_scenario

FOLDER = Path(__file__).parent
SCENARIOS = FOLDER.parents[1] / "scenarios"


@cache
def terms(usd_per_kw_month, hashprice, counts_peaks):
    policy = f"{{type: mpc, margin_mw: 4, counts_peaks: {str(counts_peaks).lower()}}}"
    overrides = [
        "days=3",
        f"market.demand_charge={{usd_per_kw_month: {usd_per_kw_month}}}",
        f"market.bitcoin.hashprice_usd_per_ph_day={hashprice}",
        "market.forecasts={price: {type: persistence, like: yesterday}}",
        f"policy={policy}",
    ]
    return added(run(load_scenario(FOLDER / "planned_campus.yaml", overrides=overrides, data=[SCENARIOS])).recording)


HARD = pytest.param(15.0, 20.0, marks=pytest.mark.slow)


@pytest.mark.parametrize(("usd_per_kw_month", "hashprice"), [(6.0, 15.0), HARD])
def test_where_a_peak_costs_more_than_mining_above_it_earns_planning_with_it_pays(usd_per_kw_month, hashprice):
    plain, planned = (terms(usd_per_kw_month, hashprice, counts) for counts in (False, True))
    assert planned.objective_usd - plain.objective_usd > 0.3 * plain.demand_usd
    assert planned.demand_usd < 0.5 * plain.demand_usd
    assert planned.revenue_usd < plain.revenue_usd


@pytest.mark.slow
def test_where_mining_earns_more_than_the_charge_it_plans_as_without():
    assert terms(15.0, 40.58, counts_peaks=True) == terms(15.0, 40.58, counts_peaks=False)
