import copy
import pickle
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import ArrayLike

from sim.signals import Signal, total
from sim.signals.breakpoints import BLOCK
from sim.signals.windows import reduce_ranges


def sawtooth() -> Signal:
    """0 -> 10 over [0, 10), jump to 4 and flat until 15, then 4 -> -1 over [15, 20]."""
    return Signal(np.array([0.0, 10.0, 15.0]), np.array([0.0, 4.0, 4.0]), np.array([1.0, 0.0, -1.0]), 20.0)


def long_ramp() -> Signal:
    """The function t -> t in steps of 1 s, over more segments than are worked on at a time."""
    times = np.arange(2.0 * BLOCK + 10.0)
    return Signal(times, times.copy(), np.ones(times.size), float(times.size))


def lines(signal: Signal) -> list[tuple[float, float, float]]:
    return list(zip(signal.time_s.tolist(), signal.value.tolist(), signal.slope_per_s.tolist(), strict=True))


# -- construction


def test_constant_holds_its_value() -> None:
    signal = Signal.constant(3.0, end_s=7.0, start_s=2.0)

    assert lines(signal) == [(2.0, 3.0, 0.0)]
    assert (signal.start_s, signal.end_s, signal.duration_s) == (2.0, 7.0, 5.0)


def test_steps_hold_each_value_until_the_next() -> None:
    assert lines(Signal.steps([0, 5], [1, 2], 10)) == [(0.0, 1.0, 0.0), (5.0, 2.0, 0.0)]


def test_linear_joins_points_and_holds_the_last_value() -> None:
    signal = Signal.linear([0.0, 4.0], [0.0, 2.0], 10.0)

    assert lines(signal) == [(0.0, 0.0, 0.5), (4.0, 2.0, 0.0)]
    assert signal.at(9.0) == 2.0


def test_linear_jumps_where_two_points_share_an_instant() -> None:
    signal = Signal.linear([0.0, 2.0, 2.0, 4.0], [0.0, 2.0, 10.0, 12.0], 4.0)

    assert lines(signal) == [(0.0, 0.0, 1.0), (2.0, 10.0, 1.0)]


def test_linear_cuts_off_what_lies_after_the_end() -> None:
    assert lines(Signal.linear([0.0, 10.0], [0.0, 10.0], 5.0)) == [(0.0, 0.0, 1.0)]


def test_last_breakpoint_of_an_instant_counts() -> None:
    signal = Signal.from_breakpoints([0.0, 0.0, 3.0, 3.0, 3.0], [9.0, 1.0, 9.0, 9.0, 2.0], np.zeros(5), 5.0)

    assert lines(signal) == [(0.0, 1.0, 0.0), (3.0, 2.0, 0.0)]


def test_breakpoints_at_or_after_the_end_are_dropped() -> None:
    assert lines(Signal.steps([0.0, 5.0, 6.0], [1.0, 2.0, 3.0], 5.0)) == [(0.0, 1.0, 0.0)]
    assert lines(Signal(np.array([0.0, 5.0]), np.array([1.0, 2.0]), np.zeros(2), 5.0)) == [(0.0, 1.0, 0.0)]


def test_a_domain_without_duration_keeps_its_breakpoint() -> None:
    signal = Signal.steps([5.0, 5.0], [1.0, 2.0], 5.0)

    assert lines(signal) == [(5.0, 2.0, 0.0)]
    assert (signal.integral(), signal.mean(), signal.maximum(), float(signal.at(5.0))) == (0.0, 2.0, 2.0, 2.0)
    assert lines(signal.resample(1.0)) == [(5.0, 2.0, 0.0)]


