"""Formulas of the power swing within a training iteration.

In each iteration the GPUs compute at high power and then communicate at low power. The swing is a square wave
of a period of seconds or less. All formulas take floats or arrays of them, element by element.
"""

import numpy as np


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
