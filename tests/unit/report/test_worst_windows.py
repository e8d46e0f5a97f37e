import numpy as np
import pytest
from report_fakes import crowded_loads, recording_of

from sim.report.worst_windows import APART_S, MOST_MOMENTS, deepest_falls, worst_moments
from sim.signals import Signal


def test_the_deepest_fall_is_the_one_below_the_highest_of_the_last_minute():
    power = Signal.steps([0.0, 100.0, 130.0, 500.0, 600.0], [100.0, 70.0, 20.0, 90.0, 85.0], 1000.0)
    depth_mw, time_s = next(deepest_falls(power, 5.0))
    assert (depth_mw, time_s) == (80.0, 130.0)


def test_a_rise_is_no_fall():
    power = Signal.steps([0.0, 100.0], [10.0, 200.0], 1000.0)
    assert list(deepest_falls(power, 1.0)) == []


def test_a_slow_course_is_no_fall():
    power = Signal.linear([0.0, 6000.0], [100.0, 0.0], 6000.0)  # 1 MW a minute
    assert list(deepest_falls(power, 5.0)) == []


def test_falls_come_the_deepest_first_and_agree_with_the_rolling_maximum():
    power = crowded_loads(3_000, 86_400.0)["hall"]
    found = list(deepest_falls(power, 30.0))
    fall = power.rolling_maximum(60.0) - power
    assert found[0][0] == pytest.approx(fall.maximum())
    assert found == sorted(found, key=lambda each: -each[0])
    for depth_mw, time_s in found:
        assert fall.at(time_s) == pytest.approx(depth_mw)
    edges_s = np.arange(0.0, 86_401.0, 60.0)
    assert len(found) == np.count_nonzero(fall.maxima_over(edges_s) > 30.0)


def test_the_largest_exceedance_comes_first_with_its_size_and_duration():
    ai = Signal.steps([0.0, 5000.0, 5007.0, 9000.0, 9002.0], [300.0, 420.0, 300.0, 460.0, 300.0], 20_000.0)
    moments = worst_moments(recording_of({"hall": ai}, 20_000.0, with_fleet=False))
    assert moments[0].title == "60 MW above the limit, for 2 s"
    assert moments[0].time_s == 9000.0
    assert moments[1].title == "20 MW above the limit, for 7 s"
    assert (moments[0].from_s, moments[0].to_s) == (8700.0, 9300.0)


def test_there_are_at_most_ten_moments_and_none_of_a_kind_are_near_each_other():
    moments = worst_moments(recording_of(crowded_loads(5_000, 7 * 86_400.0), 7 * 86_400.0))
    assert len(moments) == MOST_MOMENTS
    for kind in ("above", "AI", "Site"):
        times_s = np.sort([moment.time_s for moment in moments if kind in moment.title])
        assert np.all(np.diff(times_s) >= APART_S)


def test_a_quiet_run_has_no_moments():
    assert worst_moments(recording_of({"hall": Signal.constant(100.0, 60.0)}, 60.0)) == ()
