import math

import numpy as np
import pytest
from pydantic import ValidationError
from quick import run

from sim.errors import InputError
from sim.grid.limits import PowerLimit, published_limits
from sim.grid.voltage import Impedance
from sim.metrics import power_limits
from sim.metrics.power_limits import (
    check_limits,
    check_recording,
    limit_checks,
    needed_resolution_s,
    recorded_limits,
)
from sim.metrics.resolution import coarse_traces, resolution_s
from sim.metrics.voltage import GridStrength
from sim.report.grid_limits import checks_of, counts_text
from sim.result import as_stored, read_result, write_result
from sim.signals import Signal
from sim.testing import a_scenario

DIP = Signal.linear([0.0, 1000.0, 1002.0, 1030.0, 1032.0], [200.0, 200.0, 40.0, 40.0, 200.0], 1200.0)
STEADY = Signal.constant(180.0, 900.0)
WEAK = GridStrength(2000.0, Impedance.of(2000.0, 15.0), 1.0)


def a_limit(**fields):
    return PowerLimit.model_validate({"name": "own", "kind": "range", "window_s": 5.0, "limit_mw": 10.0} | fields)


def a_ramp(**fields):
    return a_limit(kind="net-ramp", limit_mw=None, window_s=60.0, limit_mw_per_min=20.0, **fields)


def checked(signal, rule, rated_mw=200.0, resolution=0.0):
    (check,) = check_limits(signal, [rule], rated_mw, resolution)
    return check


def test_a_dip_with_two_second_edges_fails_ercot_and_ieso_and_passes_caiso():
    checks = {check.rule.name: check for check in check_limits(DIP, published_limits(), 200.0)}
    assert {name for name, check in checks.items() if check.status == "fail"} >= {
        "ercot-5s",
        "ieso-15s",
        "ieso-ramp",
        "southern-ramp",
        "aeso-ramp",
    }
    assert checks["caiso-10min"].status == "pass"
    assert checks["caiso-10min"].worst == pytest.approx(16.0, rel=1e-12)
    assert checks["southern-ramp"].worst == pytest.approx(160.0, rel=1e-12)
    assert checks["ieso-15s"].worst == pytest.approx(160.0, rel=1e-12)


def test_a_steady_site_passes_all_that_applies_to_it():
    checks = check_limits(STEADY, published_limits(), 200.0, connection=WEAK)
    assert {(check.status, check.worst) for check in checks if check.rule.status != "dropped"} == {("pass", 0.0)}


def test_verdicts_are_counted_by_what_the_limits_are_in_law():
    checks = check_limits(DIP, published_limits("ERCOT"), 200.0) + check_limits(DIP, published_limits("AESO"), 200.0)
    assert counts_text(checks) == "in force: 1 fail; proposed: 1 fail"


def test_a_limit_that_was_dropped_gets_no_verdict():
    checks = [check for check in check_limits(DIP, published_limits(), 200.0) if check.rule.status == "dropped"]
    assert [check.rule.name for check in checks] == ["nprr1191-down", "nprr1191-up"]
    assert {(check.status, check.reason) for check in checks} == {("dropped", "no limit any more")}
    assert all(math.isnan(check.worst) for check in checks)


A_STEP = a_limit(kind="voltage-step", window_s=None, limit_mw=None, limit_pu=0.01)


@pytest.mark.parametrize("excess", [-1e-4, 1e-4])
def test_a_step_of_voltage_is_the_largest_in_one_move_of_power(excess):
    high, low = WEAK.voltage_pu(np.array([40.0, 200.0]))
    rule = A_STEP.model_copy(update={"limit_pu": high - low + excess})
    (check,) = check_limits(DIP, [rule], 200.0, connection=WEAK)
    assert check.status == ("fail" if excess < 0.0 else "pass")
    assert check.worst == pytest.approx(high - low, rel=1e-12)
    assert check.t_worst_s == 1002.0


def test_a_step_of_voltage_where_voltage_collapses_fails():
    (check,) = check_limits(10.0 * DIP, [A_STEP], 2000.0, connection=WEAK)
    assert (check.status, check.worst) == ("fail", math.inf)


def test_a_step_of_voltage_is_not_told_without_the_strength_of_the_grid_or_within_an_iteration():
    assert "grid.connection" in checked(DIP, A_STEP).reason
    mild = A_STEP.model_copy(update={"limit_pu": 0.5})
    (check,) = check_limits(DIP, [mild], 200.0, 5.0, WEAK)
    assert (check.status, check.reason) == ("not_assessable", "power is known every 5 s, and a pass needs every 1 s")


