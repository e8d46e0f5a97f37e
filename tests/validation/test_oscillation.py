import numpy as np
import pytest
from oscillation import (
    coincidence_probability,
    harmonic_amplitude_mw,
    residual_range_fraction,
    smoothing_energy_overhead_fraction,
    square_wave_rms_mw,
)


def test_a_wave_that_is_high_half_the_time_has_no_even_harmonics():
    amplitudes = harmonic_amplitude_mw(10.0, 0.5, np.array([1, 2, 3, 4]))

    assert amplitudes == pytest.approx([20.0 / np.pi, 0.0, 20.0 / (3.0 * np.pi), 0.0], abs=1e-12)


@pytest.mark.parametrize("duty_fraction", [0.1, 0.5, 0.8])
def test_the_harmonics_together_have_the_power_of_the_wave(duty_fraction):
    amplitudes = harmonic_amplitude_mw(10.0, duty_fraction, np.arange(1, 200_001))

    assert (amplitudes**2).sum() / 2.0 == pytest.approx(
        square_wave_rms_mw(10.0, duty_fraction) ** 2, rel=1e-4
    )


def test_a_floor_burns_the_gap_below_it_while_the_job_communicates():
    # 0.2 of the time at 0.7 instead of 0.45: 0.05, of 0.8 * 0.9 + 0.2 * 0.45 = 0.81
    assert smoothing_energy_overhead_fraction(0.8, 0.9, 0.45, 0.7) == pytest.approx(0.05 / 0.81)


def test_a_floor_below_the_low_level_burns_nothing():
    assert smoothing_energy_overhead_fraction(0.8, 0.9, 0.45, 0.4) == 0.0


def test_what_is_left_above_a_floor():
    assert residual_range_fraction(1.2, 0.65) == pytest.approx(0.55)
    assert residual_range_fraction(0.8, 0.9) == 0.0


def test_jobs_coincide_as_in_a_binomial_distribution():
    assert coincidence_probability(3, 0.1, 2) == pytest.approx(3 * 0.01 * 0.9)
    assert sum(coincidence_probability(7, 0.3, k) for k in range(8)) == pytest.approx(1.0)