@pytest.mark.parametrize(
    ("time_s", "value", "slope_per_s", "end_s", "said"),
    [
        ([], [], [], 1.0, "at least one breakpoint"),
        ([0.0, 1.0], [1.0], [0.0], 2.0, "one length"),
        ([[0.0]], [[1.0]], [[0.0]], 2.0, "flat"),
        ([0.0, 2.0, 1.0], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0], 3.0, "1.0 s at index 2 follows 2.0 s"),
        ([0.0, 1.0], [1.0, np.nan], [0.0, 0.0], 3.0, "value at index 1 is nan"),
        ([0.0, np.inf], [1.0, 1.0], [0.0, 0.0], 3.0, "time_s at index 1 is inf"),
        ([0.0, 1.0], [1.0, 1.0], [-np.inf, 0.0], 3.0, "slope_per_s at index 0 is -inf"),
        ([5.0], [1.0], [0.0], 4.0, "end at or after its last breakpoint at 5.0 s, got end 4.0 s"),
        ([0.0], [1.0], [0.0], np.inf, "got end inf s"),
        ([0.0], [1.0], [0.0], np.nan, "got end nan s"),
    ],
)
def test_wrong_breakpoints_are_refused_with_the_reason(
    time_s: ArrayLike, value: ArrayLike, slope_per_s: ArrayLike, end_s: float, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        Signal.from_breakpoints(time_s, value, slope_per_s, end_s)


def test_plain_constructor_refuses_repeated_times_and_late_breakpoints() -> None:
    with pytest.raises(ValueError, match="increase strictly"):
        Signal(np.array([0.0, 0.0]), np.zeros(2), np.zeros(2), 1.0)
    with pytest.raises(ValueError, match="got end 1"):
        Signal(np.array([0.0, 2.0]), np.zeros(2), np.zeros(2), 1.0)


def test_a_signal_cannot_be_changed() -> None:
    signal = sawtooth()

    for array in (signal.time_s, signal.value, signal.slope_per_s):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
    with pytest.raises(AttributeError):
        signal.end_s = 1.0  # type: ignore[misc]  # the very thing that must fail


def test_from_breakpoints_leaves_the_callers_arrays_alone() -> None:
    time_s, value, slope_per_s = np.array([0.0, 1.0]), np.array([1.0, 2.0]), np.zeros(2)
    signal = Signal.from_breakpoints(time_s, value, slope_per_s, 2.0)

    value[0] = 99.0

    assert signal.value[0] == 1.0


def test_a_signal_survives_pickling_and_copying() -> None:
    for other in (pickle.loads(pickle.dumps(sawtooth())), copy.deepcopy(sawtooth())):  # noqa: S301 (our own bytes)
        assert isinstance(other, Signal)
        assert lines(other) == lines(sawtooth())
        assert other.end_s == 20.0


# -- evaluation


def test_value_is_right_continuous_and_the_left_limit_at_the_end() -> None:
    assert sawtooth().at([0.0, 5.0, 10.0, 12.0, 17.0, 20.0]).tolist() == [0.0, 5.0, 4.0, 4.0, 2.0, -1.0]


def test_value_keeps_the_shape_of_the_times() -> None:
    assert sawtooth().at([[0.0, 5.0], [2.0, 1.0]]).tolist() == [[0.0, 5.0], [2.0, 1.0]]
    assert sawtooth().at(5.0).shape == ()
    assert sawtooth().at([]).shape == (0,)


@pytest.mark.parametrize("time_s", [-0.1, 20.1, np.nan, [5.0, 21.0]])
def test_time_outside_the_domain_is_refused(time_s: ArrayLike) -> None:
    with pytest.raises(ValueError, match=r"outside the signal, which spans 0\.0 to 20\.0 s"):
        sawtooth().at(time_s)


def test_rounding_at_the_end_of_the_domain_is_forgiven() -> None:
    assert sawtooth().at(20.0 + 1e-9) == -1.0


def test_left_limits_are_the_values_before_each_next_breakpoint() -> None:
    assert sawtooth().left_limits().tolist() == [10.0, 4.0, -1.0]


def test_is_step_tells_flat_from_sloped() -> None:
    assert Signal.steps([0.0, 1.0], [1.0, 2.0], 3.0).is_step
    assert not sawtooth().is_step


# -- measures


def test_integral_and_mean_of_the_sawtooth() -> None:
    assert sawtooth().integral() == 50.0 + 20.0 + 7.5
    assert sawtooth().mean() == 77.5 / 20.0


def test_integral_between_cuts_segments() -> None:
    assert sawtooth().integral_between(5.0, 12.0) == 37.5 + 8.0
    assert sawtooth().integral_between(7.0, 7.0) == 0.0
    with pytest.raises(ValueError, match="end before it starts"):
        sawtooth().integral_between(5.0, 4.0)


def test_extremes_count_limits_from_the_left() -> None:
    assert (sawtooth().maximum(), sawtooth().time_of_maximum()) == (10.0, 10.0)
    assert (sawtooth().minimum(), sawtooth().time_of_minimum()) == (-1.0, 20.0)


def test_first_of_equal_extremes_counts() -> None:
    signal = Signal.steps([0.0, 1.0, 2.0, 3.0], [1.0, 5.0, 1.0, 5.0], 4.0)

    assert (signal.time_of_maximum(), signal.time_of_minimum()) == (1.0, 0.0)


def test_time_and_integral_above_a_level() -> None:
    # above 4 from 4 s to 10 s only: at 4 from 10 s on is not above
    assert (sawtooth().time_above(4.0), sawtooth().integral_above(4.0)) == (6.0, 18.0)
    # above 3: 3..10 s, 10..15 s by one, 15..16 s
    assert (sawtooth().time_above(3.0), sawtooth().integral_above(3.0)) == (13.0, 24.5 + 5.0 + 0.5)
    assert (sawtooth().time_above(10.0), sawtooth().integral_above(10.0)) == (0.0, 0.0)
    assert (sawtooth().time_above(-2.0), sawtooth().integral_above(-2.0)) == (20.0, 117.5)


def test_intervals_above_a_level_merge_where_they_touch() -> None:
    assert sawtooth().intervals_above(3.0).tolist() == [[3.0, 16.0]]
    assert sawtooth().intervals_above(4.0).tolist() == [[4.0, 10.0]]
    assert sawtooth().intervals_above(10.0).shape == (0, 2)
    steps = Signal.steps([0.0, 1.0, 2.0, 3.0, 4.0], [1.0, 5.0, 6.0, 0.0, 7.0], 5.0)
    assert steps.intervals_above(2.0).tolist() == [[1.0, 3.0], [4.0, 5.0]]


def test_bins_hold_exact_integrals_means_and_extremes() -> None:
    edges_s = [0.0, 5.0, 11.0, 20.0]

    assert sawtooth().integrals_over(edges_s).tolist() == [12.5, 37.5 + 4.0, 16.0 + 7.5]
    assert sawtooth().means_over(edges_s).tolist() == [2.5, 41.5 / 6.0, 23.5 / 9.0]
    assert sawtooth().minima_over(edges_s).tolist() == [0.0, 4.0, -1.0]
    assert sawtooth().maxima_over(edges_s).tolist() == [5.0, 10.0, 4.0]


def test_bins_need_not_start_or_end_with_the_signal() -> None:
    assert sawtooth().integrals_over([11.0, 12.0, 13.0]).tolist() == [4.0, 4.0]


def test_a_jump_at_an_edge_belongs_to_the_later_bin() -> None:
    steps = Signal.steps([0.0, 5.0], [1.0, 9.0], 10.0)

    assert steps.maxima_over([0.0, 5.0, 10.0]).tolist() == [1.0, 9.0]
    assert steps.minima_over([0.0, 5.0, 10.0]).tolist() == [1.0, 9.0]


@pytest.mark.parametrize("edges_s", [[1.0], [], [1.0, 1.0], [2.0, 1.0], [[0.0, 1.0]]])
def test_edges_that_make_no_bins_are_refused(edges_s: ArrayLike) -> None:
    with pytest.raises(ValueError, match="strictly increasing"):
        sawtooth().means_over(edges_s)


def test_bins_of_a_signal_of_many_blocks() -> None:
    ramp = long_ramp()
    edges_s = [0.5, BLOCK + 0.25, 2.0 * BLOCK + 9.0]

    assert ramp.means_over(edges_s).tolist() == [(a + b) / 2 for a, b in pairwise(edges_s)]
    assert ramp.maxima_over(edges_s).tolist() == edges_s[1:]
    assert ramp.minima_over(edges_s).tolist() == edges_s[:-1]


def test_measures_of_a_signal_of_many_blocks() -> None:
    ramp = long_ramp()

    assert ramp.integral() == ramp.end_s**2 / 2
    assert (ramp.maximum(), ramp.time_of_maximum()) == (ramp.end_s, ramp.end_s)
    assert ramp.time_above(100.5) == ramp.end_s - 100.5
    assert ramp.intervals_above(100.5).tolist() == [[100.5, ramp.end_s]]
    assert (ramp * 0.0).time_of_maximum() == 0.0


def test_resample_gives_means_with_a_shorter_last_window() -> None:
    signal = sawtooth().resample(8.0)

    assert lines(signal) == [(0.0, 4.0, 0.0), (8.0, (18.0 + 20.0 + 3.5) / 8.0, 0.0), (16.0, 1.0, 0.0)]
    assert signal.end_s == 20.0


def test_resample_adds_no_window_for_rounding() -> None:
    # both 0.3 and 0.1 + 0.1 + 0.1 are three windows of 0.1, though one quotient is below and one above 3
    for end_s in (0.3, 0.1 + 0.1 + 0.1):
        assert Signal.constant(1.0, end_s).resample(0.1).time_s.size == 3


@pytest.mark.parametrize("step_s", [0.0, -1.0, np.nan])
def test_resample_refuses_a_step_that_is_not_positive(step_s: float) -> None:
    with pytest.raises(ValueError, match="above 0 s"):
        sawtooth().resample(step_s)


# -- cutting


def test_split_adds_breakpoints_on_the_line() -> None:
    signal = sawtooth().split_at([17.0, 5.0, 10.0])

    assert lines(signal) == [
        (0.0, 0.0, 1.0),
        (5.0, 5.0, 1.0),
        (10.0, 4.0, 0.0),
        (15.0, 4.0, -1.0),
        (17.0, 2.0, -1.0),
    ]


def test_simplify_drops_breakpoints_that_change_nothing() -> None:
    assert lines(sawtooth().split_at([5.0, 11.0, 17.0]).simplify()) == lines(sawtooth())


def test_simplify_keeps_jumps_and_kinks() -> None:
    signal = Signal(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 1.0]), np.array([1.0, 0.0, 1.0]), 3.0)

    assert signal.simplify().time_s.tolist() == [0.0, 1.0, 2.0]


