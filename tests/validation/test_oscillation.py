import numpy as np
import pytest
from oscillation import harmonic_amplitude_mw, square_wave_rms_mw


def test_a_wave_that_is_high_half_the_time_has_no_even_harmonics():
    amplitudes = harmonic_amplitude_mw(10.0, 0.5, np.array([1, 2, 3, 4]))

    assert amplitudes == pytest.approx([20.0 / np.pi, 0.0, 20.0 / (3.0 * np.pi), 0.0], abs=1e-12)


@pytest.mark.parametrize("duty_fraction", [0.1, 0.5, 0.8])
def test_the_harmonics_together_have_the_power_of_the_wave(duty_fraction):
    amplitudes = harmonic_amplitude_mw(10.0, duty_fraction, np.arange(1, 200_001))

    assert (amplitudes**2).sum() / 2.0 == pytest.approx(square_wave_rms_mw(10.0, duty_fraction) ** 2, rel=1e-4)
