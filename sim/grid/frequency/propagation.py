"""Exact states of a grid at the breakpoints of a piecewise-linear load.

On a straight piece of load each mode is known in closed form; what is left is the recursion
``y[k+1] = decay[k] y[k] + forcing[k]`` along the pieces. On a uniform grid it is a filter with constant
coefficients; elsewhere it is computed for many rows of pieces side by side, then the rows are joined.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from sim.grid.frequency.state_space import AnyArray, Mode, System
from sim.units import FloatArray

BLOCK: Final = 1 << 15
"""Pieces worked on at a time: keeps memory small whatever the run's length."""
EVEN: Final = 1e-9
"""A grid is uniform if no step is farther off the mean than this fraction, or than rounding of its times."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Consecutive straight pieces of load with the modes at the start of each."""

    system: System
    start_s: FloatArray
    """Start of each piece [s], shape (m,)."""
    length_s: FloatArray
    """Length of each piece [s], 0 at a jump, shape (m,)."""
    load_mw: FloatArray
    """Load at the start less the load at first [MW], shape (m,)."""
    slope_mw_per_s: FloatArray
    """Its slope [MW/s], shape (m,)."""
    values: list[AnyArray]
    """Each mode at the start of each piece, and at the end of the last, shape (m + 1,)."""
    edge_hz: float = 0.0
    """Edge of the deadband that frequency is beyond [Hz]; 0 within."""

    def deviation_hz(self) -> FloatArray:
        """Return the deviation at the start of each piece and at the end of the last [Hz], shape (m + 1,)."""
        return deviation_hz(self.system, self.values)

    def some(self, chosen: slice | AnyArray, values: list[AnyArray]) -> "Pieces":
        """Return some of these pieces, with the modes at the start of each and at the end of the last."""
        start_s, length_s = self.start_s[chosen], self.length_s[chosen]
        load_mw, slope = self.load_mw[chosen], self.slope_mw_per_s[chosen]
        return Pieces(self.system, start_s, length_s, load_mw, slope, values, self.edge_hz)

    def part(self, chosen: slice) -> "Pieces":
        """Return consecutive pieces of these, from a first up to one that is left out."""
        return self.some(chosen, [value[chosen.start : chosen.stop + 1] for value in self.values])

    def only(self, chosen: AnyArray) -> "Pieces":
        """Return some pieces, not all consecutive.

        After each run of them stands a piece of no length, which leads from the modes at the end of that run
        to those at the start of the next.
        """
        last = np.flatnonzero(chosen[:-1] & ~chosen[1:]) + 1
        kept = chosen.copy()
        kept[last] = True
        places = np.flatnonzero(kept)
        found = self.some(places, [np.append(value[places], value[places[-1:] + 1]) for value in self.values])
        return replace(found, length_s=np.where(chosen[places], found.length_s, 0.0))

    def followed_by(self, later: "Pieces") -> "Pieces":
        """Return these pieces and those that follow them, in the same region of the deadband."""
        return Pieces(
            self.system,
            np.concatenate([self.start_s, later.start_s]),
            np.concatenate([self.length_s, later.length_s]),
            np.concatenate([self.load_mw, later.load_mw]),
            np.concatenate([self.slope_mw_per_s, later.slope_mw_per_s]),
            [np.concatenate([one[:-1], other]) for one, other in zip(self.values, later.values, strict=True)],
            self.edge_hz,
        )

    def forcing(self, mode: Mode) -> tuple[AnyArray, AnyArray]:
        """Return what drives a mode at the start of each piece [1/s], and how fast that changes [1/s^2]."""
        return mode.load * self.load_mw + mode.offset * self.edge_hz, mode.load * self.slope_mw_per_s

    def values_at(self, number: int, after_s: float) -> list[AnyArray]:
        """Return the modes some time after the start of a piece [s]."""
        values = []
        for mode, track in zip(self.system.modes, self.values, strict=True):
            decay, held, ramped = (array[0] for array in mode.advance(np.array([after_s])))
            driven, changing = (array[number] for array in self.forcing(mode))
            values.append(decay * track[number] + held * driven + ramped * changing)
        return values

    def curve(self, number: int, after_s: float) -> tuple[float, float, float]:
        """Return deviation [Hz], slope [Hz/s] and its slope [Hz/s^2] some time into a piece [s]."""
        hz = slope = bend = 0.0
        for mode, value in zip(self.system.modes, self.values_at(number, after_s), strict=True):
            driven, changing = (array[number] for array in self.forcing(mode))
            rate = mode.rate_per_s * value + driven + changing * after_s
            hz += float(np.real(mode.output * value))
            slope += float(np.real(mode.output * rate))
            bend += float(np.real(mode.output * (mode.rate_per_s * rate + changing)))
        return hz, slope, bend

    def end(self) -> list[complex]:
        """Return the modes at the end of the last piece."""
        return [value[-1].item() for value in self.values]