def test_clip_time_restricts_the_domain() -> None:
    assert lines(sawtooth().clip_time(5.0, 15.0)) == [(5.0, 5.0, 1.0), (10.0, 4.0, 0.0)]
    assert sawtooth().clip_time(5.0, 15.0).end_s == 15.0
    assert lines(sawtooth().clip_time(10.0, 10.0)) == [(10.0, 4.0, 0.0)]
    assert lines(sawtooth()) == [(0.0, 0.0, 1.0), (10.0, 4.0, 0.0), (15.0, 4.0, -1.0)]


def test_shift_moves_the_domain() -> None:
    signal = sawtooth().shift(-3.0)

    assert signal.time_s.tolist() == [-3.0, 7.0, 12.0]
    assert (signal.end_s, float(signal.at(2.0))) == (17.0, 5.0)


# -- algebra


def test_sum_has_the_breakpoints_of_both() -> None:
    steps = Signal.steps([0.0, 5.0], [1.0, 2.0], 20.0)

    assert lines(sawtooth() + steps) == [
        (0.0, 1.0, 1.0),
        (5.0, 7.0, 1.0),
        (10.0, 6.0, 0.0),
        (15.0, 6.0, -1.0),
    ]
    assert lines(sawtooth() - steps) == [
        (0.0, -1.0, 1.0),
        (5.0, 3.0, 1.0),
        (10.0, 2.0, 0.0),
        (15.0, 2.0, -1.0),
    ]


