import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.signals import Signal
from sim.signals.changes import times_of_integral


def test_a_steady_rate_reaches_a_level_in_proportion():
    assert times_of_integral(Signal.constant(2.0, 10.0), [0.0, 5.0, 20.0]).tolist() == [0.0, 2.5, 10.0]


def test_a_level_that_is_not_reached_has_no_time():
    assert times_of_integral(Signal.constant(2.0, 10.0), [20.1]).size == 0
    assert times_of_integral(Signal.constant(0.0, 10.0), [0.1]).size == 0


def test_a_level_is_reached_before_a_pause_not_after_it():
    rate = Signal.steps([0.0, 2.0, 8.0], [1.0, 0.0, 1.0], 10.0)
    assert times_of_integral(rate, [2.0, 2.5]).tolist() == [2.0, 8.5]


def test_a_ramp_is_followed_by_its_square():
    down = Signal.linear([0.0, 4.0], [4.0, 0.0], 4.0)  # comes to 8
    assert times_of_integral(down, [6.0, 8.0]) == pytest.approx([2.0, 4.0])


@given(
    points=st.lists(st.tuples(st.floats(0.1, 10.0), st.floats(0.0, 100.0)), min_size=2, max_size=20),
    shares=st.lists(st.floats(0.01, 0.99), min_size=1, max_size=10),
)
def test_the_integral_up_to_the_time_is_the_level(points, shares):
    times_s = np.cumsum([gap for gap, _ in points]) - points[0][0]
    rate = Signal.linear(times_s, [value for _, value in points], times_s[-1] + 1.0)
    levels = np.sort(shares) * rate.integral()
    reached = [
        rate.integral_between(0.0, time_s) if time_s > 0.0 else 0.0
        for time_s in times_of_integral(rate, levels).tolist()
    ]
    assert reached == pytest.approx(levels, rel=1e-6, abs=1e-9)
