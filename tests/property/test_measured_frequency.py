"""A measured frequency leaves a band when its lines do, whatever they are, alone and on top of a model."""

from math import inf

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.grid.frequency.live import PASSED_HZ, LiveFrequency
from sim.grid.frequency.measured import MeasuredFrequency
from sim.grid.frequency.model import GridModel
from sim.grid.line import Line
from sim.signals import Signal

MHZ = st.integers(-80, 80)
COURSES = st.lists(st.tuples(st.integers(1, 50), MHZ), min_size=1, max_size=150)
BANDS = st.tuples(st.integers(1, 90), st.integers(1, 90))


def signal_of(course):
    times_s = np.concatenate([[0.0], np.cumsum([0.1 * step for step, _ in course])])
    return Signal.linear(times_s, [60.0, *(60.0 + mhz / 1000.0 for _, mhz in course)], times_s[-1] + 1.0)


def left_s(source, low_hz, high_hz, end_s, lines=()):
    """Return when a band is left, with as many looks ahead as it takes."""
    while True:
        until_s = min(source.looks_until_s(), end_s)
        found_s = source.when_outside(lines, until_s, low_hz, high_hz)
        if found_s < inf or until_s >= end_s:
            return found_s
        source.advance(lines, until_s)


@given(COURSES, BANDS)
def test_a_band_is_left_where_the_lines_leave_it(course, band):
    signal = signal_of(course)
    low_hz, high_hz = 60.0 - band[0] / 1000.0, 60.0 + band[1] / 1000.0
    found_s = left_s(MeasuredFrequency(signal, 60.0), low_hz, high_hz, signal.end_s)
    above, below = signal.intervals_above(high_hz + PASSED_HZ), (-signal).intervals_above(PASSED_HZ - low_hz)
    wanted_s = min([*above[:1, 0], *below[:1, 0]], default=inf)
    assert found_s == wanted_s or abs(found_s - wanted_s) < 1e-6


@given(COURSES, BANDS, st.integers(-40, 40))
def test_on_top_of_a_model_it_is_left_where_the_sum_first_leaves_it(course, band, step_mw):
    signal, grid = signal_of(course), GridModel.preset("island")
    low_hz, high_hz = 60.0 - band[0] / 1000.0, 60.0 + band[1] / 1000.0
    lines = [Line(0.0, float(step_mw), 0.0)]
    source = MeasuredFrequency(signal, 60.0, LiveFrequency(grid))
    found_s = left_s(source, low_hz, high_hz, signal.end_s, lines)
    end_s = min(found_s, signal.end_s)
    alone = LiveFrequency(grid)
    for time_s in np.linspace(0.0, end_s, 200)[1:-1].tolist():
        alone.advance(lines, time_s)
        total_hz = alone.frequency_hz + signal.at(time_s) - 60.0
        assert low_hz - 1.1e-4 <= total_hz <= high_hz + 1.1e-4
    if found_s < inf:
        alone.advance(lines, found_s)
        total_hz = alone.frequency_hz + signal.at(found_s) - 60.0
        # passed by a little, or far where the file begins or ends with a jump
        assert total_hz <= low_hz + 1e-8 or total_hz >= high_hz - 1e-8
