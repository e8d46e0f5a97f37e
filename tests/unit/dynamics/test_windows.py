import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.dynamics.comparison import worst_windows
from sim.signals import Signal


def test_the_largest_swing_comes_first_and_windows_do_not_overlap():
    power = Signal.steps([0.0, 1000.0, 1030.0, 3000.0, 3020.0], [200.0, 120.0, 200.0, 40.0, 200.0], 7200.0)
    windows = worst_windows(power, 5)
    assert [(window.swing_mw, window.at_s) for window in windows] == [(160.0, 3000.0), (80.0, 1000.0)]
    assert [(window.from_s, window.to_s) for window in windows] == [(2970.0, 3120.0), (970.0, 1120.0)]


def test_a_window_stays_within_the_run():
    power = Signal.steps([0.0, 10.0], [200.0, 40.0], 60.0)
    (window,) = worst_windows(power, 3)
    assert (window.from_s, window.to_s) == (0.0, 60.0)


def test_power_that_stands_still_has_no_window():
    assert worst_windows(Signal.constant(100.0, 3600.0), 3) == ()


@given(st.lists(st.floats(0.0, 300.0), min_size=2, max_size=30), st.integers(1, 4))
def test_the_first_window_holds_the_largest_change_there_is(levels_mw, count):
    power = Signal.steps(np.arange(len(levels_mw)) * 31.7, levels_mw, len(levels_mw) * 31.7)
    windows = worst_windows(power, count)
    assert len(windows) <= count
    largest_mw = float(np.max(np.abs(np.diff(levels_mw))))
    if largest_mw > 1e-3:
        assert windows[0].swing_mw >= largest_mw
        assert np.ptp(power.clip_time(windows[0].from_s, windows[0].to_s).value) >= largest_mw
