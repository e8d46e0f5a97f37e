import math
from dataclasses import replace

import pytest

from sim.metrics import measure
from sim.metrics.months import months
from sim.signals import Signal

DAY_S = 86_400.0
CONSTANTS = {"run.utc_offset_s": -21_600.0, "cost.mining_opex_usd_per_mwh": 8.0}
SUMS = {
    "site_energy_mwh": "site_energy_mwh",
    "ai_energy_mwh": "ai_energy_mwh",
    "fleet_energy_mwh": "fleet_energy_mwh",
    "mined_btc": "mined_btc",
    "mining_revenue_usd": "mining_revenue_usd",
    "revenue_usd": "revenue_usd",
    "power_cost_usd": "power_cost_usd",
    "other_cost_usd": "operating_cost_usd",
    "ebitda_usd": "ebitda_usd",
}
"""Columns of a month, and the metrics of the run that they add up to."""


def test_months_are_cut_at_local_midnight_and_add_up(record):
    end_s = 59.5 * DAY_S  # from 1 January 1970, 00:00 UTC, which is 31 December in Texas
    price = Signal.steps([0.0, 20 * DAY_S, 40 * DAY_S], [30.0, 60.0, 10.0], end_s)
    fleet = [(0.0, 0.0), (end_s, 60.0)]
    recording = record({}, {"m": fleet}, end_s=end_s, price=price, constants=CONSTANTS)
    found = months(recording)
    assert [month.month for month in found] == ["1969-12", "1970-01", "1970-02", "1970-03"]
    assert [month.days for month in found] == pytest.approx([0.25, 31.0, 28.0, 0.25])
    whole = measure(recording)
    for column, metric in SUMS.items():
        sum_of_months = sum(getattr(month, column) for month in found)
        assert sum_of_months == pytest.approx(whole[metric].value, rel=1e-12), column


def test_a_month_holds_the_closed_form(record):
    (month,) = months(record({"a": 100.0}, {"m": 24.0}, price=40.0, hashprice=48.0))
    assert month.month == "1970-01"
    assert month.mining_revenue_usd_per_ph_day == pytest.approx(48.0)
    assert month.power_cost_usd_per_mwh == pytest.approx(40.0)
    assert month.mined_btc == pytest.approx(0.03)
    assert (month.site_energy_mwh, month.fleet_energy_mwh) == (pytest.approx(124.0), pytest.approx(24.0))
    assert month.mining_revenue_usd == pytest.approx(2400.0)


def test_the_price_of_hash_rate_is_net_of_the_pools_fee(record):
    (month,) = months(record({}, {"m": 24.0}, hashprice=50.0, pool_fee_fraction=0.02))
    assert month.mining_revenue_usd_per_ph_day == pytest.approx(49.0)


def test_recorded_hash_rate_counts_where_there_is_one(record):
    recording = record({}, {"m": 24.0})
    rate = Signal.constant(600.0, recording.end_s)
    (month,) = months(replace(recording, signals={**recording.signals, "fleet.m.hashrate_ph_s": rate}))
    assert month.mining_revenue_usd_per_ph_day == pytest.approx(48.0)  # the hashprice, whatever the power


def test_a_month_without_power_has_no_prices(record):
    (month,) = months(record({}))
    assert math.isnan(month.power_cost_usd_per_mwh)
    assert math.isnan(month.mining_revenue_usd_per_ph_day)


def test_a_cut_recording_measures_like_a_shorter_run(record):
    whole = record({"a": 100.0}, {"m": [(0.0, 0.0), (3600.0, 48.0)]})
    half = record({"a": 100.0}, {"m": [(0.0, 0.0), (1800.0, 24.0)]}, end_s=1800.0)
    cut = whole.between(0.0, 1800.0)
    assert measure(cut)["mining_revenue_usd"] == pytest.approx(measure(half)["mining_revenue_usd"].value)
    later = whole.between(1800.0, 3600.0)
    assert (later["fleet_power_mw"].start_s, later.end_s) == (0.0, 1800.0)
    assert later["fleet_power_mw"].at([0.0]).tolist() == [24.0]
    assert later.start_utc_s == whole.start_utc_s + 1800.0
