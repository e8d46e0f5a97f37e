"""Means of the frequency curve on a uniform grid, in closed form from the modes at its points."""

from typing import Final, Self

import numpy as np

from sim.grid.frequency.model import GridModel
from sim.grid.frequency.propagation import EVEN, Pieces, even_step_s
from sim.grid.frequency.state_space import System, system_of
from sim.signals import FloatArray
from sim.units import SECONDS_PER_MINUTE

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
MOST_PANELS: Final = 10_000
"""Panels up to which the integrals are worked out."""
MOST_CONDITION: Final = 1e4
"""Condition of the modes up to which squares are summed in them: they lose rounding times its square."""


class EvenMoments:
    r"""Integral and integral of the square of the deviation along pieces of one length.

    Parameters
    ----------
    system
        The grid's modes.
    step_s
        Length of each piece [s].

    Notes
    -----
    Some time x after the start of a piece the deviation is a sum of what there is at its start (the modes
    :math:`y_j`, the load u and its slope), each times a function of x that is the same for all pieces. With
    these as vectors z and g(x),

    .. math::

        \int_0^h f = z \cdot \int_0^h g, \qquad \int_0^h f^2 = z^T \left(\int_0^h g g^T\right) z,

    so that two integrals, worked out once, serve all pieces. They are taken by Gauss's rule of eight points
    on panels within which no mode changes by more than a factor of e: exact to rounding.
    """

    def __init__(self, system: System, step_s: float) -> None:
        self._system = system
        self.steps_a_minute = round(SECONDS_PER_MINUTE / step_s)
        panels = _panels(system, step_s)
        width_s = step_s / panels
        times_s = (width_s * (np.arange(panels)[:, np.newaxis] + 0.5 * (_NODES + 1.0))).ravel()
        weights_s = np.tile(0.5 * width_s * _WEIGHTS, panels)
        functions = self._functions(times_s)
        self._integrals = functions @ weights_s
        self._squares = (functions * weights_s) @ functions.T

    @classmethod
    def along(cls, time_s: FloatArray, model: GridModel) -> Self | None:
        """Return the moments along points at these times [s].

        None where they serve no purpose: with a deadband, on a grid that is not uniform or not in step with
        minutes, or so coarse that its panels would be many; or where modes all but coincide.
        """
        step_s = even_step_s(time_s)
        if model.deadband_hz > 0.0 or step_s is None:
            return None
        steps, system = SECONDS_PER_MINUTE / step_s, system_of(model)
        in_step = round(steps) >= 1 and abs(steps - round(steps)) <= EVEN * steps
        apart = system.condition <= MOST_CONDITION
        return cls(system, step_s) if in_step and apart and _panels(system, step_s) <= MOST_PANELS else None

    def _functions(self, times_s: FloatArray) -> FloatArray:
        """Return what each number at the start of a piece makes of the deviation later, shape (n, times)."""
        rows, held_up, ramped_up = [], np.zeros(times_s.size), np.zeros(times_s.size)
        for mode in self._system.modes:
            decay, held, ramped = mode.advance(times_s)
            rows.append(np.real(mode.output * decay))
            if isinstance(mode.rate_per_s, complex):
                rows.append(-np.imag(mode.output * decay))
            held_up += np.real(mode.output * mode.load * held)
            ramped_up += np.real(mode.output * mode.load * ramped)
        return np.stack([*rows, held_up, ramped_up])

    def of(self, pieces: Pieces) -> tuple[FloatArray, float]:
        """Return the integral along each piece [Hz s], and that of the square along all [Hz^2 s]."""
        rows = []
        for mode, value in zip(self._system.modes, pieces.values, strict=True):
            rows.append(np.real(value[:-1]))
            if isinstance(mode.rate_per_s, complex):
                rows.append(np.imag(value[:-1]))
        numbers = np.stack([*rows, pieces.load_mw, pieces.slope_mw_per_s])
        # einsum, not a product of matrices: threads for one so narrow would only wait for each other
        products = np.einsum("ik,jk->ij", numbers, numbers)
        return np.einsum("i,ik->k", self._integrals, numbers), float(np.sum(self._squares * products))


def _panels(system: System, step_s: float) -> int:
    """Return how many panels a step is cut into."""
    return int(np.ceil(step_s * max(abs(mode.rate_per_s) for mode in system.modes))) + 1
