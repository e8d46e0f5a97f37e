"""Billing peaks and what they cost."""

import math

import pytest

from sim.metrics import measure
from sim.metrics.demand import billed_months
from sim.signals import Signal

DAY_S = 86_400.0


def bill(record, load, *, months, end_s=4 * DAY_S, ratchet_fraction=0.0, previous_peak_mw=0.0, **others):
    """Return a recording billed at 10 USD/kW/month by intervals of 900 s; months as (start_s, end_s)."""
    constants = {
        "demand_charge.usd_per_kw_month": 10.0,
        "demand_charge.interval_s": 900.0,
        "demand_charge.ratchet_fraction": ratchet_fraction,
        "demand_charge.previous_peak_mw": previous_peak_mw,
    }
    for position, (start_s, month_end_s) in enumerate(months):
        constants[f"billing_month.2024-{position + 1:02}.start_s"] = start_s
        constants[f"billing_month.2024-{position + 1:02}.end_s"] = month_end_s
    return record({"a": load}, end_s=end_s, constants=constants, **others)


def test_the_peak_is_the_highest_interval_mean_and_not_the_highest_power(record):
    # 100 MW for a third of an interval on top of 20 MW; a ramp has the mean of its middle
    spike = [(0.0, 20.0), (1000.0, 20.0), (1000.0, 120.0), (1300.0, 120.0), (1300.0, 20.0)]
    (month,) = billed_months(bill(record, spike, months=[(0.0, 4 * DAY_S)]))
    assert month.peak_mw == pytest.approx(20.0 + 100.0 / 3.0, rel=1e-12)
    assert month.charge_usd == pytest.approx(10_000.0 * month.peak_mw)


def test_intervals_begin_with_the_month_and_those_cut_by_the_run_do_not_count(record):
    # the first 100 s of the run and the last 800 s lie in intervals that it does not hold
    load = [(0.0, 90.0), (100.0, 90.0), (100.0, 25.0), (1000.0, 25.0), (1000.0, 20.0), (9100.0, 20.0)]
    load += [(9100.0, 90.0)]
    (month,) = billed_months(bill(record, load, months=[(-800.0, DAY_S)], end_s=9900.0))
    assert month.peak_mw == pytest.approx(25.0)


def test_a_month_in_part_is_charged_in_part(record):
    months = [(-2 * DAY_S, 2 * DAY_S), (2 * DAY_S, 10 * DAY_S)]
    load = [(0.0, 50.0), (2 * DAY_S, 50.0), (2 * DAY_S, 30.0)]
    recording = bill(record, load, months=months)

    first, second = billed_months(recording)
    assert (first.month_fraction, second.month_fraction) == (0.5, 0.25)
    assert measure(recording)["demand_charge_usd"] == pytest.approx(0.5 * 500_000.0 + 0.25 * 300_000.0)
    assert measure(recording)["demand.2024-02.billing_peak_mw"] == 30.0
    assert measure(recording)["billing_peak_mw"] == 50.0


def test_a_ratchet_bills_a_share_of_the_highest_peak_before(record):
    months = [(0.0, 2 * DAY_S), (2 * DAY_S, 4 * DAY_S)]
    load = [(0.0, 50.0), (2 * DAY_S, 50.0), (2 * DAY_S, 30.0)]
    keys = {"months": months, "ratchet_fraction": 0.8}
    assert [month.billed_mw for month in billed_months(bill(record, load, **keys))] == [50.0, 40.0]
    higher = billed_months(bill(record, load, previous_peak_mw=100.0, **keys))
    assert [month.billed_mw for month in higher] == [80.0, 80.0]


def test_own_generation_is_not_billed(record):
    recording = bill(record, 50.0, months=[(0.0, 4 * DAY_S)])
    recording.signals["generation_mw"] = Signal.steps([0.0, DAY_S], [60.0, 35.0], 4 * DAY_S)
    assert billed_months(recording)[0].peak_mw == pytest.approx(15.0)


def test_without_mining_the_bill_is_that_of_ai_alone(record):
    constants = {"demand_charge.usd_per_kw_month": 10.0, "demand_charge.interval_s": 900.0}
    constants |= {"demand_charge.ratchet_fraction": 0.0, "demand_charge.previous_peak_mw": 0.0}
    constants |= {"billing_month.2024-01.start_s": 0.0, "billing_month.2024-01.end_s": 3600.0}
    charge = measure(record({"a": 20.0}, {"m": 60.0}, constants=constants))["demand_charge_usd"]
    assert (charge.value, charge.baseline) == (800_000.0, 200_000.0)


def test_a_run_without_a_whole_interval_has_no_peak(record):
    recording = bill(record, 50.0, months=[(-1.0, DAY_S)], end_s=500.0)
    assert math.isnan(measure(recording)["billing_peak_mw"])
    assert measure(recording)["demand_charge_usd"] == 0.0


def test_a_ratchet_forgets_a_peak_after_eleven_months(record):
    months = [(DAY_S * number, DAY_S * (number + 1)) for number in range(13)]
    load = [(0.0, 100.0), (DAY_S, 100.0), (DAY_S, 10.0)]
    billed = billed_months(bill(record, load, months=months, end_s=13 * DAY_S, ratchet_fraction=0.8))
    assert [month.billed_mw for month in billed] == [100.0, *[80.0] * 11, 10.0]