def test_numbers_enter_from_both_sides() -> None:
    for number in (2.0, np.float64(2.0)):
        assert (number + sawtooth()).value.tolist() == [2.0, 6.0, 6.0]
        assert (sawtooth() - number).value.tolist() == [-2.0, 2.0, 2.0]
        assert lines(number - sawtooth()) == [(0.0, 2.0, -1.0), (10.0, -2.0, 0.0), (15.0, -2.0, 1.0)]
        assert lines(number * sawtooth()) == [(0.0, 0.0, 2.0), (10.0, 8.0, 0.0), (15.0, 8.0, -2.0)]
        assert lines(sawtooth() * number) == lines(number * sawtooth())


def test_product_with_a_step_signal_scales_each_part() -> None:
    steps = Signal.steps([0.0, 5.0], [3.0, -2.0], 20.0)
    expected = [(0.0, 0.0, 3.0), (5.0, -10.0, -2.0), (10.0, -8.0, 0.0), (15.0, -8.0, 2.0)]

    assert lines(sawtooth() * steps) == expected
    assert lines(steps * sawtooth()) == expected


def test_product_of_two_sloped_signals_is_refused() -> None:
    with pytest.raises(ValueError, match="piecewise constant"):
        _ = sawtooth() * sawtooth()


def test_maximum_and_minimum_break_where_signals_cross() -> None:
    falling = Signal.linear([0.0, 20.0], [8.0, -12.0], 20.0)

    assert lines(sawtooth().maximum_with(falling)) == [
        (0.0, 8.0, -1.0),
        (4.0, 4.0, 1.0),
        (10.0, 4.0, 0.0),
        (15.0, 4.0, -1.0),
    ]
    assert lines(sawtooth().minimum_with(falling)) == [
        (0.0, 0.0, 1.0),
        (4.0, 4.0, -1.0),
        (10.0, -2.0, -1.0),
        (15.0, -7.0, -1.0),
    ]


