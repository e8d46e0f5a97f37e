from math import isnan

import numpy as np
import pytest

from sim.metrics import CATALOGUE, measure
from sim.signals import Signal

WINDOWS_S = (1, 5, 15, 60, 300, 600)
RAMPS = tuple(f"net_ramp_{word}_{window_s}s_mw_per_min" for window_s in (60, 300) for word in ("up", "down"))
RANGES = tuple(f"rolling_range_{window_s}s_mw" for window_s in (5, 15, 60))


def values(recording, names):
    metrics = measure(recording)
    return tuple(metrics[name].value for name in names)


def test_the_windows_are_those_of_the_names():
    ramps = {
        f"net_ramp_{word}_{window_s}s{share}_mw_per_min"
        for window_s in WINDOWS_S
        for word in ("up", "down")
        for share in ("", "_p95", "_p99")
    }
    assert {metric.name for metric in CATALOGUE if metric.unit == "MW/min"} == ramps
    ranges = [metric.name for metric in CATALOGUE if metric.name.startswith("rolling_range")]
    assert ranges == [f"rolling_range_{window_s}s_mw" for window_s in WINDOWS_S]


def test_a_quantile_of_ramps_is_over_time_and_never_below_zero(record):
    # a rise by 60 MW at once is in the window of 60 s for 60 s of the 1140 s that have a whole window: 5.3 %
    recording = record({"a": Signal.steps([0.0, 600.0], [100.0, 160.0], 1200.0)}, end_s=1200.0)
    names = [f"net_ramp_{word}_60s_{share}_mw_per_min" for word in ("up", "down") for share in ("p95", "p99")]
    assert values(recording, names) == pytest.approx((60.0, 60.0, 0.0, 0.0), rel=1e-9)
    longer = record({"a": Signal.steps([0.0, 600.0], [100.0, 160.0], 3600.0)})
    assert values(longer, names) == pytest.approx((0.0, 60.0, 0.0, 0.0), rel=1e-9)


def test_a_step_is_a_net_ramp_over_every_window(record):
    # 60 MW down at once, 30 MW up at once: per minute, over one minute and over five
    recording = record({"a": Signal.steps([0.0, 1000.0, 2000.0], [150.0, 90.0, 120.0], 3600.0)})
    assert values(recording, RAMPS) == (30.0, 60.0, 6.0, 12.0)
    assert values(recording, RANGES) == (60.0, 60.0, 60.0)


def test_a_steady_slope_is_its_own_net_ramp(record):
    # 0.5 MW/s for 200 s: 30 MW within a minute, 100 MW within five, and 2.5, 7.5 and 30 MW within the others
    recording = record({"a": [(0.0, 50.0), (1000.0, 50.0), (1200.0, 150.0)]})
    assert values(recording, RAMPS) == pytest.approx((30.0, 0.0, 20.0, 0.0), rel=1e-12)
    assert values(recording, RANGES) == pytest.approx((2.5, 7.5, 30.0), rel=1e-12)


def test_a_dip_shorter_than_a_window_is_a_range_and_both_ramps(record):
    recording = record({"a": Signal.steps([0.0, 1000.0, 1010.0], [150.0, 70.0, 150.0], 3600.0)})
    assert values(recording, RAMPS) == (80.0, 80.0, 16.0, 16.0)
    assert values(recording, RANGES) == (80.0, 80.0, 80.0)


def test_a_range_sees_what_happens_between_the_ends_of_its_window(record):
    # up by 20 MW and back within 8 s: 12.5 MW within any 5 s
    recording = record({"a": [(0.0, 100.0), (500.0, 100.0), (504.0, 110.0), (508.0, 100.0)]})
    assert values(recording, RANGES) == pytest.approx((10.0, 10.0, 10.0), rel=1e-12)


def test_a_site_that_stands_still_has_no_ramp(record):
    recording = record({"a": 100.0})
    assert values(recording, RAMPS + RANGES) == (0.0,) * 7


def test_a_site_that_only_rises_has_no_ramp_down(record):
    recording = record({"a": [(0.0, 0.0), (400.0, 200.0)]}, end_s=400.0)
    assert values(recording, RAMPS) == pytest.approx((30.0, 0.0, 30.0, 0.0), rel=1e-12)


def test_the_ramp_of_the_site_is_that_of_loads_and_fleets_together(record):
    one = Signal.steps([0.0, 1000.0], [150.0, 90.0], 3600.0)
    other = Signal.steps([0.0, 1000.0], [0.0, 60.0], 3600.0)
    metrics = measure(record({"a": one}, {"m": other}))
    assert (metrics[RAMPS[1]], metrics[RAMPS[1]].baseline, metrics[RANGES[0]].baseline) == (0.0, 60.0, 60.0)


@pytest.mark.parametrize(("end_s", "told"), [(59.0, 0), (60.0, 0), (60.5, 2), (300.0, 2), (301.0, 4)])
def test_a_run_no_longer_than_a_window_cannot_tell_its_net_ramp(record, end_s, told):
    found = values(record({"a": [(0.0, 100.0), (end_s, 110.0)]}, end_s=end_s), RAMPS)
    assert sum(not isnan(value) for value in found) == told


@pytest.mark.parametrize("end_s", [1e-9, 4.0, 5.0])
def test_in_a_run_no_longer_than_a_window_the_range_is_that_of_the_run(record, end_s):
    recording = record({"a": [(0.0, 100.0), (end_s / 2, 130.0), (end_s, 110.0)]}, end_s=end_s)
    assert values(recording, RANGES) == pytest.approx((30.0, 30.0, 30.0), rel=1e-12)


def test_a_long_signal_is_measured_in_parts_without_missing_what_spans_two(record):
    # up by 1 MW a second for 50 s, across the breakpoint at which one part ends and the next begins
    count = 70_000
    seconds = np.arange(float(count))
    recording = record({"a": Signal.steps(seconds, np.clip(seconds - 65_510.0, 0.0, 50.0), count)}, end_s=count)
    assert len(recording["site_power_mw"].spans_s()) == 2
    assert values(recording, RANGES) == (5.0, 15.0, 50.0)
    assert values(recording, RAMPS) == (50.0, 0.0, 10.0, 0.0)


def test_a_part_shorter_than_a_window_is_no_obstacle(record):
    # more breakpoints in the first 33 s than a part holds; then, after 90 s, a step of 20 MW
    seconds = np.append(np.arange(66_000) / 2000.0, 90.0)
    levels = np.append(100.0 + np.arange(66_000) % 2, 120.0)
    recording = record({"a": Signal.steps(seconds, levels, 400.0)}, end_s=400.0)
    assert values(recording, RANGES) == (19.0, 19.0, 20.0)
    assert values(recording, RAMPS)[:2] == (20.0, 0.0)
