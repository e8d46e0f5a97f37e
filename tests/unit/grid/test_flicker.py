"""Flicker by the analytical method, beside a flickermeter of IEC 61000-4-15 built here from its filters."""

from math import pi

import numpy as np
import pytest
from scipy import signal

from sim.grid.voltage import RAMP_FACTOR, RAMP_S, long_term_flicker, ramp_shape_factor, short_term_flicker

RATE_HZ = 400.0
# lamp of 230 V, 50 Hz: gain, damping and corners of the weighting filter, cut-off of the demodulator's
GAIN, DAMPING, CORNERS, CUT_HZ = (
    1.74802,
    2 * pi * 4.05981,
    2 * pi * np.array([9.15494, 2.27979, 1.22535, 21.9]),
    35.0,
)
REFERENCE = 0.00250 / 2.0  # a sine of 8.8 Hz that is just perceptible


def sensation(voltage):
    """Return the instantaneous sensation of a course of rms voltage over its mean."""
    first, second, third, fourth = CORNERS
    zeros, poles, gain = signal.tf2zpk(
        np.polymul([GAIN * first, 0.0], [1.0 / second, 1.0]),
        np.polymul([1.0, 2.0 * DAMPING, first**2], np.polymul([1.0 / third, 1.0], [1.0 / fourth, 1.0])),
    )
    _, low_poles, low_gain = signal.butter(6, 2 * pi * CUT_HZ, analog=True, output="zpk")
    found = signal.zpk2sos(
        *signal.bilinear_zpk([*zeros, 0.0], [*poles, *low_poles, -2 * pi * 0.05], gain * low_gain, RATE_HZ)
    )
    decay = np.exp(-1.0 / (0.3 * RATE_HZ))
    return signal.lfilter([1.0 - decay], [1.0, -decay], signal.sosfilt(found, voltage) ** 2)


def severity(felt):
    def level(*shares):
        return np.mean([np.percentile(felt, 100.0 - share) for share in shares])

    return np.sqrt(
        0.0314 * level(0.1) + 0.0525 * level(0.7, 1, 1.5) + 0.0657 * level(2.2, 3, 4)
        + 0.28 * level(6, 8, 10, 13, 17) + 0.08 * level(30, 50, 80)
    )  # fmt: skip


def metered(change_pu, length_s, per_minute):
    """Return Pst of ramps up and down in turn."""
    time_s = np.arange(660.0 * RATE_HZ) / RATE_HZ
    course = np.zeros(time_s.size)
    for place, start_s in enumerate(np.arange(20.0, 660.0, 60.0 / per_minute)):
        done = np.clip((time_s - start_s) / length_s, 0, 1) if length_s else (time_s >= start_s)
        course += (1 - 2 * (place % 2)) * done
    sine = REFERENCE * np.sin(2 * pi * 8.8 * time_s[: int(60 * RATE_HZ)])
    unit = sensation(sine)[int(30 * RATE_HZ) :].max()
    return severity(sensation(change_pu * course)[int(60 * RATE_HZ) :] / unit)


@pytest.mark.parametrize(("per_minute", "change_pu"), [(1, 0.02724), (2, 0.02211), (7, 0.01459), (39, 0.00906)])
def test_the_meter_gives_one_on_the_curve_of_the_standard(per_minute, change_pu):
    assert metered(change_pu, 0.0, per_minute) == pytest.approx(1.0, abs=0.015)


@pytest.mark.parametrize(("length_s", "factor"), list(zip(RAMP_S, RAMP_FACTOR, strict=True))[1:])
def test_the_shape_factors_are_those_of_the_meter(length_s, factor):
    assert metered(0.01, length_s, 1) / metered(0.01, 0.0, 1) == pytest.approx(factor, rel=0.005)


def test_other_rates_and_lengths_between_differ_by_no_more_than_is_said():
    step = {rate: metered(0.01, 0.0, rate) for rate in (0.5, 1, 4)}
    for length_s, rate in ((0.3, 0.5), (0.7, 1), (3.0, 4), (5.0, 4), (40.0, 1)):
        found = metered(0.01, length_s, rate) / step[rate]
        assert found == pytest.approx(ramp_shape_factor(length_s), rel=0.09)


@pytest.mark.parametrize(("per_minute", "change_pu"), [(1, 0.02724), (2, 0.02211), (7, 0.01459)])
def test_the_formula_is_near_the_meter_for_steps_that_stand_apart(per_minute, change_pu):
    times_s = np.arange(0.0, 600.0, 60.0 / per_minute)
    (found,) = short_term_flicker(times_s, np.full(times_s.size, change_pu), np.zeros(times_s.size), 600.0)
    assert found == pytest.approx(metered(change_pu, 0.0, per_minute), rel=0.04)


def test_flicker_counts_what_falls_in_each_whole_ten_minutes():
    times_s = np.array([10.0, 700.0, 710.0, 1900.0])
    found = short_term_flicker(times_s, np.full(4, 0.02), np.zeros(4), 1900.0)
    assert found.size == 3
    assert found[1] == pytest.approx(found[0] * 2.0 ** (1.0 / 3.2))
    assert found[2] == 0.0


def test_flicker_grows_in_line_with_the_changes_and_falls_with_their_length():
    def severity(change_pu, length_s):
        return float(short_term_flicker(np.array([5.0]), np.array([change_pu]), np.array([length_s]), 600.0)[0])

    assert severity(0.04, 0.0) == pytest.approx(2.0 * severity(0.02, 0.0))
    assert severity(-0.04, 1.0) == pytest.approx(0.217 * severity(0.04, 0.0))


def test_long_term_flicker_needs_two_hours():
    assert long_term_flicker(np.ones(11)).size == 0
    assert long_term_flicker(np.append(np.zeros(11), 1.0)) == pytest.approx([12.0 ** (-1.0 / 3.0)])


def test_long_term_flicker_is_the_cubic_mean_over_two_hours():
    assert long_term_flicker(np.full(12, 0.5)) == pytest.approx([0.5])
    found = long_term_flicker(np.array([2.0, *[1.0] * 11, 3.0]))
    assert found == pytest.approx([(19.0 / 12.0) ** (1.0 / 3.0), (38.0 / 12.0) ** (1.0 / 3.0)])
