from math import isnan

import pytest

from sim.metrics import measure
from sim.metrics.curtailment import compliance, highest_so_far_mw
from sim.signals import Signal

CALL = [(0.0, 200.0), (900.0, 200.0), (900.0, 150.0), (1800.0, 150.0), (1800.0, 200.0), (3600.0, 200.0)]


def test_a_call_takes_what_the_fleets_could_have_filled(record):
    # 40 MW of AI left 160: the fleets of 60 MW fit under 150 too; 120 of AI left them 60, then 30
    free = measure(record({"a": 40.0}, {"m": 24.0}, limit_mw=CALL))
    tight = measure(record({"a": 120.0}, {"m": 24.0}, limit_mw=CALL))
    assert free["curtailed_hours_h"] == tight["curtailed_hours_h"] == pytest.approx(0.25)
    assert free["curtailed_energy_mwh"] == 0.0
    assert tight["curtailed_energy_mwh"] == pytest.approx(30.0 * 0.25)


def test_a_site_that_grows_is_not_curtailed(record):
    stages = [(0.0, 50.0), (1800.0, 50.0), (1800.0, 100.0), (3600.0, 100.0)]
    metrics = measure(record({"a": 10.0}, {"m": 24.0}, limit_mw=stages))
    assert metrics["curtailed_hours_h"] == metrics["curtailed_energy_mwh"] == 0.0


def test_the_highest_so_far_follows_rises_and_keeps_to_them():
    limit = Signal.linear([0.0, 100.0, 200.0, 400.0], [100.0, 50.0, 50.0, 150.0], 600.0)
    highest = highest_so_far_mw(limit)
    assert [highest.at(time_s) for time_s in (0.0, 150.0, 250.0, 300.0, 350.0, 500.0)] == [
        100.0,
        100.0,
        100.0,
        100.0,
        125.0,
        150.0,
    ]


def test_what_a_rise_had_reached_when_the_limit_fell_is_the_highest():
    limit = Signal.from_breakpoints([0.0, 100.0], [100.0, 150.0], [1.0, 0.0], 300.0)
    assert highest_so_far_mw(limit).at([50.0, 100.0, 200.0]).tolist() == [150.0, 200.0, 200.0]


def test_each_fleet_gave_way_as_far_as_it_would_have_been_filled_the_best_machines_first(record):
    # 120 of AI leave 80 of 200 MW, and 30 of 150: the good fleet of 60 loses 30, the other the 20 that it had
    worse = {"fleet.worse.efficiency_j_per_th": 30.0}
    recording = record({"a": 120.0}, {"worse": 24.0, "good": 24.0}, limit_mw=CALL, constants=worse)
    took = {row.name: row.curtailed_mwh for row in compliance(recording) if row.kind == "fleet"}
    assert took == pytest.approx({"good": 30.0 * 0.25, "worse": 20.0 * 0.25})
    assert measure(recording)["curtailed_energy_mwh"] == pytest.approx(50.0 * 0.25)


def test_late_is_until_the_site_is_below_the_limit_that_fell(record):
    down = [(0.0, 60.0), (960.0, 60.0), (960.0, 0.0), (3600.0, 0.0)]
    metrics = measure(record({"a": 120.0}, {"m": down}, limit_mw=CALL))
    assert metrics["limit_late_s"] == pytest.approx(60.0)
    assert metrics["limit_kept_fraction"] == pytest.approx(1.0 - 60.0 / 900.0)


def test_excess_that_has_nothing_to_do_with_a_fall_is_not_late(record):
    up = [(0.0, 20.0), (1000.0, 20.0), (1000.0, 40.0), (1100.0, 40.0), (1100.0, 0.0), (3600.0, 0.0)]
    metrics = measure(record({"a": 120.0}, {"m": up}, limit_mw=CALL))
    assert metrics["exceedance_s"] == pytest.approx(100.0)
    assert metrics["limit_late_s"] == 0.0
    assert metrics["limit_kept_fraction"] == pytest.approx(1.0 - 100.0 / 900.0)