def test_a_band_above_what_the_power_is_known_for_is_not_failed_by_a_jump_of_the_model():
    jump = Signal.steps([0.0, 1000.0], [200.0, 40.0], 1200.0)
    fast = {rule.name: rule for rule in published_limits()}["lipa-55hz"]
    assert checked(jump, fast).status == "fail"
    assert checked(jump, fast, resolution=0.05).status == "fail"
    assert checked(jump, fast, resolution=1.0).status == "not_assessable"


def test_a_site_is_held_against_the_limits_of_its_region():
    result = run(a_scenario(days=0.02, grid={"region": "IESO", "count_limits": True, "limits": OWN}))
    site, _ = checks_of(result.recording, as_stored(result).scenario)
    shipped = ["ieso-15s", "ieso-ramp", "ieso-oscillation"]
    assert [check.rule.name for check in site] == [*shipped, *(own["name"] for own in OWN)]
    assert sum(result.metrics[name] for name in NAMES) == len(site)
    site, _ = checks_of(result.recording, as_stored(result).scenario, "all")
    assert len(site) == len(published_limits()) + len(OWN)
    site, _ = checks_of(result.recording, as_stored(result).scenario, "AESO")
    assert [check.rule.name for check in site] == ["aeso-ramp", *(own["name"] for own in OWN)]


def test_an_unknown_region_is_refused():
    with pytest.raises(InputError, match="unknown region 'ERCT'; did you mean 'ERCOT'"):
        a_scenario(grid={"region": "ERCT"})


def test_a_fail_says_when_how_often_and_how_long():
    check = checked(DIP, a_limit())
    # 10 MW take 1 s / 8: each edge is seen from so long after its start until so long before it has left
    assert (check.status, check.worst, check.margin, check.t_worst_s) == ("fail", 160.0, -150.0, 1002.0)
    assert (check.episodes, check.seconds) == (2.0, pytest.approx(2.0 * (7.0 - 0.25), rel=1e-9))


def test_a_value_at_the_limit_keeps_it():
    assert checked(Signal.steps([0.0, 50.0], [100.0, 110.0], 100.0), a_limit()).status == "pass"
    assert checked(Signal.steps([0.0, 50.0], [100.0, 110.001], 100.0), a_limit()).status == "fail"


def test_directions_are_told_apart():
    rise = Signal.steps([0.0, 500.0], [100.0, 150.0], 1000.0)
    found = [checked(rise, a_ramp(direction=way)).status for way in ("up", "down", "both")]
    assert found == ["fail", "pass", "fail"]


def test_a_quantile_of_ramps_forgives_what_is_rare():
    assert checked(DIP, a_ramp(quantile_fraction=0.75)).status == "pass"
    saw = Signal.linear(np.arange(0.0, 3600.0, 60.0), np.tile([0.0, 30.0], 30), 3600.0)
    check = checked(saw, a_ramp(quantile_fraction=0.75))
    # the change over a minute goes from 30 to -30 and back in lines: three quarters are within 22.5
    assert check.worst == pytest.approx(22.5, rel=2e-2)
    assert check.status == "fail"


def test_a_slope_is_judged_on_jumps_too():
    rule = a_limit(kind="slope", window_s=None, limit_mw=None, limit_mw_per_min=30.0, change_mw=50.0)
    jump = Signal.steps([0.0, 500.0], [100.0, 160.0], 1000.0)
    assert checked(jump, rule).status == "fail"
    assert checked(Signal.steps([0.0, 500.0], [100.0, 149.0], 1000.0), rule).status == "pass"
    assert checked(Signal.linear([0.0, 500.0, 740.0], [100.0, 100.0, 220.0], 1000.0), rule).status == "pass"
    assert checked(Signal.linear([0.0, 500.0, 720.0], [100.0, 100.0, 220.0], 1000.0), rule).status == "fail"


def test_what_cannot_be_seen_can_be_failed_but_not_passed():
    ercot = published_limits()[0]
    assert needed_resolution_s(ercot) == pytest.approx(1.0 / 110.0)
    assert checked(STEADY, ercot, resolution=1.0).status == "not_assessable"
    assert checked(DIP, ercot, resolution=1.0).status == "fail"
    assert checked(STEADY, a_limit(), resolution=3.0).status == "not_assessable"
    assert "every 3 s" in checked(STEADY, a_limit(), resolution=3.0).reason


