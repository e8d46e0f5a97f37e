"""What the site drew at coincident peaks, and what avoiding them cost."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from quick import run

from sim.events import EventRow
from sim.metrics import measure
from sim.metrics.coincident_peaks import usd_per_peak_mw
from sim.testing import a_scenario

DATA = Path(__file__).parents[4] / "shared" / "data"
LOAD = "ercot_system_gen_hourly_2020_2024.csv.gz"
HOUR_S = 3600.0


def summer(record, peaks_h, *, events=(), fleets=None, unknown=0.0, **keys):
    """Return ten hours whose coincident peaks begin at these hours and last one."""
    constants = {"four_cp.rate_usd_per_kw_year": 65.0, "four_cp.previous_average_mw": 50.0}
    constants["four_cp.unknown_count"] = unknown
    for position, hour in enumerate(peaks_h):
        constants[f"four_cp.2024-{6 + position:02}.start_s"] = hour * HOUR_S
        constants[f"four_cp.2024-{6 + position:02}.end_s"] = (hour + 1.0) * HOUR_S
    load = [(0.0, 0.0), (10 * HOUR_S, 100.0)]
    recording = record({"a": load}, fleets, end_s=10 * HOUR_S, constants=constants, **keys)
    rows = [EventRow(hour * HOUR_S, "controller", f"decision: {reason}", 0.0) for hour, reason in events]
    return replace(recording, events=tuple(rows))


def test_demand_is_the_mean_of_each_peaks_interval(record):
    metrics = measure(summer(record, [0.0, 2.0, 4.0, 6.0]))

    found = [metrics[f"four_cp.2024-{month:02}.demand_mw"].value for month in (6, 7, 8, 9)]
    assert found == pytest.approx([5.0, 25.0, 45.0, 65.0])
    assert metrics["four_cp_average_mw"] == pytest.approx(35.0)
    assert metrics["four_cp_next_charge_usd"] == pytest.approx(35_000.0 * 65.0)
    assert metrics["four_cp_charge_usd"] == pytest.approx(50_000.0 * 65.0 * 10.0 / 8760.0)


def test_a_mean_below_the_least_that_is_billed_pays_for_it(record):
    metrics = measure(summer(record, [0.0, 2.0, 4.0, 6.0], **{"four_cp.minimum_mw": 60.0}))
    assert metrics["four_cp_average_mw"] == pytest.approx(35.0)
    assert metrics["four_cp_next_charge_usd"] == pytest.approx(60_000.0 * 65.0)
    assert metrics["four_cp_charge_usd"] == pytest.approx(60_000.0 * 65.0 * 10.0 / 8760.0)


def test_a_mw_at_a_peak_may_cost_nothing_where_a_least_mean_is_billed(record):
    assert usd_per_peak_mw(summer(record, [2.0])) == 65_000.0 / 4.0
    assert usd_per_peak_mw(summer(record, [2.0], **{"four_cp.minimum_mw": 60.0})) == 0.0


def test_a_peak_outside_the_run_leaves_the_average_not_assessable(record):
    metrics = measure(summer(record, [-30.0, 2.0, 4.0, 9.5]))

    assert math.isnan(metrics["four_cp.2024-06.demand_mw"])
    assert metrics["four_cp.2024-07.demand_mw"] == pytest.approx(25.0)
    assert math.isnan(metrics["four_cp.2024-09.demand_mw"])
    assert math.isnan(metrics["four_cp_average_mw"])
    assert math.isnan(metrics["four_cp_next_charge_usd"])
    assert metrics["four_cp_charge_usd"] > 0.0


def test_without_mining_the_demand_is_that_of_ai(record):
    metrics = measure(summer(record, [0.0, 2.0, 4.0, 6.0], fleets={"m": 60.0}))
    assert (metrics["four_cp_average_mw"].value, metrics["four_cp_average_mw"].baseline) == (95.0, 35.0)


ALARM = "coincident peak"


def test_time_off_outside_the_peaks_is_false_alarm_and_its_margin_lost(record):
    events = [(0.0, "headroom"), (1.0, ALARM), (4.0, "headroom"), (6.0, ALARM)]
    fleets = {"m": [(0.0, 60.0), (HOUR_S, 60.0), (HOUR_S, 0.0)]}
    metrics = measure(summer(record, [2.0, 5.0, 7.5, 40.0], events=events, fleets=fleets, price=20.0))

    # off from 1 to 4 h, of which 2 to 3 h is real, and from 6 to 10 h, of which 7.5 to 8.5 h is
    assert metrics["four_cp_false_alarm_h"] == pytest.approx(5.0)
    assert metrics["four_cp_avoided_count"] == 2.0
    # 48 USD/(PH/s)/d at 20 J/TH are 100 USD/MWh, 80 more than power costs; all 60 MW are free under 200 MW
    assert metrics["four_cp_lost_margin_usd"] == pytest.approx(5.0 * 60.0 * 80.0)


def test_only_what_fits_under_the_limit_is_lost(record):
    events = [(0.0, ALARM)]
    keys = {"events": events, "price": 20.0, "limit_mw": 100.0}
    metrics = measure(summer(record, [], fleets={"m": 0.0, "n": 0.0}, **keys))
    # AI leaves 100 MW falling to nothing over ten hours, less than both fleets together
    assert metrics["four_cp_lost_margin_usd"] == pytest.approx(500.0 * 80.0)


def test_where_a_months_peak_is_unknown_an_alarm_cannot_be_called_false(record):
    metrics = measure(summer(record, [2.0], events=[(0.0, ALARM)], fleets={"m": 0.0}, unknown=1.0))
    assert math.isnan(metrics["four_cp_false_alarm_h"])
    assert math.isnan(metrics["four_cp_lost_margin_usd"])


@pytest.mark.skipif(not (DATA / LOAD).is_file(), reason=f"needs {LOAD} in ../shared/data")
@pytest.mark.parametrize(("policy", "average_mw", "avoided"), [("four-cp", 0.0, 4.0), ("always-on", 60.0, 0.0)])
def test_the_policy_is_off_at_all_four_peaks_of_2024(policy, average_mw, avoided):
    system_load = {"file": LOAD, "load_column": "gen_total_mw"}
    market = {"four_cp": {"system_load": system_load, "previous_average_mw": 50.0}}
    keys = {"start": "2024-06-01T00:00:00-05:00", "days": 122.0, "policy": {"type": policy}}

    metrics = run(a_scenario(DATA, market=market, **keys)).metrics

    assert metrics["four_cp_average_mw"] == pytest.approx(average_mw, abs=0.1)
    assert metrics["four_cp_avoided_count"] == avoided
    assert (metrics["four_cp_false_alarm_h"] > 100.0) == (policy == "four-cp")
