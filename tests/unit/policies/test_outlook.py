import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.policies.outlook import period_at, period_start_s


@pytest.mark.parametrize(("time_s", "number"), [(0.0, -1), (59.9, -1), (60.0, 0), (359.9, 0), (360.0, 1), (3600.0, 11)])
def test_a_period_begins_at_its_start_and_not_before(time_s, number):
    assert period_at(time_s, 300.0, 60.0) == number


@given(st.integers(0, 1_000_000), st.floats(0.1, 1e4), st.floats(0.0, 1e4))
def test_the_start_of_a_period_lies_in_it_to_the_last_bit(number, period_s, offset_s):
    assert period_at(period_start_s(number, period_s, offset_s), period_s, offset_s) == number


@given(st.floats(0.0, 1e8), st.floats(0.1, 1e4), st.floats(0.0, 1e4))
def test_a_time_lies_between_the_start_of_its_period_and_the_next(time_s, period_s, offset_s):
    number = period_at(time_s, period_s, offset_s)
    assert period_start_s(number, period_s, offset_s) <= time_s
    assert time_s < period_start_s(number + 1, period_s, offset_s)