def test_maximum_of_signals_that_start_together_follows_the_steeper() -> None:
    flat = Signal.constant(0.0, 20.0)

    assert float(flat.maximum_with(sawtooth()).at(5.0)) == 5.0
    assert float(flat.minimum_with(sawtooth()).at(5.0)) == 0.0


def test_crossing_too_close_to_a_breakpoint_to_have_its_own_time_is_not_lost() -> None:
    start_s = 3.2e7  # where times are 4e-9 s apart
    first = Signal(np.array([start_s]), np.array([1e-12]), np.array([0.0]), start_s + 10.0)
    second = Signal(np.array([start_s]), np.array([0.0]), np.array([1.0]), start_s + 10.0)

    for upper in (first.maximum_with(second), second.maximum_with(first)):
        assert upper.time_s.tolist() == [start_s]
        assert float(upper.at(start_s + 5.0)) == 5.0


def test_positive_part_is_cut_at_zero() -> None:
    assert lines(sawtooth().positive_part())[-2:] == [(15.0, 4.0, -1.0), (19.0, 0.0, 0.0)]
    assert lines(sawtooth().minimum_with(2.0))[:2] == [(0.0, 0.0, 1.0), (2.0, 2.0, 0.0)]


def test_total_sums_many() -> None:
    signals = [sawtooth(), Signal.constant(1.0, 20.0), Signal.steps([0.0, 10.0], [0.0, 2.0], 20.0)]

    assert lines(total(signals)) == [(0.0, 1.0, 1.0), (10.0, 7.0, 0.0), (15.0, 7.0, -1.0)]
    assert lines(total([sawtooth()])) == lines(sawtooth())
    with pytest.raises(ValueError, match="at least one signal"):
        total([])


