from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.metrics.response_bound import (
    contract_soak_fraction,
    foresight_soak_fraction,
    greatest_within_ramps,
)
from sim.policies import LoadView
from sim.policies.certificate import FleetResponse
from sim.signals import Signal

GRID_S = np.arange(0.0, 60.0, 0.125)


@st.composite
def ceilings(draw):
    """A ceiling of up to eight pieces with jumps, whose times and slopes a grid of 0.125 s holds."""
    count = draw(st.integers(min_value=1, max_value=8))
    steps = draw(st.lists(st.integers(min_value=1, max_value=60), min_size=count, max_size=count))
    times_s = np.concatenate([[0.0], np.cumsum(steps) * 0.125])[:count]
    numbers = st.integers(min_value=-40, max_value=40)
    values = draw(st.lists(numbers, min_size=count, max_size=count))
    slopes = draw(st.lists(st.integers(min_value=-3, max_value=3), min_size=count, max_size=count))
    return Signal.from_breakpoints(times_s, np.array(values, float), np.array(slopes, float), 60.0)


def lowest_mw(ceiling):
    """The ceiling on the grid: the lower of both sides at a jump."""
    before = ceiling.at(np.maximum(GRID_S - 1e-9, 0.0))
    return np.minimum(before, ceiling.at(GRID_S))


def by_brute_force(ceiling, up, down):
    """Every line from every point of a grid."""
    lowest = lowest_mw(ceiling)
    ahead_s = GRID_S[None, :] - GRID_S[:, None]  # row: where it starts, column: where it is asked for
    lines = lowest[:, None] + np.where(ahead_s >= 0.0, up * ahead_s, -down * ahead_s)
    return lines.min(axis=0)


@given(ceilings(), st.sampled_from([0.5, 1.0, 4.0]), st.sampled_from([1.0, 12.0]))
def test_the_bound_is_the_lower_envelope_of_all_lines(ceiling, up, down):
    found = greatest_within_ramps(ceiling, up, down)
    expected = by_brute_force(ceiling, up, down)
    # between two points of the grid a line can come to lie lower by what it moves in a step
    assert np.all(found.at(GRID_S) <= expected + 1e-6)
    assert np.all(found.at(GRID_S) >= expected - 0.125 * (3.0 + max(up, down)))


@given(ceilings(), st.sampled_from([0.5, 1.0, 4.0]), st.sampled_from([1.0, 12.0]))
def test_the_bound_keeps_ceiling_and_ramps(ceiling, up, down):
    found = greatest_within_ramps(ceiling, up, down)
    assert (found - ceiling).maximum() <= 1e-9
    assert found.slope_per_s.max() <= up + 1e-9
    assert found.slope_per_s.min() >= -down - 1e-9
    # it does not jump
    assert np.allclose(found.left_limits()[:-1], found.value[1:], atol=1e-6)


@given(ceilings(), st.sampled_from([0.5, 4.0]), st.sampled_from([1.0, 12.0]))
def test_nothing_that_keeps_both_lies_above_it(ceiling, up, down):
    # what it finds under its own bound is that bound: it is the greatest
    found = greatest_within_ramps(ceiling, up, down)
    again = greatest_within_ramps(found, up, down)
    assert np.allclose(again.at(GRID_S), found.at(GRID_S), atol=1e-6)


def test_without_ramps_it_is_the_ceiling():
    ceiling = Signal.steps([0.0, 10.0, 20.0], [5.0, 50.0, 0.0], 60.0)
    assert greatest_within_ramps(ceiling, inf, inf).integral() == ceiling.integral()


def test_a_hole_too_short_for_the_ramps_is_filled_in_part():
    # 3 s of 60 MW: up 1 MW/s, down 1 MW/s: a triangle of 1.5 MW
    ceiling = Signal.steps([0.0, 10.0, 13.0], [0.0, 60.0, 0.0], 60.0)
    assert greatest_within_ramps(ceiling, 1.0, 1.0).integral() == pytest.approx(1.5 * 1.5, rel=1e-9)


@pytest.mark.parametrize(("up", "down"), [(0.0, 1.0), (1.0, -1.0)])
def test_a_ramp_of_nothing_is_refused(up, down):
    with pytest.raises(ValueError, match="above 0"):
        greatest_within_ramps(Signal.constant(1.0, 10.0), up, down)


# AI stalls at 100 MW from 600 to 960 s; 20 MW are always free, and 60 MW of fleets fill 40 more in the stall
STALL = Signal.steps([0.0, 600.0, 960.0], [180.0, 100.0, 180.0], 3600.0)
RESPONSE = FleetResponse(3.0, 1.0, 10.0)
FILLABLE_MWS = 20.0 * 3600.0 + 40.0 * 360.0


def fraction(record, **contract):
    loads = {"a": LoadView("a", 180.0, 180.0, **contract)}
    return contract_soak_fraction(record({"a": STALL}, {"m": 0.0}), loads, RESPONSE, 2.0)


def test_foresight_loses_the_ramps_alone(record):
    lost_mws = 40.0 * 40.0 / 2.0 + 40.0 * 4.0 / 2.0
    found = foresight_soak_fraction(record({"a": STALL}, {"m": 0.0}), RESPONSE)
    assert found == pytest.approx(1.0 - lost_mws / FILLABLE_MWS, rel=1e-9)


def test_a_covenant_loses_the_time_until_a_fall_is_answered_too(record):
    lost_mws = 40.0 * 40.0 / 2.0 + 40.0 * 4.0 / 2.0 + 40.0 * 5.0
    found = fraction(record, announces=True, silence_means_down=True)
    assert found == pytest.approx(1.0 - lost_mws / FILLABLE_MWS, rel=1e-9)


def test_without_a_notice_the_ceiling_is_the_static_headroom(record):
    assert fraction(record) == pytest.approx(20.0 * 3600.0 / FILLABLE_MWS, rel=1e-9)
    # one that announces, but has announced nothing in this run
    assert fraction(record, announces=True) == pytest.approx(20.0 * 3600.0 / FILLABLE_MWS, rel=1e-9)
