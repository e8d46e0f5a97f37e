import pytest

from sim.metrics import measure
from sim.metrics.dips import Dip, ai_dips, depth_mw, dips
from sim.signals import Signal


def test_a_step_down_and_up_is_one_dip():
    power = Signal.steps([0.0, 600.0, 960.0], [100.0, 40.0, 100.0], 3600.0)
    assert dips(power, 10.0) == (Dip(600.0, 960.0, 100.0, 40.0, 6.0),)


def test_a_fall_of_no_more_than_the_depth_is_no_dip():
    assert dips(Signal.steps([0.0, 600.0], [100.0, 90.0], 3600.0), 10.0) == ()
    assert len(dips(Signal.steps([0.0, 600.0], [100.0, 89.9], 3600.0), 10.0)) == 1


def test_a_rise_is_no_dip():
    assert dips(Signal.steps([0.0, 600.0], [100.0, 190.0], 3600.0), 10.0) == ()


def test_a_dip_ends_where_power_is_back_within_its_depth():
    # down at once to 40, up at 1 MW/s from 700 s on: at 750 s it passes 90 MW
    power = Signal.linear([0.0, 600.0, 600.0, 700.0, 760.0], [100.0, 100.0, 40.0, 40.0, 100.0], 3600.0)
    (dip,) = dips(power, 10.0)
    assert (dip.start_s, dip.end_s, dip.reference_mw, dip.lowest_mw) == (600.0, 750.0, 100.0, 40.0)
    assert dip.energy_mwh == pytest.approx((60.0 * 100.0 + (60.0 + 10.0) / 2.0 * 50.0) / 3600.0, rel=1e-12)


def test_a_minute_is_the_time_in_which_a_dip_falls():
    def falling(mw_per_s):
        return Signal.linear([0.0, 600.0, 800.0], [100.0, 100.0, 100.0 - 200.0 * mw_per_s], 3600.0)

    assert dips(falling(0.16), 10.0) == ()  # 9.6 MW in a minute
    assert len(dips(falling(0.17), 10.0)) == 1


def test_a_recovery_that_breaks_off_does_not_end_a_dip():
    # up from 40 MW by 0.5 MW/s, but back to 40 at 70; up for good at 1500 s
    points = [(0.0, 100.0), (600.0, 100.0), (600.0, 40.0), (660.0, 70.0), (660.0, 40.0), (1500.0, 40.0)]
    power = Signal.linear([*(t for t, _ in points), 1500.0], [*(mw for _, mw in points), 100.0], 3600.0)
    assert [(dip.start_s, dip.end_s) for dip in dips(power, 10.0)] == [(600.0, 1500.0)]


def test_a_slope_is_a_dip_if_it_falls_by_the_depth_within_a_minute():
    steep = Signal.linear([0.0, 600.0, 700.0], [100.0, 100.0, 60.0], 3600.0)  # 0.4 MW/s: 24 MW in a minute
    slow = Signal.linear([0.0, 600.0, 1000.0], [100.0, 100.0, 60.0], 3600.0)  # 0.1 MW/s: 6 MW in a minute
    (dip,) = dips(steep, 10.0)
    assert dip.start_s == pytest.approx(625.0, abs=1e-9)
    assert (dip.reference_mw, dip.lowest_mw, dip.end_s) == (100.0, 60.0, 3600.0)
    assert dips(slow, 10.0) == ()
    assert len(dips(slow, 10.0, edge_s=120.0)) == 1


def test_a_lower_level_is_the_new_normal_after_the_longest_time():
    power = Signal.steps([0.0, 600.0], [100.0, 40.0], 100_000.0)
    (dip,) = dips(power, 10.0)
    assert (dip.start_s, dip.end_s) == (600.0, 600.0 + 21_600.0)
    assert dip.energy_mwh == pytest.approx(60.0 * 6.0, rel=1e-12)
    assert dips(power, 10.0, longest_s=900.0)[0].end_s == 1500.0


def test_a_dip_that_lasts_to_the_end_ends_there():
    (dip,) = dips(Signal.steps([0.0, 600.0], [100.0, 40.0], 960.0), 10.0)
    assert (dip.end_s, dip.energy_mwh) == (960.0, 6.0)


def test_a_deeper_fall_within_a_dip_belongs_to_it():
    power = Signal.steps([0.0, 600.0, 700.0, 960.0], [100.0, 70.0, 40.0, 95.0], 3600.0)
    assert [(dip.start_s, dip.end_s, dip.lowest_mw) for dip in dips(power, 10.0)] == [(600.0, 960.0, 40.0)]


def test_dips_one_after_another_are_counted_each():
    times = [0.0, 600.0, 660.0, 700.0, 760.0, 2000.0, 2030.0]
    power = Signal.steps(times, [100.0, 50.0, 100.0, 40.0, 100.0, 30.0, 100.0], 3600.0)
    found = dips(power, 10.0)
    assert [(dip.start_s, dip.end_s, dip.lowest_mw) for dip in found] == [
        (600.0, 660.0, 50.0),
        (700.0, 760.0, 40.0),
        (2000.0, 2030.0, 30.0),
    ]
    assert sum(dip.energy_mwh for dip in found) == pytest.approx((50 * 60 + 60 * 60 + 70 * 30) / 3600.0)


def test_the_level_before_is_the_highest_of_the_last_minute():
    # a short peak of 130 MW half a minute before the fall is what it fell from
    power = Signal.steps([0.0, 570.0, 575.0, 600.0, 700.0], [100.0, 130.0, 125.0, 60.0, 125.0], 3600.0)
    assert dips(power, 10.0)[0].reference_mw == 130.0


def test_the_depth_is_a_twentieth_of_the_limit(record):
    limit_mw = Signal.steps([0.0, 1000.0], [200.0, 300.0], 3600.0)
    assert depth_mw(record({"a": 100.0})) == 10.0
    assert depth_mw(record({"a": 100.0}, limit_mw=limit_mw)) == pytest.approx(15.0, rel=1e-12)


def test_metrics_count_the_dips_of_all_ai_together(record):
    one = Signal.steps([0.0, 600.0, 960.0], [60.0, 20.0, 60.0], 3600.0)
    other = Signal.steps([0.0, 600.0, 960.0], [60.0, 40.0, 60.0], 3600.0)
    recording = record({"a": one, "b": other}, {"m": Signal.steps([0.0, 600.0, 960.0], [0.0, 60.0, 0.0], 3600.0)})
    metrics = measure(recording)
    assert ai_dips(recording) == (Dip(600.0, 960.0, 120.0, 60.0, 6.0),)
    assert (metrics["dip_count"].value, metrics["dip_energy_mwh"].value) == (1.0, 6.0)
    assert metrics["dip_count"].baseline is None


def test_a_run_without_dips_counts_none(record):
    metrics = measure(record({"a": 100.0}))
    assert (metrics["dip_count"].value, metrics["dip_energy_mwh"].value) == (0.0, 0.0)


def test_a_fall_takes_no_longer_than_the_time_within_which_a_dip_falls():
    slow = Signal.linear([0.0, 600.0, 600.0, 700.0], [100.0, 95.0, 60.0, 60.0], 3600.0)
    (dip,) = dips(slow, 10.0, longest_s=600.0)
    assert dip.fall_s == 60.0