@pytest.mark.parametrize("other", [Signal.constant(1.0, 21.0), Signal.constant(1.0, 20.0, start_s=1.0)])
def test_domains_must_agree(other: Signal) -> None:
    for combine in (Signal.__add__, Signal.__sub__, Signal.__mul__, Signal.maximum_with, Signal.minimum_with):
        with pytest.raises(ValueError, match="share their time domain"):
            combine(sawtooth(), other)


def test_ends_may_differ_by_rounding() -> None:
    other = Signal.steps([0.0, 20.0 * (1.0 + 1e-13)], [1.0, 99.0], 20.0 * (1.0 + 1e-12))

    summed = sawtooth() + other

    assert summed.end_s == 20.0
    assert lines(summed) == lines(other + sawtooth()) == [(0.0, 1.0, 1.0), (10.0, 5.0, 0.0), (15.0, 5.0, -1.0)]


# -- windows


def test_net_change_is_the_difference_to_one_window_ago() -> None:
    change = sawtooth().net_change(5.0)

    assert (change.start_s, change.end_s) == (5.0, 20.0)
    assert lines(change) == [(5.0, 5.0, 0.0), (10.0, -1.0, -1.0), (15.0, 0.0, -1.0)]


@pytest.mark.parametrize("window_s", [20.0, 25.0])
def test_net_change_needs_a_window_shorter_than_the_signal(window_s: float) -> None:
    with pytest.raises(ValueError, match=r"must be shorter than the signal of 20\.0 s"):
        sawtooth().net_change(window_s)


@pytest.mark.parametrize("window_s", [0.0, -1.0, np.nan, np.inf])
def test_windows_must_be_positive_and_finite(window_s: float) -> None:
    for rolling in (Signal.net_change, Signal.rolling_maximum, Signal.rolling_range, Signal.largest_range):
        with pytest.raises(ValueError, match="a window must be above 0 s"):
            rolling(sawtooth(), window_s)


def test_rolling_maximum_holds_a_limit_from_the_left_for_one_window() -> None:
    # 10 is approached before 10 s, and forgotten at 12 s, when the closed window starts at the jump to 4
    assert lines(sawtooth().rolling_maximum(2.0).simplify()) == [
        (0.0, 0.0, 1.0),
        (10.0, 10.0, 0.0),
        (12.0, 4.0, 0.0),
        (17.0, 4.0, -1.0),
    ]


def test_rolling_minimum_counts_the_value_before_a_jump_up_until_the_window_has_left_it() -> None:
    steps = Signal.steps([0.0, 5.0], [1.0, 3.0], 10.0)

    assert lines(steps.rolling_minimum(2.0).simplify()) == [(0.0, 1.0, 0.0), (7.0, 3.0, 0.0)]
    assert lines(steps.rolling_range(2.0).simplify()) == [(0.0, 0.0, 0.0), (5.0, 2.0, 0.0), (7.0, 0.0, 0.0)]


def test_rolling_maximum_has_a_kink_where_the_rising_edge_overtakes_the_leaving_one() -> None:
    valley = Signal.linear([0.0, 10.0, 20.0], [10.0, 0.0, 10.0], 20.0)

    # falling: s(t-4) = 14 - t; rising: s(t) = t - 10; equal at 12 s
    assert lines(valley.rolling_maximum(4.0).simplify()) == [
        (0.0, 10.0, 0.0),
        (4.0, 10.0, -1.0),
        (12.0, 2.0, 1.0),
    ]


def test_window_longer_than_the_signal_gives_the_maximum_so_far() -> None:
    assert lines(sawtooth().rolling_maximum(100.0).simplify()) == [(0.0, 0.0, 1.0), (10.0, 10.0, 0.0)]


def test_rolling_extremes_between_breakpoints_follow_the_line() -> None:
    line = Signal.linear([0.0, 100.0], [0.0, 100.0], 100.0)

    assert lines(line.rolling_minimum(1.0).simplify()) == [(0.0, 0.0, 0.0), (1.0, 0.0, 1.0)]
    assert line.rolling_range(1.0).maximum() == 1.0
    assert line.largest_range(1.0) == (1.0, 1.0)