def test_a_run_shorter_than_a_window_can_be_failed_but_not_passed():
    rule = a_limit(window_s=60.0)
    assert checked(Signal.constant(1.0, 30.0), rule).status == "not_assessable"
    assert checked(Signal.steps([0.0, 10.0], [0.0, 20.0], 30.0), rule).status == "fail"
    assert checked(Signal.constant(1.0, 60.0), a_ramp()).status == "not_assessable"


def test_a_limit_for_larger_sites_does_not_hold():
    check = checked(DIP, a_limit(applies_from_mw=500.0))
    assert check.status == "not_assessable"
    assert math.isnan(check.worst)
    assert "500 MW" in check.reason


def test_a_slow_swing_is_outside_the_band():
    # 30 MW up and down within 200 s: 1.5 MW in any 5 s, and next to nothing above 0.1 Hz
    times_s = np.arange(0.0, 1200.0, 100.0)
    slow = Signal.linear(times_s, np.tile([100.0, 130.0], 6), 1200.0)
    assert checked(slow, published_limits()[0]).status == "pass"


def test_a_periodic_swing_is_a_line_and_a_dip_is_none():
    oscillation = {rule.name: rule for rule in published_limits()}["ieso-oscillation"]
    times_s = np.arange(0.0, 600.0, 0.5)
    swing = Signal.steps(times_s, np.tile([100.0, 102.0], 600), 600.0)
    check = checked(swing, oscillation, rated_mw=2000.0)
    assert (check.status, check.worst) == ("pass", pytest.approx(4.0 / np.pi, rel=0.01))
    assert checked(swing, oscillation, rated_mw=200.0).status == "fail"
    assert checked(DIP, oscillation).status == "pass"


def test_a_long_run_is_filtered_at_its_worst_moments():
    day = Signal.linear([0.0, 40_000.0, 40_002.0, 40_030.0, 40_032.0], [200.0, 200, 40, 40, 200], 86_400.0)
    check = checked(day, published_limits()[0])
    assert check.status == "fail"
    assert check.worst == pytest.approx(checked(DIP, published_limits()[0]).worst, rel=0.02)
    steady = checked(Signal.constant(5.0, 86_400.0), published_limits()[0])
    assert steady.status == "not_assessable"
    assert "worst moments" in steady.reason


def test_a_run_is_known_as_finely_as_its_coarsest_load(record):
    assert resolution_s(record({"a": 100.0})) == 1.0
    coarse = record({"a": 100.0}, constants={"load.a.sample_spacing_s": 300.0})
    assert resolution_s(coarse) == 300.0
    assert coarse_traces(coarse) == {"a": 300.0}
    training = record({"a": 100.0}, constants={"load.a.iteration_period_s": 5.0})
    assert resolution_s(training) == 5.0
    assert coarse_traces(training) == {}


def test_iterations_within_the_second_break_a_limit_that_the_recording_cannot_tell(record):
    recording = record({"a": 100.0}, constants={"load.a.iteration_period_s": 5.0})
    object.__setattr__(recording, "load_kinds", {"a": "training"})
    checks = {check.rule.name: check for check in check_recording(recording, published_limits())}
    assert checks["ercot-5s"].status == "fail"
    assert "synthesised" in checks["ercot-5s"].reason
    assert checks["caiso-10min"].status == "pass"


def test_limits_are_measured_in_parts_without_missing_what_spans_two():
    count = 70_000
    seconds = np.arange(float(count))
    signal = Signal.steps(seconds, np.clip(seconds - 65_510.0, 0.0, 50.0), count)
    assert len(signal.spans_s()) == 2
    check = checked(signal, a_limit(window_s=15.0))
    whole = signal.rolling_range(15.0).intervals_above(10.0)
    assert (check.worst, check.episodes) == (15.0, 1.0)
    assert check.seconds == pytest.approx(float(np.diff(whole).sum()), abs=1e-6)
    ramp = checked(signal, a_ramp())
    assert (ramp.worst, ramp.episodes) == (50.0, 1.0)


def test_a_limit_that_jumps_between_coarse_values_break_says_so():
    check = checked(Signal.steps([0.0, 600.0], [100.0, 160.0], 3600.0), a_limit(), resolution=60.0)
    assert check.status == "fail"
    assert "known every 60 s: its jumps may be slower in truth" in check.reason
    assert checked(DIP, a_limit(), resolution=1.0).reason == ""