@dataclass(frozen=True, slots=True)
class PiecewiseLoad:
    """Straight pieces of load: what drives the grid."""

    time_s: FloatArray
    """Times of the points [s], shape (n,)."""
    load_mw: FloatArray
    """Load at each point [MW], shape (n,)."""

    def __len__(self) -> int:
        """Return the number of pieces."""
        return self.time_s.size - 1

    def block(self, first: int, last: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return start [s], length [s], load less its first value [MW] and slope [MW/s] of pieces."""
        times_s = self.time_s[first : last + 1]
        loads_mw = self.load_mw[first : last + 1] - self.load_mw[0]
        length_s = np.diff(times_s)
        slope = np.zeros(length_s.size)
        np.divide(np.diff(loads_mw), length_s, out=slope, where=length_s > 0.0)
        return times_s[:-1], length_s, loads_mw[:-1], slope


def deviation_hz(system: System, values: list[AnyArray]) -> FloatArray:
    """Return the deviation that given values of the modes make together [Hz], in their shape."""
    total: FloatArray = np.zeros(np.shape(values[0]))
    for mode, value in zip(system.modes, values, strict=True):
        total += np.real(mode.output * value)
    return total


def pieces_of(system: System, lines: PiecewiseLoad) -> Iterator[Pieces]:
    """Iterate over pieces of load with the modes at the start of each, block by block.

    Parameters
    ----------
    system
        The grid's modes.
    lines
        The load.

    Yields
    ------
    Pieces
        At most `BLOCK` of them at a time, in order.
    """
    now = system.at_rest()
    step_s = even_step_s(lines.time_s)
    even_modes = [] if step_s is None else [EvenMode(mode, step_s) for mode in system.modes]
    for begin in range(0, len(lines), BLOCK):
        start_s, length_s, load_mw, slope = lines.block(begin, begin + BLOCK)
        values = []
        for position, mode in enumerate(system.modes):
            if even_modes:
                loads_mw = lines.load_mw[begin : begin + BLOCK + 1] - lines.load_mw[0]
                track = even_modes[position].along(loads_mw, now[position])
            else:
                track = along(mode, (length_s, load_mw, slope), now[position])
            values.append(track)
            now[position] = track[-1].item()
        yield Pieces(system, start_s, length_s, load_mw, slope, values)


def along(
    mode: Mode, pieces: tuple[FloatArray, FloatArray, FloatArray], start: complex, edge_hz: float = 0.0
) -> AnyArray:
    """Return one mode at both ends of pieces.

    Parameters
    ----------
    mode
        The mode.
    pieces
        Length [s], load at the start [MW] and slope of the load [MW/s], each of shape (m,).
    start
        The mode at the start of the first.
    edge_hz
        Edge of the deadband that frequency is beyond [Hz].

    Returns
    -------
    array
        Shape (m + 1,), complex where the mode rings.
    """
    length_s, load_mw, slope = pieces
    decay, held, ramped = mode.advance(length_s)
    return scan(decay, held * (mode.load * load_mw + mode.offset * edge_hz) + ramped * (mode.load * slope), start)


def scan(decay: AnyArray, forcing: AnyArray, start: complex) -> AnyArray:
    """Return ``y[0] = start, y[k+1] = decay[k] y[k] + forcing[k]``.

    Parameters
    ----------
    decay, forcing
        Coefficients, shape (m,); decay is at most 1 in size.
    start
        First value.

    Returns
    -------
    array
        All values, shape (m + 1,).

    Notes
    -----
    The recursion is run for all rows of a square side by side, each from 0, together with the product of the
    decays; then each row gets its start, which is the end of the row before.

    Examples
    --------
    >>> scan(np.array([0.5, 0.5]), np.array([1.0, 0.0]), 2.0).tolist()
    [2.0, 2.0, 1.0]
    """
    count = decay.size
    width = max(1, int(np.sqrt(count)))
    rows = -(-count // width)
    passed = _columns(decay, rows, width, 1.0)
    driven = _columns(forcing, rows, width, 0.0)
    for step in range(1, width):
        driven[step] += passed[step] * driven[step - 1]
        passed[step] *= passed[step - 1]
    begin = np.empty(rows, dtype=driven.dtype)
    now = start
    for row, (factor, addend) in enumerate(zip(passed[-1].tolist(), driven[-1].tolist(), strict=True)):
        begin[row] = now
        now = factor * now + addend
    driven += passed * begin
    return np.concatenate([np.array([start], dtype=driven.dtype), driven.T.ravel()[:count]])


def _columns(array: AnyArray, rows: int, width: int, padding: float) -> AnyArray:
    """Return a copy of an array, cut into rows that stand as columns, shape (width, rows)."""
    square = np.full(rows * width, padding, dtype=array.dtype)
    square[: array.size] = array
    return np.ascontiguousarray(square.reshape(rows, width).T)


def even_step_s(time_s: FloatArray) -> float | None:
    """Return the step of a uniform grid of times [s]; None where it is none."""
    step_s = float(time_s[-1] - time_s[0]) / max(1, time_s.size - 1)
    slack_s = EVEN * step_s + 4.0 * np.spacing(max(abs(time_s[0]), abs(time_s[-1])))
    for first in range(0, time_s.size - 1, BLOCK):
        steps_s = np.diff(time_s[first : first + BLOCK + 1])
        if np.abs(steps_s - step_s).max() > slack_s:
            return None
    return step_s if step_s > 0.0 else None


class EvenMode:
    r"""One mode along a uniform grid: the same as `along`, with the same coefficients for all pieces.

    Notes
    -----
    :math:`y_{k+1} = d\,y_k + a\,u_k + b\,u_{k+1}` is a filter of first order. Modes are filtered in parallel
    rather than in cascade: poles next to 1, as a slow AGC on a fine grid has them, cost no digits.
    """

    def __init__(self, mode: Mode, step_s: float) -> None:
        decay, held, ramped = (array.item() for array in mode.advance(np.array([step_s])))
        self._decay = decay
        self._later = mode.load * ramped / step_s
        self._now = mode.load * held - self._later

    def along(self, loads_mw: FloatArray, start: complex) -> AnyArray:
        """Return the mode at points with given loads [MW], from its value at the first on; in their shape."""
        from scipy.signal import lfilter  # noqa: PLC0415  # slow to import, and only runs with a grid need it

        forcing = self._now * loads_mw[:-1] + self._later * loads_mw[1:]
        track, _ = lfilter([1.0], [1.0, -self._decay], forcing, zi=np.array([self._decay * start]))
        return np.concatenate([np.array([start], dtype=track.dtype), track])