def test_largest_range_finds_its_window() -> None:
    assert sawtooth().largest_range(2.0) == (6.0, 10.0)
    assert sawtooth().largest_range(5.0) == (6.0, 10.0)
    # the limit 10 before the jump at 10 s is still in the window just before 19 s, when the value nears 0
    assert sawtooth().largest_range(9.0) == (10.0, 19.0)
    assert sawtooth().largest_range(100.0) == (11.0, 20.0)


def test_jumps_one_window_apart_do_not_add_up() -> None:
    # the closed window that ends at 7 s starts at 5 s, where the value is 3 already
    steps = Signal.steps([0.0, 5.0, 7.0], [1.0, 3.0, 6.0], 10.0)

    assert steps.largest_range(2.0) == (3.0, 7.0)
    assert steps.rolling_range(2.0).maximum() == 3.0
    assert steps.largest_range(2.5) == (5.0, 7.0)


def test_window_lost_in_rounding_sees_the_jumps_alone() -> None:
    steps = Signal.steps([3.2e7, 3.2e7 + 1.0, 3.2e7 + 2.0], [1.0, 3.0, 8.0], 3.2e7 + 3.0)

    assert steps.largest_range(1e-10) == (5.0, 3.2e7 + 2.0)


def test_largest_range_may_lie_just_before_a_breakpoint_leaves() -> None:
    # the step up at 1 s is still in the window until 11 s, while the ramp climbs
    signal = Signal(np.array([0.0, 1.0]), np.array([-5.0, 0.0]), np.array([0.0, 1.0]), 30.0)

    assert signal.largest_range(10.0) == (15.0, 11.0)
    assert signal.rolling_range(10.0).maximum() == 15.0


@pytest.mark.parametrize("reduce", [np.maximum, np.minimum])
def test_ranges_are_reduced_over_every_length(reduce: np.ufunc) -> None:
    values = np.random.default_rng(3).random(70)
    first, last = np.triu_indices(70)

    expected = [reduce.reduce(values[i : j + 1]) for i, j in zip(first, last, strict=True)]

    assert reduce_ranges(reduce, values, first, last).tolist() == expected


def test_no_ranges_give_no_results() -> None:
    empty = np.array([], dtype=np.intp)

    assert reduce_ranges(np.maximum, np.ones(3), empty, empty).size == 0


def test_net_change_of_a_periodic_signal_over_its_period_is_zero_though_times_round() -> None:
    period_s = 0.7
    starts_s = np.array([k * period_s for k in range(50)])
    time_s = np.sort(np.concatenate([starts_s, starts_s + 0.3]))
    signal = Signal.steps(time_s, np.tile([100.0, 40.0], 50), time_s[-1] + 0.4)

    change = signal.net_change(period_s)

    assert change.maximum() == pytest.approx(0.0, abs=1e-9)
    assert change.minimum() == pytest.approx(0.0, abs=1e-9)


def test_spans_cover_the_domain_without_gap() -> None:
    signal = Signal.steps(np.arange(200_000.0), np.arange(200_000.0) % 7.0, 200_000.5)

    spans = signal.spans_s()

    assert spans[0][0] == 0.0
    assert spans[-1][1] == 200_000.5
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]
    assert sum(signal.clip_time(*span).integral() for span in spans) == pytest.approx(signal.integral())


def test_net_change_has_no_sliver_at_its_start_either() -> None:
    """0.1 + 0.1 + 0.1 comes after 0.3: in between the jump was still to come, a window after the start."""
    signal = Signal([0.0, 0.1 + 0.1 + 0.1], [4.0, 4.0], [10.0, 0.0], 1.0)

    change = signal.net_change(0.3)

    assert change.start_s == 0.3
    assert change.maximum() == pytest.approx(0.0, abs=1e-9)
    assert change.minimum() == pytest.approx(-3.0, abs=1e-9)
