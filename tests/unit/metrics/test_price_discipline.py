from math import isnan

import pytest

from sim.metrics import measure
from sim.metrics.price_discipline import (
    marginal_margin_usd_per_mw_year,
    mined_above_breakeven_usd,
    standby_cost_usd,
)
from sim.signals import Signal

DAY_S = 86_400.0
# 20 J/TH at 48 USD a PH/s and day: a MWh mines 100 USD
DEAR = Signal.steps([0.0, DAY_S / 2], [40.0, 130.0], DAY_S)


def test_power_drawn_while_it_costs_more_than_it_mines_is_lost(record):
    recording = record({"a": 50.0}, {"m": 10.0}, end_s=DAY_S, price=DEAR)
    assert mined_above_breakeven_usd(recording) == pytest.approx(30.0 * 10.0 * 12.0)


def test_operations_and_delivery_count(record):
    costs = {"cost.mining_opex_usd_per_mwh": 8.0, "supply.delivery_usd_per_mwh": 5.0}
    recording = record({"a": 50.0}, {"m": 10.0}, end_s=DAY_S, price=DEAR, constants=costs)
    assert mined_above_breakeven_usd(recording) == pytest.approx(43.0 * 10.0 * 12.0)


def test_standby_is_a_line_of_its_own(record):
    recording = record({"a": 50.0}, {"m": 0.4}, end_s=DAY_S, price=DEAR, constants={"fleet.m.minimum_mw": 0.4})
    counts = {"asleep": 1000.0, "waking": 0.0, "hashing": 0.0, "failed": 0.0}
    for state, count in counts.items():
        recording.signals[f"fleet.m.{state}_count"] = Signal.constant(count, DAY_S)
    assert mined_above_breakeven_usd(recording) == 0.0
    assert standby_cost_usd(recording) == pytest.approx(0.4 * (40.0 + 130.0) * 12.0)
    assert measure(recording)["machine_starts_per_machine_day"] == 0.0


def test_one_megawatt_more_earns_where_ai_leaves_room_and_it_pays(record):
    # AI leaves 150 MW for a quarter of the day, else 50 MW of which the fleet may take 60: no room
    load = [(0.0, 50.0), (DAY_S / 4, 50.0), (DAY_S / 4, 150.0), (DAY_S, 150.0)]
    recording = record({"a": load}, {"m": 10.0}, end_s=DAY_S, price=DEAR)
    assert marginal_margin_usd_per_mw_year(recording) == pytest.approx(60.0 * 6.0 * 365.0)


def test_a_run_below_a_day_and_a_contract_that_is_not_resold_say_nothing(record):
    short = record({"a": 50.0}, {"m": 10.0})
    assert isnan(marginal_margin_usd_per_mw_year(short))
    bound = record({"a": 50.0}, {"m": 10.0}, end_s=DAY_S)
    bound.signals["contract_mw"] = Signal.constant(20.0, DAY_S)
    assert isnan(mined_above_breakeven_usd(bound))
    assert isnan(marginal_margin_usd_per_mw_year(bound))


def room(*spans_h):
    """Return AI power that leaves 150 MW in some hours and 50 MW in the others."""
    points, at_h = [(0.0, 150.0)], 0.0
    for from_h, until_h in spans_h:
        points += [(from_h * 3600.0, 150.0), (from_h * 3600.0, 50.0), (until_h * 3600.0, 50.0)]
        points += [(until_h * 3600.0, 150.0)]
        at_h = until_h
    return [*points, (24.0 * 3600.0, 150.0)] if at_h < 24.0 else points


def test_a_machine_more_starts_only_where_that_pays_its_wear(record):
    # 286 machines a MW at 1 USD a start: six hours at 60 USD pay one, ten minutes do not
    wear = {"cost.start_cost_usd_per_machine": 1.0, "cost.machine_power_w": 3500.0}
    recording = record({"a": room((1.0, 7.0), (9.0, 9.0 + 1.0 / 6.0))}, {"m": 10.0}, end_s=DAY_S, constants=wear)
    assert marginal_margin_usd_per_mw_year(recording) == pytest.approx((360.0 - 1e6 / 3500.0) * 365.0)


def test_a_machine_more_stands_by_while_it_does_not_mine(record):
    # 0.6 of 60 MW is what machines draw asleep: for 18 of 24 hours at 40 USD
    constants = {"fleet.m.minimum_mw": 0.6}
    recording = record({"a": room((1.0, 7.0))}, {"m": 0.6}, end_s=DAY_S, constants=constants)
    for state, count in {"asleep": 1000.0, "waking": 0.0, "hashing": 0.0, "failed": 0.0}.items():
        recording.signals[f"fleet.m.{state}_count"] = Signal.constant(count, DAY_S)
    expected = 60.0 * 6.0 - 0.01 * 40.0 * 18.0
    assert marginal_margin_usd_per_mw_year(recording) == pytest.approx(expected * 365.0)


def test_a_machine_more_costs_nothing_behind_a_breaker_that_is_open(record):
    # as above, and the breakers are open for the last 12 of the 18 hours
    constants = {"fleet.m.minimum_mw": 0.6}
    recording = record({"a": room((1.0, 7.0))}, {"m": 0.6}, end_s=DAY_S, constants=constants)
    for state, count in {"asleep": 1000.0, "waking": 0.0, "hashing": 0.0, "failed": 0.0}.items():
        recording.signals[f"fleet.m.{state}_count"] = Signal.constant(count, DAY_S)
    recording.signals["fleet.m.supplied_fraction"] = Signal.steps([0.0, DAY_S / 2], [1.0, 0.0], DAY_S)
    expected = 60.0 * 6.0 - 0.01 * 40.0 * 6.0
    assert marginal_margin_usd_per_mw_year(recording) == pytest.approx(expected * 365.0)