def test_a_limit_that_is_never_lowered_has_no_account(record):
    recording = record({"a": 120.0}, {"m": 24.0}, limit_mw=[(0.0, 200.0), (3600.0, 200.0)])
    assert compliance(recording) == ()
    assert isnan(measure(recording)["limit_kept_fraction"])
    assert measure(recording)["limit_late_s"] == 0.0


def test_the_account_says_when_and_who(record):
    recording = record({"a": 120.0, "b": 40.0}, {"m": 24.0}, limit_mw=CALL)
    rows = {(row.kind, row.name): row[2:] for row in compliance(recording)}
    [(_, month)] = [key for key in rows if key[0] == "month"]
    assert rows["month", month] == pytest.approx((0.25, 40.0 * 0.25, 34.0 * 0.25))  # 40 of 60 MW fitted before
    assert rows["fleet", "m"][1] == pytest.approx(40.0 * 0.25)
    assert rows["ai", "load.a"][2] == pytest.approx(7.5 * 0.25)  # AI alone is 10 above 150
    assert rows["ai", "load.b"][2] == pytest.approx(2.5 * 0.25)


def test_excess_from_before_a_fall_counts_from_the_fall_on(record):
    # 210 MW from 800 to 960 s: 10 above the limit, and from 900 s 60 above the lowered one
    early = [(0.0, 20.0), (800.0, 20.0), (800.0, 90.0), (960.0, 90.0), (960.0, 0.0), (3600.0, 0.0)]
    recording = record({"a": 120.0}, {"m": early}, limit_mw=CALL)
    metrics = measure(recording)
    assert metrics["limit_late_s"] == pytest.approx(60.0)
    assert metrics["limit_kept_fraction"] == pytest.approx(1.0 - 60.0 / 900.0)
    [above_mwh] = [row.above_limit_mwh for row in compliance(recording) if row.kind == "month"]
    assert above_mwh == pytest.approx(60.0 * 60.0 / 3600.0)


def test_on_a_ramp_an_excess_is_late_from_when_the_limit_reached_the_site(record):
    # from 200 MW at 900 s to 150 at 1800 s: 180 MW are above it from 1260 s on
    ramp = [(0.0, 200.0), (900.0, 200.0), (1800.0, 150.0), (3600.0, 150.0)]
    down = [(0.0, 60.0), (1500.0, 60.0), (1500.0, 0.0), (3600.0, 0.0)]
    metrics = measure(record({"a": 120.0}, {"m": down}, limit_mw=ramp))
    assert metrics["limit_late_s"] == pytest.approx(240.0)


def test_ai_above_a_limit_that_is_not_lowered_is_not_in_the_account(record):
    ai = [(0.0, 220.0), (300.0, 220.0), (300.0, 160.0), (3600.0, 160.0)]
    rows = compliance(record({"a": ai}, {"m": 0.0}, limit_mw=CALL))
    assert [row.above_limit_mwh for row in rows if row.kind == "ai"] == pytest.approx([10.0 * 0.25])


def test_own_generation_that_fails_lowers_no_limit_of_the_interconnection(record):
    recording = record({"a": 120.0}, {"m": 24.0}, limit_mw=CALL)
    recording.signals["generation_mw"] = Signal.steps([0.0, 900.0, 1800.0], [50.0, 0.0, 50.0], 3600.0)
    assert measure(recording)["curtailed_hours_h"] == 0.0
    assert compliance(recording) == ()


def test_months_of_the_account_begin_at_the_sites_midnight(record):
    recording = record({"a": 120.0}, {"m": 24.0}, limit_mw=CALL, constants={"run.utc_offset_s": -1200.0})
    rows = [row[1:4] for row in compliance(recording) if row.kind == "month"]
    # at 1200 s after the first second of 1970 in Greenwich, the limit is down from 900 to 1800 s
    assert rows == [
        ("1969-12", pytest.approx(300.0 / 3600.0), pytest.approx(30.0 * 300.0 / 3600.0)),
        ("1970-01", pytest.approx(600.0 / 3600.0), pytest.approx(30.0 * 600.0 / 3600.0)),
    ]
