"""How strongly a load may answer frequency before the answer, coming late, drives what it is to damp."""

from math import pi
from typing import Final

import numpy as np
from scipy.optimize import brentq

from sim.grid.frequency.model import GridModel
from sim.grid.frequency.state_space import AnyArray, system_of
from sim.units import FloatArray

_LOWEST_HZ: Final = 1e-4
_HIGHEST_HZ: Final = 20.0
_POINTS: Final = 20_000


def transfer_hz_per_mw(grid: GridModel, oscillation_hz: FloatArray) -> AnyArray:
    """Return what a sine of load makes of frequency, G(i 2 pi f), outside the deadband.

    Parameters
    ----------
    grid
        The grid.
    oscillation_hz
        Frequencies of the sine [Hz], above 0, any shape.

    Returns
    -------
    array
        Complex amplitude [Hz/MW], in the same shape.

    Examples
    --------
    Of the island 796 mHz for 100 MW at 0.05 Hz:

    >>> round(float(abs(transfer_hz_per_mw(GridModel.preset("island"), np.array([0.05])))[0]) * 1e5)
    796
    """
    laplace = 2j * pi * oscillation_hz
    response = np.zeros_like(laplace)
    for mode in system_of(grid).modes:
        residue = mode.output * mode.load
        if isinstance(mode.rate_per_s, complex):
            response += 0.5 * residue / (laplace - mode.rate_per_s)
            response += 0.5 * np.conj(residue) / (laplace - np.conj(mode.rate_per_s))
        else:
            response += residue / (laplace - mode.rate_per_s)
    return response


def gain_limit_mw_per_hz(grid: GridModel, latency_s: float) -> tuple[float, float]:
    r"""Return the gain at which a droop that acts late neither grows nor dies out, and how fast it swings.

    Parameters
    ----------
    grid
        The grid.
    latency_s
        Time from a change of frequency to the answer of the load [s], not below 0.

    Returns
    -------
    tuple of float
        Gain [MW/Hz], and frequency of the swing [Hz]; infinity and NaN where no gain does it.

    Notes
    -----
    The load draws :math:`K \Delta f(t - \tau)` more. With :math:`G` from `transfer_hz_per_mw`, which is
    below 0 at rest, the loop is on its edge where :math:`K G e^{-i \omega \tau} = 1`, so the limit is the
    least :math:`1/|G(i\omega)|` over the :math:`\omega` at which :math:`G e^{-i \omega \tau}` is real and
    above 0 (Nyquist). Ramps of the load, which slow it down, deadbands and limits are left out: with ramps
    the limit is lower, with a deadband a swing within it does nothing.

    Examples
    --------
    >>> [round(number, 2) for number in gain_limit_mw_per_hz(GridModel.preset("island"), 3.0)]
    [99.88, 0.15]
    """

    def turned(oscillation_hz: float) -> complex:
        late = np.exp(-2j * pi * oscillation_hz * latency_s)
        return complex(transfer_hz_per_mw(grid, np.array([oscillation_hz]))[0] * late)

    steps_hz = np.geomspace(_LOWEST_HZ, _HIGHEST_HZ, _POINTS)
    loop = transfer_hz_per_mw(grid, steps_hz) * np.exp(-2j * pi * steps_hz * latency_s)
    limit = (float("inf"), float("nan"))
    for place in np.flatnonzero(np.diff(np.sign(loop.imag)) != 0.0).tolist():
        if loop.real[place] > 0.0 or loop.real[place + 1] > 0.0:
            swing_hz = float(brentq(lambda hz: turned(hz).imag, steps_hz[place], steps_hz[place + 1]))
            gain = turned(swing_hz).real
            if gain > 0.0 and 1.0 / gain < limit[0]:
                limit = (1.0 / gain, swing_hz)
    return limit
