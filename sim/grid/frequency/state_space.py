"""The equations of a grid's frequency as a linear system, split into modes that are solved in closed form."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.grid.frequency.model import GridModel
from sim.units import FloatArray

AnyArray = NDArray[Any]
"""Array of floats, or of complex numbers for a mode that rings."""

WORST_CONDITION: Final = 1e6
"""Modes that coincide are told apart by moving the matrix by `NUDGE` of itself."""
NUDGE: Final = 1e-10
STABLE: Final = 1e-9
"""A mode may grow at no more than this rate [1/s]: rounding of a mode that stands still."""
SMALL: Final = 0.5
"""Below this size of its argument `phi_2` is a series of 16 terms: no cancellation."""


@dataclass(frozen=True, slots=True)
class Mode:
    """One mode: ``y' = rate y + load u + offset c``, and its share ``Re(output y)`` in the deviation."""

    rate_per_s: complex
    """Eigenvalue [1/s]; a plain float where the mode does not ring. Of a pair only one is kept."""
    load: complex
    """Effect of the load's deviation [1/(MW s)]."""
    offset: complex
    """Effect of the deadband's edge [1/s]."""
    output: complex
    """Share in the deviation [Hz]; a pair's counts for both."""
    into: AnyArray
    """Row that takes a state to the mode, shape (n,)."""
    out_of: AnyArray
    """Column that takes the mode to its share in the state, shape (n,)."""

    def advance(self, length_s: FloatArray) -> tuple[AnyArray, AnyArray, AnyArray]:
        """Return what state, input and slope of the input become over given times.

        Parameters
        ----------
        length_s
            Times [s], any shape, not below 0.

        Returns
        -------
        tuple of array
            ``e^{rate h}``, its integral over h [s], and the integral of that [s^2]. With them
            ``y(h) = decay y + held (load u + offset c) + ramped load u'`` is exact.
        """
        angle = self.rate_per_s * length_s
        return np.exp(angle), length_s * phi_1(angle), length_s**2 * phi_2(angle)


@dataclass(frozen=True, slots=True)
class System:
    """All modes of a grid: with its governors responding, or with them in their deadband."""

    modes: tuple[Mode, ...]
    order: int
    """Number of states n."""

    @property
    def condition(self) -> float:
        """How many times larger than a state its modes may be: a few, many where some all but coincide."""
        return max(float(np.linalg.norm(mode.into) * np.linalg.norm(mode.out_of)) for mode in self.modes)

    def at_rest(self) -> list[complex]:
        """Return the values of the modes of a grid at rest."""
        return [0.0 for _ in self.modes]

    def state(self, values: list[complex]) -> FloatArray:
        """Return the state of given values of the modes, shape (n,); first the deviation [Hz]."""
        state = np.zeros(self.order)
        for mode, value in zip(self.modes, values, strict=True):
            state += np.real(mode.out_of * value)
        return state

    def values(self, state: FloatArray) -> list[complex]:
        """Return the values of the modes in a state of shape (n,)."""
        return [_plain(np.dot(mode.into, state)) for mode in self.modes]


def phi_1(angle: AnyArray) -> AnyArray:
    """Return ``(e^x - 1) / x``, which is 1 at 0, without cancellation."""
    safe = np.where(angle == 0.0, 1.0, angle)
    return np.where(angle == 0.0, 1.0, np.expm1(safe) / safe)


def phi_2(angle: AnyArray) -> AnyArray:
    """Return ``(e^x - 1 - x) / x^2``, which is 1/2 at 0, without cancellation."""
    small = np.abs(angle) < SMALL
    safe = np.where(small, 1.0, angle)
    result = (phi_1(safe) - 1.0) / safe
    near = angle[small]
    series = np.zeros_like(near)
    for term in range(17, 1, -1):
        series = (1.0 + series) * near / (term + 1.0)  # Horner: 1/2 + x/6 + x^2/24 ...
    result[small] = 0.5 * (1.0 + series)
    return np.asarray(result)


