"""Stability figures against brute force, and laws that they keep."""

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from sim.grid.limits import PowerLimit
from sim.grid.voltage import Impedance, reactive_mvar, voltage_pu
from sim.metrics.power_limits import check_limits
from sim.metrics.residual import variation
from sim.metrics.spectrum import Spectrum, amplitude_mw
from sim.signals import Signal
from sim.signals.changes import changes
from sim.signals.distribution import LEVELS, Distribution
from sim.signals.range_above import intervals_of_range_above

LAW = examples(60)
END_S = 200.0


@st.composite
def powers(draw):
    """A power of lines and jumps on quarter seconds."""
    count = draw(st.integers(1, 25))
    quarters = draw(st.lists(st.integers(1, 799), min_size=count, max_size=count))
    times_s = [0.0, *sorted(quarter / 4.0 for quarter in quarters)]
    levels = draw(st.lists(st.integers(0, 40), min_size=count + 1, max_size=count + 1))
    join = Signal.linear if draw(st.booleans()) else Signal.steps
    return join(times_s, [5.0 * level for level in levels], END_S)


windows_s = st.sampled_from([0.5, 1.0, 5.0, 15.0, 37.25, 60.0])


def on_grid(power, step_s=0.125):
    """Values and left limits on a grid that holds every breakpoint, in turn."""
    times_s = np.arange(0.0, END_S + step_s / 2, step_s)
    right = power.at(times_s)
    before = np.append(right[0], power.at(times_s[1:] - 1e-9))
    return np.column_stack([before, right])


@LAW
@given(powers(), windows_s)
def test_ranges_and_ramps_are_those_of_a_fine_grid(power, window_s):
    pairs, steps = on_grid(power), round(window_s / 0.125)
    ranges = []
    for last in range(1, len(pairs)):
        first = max(0, last - steps)
        inner = pairs[first + 1 : last].ravel().tolist()
        # as a breakpoint enters at the end, and just before one leaves at the start
        entering = [*inner, pairs[first, 1], *pairs[last]]
        leaving = [*inner, *pairs[first], pairs[last, 0]]
        ranges += [max(entering) - min(entering), max(leaving) - min(leaving)]
    found, _ = power.largest_range(window_s)
    assert found == pytest.approx(max(ranges), abs=1e-5)
    moved = pairs[steps:] - pairs[: len(pairs) - steps]
    # no window ends before the first whole one, and none after the run
    moved = np.append(moved[1:, 0], moved[:-1, 1])
    ramp = power.net_change(window_s)
    assert (ramp.maximum(), ramp.minimum()) == pytest.approx((moved.max(), moved.min()), abs=1e-5)


@LAW
@given(powers(), windows_s, st.integers(0, 45))
def test_the_time_of_a_range_above_a_level_is_that_of_the_rolling_range(power, window_s, level):
    found = intervals_of_range_above(power, window_s, 5.0 * level + 0.5)
    slow = power.rolling_range(window_s).intervals_above(5.0 * level + 0.5)
    assert found.shape == slow.shape
    np.testing.assert_allclose(found, slow, atol=1e-6)


@LAW
@given(powers(), st.floats(0.02, 0.98))
def test_a_quantile_is_not_exceeded_for_its_share_of_the_time(power, share):
    distribution = Distribution.of(power)
    level = distribution.quantile(share)
    slack = (power.maximum() - power.minimum()) / (LEVELS - 1) + 1e-9
    assert power.time_above(level + slack) <= (1.0 - share) * END_S + 1e-3
    assert END_S - power.time_above(level - slack) <= share * END_S + 1e-3 or level <= power.minimum() + slack


@LAW
@given(powers())
def test_moves_lead_from_the_first_value_to_the_last(power):
    moves = changes(power)
    last = float(power.left_limits()[-1])
    assert power.value[0] + moves.size.sum() == pytest.approx(last, abs=1e-9)
    assert np.all(moves.start_s[1:] >= moves.end_s[:-1])


