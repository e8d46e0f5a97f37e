"""What it brings to offer reserves hour by hour: worked out by hand, and on a month of prices."""

import pytest
from quick import run

from sim.study.objective import objective_usd
from sim.study.optimum import benchmarks
from sim.testing import a_scenario

HOUR_S = 3600.0
NEVER = {"type": "scheduled"}
MINERS = {
    "name": "miners",
    "type": "aggregate",
    "rated_mw": 60.0,
    "ramp_up_mw_per_s": 1000.0,
    "ramp_down_mw_per_s": 1000.0,
    "efficiency_j_per_th": 17.5,
}


def prices(folder, name, values):
    rows = [f"2026-01-01T{6 + hour:02}:00:00Z,{value}" for hour, value in enumerate(values)]
    (folder / name).write_text("\n".join(["time_utc,price", *rows]) + "\n")
    return {"type": "file", "file": name, "price_column": "price"}


def test_one_fleet_and_one_service_earn_what_the_hand_calculation_says(tmp_path):
    """60 MW that break even at 100 USD/MWh, 40 MW of reserve to sell, never called.

    Sold from the third hour on: power costs 40, 103, 120 and 103 USD/MWh, a megawatt held 5, 5, 5 and 2.
    Mining at 40 it is all gain, 60 MW times 60 and 40 MW times 5; at 103 the miners run at a loss of 3 for
    5 in the third hour sold; at 120, and at 103 for 2, it is not worth it.
    """
    break_even = 100.0 * 0.024 * 17.5
    energy = prices(tmp_path, "rt.csv", [40.0, 103.0, 40.0, 103.0, 120.0, 103.0])
    paid = prices(tmp_path, "rrs.csv", [5.0, 5.0, 5.0, 5.0, 5.0, 2.0])
    market = {
        "power": energy,
        "day_ahead": energy,
        "bitcoin": {
            "type": "fixed",
            "hashprice_usd_per_ph_day": break_even,
            "pool_fee_fraction": 0.0,
        },
        "ancillary": [{"service": "rrs", "policy_up_to_mw": 40.0, "price": paid, "deployment": NEVER}],
    }
    scenario = a_scenario(tmp_path, days=0.25, fleets=[MINERS], policy={"type": "ancillary"}, market=market)
    recording = run(scenario).recording

    hours_s = [hour * HOUR_S + 60.0 for hour in range(6)]
    assert recording["ancillary.rrs.award_mw"].at(hours_s).tolist() == [0.0, 0.0, 40.0, 40.0, 0.0, 0.0]
    assert recording["fleet_power_mw"].at(hours_s) == pytest.approx([60.0, 0.0, 60.0, 40.0, 0.0, 0.0], abs=1e-6)
    mined_usd = 2 * 60.0 * 60.0 - 3.0 * 40.0
    assert objective_usd(recording) == pytest.approx(mined_usd + 2 * 40.0 * 5.0, rel=1e-4)
    # with foresight the first two hours would have been sold as well
    found = benchmarks(recording, scenario.fleets).bound_usd
    assert found == pytest.approx(2 * (60.0 * 60.0 + 40.0 * 5.0) + 2 * 40.0 * (5.0 - 3.0), rel=1e-6)


def a_month(policy, **service):
    content = {"service": "rrs", "price": {"type": "fixed", "price_usd_per_mwh": 6.0}, **service}
    market = {
        "power": {"type": "synthetic"},
        "bitcoin": {"type": "fixed", "hashprice_usd_per_ph_day": 15.0},
        "forecasts": {"price": {"type": "persistence"}},
        "ancillary": [content],
    }
    return run(a_scenario(days=30.0, policy=policy, market=market))


@pytest.fixture(scope="module")
def offering():
    return a_month({"type": "ancillary"}, policy_up_to_mw=40.0)


@pytest.fixture(scope="module")
def silent():
    return a_month({"type": "price-threshold"}, policy_up_to_mw=40.0)


def test_offers_beside_mining_earn_more_than_none(offering, silent):
    assert objective_usd(offering.recording) > objective_usd(silent.recording)
    assert offering.metrics["ancillary_revenue_usd"] > 0.0 == silent.metrics["ancillary_revenue_usd"]


def test_offers_by_the_hour_earn_more_than_the_same_amount_at_all_hours(offering):
    fixed = a_month({"type": "price-threshold"}, offer_mw=40.0)
    assert objective_usd(offering.recording) > objective_usd(fixed.recording)


def test_calls_are_the_same_whatever_is_offered(offering, silent):
    name = "ancillary.rrs.called_fraction"
    assert offering.recording[name].time_s.tolist() == silent.recording[name].time_s.tolist()
    assert offering.recording[name].maximum() == 1.0


def test_the_bound_is_the_same_for_one_that_offers_and_one_that_does_not(offering, silent):
    fleets = offering.scenario.fleets
    bounds_usd = [benchmarks(found.recording, fleets).bound_usd for found in (offering, silent)]
    assert bounds_usd[0] == pytest.approx(bounds_usd[1])
    assert objective_usd(offering.recording) < bounds_usd[0]