def system_of(grid: GridModel, *, responding: bool = True) -> System:
    """Return the modes of a grid.

    Parameters
    ----------
    grid
        The grid.
    responding
        Whether frequency is outside the deadband, so that governors see it.

    Returns
    -------
    System
        Its modes; the state is deviation [Hz], then servos, reheaters and AGC, as far as there are any, in
        units of the governors' gain.

    Raises
    ------
    ValueError
        Where a mode grows: no model of a grid in operation.
    """
    matrix, load, offset = _matrices(grid, responding=responding)
    rates, columns = _eigen(matrix)
    if rates.real.max() > STABLE:
        where = "" if responding else "within its deadband "
        raise ValueError(
            f"the grid is unstable {where}(a mode grows at {rates.real.max():.3g} 1/s): gain_mw_per_hz or "
            "agc_gain is too high for kinetic_mws, damping_mw_per_hz and the time constants"
        )
    rows = np.linalg.inv(columns)
    modes = []
    for rate, column, row in zip(rates, columns.T, rows, strict=True):
        if rate.imag < 0.0:
            continue
        both = 2.0 if rate.imag > 0.0 else 1.0
        if rate.imag == 0.0:
            column, row = column.real, row.real  # noqa: PLW2901  # a mode that does not ring is real
        modes.append(
            Mode(_plain(rate), _plain(row @ load), _plain(row @ offset), _plain(both * column[0]), row, both * column)
        )
    return System(tuple(modes), len(load))


def _plain(number: complex) -> complex:
    """Return a Python number, a float where it is real: arrays made with it then stay real."""
    number = complex(number)
    return number if number.imag else number.real


def _eigen(matrix: FloatArray) -> tuple[AnyArray, AnyArray]:
    """Return eigenvalues and eigenvectors; where modes coincide, of a matrix next to it."""
    rates, columns = np.linalg.eig(matrix)
    if np.linalg.cond(columns) > WORST_CONDITION:
        pattern = np.cos(1.0 + np.arange(matrix.size, dtype=np.float64)).reshape(matrix.shape)
        rates, columns = np.linalg.eig(matrix * (1.0 + NUDGE * pattern))
    return rates.astype(np.complex128), columns.astype(np.complex128)


class _Layout:
    """Where each state stands: deviation, servos, reheaters, AGC; what has no lag has no state."""

    def __init__(self, grid: GridModel) -> None:
        self.servo = _numbered([governor.servo_s > 0.0 for governor in grid.governors], 1)
        first = 1 + sum(place is not None for place in self.servo)
        self.reheater = _numbered([governor.reheats for governor in grid.governors], first)
        first += sum(place is not None for place in self.reheater)
        self.agc = first if grid.agc_gain > 0.0 else None
        self.order = first + (self.agc is not None)


def _numbered(present: list[bool], first: int) -> list[int | None]:
    """Return consecutive numbers for what is present, None for the rest."""
    numbers: list[int | None] = []
    for there in present:
        numbers.append(first if there else None)
        first += there
    return numbers


def _matrices(grid: GridModel, *, responding: bool) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the matrix of the states, the effect of the load [1/MW], and that of the deadband's edge.

    Powers are counted in units of the governors' gain times 1 Hz, so that all states are of one size.
    """
    layout = _Layout(grid)
    order = layout.order
    matrix = np.zeros((order, order + 1))  # the last column: the edge of the deadband that was passed
    scale_mw = grid.gain_mw_per_hz or 1.0
    power = np.zeros(order + 1)
    for position, governor in enumerate(grid.governors):
        share = governor.gain_mw_per_hz / scale_mw
        command = _command(layout, share, responding=responding)
        servo, reheater = layout.servo[position], layout.reheater[position]
        opened = _lagged(matrix, command, servo, governor.servo_s)
        reheated = _lagged(matrix, opened, reheater, governor.reheat_s)
        fraction = governor.hp_fraction if reheater is not None else 1.0
        power += fraction * opened + (1.0 - fraction) * reheated
    inertia = grid.nominal_hz / (2.0 * grid.kinetic_mws)
    matrix[0] = inertia * scale_mw * power
    matrix[0, 0] -= inertia * grid.damping_mw_per_hz
    if layout.agc is not None:
        matrix[layout.agc, 0] = -grid.agc_gain / scale_mw
    load = np.zeros(order)
    load[0] = -inertia * (1.0 + grid.marginal_loss_factor)
    return matrix[:, :order], load, matrix[:, order]


def _command(layout: _Layout, share: float, *, responding: bool) -> FloatArray:
    """Return what a governor is told, as weights of the states and of the deadband's edge."""
    command = np.zeros(layout.order + 1)
    if responding:
        command[0], command[-1] = -share, share
    if layout.agc is not None:
        command[layout.agc] = share
    return command


def _lagged(matrix: FloatArray, source: FloatArray, place: int | None, lag_s: float) -> FloatArray:
    """Write the equation of a lag and return its output as weights; without a state it is its source."""
    if place is None:
        return source
    output = np.zeros_like(source)
    output[place] = 1.0
    matrix[place] = (source - output) / lag_s
    return output
