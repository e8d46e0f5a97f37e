"""The step response of one governor with reheat in closed form (Anderson and Mirheydar 1990)."""

from dataclasses import dataclass
from math import atan2, hypot, pi, sqrt
from typing import Self

import numpy as np

from sim.grid.frequency.model import GridModel
from sim.signals import FloatArray


@dataclass(frozen=True, slots=True)
class StepResponse:
    r"""Frequency after a step of load of a grid with one governor, without servo, AGC and deadband.

    Notes
    -----
    With :math:`H = E`, :math:`R = 1/(K f_0)`, :math:`D' = D f_0` (per unit of 1 MW):

    .. math::

        \omega_n^2 = \frac{D'R + 1}{2HRT_R}, \quad
        \zeta = \omega_n \frac{2HR + (D'R + F) T_R}{2 (D'R + 1)}, \quad
        \omega_r = \omega_n \sqrt{1 - \zeta^2}

        \Delta f(t) = \Delta f_{ss} \left[1 + \alpha e^{-\zeta \omega_n t} \sin(\omega_r t + \phi)\right],
        \quad \Delta f_{ss} = \frac{-\Delta P}{D + K}

    P. M. Anderson and M. Mirheydar, IEEE Trans. Power Syst. 5 (1990), doi:10.1109/59.65898. Valid for
    :math:`\zeta < 1`; a servo of 0.5 s can make the nadir 17 % deeper, so use `response` where there is one.

    Examples
    --------
    >>> from sim.grid.frequency.model import Governor
    >>> grid = GridModel(22_815.0, 0.0, (Governor(1200.0, 0.0, 0.3, 7.0),))
    >>> step = StepResponse.of(grid, 200.0)
    >>> round(step.nadir_hz, 6), round(step.nadir_time_s, 4)
    (-0.341668, 3.1607)
    """

    steady_state_hz: float
    """Deviation in the end [Hz]."""
    natural_per_s: float
    """Undamped natural frequency [rad/s]."""
    damping_ratio: float
    """Damping ratio, below 1."""
    reheat_s: float
    """Time constant of the reheater [s]."""

    @classmethod
    def of(cls, grid: GridModel, step_mw: float) -> Self:
        """Return the response of a grid to a step of load [MW].

        Raises
        ------
        ValueError
            Where the grid has more than the closed form holds, or is not underdamped.
        """
        if len(grid.governors) != 1 or not grid.governors[0].reheats:
            raise ValueError("the closed form takes one governor with a reheater")
        governor = grid.governors[0]
        if governor.servo_s or grid.agc_gain or grid.deadband_hz:
            raise ValueError("the closed form takes servo_s, agc_gain and deadband_hz of 0")
        droop = 1.0 / (governor.gain_mw_per_hz * grid.nominal_hz)
        held = grid.damping_mw_per_hz * grid.nominal_hz * droop + 1.0
        inertia = 2.0 * grid.kinetic_mws * droop
        natural = sqrt(held / (inertia * governor.reheat_s))
        fast = held - 1.0 + governor.hp_fraction
        ratio = natural * (inertia + fast * governor.reheat_s) / (2.0 * held)
        if ratio >= 1.0:
            raise ValueError(f"the closed form takes a damping ratio below 1, got {ratio:g}")
        return cls(grid.steady_state_hz(step_mw), natural, ratio, governor.reheat_s)

    @property
    def ringing_per_s(self) -> float:
        """Damped frequency of the response [rad/s]."""
        return self.natural_per_s * sqrt(1.0 - self.damping_ratio**2)

    @property
    def decay_per_s(self) -> float:
        """Rate at which it dies out [1/s]."""
        return self.damping_ratio * self.natural_per_s

    def deviation_hz(self, time_s: FloatArray) -> FloatArray:
        """Return the deviation at times after the step [Hz], in the shape of `time_s`."""
        ratio, ringing, reheat_s = self.damping_ratio, self.ringing_per_s, self.reheat_s
        root = sqrt(1.0 - ratio**2)
        lead = 1.0 - reheat_s * self.decay_per_s
        alpha = hypot(lead, ringing * reheat_s) / root
        phase = atan2(ringing * reheat_s, lead) - atan2(root, -ratio)
        swing = alpha * np.exp(-self.decay_per_s * time_s) * np.sin(ringing * time_s + phase)
        return np.asarray(self.steady_state_hz * (1.0 + swing))

    @property
    def nadir_time_s(self) -> float:
        """Time of the first extreme after the step [s]."""
        angle = atan2(self.ringing_per_s * self.reheat_s, self.decay_per_s * self.reheat_s - 1.0)
        return (angle % (2.0 * pi)) / self.ringing_per_s

    @property
    def nadir_hz(self) -> float:
        """Deviation at the first extreme: the nadir of a step up, the zenith of a step down [Hz]."""
        return float(self.deviation_hz(np.array(self.nadir_time_s)))