@LAW
@given(st.lists(st.tuples(st.integers(1, 200), st.integers(0, 200)), min_size=1, max_size=40), st.booleans())
def test_variation_by_time_scale_adds_up_to_the_variance(pieces, lines):
    times_s = np.append(0.0, np.cumsum([seconds for seconds, _ in pieces])) * 1.0
    levels = [float(level) for _, level in pieces]
    join = Signal.linear if lines else Signal.steps
    power = join(times_s[:-1], levels, 1800.0)
    grid = power.means_over(np.linspace(0.0, 1800.0, 180_001))
    parts = variation(power)
    total = sum(part**2 for part in parts)
    # variance of means over 10 ms, which lines weaken by next to nothing
    assert total == pytest.approx(float(np.var(grid)), rel=1e-5, abs=1e-6)
    five, minute, ten = (grid.reshape(-1, count).mean(axis=1) for count in (500, 6000, 60_000))
    assert parts[1] ** 2 == pytest.approx(np.var(five) - np.var(minute), rel=1e-5, abs=1e-6)
    assert parts[3] ** 2 == pytest.approx(np.var(ten), rel=1e-5, abs=1e-6)


@LAW
@given(
    st.lists(st.floats(0.0, 500.0, allow_subnormal=False), min_size=3, max_size=400),
    st.floats(0.1, 1000.0),
    st.sampled_from([0.25, 2.0, 7.0]),
)
def test_a_whole_spectrum_holds_the_variance_and_scales_with_power(samples, rate_hz, factor):
    power = np.array(samples)
    one, scaled = (Spectrum.of(scale * power, rate_hz, whole=True) for scale in (1.0, factor))
    rms_mw = one.rms_mw(0.0, rate_hz)
    assert rms_mw**2 == pytest.approx(np.var(power), rel=1e-3, abs=1e-9)
    assert scaled.rms_mw(0.0, rate_hz) == pytest.approx(factor * rms_mw, rel=1e-9, abs=1e-9)


@LAW
@given(powers(), st.sampled_from([0.05, 0.5, 3.0]), st.sampled_from([0.5, 3.0]))
def test_an_amplitude_is_that_of_a_fine_sum_and_scales_with_power(power, frequency_hz, factor):
    step_s = 1.0 / 1024.0
    middles_s = np.arange(0.0, END_S, step_s) + step_s / 2
    wave = np.exp(-2j * np.pi * frequency_hz * middles_s) * (power.at(middles_s) - power.mean())
    assert amplitude_mw(power, frequency_hz) == pytest.approx(2.0 * abs(wave.mean()), rel=1e-3, abs=1e-3)
    assert amplitude_mw(factor * power, frequency_hz) == pytest.approx(
        factor * amplitude_mw(power, frequency_hz), rel=1e-9, abs=1e-9
    )


@LAW
@given(powers(), st.sampled_from([0.5, 2.0, 8.0]))
def test_power_and_limits_scaled_alike_stand_to_each_other_as_before(power, factor):
    def rules(scale):
        return [
            PowerLimit(name="range", kind="range", window_s=15.0, limit_mw=40.5 * scale),
            PowerLimit(name="ramp", kind="net-ramp", window_s=60.0, limit_mw_per_min=40.5 * scale),
            PowerLimit(name="slope", kind="slope", change_mw=60.5 * scale, limit_mw_per_min=90.0 * scale),
        ]

    before, after = (check_limits(scale * power, rules(scale), 200.0) for scale in (1.0, factor))
    for one, other in zip(before, after, strict=True):
        assert other.status == one.status
        assert other.worst == pytest.approx(factor * one.worst, rel=1e-9, abs=1e-9)
        assert other.seconds == pytest.approx(one.seconds, rel=1e-9, abs=1e-6, nan_ok=True)


@LAW
@given(st.floats(300.0, 20_000.0), st.floats(0.0, 40.0), st.floats(0.0, 60.0), st.sampled_from([1.0, -0.97]))
def test_power_flows_as_the_voltage_says(strength_mva, x_over_r, power_mw, power_factor):
    impedance = Impedance.of(strength_mva, x_over_r)
    reactive = float(reactive_mvar(power_mw, power_factor))
    voltage = float(voltage_pu(power_mw, reactive, impedance))
    current = complex(power_mw, -reactive) / voltage
    assert abs(voltage + current * complex(*impedance)) == pytest.approx(1.0, rel=1e-9)
