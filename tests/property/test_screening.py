"""What is skipped by a quick look is nothing: the same figures as from looking everywhere."""

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from sim.metrics.dips import dips
from sim.signals import Signal
from sim.signals.breakpoints import merged_places, merged_times, places_at
from sim.signals.range_above import intervals_of_range_above, joined
from sim.signals.screening import largest_range, spans_of_range_above, with_window

LAW = examples(25)
ROUNDING_S = 1e-9
windows_s = st.sampled_from([0.5, 5.0, 60.0, 700.0])


@st.composite
def long_powers(draw):
    """A power of thousands of breakpoints that is noisy, mostly still, or repeats itself."""
    draws = np.random.default_rng(draw(st.integers(0, 10_000)))
    count = draw(st.integers(33, 6000))
    times_s = np.append(0.0, np.cumsum(draws.integers(1, 40, count) / 4.0))
    levels_mw = draws.integers(0, 41, times_s.size) * 5.0
    kind = draw(st.sampled_from(["noisy", "still", "repeating"]))
    if kind == "still":
        levels_mw[draws.random(times_s.size) < 0.995] = 100.0
    elif kind == "repeating":
        levels_mw = np.resize(levels_mw[:7], times_s.size)
    join = Signal.linear if draw(st.booleans()) else Signal.steps
    return join(times_s, levels_mw, float(times_s[-1]) + 10.0)


@LAW
@given(long_powers(), windows_s)
def test_the_largest_range_is_found_without_looking_everywhere(power, window_s):
    found_mw, found_s = largest_range(power, window_s)
    everywhere_mw, everywhere_s = power.largest_range(window_s)
    assert found_mw == pytest.approx(everywhere_mw, abs=1e-9)
    assert found_s >= everywhere_s  # the first, but where rounding tells equal ranges apart
    seen = with_window(power, window_s, (max(found_s - 1e-3, 0.0), min(found_s + 1e-3, power.end_s)))
    assert seen.maximum() - seen.minimum() >= found_mw - 1e-9


@LAW
@given(long_powers(), windows_s, st.integers(0, 45))
def test_no_range_above_a_level_lies_outside_the_spans(power, window_s, level):
    everywhere_s = intervals_of_range_above(power, window_s, 5.0 * level + 0.5)
    spans_s = np.array(spans_of_range_above(power, window_s, 5.0 * level + 0.5)).reshape(-1, 2)
    spans_s = joined(spans_s)
    place = np.searchsorted(spans_s[:, 0], everywhere_s[:, 0] + 1e-6, side="right") - 1
    assert (place >= 0).all()
    assert (everywhere_s[:, 1] <= spans_s[place, 1] + 1e-6).all()


@LAW
@given(long_powers())
def test_dips_begin_where_power_falls_below_its_highest(power):
    highest_mw = power.rolling_maximum(60.0)
    falls_s = (highest_mw - power).intervals_above(30.0)[:, 0]
    found = dips(power, 30.0)
    starts_s = np.array([dip.start_s for dip in found])
    # both find a crossing by lines of their own, which agree but for rounding
    assert (np.abs(starts_s[:, np.newaxis] - falls_s).min(axis=1, initial=np.inf) < ROUNDING_S).all()
    ends_s = np.array([dip.end_s for dip in found])
    # every other fall lies in a dip
    place = np.searchsorted(starts_s, falls_s + ROUNDING_S, side="right") - 1
    assert ((np.abs(starts_s[place] - falls_s) < ROUNDING_S) | (falls_s < ends_s[place])).all()
    np.testing.assert_allclose([dip.reference_mw for dip in found], highest_mw.at(starts_s), rtol=1e-12)


@LAW
@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=40),
    st.lists(st.integers(0, 60), min_size=1, max_size=40),
)
def test_merged_breakpoints_stand_where_a_search_would_find_them(first, second):
    first_s, second_s = (np.unique(times).astype(float) for times in (first, second))
    merged = merged_places(first_s, second_s, 50.0)
    kept_s = np.unique(np.concatenate([first_s, second_s]))
    np.testing.assert_array_equal(merged.time_s, kept_s[kept_s < 50.0])
    for places, times_s in ((merged.first, first_s), (merged.second, second_s)):
        np.testing.assert_array_equal(places, np.searchsorted(times_s, merged.time_s, side="right") - 1)
    wanted_s = merged_times([first_s, second_s], 1000.0)
    np.testing.assert_array_equal(places_at(first_s, wanted_s), np.searchsorted(first_s, wanted_s, side="right") - 1)


def test_a_dip_is_one_dip_where_a_long_run_is_cut():
    """A level that stays low over the border of what is worked on at a time begins but once."""
    times_s = np.arange(200_000.0)
    levels_mw = np.where(times_s % 2.0 < 1.0, 100.0, 99.0)
    levels_mw[65_530:65_560] = 40.0
    (dip,) = dips(Signal.steps(times_s, levels_mw, 200_000.0), 30.0)
    assert (dip.start_s, dip.end_s, dip.lowest_mw) == (65_530.0, 65_560.0, 40.0)


def test_the_first_of_equal_ranges_counts():
    times_s = np.arange(0.0, 100_000.0, 2.0)
    power = Signal.steps(times_s, np.where(np.arange(times_s.size) % 50 == 40, 60.0, 100.0), 100_000.0)
    assert largest_range(power, 1.0) == (40.0, 80.0)


def test_the_first_of_equal_ranges_counts_even_if_more_was_expected_of_later_ones():
    """A later stretch of wider bounds, but of no wider range within a window, is looked at first."""
    levels_mw = np.full(1280, 100.0)
    levels_mw[[40, 640]] = 60.0
    levels_mw[648] = 140.0
    power = Signal.steps(np.arange(1280.0), levels_mw, 1280.0)
    assert largest_range(power, 1.0) == (40.0, 40.0)


def test_a_fall_that_outlasts_what_is_worked_on_at_a_time_is_one_dip():
    times_s = 0.5 * np.arange(200_000.0)
    power = Signal.steps(times_s, 1e5 - 0.9 * np.maximum(times_s - 100.0, 0.0), 100_000.0)
    (dip,) = dips(power, 30.0, longest_s=1000.0)
    assert (dip.start_s, dip.end_s) == (133.5, 1133.5)
