import numpy as np
import pytest
from scipy.signal import butter, sosfilt, spectrogram, welch

from sim.metrics.spectrum import (
    Spectrum,
    amplitude_mw,
    band_passed,
    bands,
    largest_line,
    sampled,
)
from sim.signals import Signal

RATE_HZ = 20.0
TIME_S = np.arange(0.0, 4000.0, 1.0 / RATE_HZ)


def a_sine(amplitude, frequency_hz):
    return amplitude * np.sin(2.0 * np.pi * frequency_hz * TIME_S)


def test_the_density_of_long_noise_adds_up_to_its_variance():
    noise = np.random.default_rng(1).normal(100.0, 7.0, 2_000_000)
    spectrum = Spectrum.of(noise, RATE_HZ)
    assert spectrum.rms_mw(0.0, 11.0) ** 2 == pytest.approx(np.var(noise), rel=2e-3)


def test_each_line_lies_in_its_band_with_its_amplitude():
    found = bands(200.0 + a_sine(8.0, 0.4) + a_sine(3.0, 1.5), RATE_HZ)
    slow, inter, local, upper, torsion = found
    assert (inter.line.amplitude_mw, local.line.amplitude_mw) == pytest.approx((8.0, 3.0), rel=2e-3)
    assert (inter.line.frequency_hz, local.line.frequency_hz) == pytest.approx((0.4, 1.5), abs=0.05)
    assert (inter.rms_mw, local.rms_mw) == pytest.approx((8.0 / 2**0.5, 3.0 / 2**0.5), rel=1e-3)
    assert inter.share == pytest.approx(64.0 / 73.0, rel=1e-3)
    assert max(slow.rms_mw, upper.rms_mw, torsion.rms_mw) < 0.01


def test_a_band_above_half_of_the_rate_is_not_told():
    assert np.isnan(Spectrum.of(a_sine(1.0, 0.4), RATE_HZ).rms_mw(10.0, 55.0))
    assert np.isnan(largest_line(a_sine(1.0, 0.4), RATE_HZ, 11.0, 55.0).amplitude_mw)


def test_what_does_not_vary_has_no_share_anywhere():
    spectrum = Spectrum.of(np.full(1000, 42.0), RATE_HZ)
    assert (spectrum.rms_mw(0.0, 10.0), spectrum.share()) == (0.0, 0.0)


def test_a_spectrum_needs_two_samples():
    with pytest.raises(ValueError, match="at least two samples, got 1"):
        Spectrum.of(np.ones(1), RATE_HZ)


def test_the_exact_amplitude_of_a_square_and_of_a_triangle_is_that_of_their_series():
    corners_s = np.arange(0.0, 100.0, 1.0)
    square = Signal.steps(corners_s, np.tile([90.0, 110.0], 50), 100.0)
    triangle = Signal.linear(np.append(corners_s, 100.0), np.append(np.tile([90.0, 110.0], 50), 90.0), 100.0)
    for order in (1, 3, 5):
        assert amplitude_mw(square, 0.5 * order) == pytest.approx(40.0 / np.pi / order, rel=1e-9)
        assert amplitude_mw(triangle, 0.5 * order) == pytest.approx(80.0 / (np.pi * order) ** 2, rel=1e-9)
        assert amplitude_mw(square, 0.5 * order + 0.5) == pytest.approx(0.0, abs=1e-9)


def test_the_sampled_line_of_a_square_is_the_exact_one_less_what_the_means_take():
    square = Signal.steps(np.arange(0.0, 1000.0, 1.0), np.tile([90.0, 110.0], 500), 1000.0)
    line = largest_line(sampled(square, 10.0), 10.0, 0.2, 2.0)
    # harmonics above half of the rate come back on it, for not quite a hundredth
    weakened = np.sinc(0.5 / 10.0)
    assert line.amplitude_mw == pytest.approx(amplitude_mw(square, 0.5) * weakened, rel=1e-2)


def test_a_short_segment_is_no_numerical_trouble():
    power = Signal.linear([0.0, 1e-7, 2e-7, 50.0], [0.0, 10.0, 0.0, 0.0], 50.0)
    assert amplitude_mw(power, 0.1) == pytest.approx(2.0 * 1e-6 / 50.0, rel=1e-3)


def test_an_amplitude_is_at_a_frequency_above_zero():
    with pytest.raises(ValueError, match="above 0 Hz"):
        amplitude_mw(Signal.constant(1.0, 1.0), 0.0)


def test_a_band_pass_keeps_the_band_and_nothing_else():
    def left(frequency_hz):
        return float(np.std(band_passed(100.0 + a_sine(1.0, frequency_hz), RATE_HZ, 0.5, 4.0)[10_000:]))

    assert left(1.5) == pytest.approx(0.5**0.5, rel=0.01)
    assert left(0.5) == pytest.approx(0.5, rel=0.05)
    assert left(0.05) < 0.02
    assert left(9.0) < 0.05
    assert np.all(band_passed(np.full(100, 7.0), RATE_HZ, 0.5, 4.0) == 0.0)


def test_a_band_pass_needs_a_rate_above_twice_its_edge():
    with pytest.raises(ValueError, match="more than 20 Hz"):
        band_passed(np.ones(10), 20.0, 0.1, 10.0)


@pytest.mark.parametrize("count", [2, 3, 500, 40_000, 40_001])
def test_densities_and_lines_are_those_of_scipy(count):
    samples = np.random.default_rng(4).normal(100.0, 3.0, count)
    segment = min(1 << 15, count)
    for whole, window in ((False, "hann"), (True, "boxcar")):
        size = count if whole else segment
        frequency_hz, density = welch(samples, 20.0, window=window, nperseg=size, detrend="constant")
        ours = Spectrum.of(samples, 20.0, whole=whole)
        np.testing.assert_allclose(ours.frequency_hz, frequency_hz, rtol=1e-12)
        np.testing.assert_allclose(ours.density, density, rtol=1e-9, atol=1e-12)
    size = min(2000, count)
    frequency_hz, _, squares = spectrogram(samples, 20.0, "flattop", size, size // 2, scaling="spectrum")
    amplitudes_mw = np.sqrt(2.0 * np.median(squares, axis=1))[frequency_hz >= 0.1]
    assert largest_line(samples, 20.0, 0.1, 10.0).amplitude_mw == pytest.approx(amplitudes_mw.max(), rel=1e-9)


@pytest.mark.parametrize(("low_hz", "high_hz"), [(0.1, 55.0), (0.1, 5.0), (5.0, 55.0), (0.1, 60.0), (2.0, 2.2)])
def test_a_band_pass_is_that_of_scipy(low_hz, high_hz):
    power_mw = 100.0 + np.cumsum(np.random.default_rng(5).normal(0.0, 1.0, 20_000))
    filters = butter(2, (low_hz, high_hz), "bandpass", fs=250.0, output="sos")
    wanted_mw = sosfilt(filters, power_mw - power_mw[0])
    np.testing.assert_allclose(band_passed(power_mw, 250.0, low_hz, high_hz), wanted_mw, atol=1e-9)