def test_a_line_slower_than_the_run_is_not_assessable_and_has_no_worst_value():
    slow = a_limit(kind="line-amplitude", window_s=None, low_hz=1e-4, high_hz=2e-4)
    check = checked(DIP, slow)
    assert check.status == "not_assessable"
    assert math.isnan(check.worst)
    assert "not longer than the window" in check.reason


def test_power_that_follows_a_ramp_limit_exactly_keeps_it_at_every_moment():
    """Its times round, so that some changes come out a hair above the limit, up and down alike."""
    times_s = np.cumsum(np.full(3000, 0.7))
    levels_mw = 400.0 - np.abs(times_s - times_s[1428]) * 20.0 / 60.0
    site = Signal.linear(times_s, levels_mw, float(times_s[-1]))
    check = checked(site, a_ramp(), 600.0)
    assert (check.status, check.episodes, check.seconds) == ("pass", 0.0, 0.0)
    quantile = checked(site, a_ramp(quantile_fraction=0.75), 600.0)
    assert quantile.status == "pass"
    assert quantile.worst == pytest.approx(20.0, abs=1e-9)


NAMES = ("limit_pass_count", "limit_fail_count", "limit_not_assessable_count")
OWN = [
    {"name": "wide", "kind": "range", "window_s": 5.0, "limit_mw": 1000.0},
    {"name": "slow-up", "kind": "net-ramp", "window_s": 60.0, "limit_mw_per_min": 0.5, "direction": "up"},
    {"name": "long", "kind": "net-ramp", "window_s": 7200.0, "limit_mw_per_min": 900.0},
]


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trace")
    rows = [f"{time_s},{50 if time_s % 600 < 40 else 90}" for time_s in range(1200)]
    (folder / "ai.csv").write_text("\n".join(["time_s,power_mw", *rows]))
    ai = {"name": "ai", "type": "replay", "file": "ai.csv"}
    grid = {"limits": OWN, "count_limits": True}
    return run(a_scenario(folder, days=1.0 / 72.0, seed=7, loads=[ai], grid=grid))


def test_every_limit_is_counted_once_with_miners_and_without(counted):
    for counts in ([counted.metrics[name] for name in NAMES], [counted.metrics[n].baseline for n in NAMES]):
        assert sum(counts) == sum(rule.status != "dropped" for rule in published_limits()) + len(OWN)


def test_the_counts_are_those_of_the_table_with_the_users_own_limits(counted):
    tables = checks_of(counted.recording, as_stored(counted).scenario)
    for checks, pick in zip(tables, (float, lambda metric: metric.baseline), strict=True):
        for name in NAMES:
            status = name.removeprefix("limit_").removesuffix("_count")
            assert pick(counted.metrics[name]) == sum(check.status == status for check in checks)
    by_name = {check.rule.name: check.status for check in tables[0]}
    assert (by_name["wide"], by_name["slow-up"], by_name["long"]) == ("pass", "fail", "not_assessable")
    assert tables[0][0].rule.source.startswith("ERCOT")


def test_they_are_worked_out_once_for_metrics_and_table(counted, monkeypatch):
    monkeypatch.setattr(power_limits, "check_recording", None)
    assert checks_of(counted.recording, as_stored(counted).scenario)[0]
    assert counted.recording.once(limit_checks)


def test_a_recording_from_its_folder_is_judged_by_the_same_limits(counted, tmp_path):
    write_result(counted, tmp_path)
    again = read_result(tmp_path).recording
    judged = [rule.model_dump(exclude={"region", "source", "status", "date"}) for rule in recorded_limits(again)]
    meant = [*published_limits(), *(PowerLimit.model_validate(own) for own in OWN)]
    assert judged == [rule.model_dump(exclude={"region", "source", "status", "date"}) for rule in meant]
    assert [check.status for check in limit_checks(again)] == [
        check.status for check in counted.recording.once(limit_checks)
    ]


def test_a_run_that_does_not_ask_has_no_counts():
    assert not set(NAMES) & set(run(a_scenario(days=0.01)).metrics)


def test_a_name_that_ships_is_refused():
    with pytest.raises(InputError, match="ercot-5s ships with the project"):
        a_scenario(grid={"limits": [OWN[0] | {"name": "ercot-5s"}]})


def test_a_direction_that_a_slope_would_not_look_at_is_refused():
    slope = {"name": "s", "kind": "slope", "change_mw": 50.0, "limit_mw_per_min": 30.0, "direction": "up"}
    with pytest.raises(ValidationError, match="a limit of kind slope has no direction"):
        PowerLimit.model_validate(slope)
