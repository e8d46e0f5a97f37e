"""Laws of the signal algebra on random signals, and agreement with slow, plain computations."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest
from examples import examples
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from sim.signals import FloatArray, Signal, total

LAW = examples(50)

# Times, values and slopes are multiples of powers of two, so that sums of times are exact and coincidences do
# happen: a breakpoint exactly one window after another, two signals that touch.
UNITS_S = st.sampled_from([2.0**-10, 1.0, 2.0**10])
GAPS_S = st.builds(lambda count, unit_s: count * unit_s, st.integers(1, 8), UNITS_S)
VALUES = st.integers(-8, 8).map(float)
SLOPES = st.sampled_from([0.0, 0.0, 1.0, -1.0, 0.5, -0.25])
LEVELS = st.integers(-20, 20).map(lambda halves: halves / 2.0)
WINDOWS_S = st.one_of(GAPS_S, st.integers(1, 100).map(lambda quarters: quarters / 4.0))
ROUGH = st.floats(-1e3, 1e3, allow_subnormal=False)


@st.composite
def grids(draw: st.DrawFn, gaps_s: st.SearchStrategy[float] = GAPS_S) -> FloatArray:
    """Times that signals may share; the first is the start, the last the end."""
    gaps = draw(st.lists(gaps_s, min_size=1, max_size=10))
    return np.concatenate([[0.0], np.cumsum(gaps)])


@st.composite
def signals_on(draw: st.DrawFn, grid_s: FloatArray, slopes: st.SearchStrategy[float] = SLOPES) -> Signal:
    """A signal with breakpoints at some of the times of a grid."""
    chosen = draw(st.lists(st.booleans(), min_size=grid_s.size - 2, max_size=grid_s.size - 2))
    times = np.concatenate([grid_s[:1], grid_s[1:-1][np.array(chosen, dtype=bool)]])
    values = draw(st.lists(VALUES, min_size=times.size, max_size=times.size))
    return Signal(times, np.array(values), np.array([draw(slopes) for _ in values]), float(grid_s[-1]))


@st.composite
def signal_tuples(draw: st.DrawFn, count: int) -> tuple[Signal, ...]:
    """Several signals on one domain, with coincident breakpoints."""
    grid_s = draw(grids())
    return tuple(draw(signals_on(grid_s)) for _ in range(count))


@st.composite
def step_signals_with(draw: st.DrawFn) -> tuple[Signal, Signal]:
    """A signal, and a step signal on its domain."""
    grid_s = draw(grids())
    return draw(signals_on(grid_s)), draw(signals_on(grid_s, slopes=st.just(0.0)))


@st.composite
def rough_signals(draw: st.DrawFn) -> Signal:
    """A signal with gaps from a nanosecond to a year, whose numbers all carry rounding."""
    gaps = draw(st.lists(st.floats(1e-9, 3e7), min_size=1, max_size=10))
    times = np.cumsum([0.0, *gaps])
    values = draw(st.lists(ROUGH, min_size=times.size, max_size=times.size))
    slopes = draw(st.lists(st.floats(-1e-3, 1e-3), min_size=times.size, max_size=times.size))
    return Signal.from_breakpoints(times, values, slopes, float(times[-1]))


@st.composite
def signals_with_windows(draw: st.DrawFn) -> tuple[Signal, float]:
    """A signal and the length of a window [s], often the time between two breakpoints."""
    (signal,) = draw(signal_tuples(1))
    spans_s = np.unique(np.subtract.outer(signal.time_s, signal.time_s))
    return signal, draw(st.one_of(WINDOWS_S, st.sampled_from([s for s in spans_s if s > 0.0] or [1.0])))


SIGNALS = signal_tuples(1).map(lambda found: found[0])
PAIRS = signal_tuples(2)


def scale_of(*signals: Signal) -> float:
    """Return a magnitude to which rounding is relative."""
    return 1.0 + sum(float(np.abs(np.append(s.value, s.left_limits())).max()) for s in signals)


def fine_times_s(signal: Signal, *others: Signal, parts: int = 7) -> FloatArray:
    """Return midpoints of equal parts of all common segments of signals [s]."""
    borders = np.unique(np.concatenate([s.time_s for s in (signal, *others)] + [[signal.end_s]]))
    shares = (np.arange(parts) + 0.5) / parts
    return (borders[:-1, None] + np.diff(borders)[:, None] * shares).ravel()


def functionals(signal: Signal) -> FloatArray:
    """Return what can be measured on a signal, in one array."""
    edges_s = np.linspace(signal.start_s, signal.end_s, 4)
    return np.concatenate(
        [
            [signal.integral(), signal.mean(), signal.minimum(), signal.maximum()],
            [signal.time_above(0.5), signal.integral_above(0.5)],
            signal.means_over(edges_s),
            signal.minima_over(edges_s),
            signal.maxima_over(edges_s),
            signal.rolling_maximum(signal.duration_s / 3.0).means_over(edges_s),
        ]
    )


def close(found: ArrayLike, expected: ArrayLike, scale: float = 1.0, relative: float = 1e-12) -> None:
    """Fail unless two results agree to rounding, relative to a scale."""
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=relative, atol=relative * scale)


def samples_in_window(signal: Signal, time_s: float, window_s: float) -> Iterator[float]:
    """Yield every value that can be an extreme over the closed window, limits from the left included."""
    from_s = max(signal.start_s, time_s - window_s)
    yield float(signal.at(from_s))
    yield float(signal.at(time_s))
    for at_s, value in zip(signal.time_s, signal.value, strict=True):
        if from_s <= at_s <= time_s:
            yield float(value)
    for at_s, limit in zip(signal.time_s[1:], signal.left_limits()[:-1], strict=True):
        if from_s < at_s <= time_s:
            yield float(limit)


def critical_times_s(signal: Signal, window_s: float) -> FloatArray:
    """Return times at, between and close around those at which a breakpoint enters or leaves the window."""
    events_s = np.unique(np.concatenate([signal.time_s, signal.time_s + window_s, [signal.end_s]]))
    gap_s = np.diff(events_s, append=events_s[-1] + 1.0)
    times = (events_s[:, None] + gap_s[:, None] * [0.0, 0.001, 0.3, 0.5, 0.999]).ravel()
    return np.asarray(times[times < signal.end_s])


# -- what changes nothing


@LAW
@given(SIGNALS, st.lists(st.integers(0, 64), max_size=6))
def test_splitting_segments_changes_no_functional(signal: Signal, parts: list[int]) -> None:
    split = signal.split_at([signal.end_s * part / 64.0 for part in parts])

    close(functionals(split), functionals(signal), scale_of(signal) * signal.duration_s)
    assert split.time_s.size >= signal.time_s.size


@LAW
@given(SIGNALS)
def test_simplifying_changes_no_functional(signal: Signal) -> None:
    split = signal.split_at(fine_times_s(signal, parts=2))

    close(functionals(split.simplify()), functionals(signal), scale_of(signal) * signal.duration_s)
    assert split.simplify().time_s.size <= split.time_s.size


@LAW
@given(SIGNALS, st.sampled_from([1.0, -7.5, 2.0**20]))
def test_shifting_time_changes_no_functional(signal: Signal, by_s: float) -> None:
    moved = signal.shift(by_s)

    close(functionals(moved), functionals(signal), scale_of(signal) * (1.0 + abs(moved.end_s)), relative=1e-11)
    assert moved.time_of_maximum() == signal.time_of_maximum() + by_s


@LAW
@given(SIGNALS, st.sampled_from([0.5, 3.0, 1e6]), LEVELS)
def test_scaling_values_scales_what_is_measured(signal: Signal, factor: float, level: float) -> None:
    scaled = factor * signal
    scale = factor * scale_of(signal) * signal.duration_s

    close(scaled.integral(), factor * signal.integral(), scale)
    close(scaled.maximum(), factor * signal.maximum(), scale)
    close(scaled.time_above(factor * level), signal.time_above(level), signal.duration_s)
    close(scaled.integral_above(factor * level), factor * signal.integral_above(level), scale)


@LAW
@given(signal_tuples(4), st.permutations(range(4)))
def test_order_of_a_sum_does_not_matter(signals: tuple[Signal, ...], order: list[int]) -> None:
    summed, reordered = total(signals), total([signals[i] for i in order])

    assert reordered.time_s.tolist() == summed.time_s.tolist()
    close(reordered.value, summed.value, scale_of(*signals))
    close(reordered.slope_per_s, summed.slope_per_s, 1.0)


@LAW
@given(SIGNALS, st.floats(1e-3, 1e4))
def test_resampling_keeps_the_integral(signal: Signal, step_s: float) -> None:
    assume(signal.duration_s / step_s < 1e5)

    close(signal.resample(step_s).integral(), signal.integral(), scale_of(signal) * signal.duration_s)


# -- sums, products, extremes of several signals


@LAW
@given(signal_tuples(3))
def test_integral_of_a_sum_is_the_sum_of_integrals(signals: tuple[Signal, ...]) -> None:
    expected = sum(signal.integral() for signal in signals)

    close(total(signals).integral(), expected, scale_of(*signals) * signals[0].duration_s)


@LAW
@given(signal_tuples(3))
def test_arithmetic_is_pointwise(signals: tuple[Signal, ...]) -> None:
    first, second, third = signals
    times = fine_times_s(*signals)

    close(total(signals).at(times), first.at(times) + second.at(times) + third.at(times), scale_of(*signals))
    close((first - second).at(times), first.at(times) - second.at(times), scale_of(*signals))
    close((2.0 - first * 3.0).at(times), 2.0 - 3.0 * first.at(times), scale_of(*signals))


@LAW
@given(PAIRS)
def test_maximum_and_minimum_are_pointwise_and_exact_at_crossings(pair: tuple[Signal, Signal]) -> None:
    first, second = pair
    upper, lower = first.maximum_with(second), first.minimum_with(second)
    times = np.append(fine_times_s(upper, first, second), upper.time_s)

    close(upper.at(times), np.maximum(first.at(times), second.at(times)), scale_of(*pair))
    close(lower.at(times), np.minimum(first.at(times), second.at(times)), scale_of(*pair))
    close((upper + lower).at(times), (first + second).at(times), scale_of(*pair))
    assert upper.time_s.tolist() == lower.time_s.tolist()


@LAW
@given(step_signals_with())
def test_product_with_a_step_signal_is_the_sum_over_its_steps(pair: tuple[Signal, Signal]) -> None:
    signal, steps = pair
    edges_s = [*steps.time_s, steps.end_s]
    parts = (v * signal.integral_between(a, b) for v, (a, b) in zip(steps.value, pairwise(edges_s), strict=True))
    times = fine_times_s(signal, steps)
    scale = scale_of(signal) * scale_of(steps)

    close((signal * steps).integral(), sum(parts), scale * signal.duration_s)
    close((steps * signal).at(times), signal.at(times) * steps.at(times), scale)


@LAW
@given(SIGNALS, LEVELS)
def test_positive_part_over_a_level_integrates_to_the_integral_above_it(signal: Signal, level: float) -> None:
    found = (signal - level).positive_part().integral()

    close(found, signal.integral_above(level), scale_of(signal) * signal.duration_s)


# -- functionals against dense sampling, and each other


@LAW
@given(SIGNALS)
def test_extremes_bound_every_sample_and_are_approached(signal: Signal) -> None:
    samples = signal.at(fine_times_s(signal, parts=1000))
    error = np.abs(signal.slope_per_s).max() * signal.duration_s / 1000 + 1e-12

    assert signal.minimum() <= samples.min() <= signal.minimum() + error
    assert signal.maximum() - error <= samples.max() <= signal.maximum()


@LAW
@given(SIGNALS)
def test_extremes_stand_where_they_are_said_to_be(signal: Signal) -> None:
    for extreme, at_s in [
        (signal.maximum(), signal.time_of_maximum()),
        (signal.minimum(), signal.time_of_minimum()),
    ]:
        before = float(signal.clip_time(signal.start_s, at_s).left_limits()[-1])
        assert extreme in (float(signal.at(at_s)), before)


@LAW
@given(SIGNALS, LEVELS)
def test_levels_agree_with_dense_sampling(signal: Signal, level: float) -> None:
    parts = 500
    weights_s = np.repeat(np.diff(np.append(signal.time_s, signal.end_s)) / parts, parts)
    samples = signal.at(fine_times_s(signal, parts=parts))
    cell_s = signal.duration_s / parts
    lean = float(np.abs(signal.slope_per_s).max()) * cell_s

    close(signal.integral(), np.dot(weights_s, samples), scale_of(signal) * signal.duration_s, relative=1e-10)
    assert abs(signal.time_above(level) - np.dot(weights_s, samples > level)) <= cell_s * (1 + 1e-9)
    sampled = np.dot(weights_s, np.maximum(samples - level, 0.0))
    assert abs(signal.integral_above(level) - sampled) <= lean * cell_s + 1e-10 * scale_of(signal) * signal.duration_s


@LAW
@given(SIGNALS, LEVELS, LEVELS)
def test_less_lies_above_a_higher_level(signal: Signal, one: float, other: float) -> None:
    low, high = sorted((one, other))
    slack = 1e-9 * scale_of(signal) * signal.duration_s
    drop = signal.integral_above(low) - signal.integral_above(high)

    assert signal.time_above(low) >= signal.time_above(high)
    # the slope of the integral above a level is less the time above it
    assert (high - low) * signal.time_above(high) - slack <= drop <= (high - low) * signal.time_above(low) + slack


@LAW
@given(SIGNALS, LEVELS)
def test_intervals_above_are_apart_and_cover_the_time_above(signal: Signal, level: float) -> None:
    intervals = signal.intervals_above(level)

    close(np.sum(np.diff(intervals)), signal.time_above(level), signal.duration_s)
    assert np.all(np.diff(intervals.ravel()) > 0.0)
    for from_s, to_s in intervals:
        inside = signal.clip_time(from_s, to_s)
        close(inside.time_above(level), to_s - from_s, signal.duration_s, relative=1e-9)


@LAW
@given(SIGNALS, st.integers(1, 9))
def test_bins_agree_with_the_signal_cut_to_each_bin(signal: Signal, count: int) -> None:
    edges_s = np.linspace(signal.start_s, signal.end_s, count + 1)
    cut = [signal.clip_time(a, b) for a, b in pairwise(edges_s)]

    close(signal.integrals_over(edges_s), [s.integral() for s in cut], scale_of(signal) * signal.duration_s)
    close(signal.means_over(edges_s), [s.mean() for s in cut], scale_of(signal))
    close(signal.minima_over(edges_s), [s.minimum() for s in cut], scale_of(signal))
    close(signal.maxima_over(edges_s), [s.maximum() for s in cut], scale_of(signal))


@LAW
@given(SIGNALS, st.integers(2, 5))
def test_long_signals_are_binned_piece_by_piece(signal: Signal, block: int) -> None:
    edges_s = np.linspace(signal.start_s, signal.end_s, 6)[1:-1]
    whole, whole_bins = functionals(signal), signal.integrals_over(edges_s)
    with pytest.MonkeyPatch.context() as patch:
        for module in ("base", "measures", "algebra"):
            patch.setattr(f"sim.signals.{module}.BLOCK", block)
        in_pieces = functionals(signal)
        bins = signal.integrals_over(edges_s)

    close(in_pieces, whole, scale_of(signal) * signal.duration_s)
    close(bins, whole_bins, scale_of(signal) * signal.duration_s)


# -- windows


@LAW
@given(signals_with_windows())
def test_net_change_is_the_difference_of_two_values(case: tuple[Signal, float]) -> None:
    signal, window_s = case
    assume(window_s < signal.duration_s)
    change = signal.net_change(window_s)
    times = critical_times_s(signal, window_s)
    times = times[times >= signal.start_s + window_s]
    # away from the breakpoints `t - w` may round across one
    times = times[~np.isin(times - window_s, signal.time_s) | np.isin(times, signal.time_s + window_s)]

    close(change.at(times), signal.at(times) - signal.at(times - window_s), scale_of(signal), relative=1e-9)


@LAW
@given(signals_with_windows())
@pytest.mark.parametrize(
    ("rolling", "extreme"), [(Signal.rolling_maximum, max), (Signal.rolling_minimum, min)], ids=["max", "min"]
)
def test_rolling_extremes_agree_with_a_search_of_each_window(
    rolling: Callable[[Signal, float], Signal],
    extreme: Callable[[Iterator[float]], float],
    case: tuple[Signal, float],
) -> None:
    signal, window_s = case
    rolled = rolling(signal, window_s)
    times = critical_times_s(signal, window_s)

    expected = [extreme(samples_in_window(signal, t, window_s)) for t in times]

    close(rolled.at(times), expected, scale_of(signal), relative=1e-9)
    assert (rolled.start_s, rolled.end_s) == (signal.start_s, signal.end_s)


@LAW
@given(signals_with_windows())
def test_rolling_extremes_bound_the_signal_and_its_past(case: tuple[Signal, float]) -> None:
    signal, window_s = case
    upper, lower = signal.rolling_maximum(window_s), signal.rolling_minimum(window_s)
    slack = 1e-12 * scale_of(signal)

    assert (upper - signal).minimum() >= -slack
    assert (signal - lower).minimum() >= -slack
    close(upper.maximum(), signal.maximum(), scale_of(signal))
    close(lower.minimum(), signal.minimum(), scale_of(signal))


@LAW
@given(signals_with_windows())
def test_largest_range_is_the_maximum_of_the_rolling_range(case: tuple[Signal, float]) -> None:
    signal, window_s = case
    largest, at_s = signal.largest_range(window_s)
    rolled = signal.rolling_range(window_s)
    before = float(rolled.clip_time(rolled.start_s, at_s).left_limits()[-1])

    close(largest, rolled.maximum(), scale_of(signal))
    close(max(float(rolled.at(at_s)), before), largest, scale_of(signal), relative=1e-9)


@LAW
@given(signals_with_windows())
def test_no_net_change_exceeds_the_largest_range(case: tuple[Signal, float]) -> None:
    signal, window_s = case
    assume(window_s < signal.duration_s)
    change = signal.net_change(window_s)
    largest, _ = signal.largest_range(window_s)

    # a drop that takes exactly one window is seen by the change from one side only, hence the wider window
    wider, _ = signal.largest_range(window_s * (1.0 + 1e-9))
    assert max(change.maximum(), -change.minimum()) <= max(largest, wider) + 1e-9 * scale_of(signal)


# -- rounding


@LAW
@given(rough_signals(), st.floats(1e-3, 1e7), LEVELS)
def test_signals_over_a_year_with_nanosecond_gaps_keep_their_laws(
    signal: Signal, window_s: float, level: float
) -> None:
    scale = scale_of(signal)
    area = scale * signal.duration_s

    assert signal.minimum() <= signal.mean() * (1 + 1e-12) + 1e-12 * scale
    close(signal.integrals_over([0.0, signal.end_s / 3, signal.end_s]).sum(), signal.integral(), area)
    close((signal - level).positive_part().integral(), signal.integral_above(level), area, relative=1e-9)
    close(signal.rolling_maximum(window_s).maximum(), signal.maximum(), scale)
    close(signal.largest_range(window_s)[0], signal.rolling_range(window_s).maximum(), scale, relative=1e-6)
    close((signal - signal).integral(), 0.0, area)


@LAW
@given(rough_signals())
def test_no_error_builds_up_along_a_sum(signal: Signal) -> None:
    copies = [signal * share for share in (0.1, 0.2, 0.7)]

    close(total(copies).value, signal.value, scale_of(signal), relative=1e-14)
