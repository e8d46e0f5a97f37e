"""Formulas of the power swing within a training iteration, of its smoothing, and of jobs that coincide.

In each iteration the GPUs compute at high power and then communicate at low power. The swing is a square wave
of a period of seconds or less. All formulas take floats or arrays of them, element by element.
"""

from math import comb
from typing import Final

import numpy as np

GB200_HIGHEST_FLOOR_FRACTION: Final = 0.9
"""Highest floor (MPF) that power smoothing of a GB200 can be set to, over TDP. arXiv:2508.14318, III-C."""
GB200_PEAK_FRACTION: Final = 1.1
"""Short peaks (EDP, at most 50 ms) of a GB200 reach at least this, over TDP. arXiv:2508.14318, III-C."""


def harmonic_amplitude_mw(delta_mw: float, duty_fraction: float, n: int) -> float:
    r"""Return the amplitude of one harmonic of a square wave.

    Parameters
    ----------
    delta_mw
        High level less low level [MW].
    duty_fraction
        Share of the period at the high level, 0 to 1.
    n
        Number of the harmonic, at least 1; it lies at n over the period.

    Returns
    -------
    float
        Amplitude, half of peak to peak [MW].

    Notes
    -----
    :math:`A_n = \frac{2 \Delta P}{\pi n} |\sin \pi n d|`, the Fourier series of a square wave. Valid without
    jitter; jitter takes from a line, the more the higher ``n``, and gives to its surroundings.

    Examples
    --------
    >>> round(float(harmonic_amplitude_mw(100.0, 0.8, 1)), 2)
    37.42
    """
    amplitude_mw: float = 2.0 * delta_mw / (np.pi * n) * np.abs(np.sin(np.pi * n * duty_fraction))
    return amplitude_mw


def square_wave_rms_mw(delta_mw: float, duty_fraction: float) -> float:
    r"""Return the root mean square of a square wave about its mean.

    Parameters
    ----------
    delta_mw
        High level less low level [MW], not below 0.
    duty_fraction
        Share of the period at the high level, 0 to 1.

    Returns
    -------
    float
        Root mean square of what is left when the mean is taken off [MW].

    Notes
    -----
    :math:`\Delta P \sqrt{d (1 - d)}`. Equal jobs with random phases, ``m`` of them, have :math:`\sqrt{m}`
    times that; so one job split into ``m`` swings :math:`1 / \sqrt{m}` as much.

    Examples
    --------
    >>> round(square_wave_rms_mw(100.0, 0.8), 2)
    40.0
    """
    rms_mw: float = delta_mw * (duty_fraction * (1.0 - duty_fraction)) ** 0.5
    return rms_mw


def smoothing_energy_overhead_fraction(
    duty_fraction: float, high_fraction: float, low_fraction: float, floor_fraction: float
) -> float:
    r"""Return the energy that a power floor burns, over the energy without it.

    Parameters
    ----------
    duty_fraction
        Share of the iteration at the high level, 0 to 1.
    high_fraction
        Power while computing, over TDP, above 0.
    low_fraction
        Power while communicating, over TDP, not above ``high_fraction``.
    floor_fraction
        Floor that the GPU holds by burning power (MPF), over TDP, not above ``high_fraction``.

    Returns
    -------
    float
        Energy burnt over the energy of the unsmoothed iteration.

    Notes
    -----
    :math:`\epsilon = \frac{(1 - d) (m - p_l)^+}{d p_h + (1 - d) p_l}`, from the shape of the wave.
    GPU power only. Ramp rates and the hold after activity ends add to it.

    References
    ----------
    The floor is that of GB200 power smoothing: arXiv:2508.14318, section III-C.

    Examples
    --------
    >>> round(float(smoothing_energy_overhead_fraction(0.8, 0.9, 0.45, 0.9)), 3)
    0.111
    """
    burnt = (1.0 - duty_fraction) * np.maximum(floor_fraction - low_fraction, 0.0)
    overhead: float = burnt / (duty_fraction * high_fraction + (1.0 - duty_fraction) * low_fraction)
    return overhead


def residual_range_fraction(
    peak_fraction: float = GB200_PEAK_FRACTION, floor_fraction: float = GB200_HIGHEST_FLOOR_FRACTION
) -> float:
    r"""Return the power range that is left when a floor smooths the low side alone.

    Parameters
    ----------
    peak_fraction
        Highest short peak (EDP), over TDP.
    floor_fraction
        Floor that the GPU holds (MPF), over TDP.

    Returns
    -------
    float
        Range over TDP; 0 where the floor is above the peak.

    Notes
    -----
    :math:`(p_\text{EDP} - p_\text{MPF})^+`. The defaults are the best that GB200 can be set to, so no less
    than 0.2 of TDP is left. A job's range is as much of its GPUs' power only.

    References
    ----------
    arXiv:2508.14318, section III-C.

    Examples
    --------
    >>> round(float(residual_range_fraction()), 3)
    0.2
    """
    residual: float = np.maximum(peak_fraction - floor_fraction, 0.0)
    return residual


def coincidence_probability(job_count: int, duty_fraction: float, k: int) -> float:
    r"""Return the probability that exactly ``k`` of several independent jobs are in a stall at an instant.

    Parameters
    ----------
    job_count
        Number of equal jobs, at least ``k``.
    duty_fraction
        Share of time that one job is in a stall, 0 to 1.
    k
        Number of jobs in a stall at once, not below 0.

    Returns
    -------
    float
        Probability, which is the share of time in the long run.

    Notes
    -----
    :math:`\binom{M}{k} q^k (1 - q)^{M - k}`. Jobs whose checkpoints share a clock are not independent.

    Examples
    --------
    A stall of 60 s in each 31 minutes, four jobs: two at once for half a percent of the time.

    >>> round(coincidence_probability(4, 60.0 / 1860.0, 2), 4)
    0.0058
    """
    together: float = duty_fraction**k * (1.0 - duty_fraction) ** (job_count - k)
    return comb(job_count, k) * together
