"""Frequency between the breakpoints of load: cubics through exact values and slopes, with a stated error."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Final, Self

import numpy as np

from sim.grid.frequency.propagation import Pieces
from sim.grid.frequency.state_space import AnyArray, Mode
from sim.units import FloatArray

ERROR_HZ: Final = 1e-7
"""A cubic misses the exact curve by no more [Hz]."""
NODES: Final = 1 << 19
"""Cubics worked on at a time."""
_NEWTON_STEPS: Final = 4
_SLOPE_SHARE: Final = 4.0 / 27.0 + 1e-9
"""Largest of x (1 - x)^2 from 0 to 1, and a little for rounding."""
_HERMITE: Final = 384.0
"""A cubic through values and slopes misses by at most h^4/384 times the fourth derivative."""
_MISS: Final = 384.0 * 3.0**0.5 / 216.0
"""Its slope misses by at most sqrt(3)/216 h^3 times that: so many times the first, over h."""


@dataclass(frozen=True)
class Cubics:
    """Consecutive cubics, each given by value and slope at its ends; arrays of shape (m,)."""

    start_s: FloatArray
    """Start of each [s]."""
    length_s: FloatArray
    """Length of each [s], above 0."""
    start_hz: FloatArray
    """Deviation at the start [Hz]."""
    end_hz: FloatArray
    """Deviation at the end [Hz]."""
    start_slope: FloatArray
    """Slope at the start, from the right [Hz/s]."""
    end_slope: FloatArray
    """Slope at the end, from the left [Hz/s]."""

    def __len__(self) -> int:
        """Return the number of cubics."""
        return self.start_s.size

    def __getitem__(self, chosen: AnyArray) -> Self:
        """Return some of them."""
        return type(self)(*(getattr(self, item.name)[chosen] for item in fields(self)))

    @property
    def end_s(self) -> FloatArray:
        """End of each [s]."""
        return self.start_s + self.length_s

    @cached_property
    def coefficients(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The a, b, c of ``start_hz + a x + b x^2 + c x^3`` with x from 0 to 1 along the cubic [Hz]."""
        rise = self.end_hz - self.start_hz
        first, last = self.start_slope * self.length_s, self.end_slope * self.length_s
        return first, 3.0 * rise - 2.0 * first - last, first + last - 2.0 * rise

    def at(self, share: FloatArray) -> FloatArray:
        """Return the deviation at a share of the way along each cubic [Hz]."""
        a, b, c = self.coefficients
        return np.asarray(self.start_hz + share * (a + share * (b + share * c)))

    def slope_at(self, share: FloatArray) -> FloatArray:
        """Return the slope at a share of the way along each cubic [Hz/s]."""
        a, b, c = self.coefficients
        return np.asarray((a + share * (2.0 * b + share * 3.0 * c)) / self.length_s)

    def integral(self, share: FloatArray | float = 1.0) -> FloatArray:
        """Return the integral from the start up to a share of the way along each cubic [Hz s]."""
        a, b, c = self.coefficients
        inner = self.start_hz + share * (a / 2.0 + share * (b / 3.0 + share * c / 4.0))
        return np.asarray(self.length_s * share * inner)

    def highest_hz(self, sign: float) -> FloatArray:
        """Return a bound of ``sign`` times the deviation along each cubic [Hz].

        Of a cubic's parts those of its ends' values mix between them, and that of a slope comes to 4/27 of
        it times the length at the most.
        """
        highest = np.maximum(sign * self.start_hz, sign * self.end_hz)
        slopes = np.abs(self.start_slope) + np.abs(self.end_slope)
        return np.asarray(highest + _SLOPE_SHARE * self.length_s * slopes)

    def turning(self) -> tuple[AnyArray, FloatArray]:
        """Return the numbers of the cubics that turn inside, and the share of the way where they do."""
        index = np.flatnonzero(self.start_slope * self.end_slope < 0.0)
        a, b, c = self[index].coefficients
        # with the sign that makes it a minimum; of the quadratic's two roots the one between 0 and 1
        sign = -np.sign(a)
        a, b, c = sign * a, sign * b, sign * c
        root = np.sqrt(np.maximum(b * b - 3.0 * a * c, 0.0))
        share = np.where(b > 0.0, -a / np.where(b > 0.0, b + root, 1.0), (root - b) / np.where(c == 0.0, 1.0, 3.0 * c))
        return index, np.clip(share, 0.0, 1.0)

    def monotone(self) -> tuple[Self, FloatArray, FloatArray]:
        """Return cubics, cut where they turn, as cubics with the shares between which each counts."""
        index, share = self.turning()
        first = np.concatenate([np.zeros(len(self)), share])
        last = np.ones(first.size)
        last[index] = share
        return self[np.concatenate([np.arange(len(self)), index])], first, last


def joined(parts: Iterable[Cubics]) -> Cubics:
    """Return several runs of cubics as one."""
    parts = list(parts)
    return Cubics(*(np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(Cubics)))


def cubics_of(pieces: Pieces) -> Iterator[Cubics]:
    """Iterate over cubics along pieces of load, block by block.

    Parameters
    ----------
    pieces
        Pieces with the modes at their ends.

    Yields
    ------
    Cubics
        In order of time; they miss the exact curve by at most `ERROR_HZ`. Pieces of no length have none.

    Notes
    -----
    After a breakpoint the fourth derivative of each mode dies out at the mode's own rate, so cubics may be
    the longer, the longer ago that was. One series of offsets serves all pieces of a block.
    """
    offsets_s = _offsets_s(pieces)
    counts = np.searchsorted(offsets_s, pieces.length_s, side="left")  # offsets below the length; none for 0
    groups = np.cumsum(counts) // NODES
    borders = np.flatnonzero(np.diff(groups, prepend=-1))
    for first, last in zip(borders, [*borders[1:], counts.size], strict=True):
        if counts[first:last].any():
            yield _cubics(pieces, offsets_s, slice(first, last), counts[first:last])


def whole_cubics(pieces: Pieces) -> tuple[Cubics, FloatArray]:
    """Return one cubic along each piece of load, and by how much it may miss the exact curve.

    Parameters
    ----------
    pieces
        Pieces with the modes at their ends.

    Returns
    -------
    tuple of Cubics and FloatArray
        The cubics, and the most by which each misses [Hz], both of shape (m,). They tell which pieces need a
        closer look.
    """
    modes, hz = pieces.system.modes, pieces.deviation_hz()
    slope, fourth = np.zeros(hz.size), np.zeros(pieces.length_s.size)
    for mode, value in zip(modes, pieces.values, strict=True):
        slope += np.real(mode.output * mode.rate_per_s * value)
        fourth += np.abs(_fourth(pieces, mode, value))
    per_mw = sum(float(np.real(mode.output * mode.load)) for mode in modes)
    slope += sum(float(np.real(mode.output * mode.offset)) for mode in modes) * pieces.edge_hz
    first = slope[:-1] + per_mw * pieces.load_mw
    last = slope[1:] + per_mw * (pieces.load_mw + pieces.slope_mw_per_s * pieces.length_s)
    cubics = Cubics(pieces.start_s, pieces.length_s, hz[:-1], hz[1:], first, last)
    return cubics, fourth * pieces.length_s**4 / _HERMITE


def steepest_slope(cubics: Cubics, miss_hz: FloatArray | float = 0.0) -> FloatArray:
    """Return a bound of the slope of the curve along each cubic that misses it by so much, no sign [Hz/s]."""
    a, b, c = cubics.coefficients
    steepest = np.maximum(np.abs(cubics.start_slope), np.abs(cubics.end_slope))
    vertex = np.divide(-b, 3.0 * c, out=np.zeros_like(b), where=np.abs(c) > 0.0)
    # a jump takes no time, and its cubic has no slope but for rounding
    inside = np.flatnonzero((vertex > 0.0) & (vertex < 1.0) & (cubics.length_s > 0.0))
    at_vertex = np.abs(a[inside] + vertex[inside] * b[inside]) / cubics.length_s[inside]
    steepest[inside] = np.maximum(steepest[inside], at_vertex)
    miss = np.divide(_MISS * miss_hz, cubics.length_s, out=np.zeros_like(b), where=cubics.length_s > 0.0)
    return np.asarray(steepest + miss)


def turning_point(pieces: Pieces, near_s: float, sign: float) -> tuple[float, float]:
    """Return the deviation where the exact curve turns next to a time, and when [Hz, s].

    Parameters
    ----------
    pieces
        Pieces with the modes at their ends.
    near_s
        Where a cubic has its extreme [s].
    sign
        1 for a maximum, -1 for a minimum.

    Returns
    -------
    tuple of float
        Deviation and time by Newton's method on the slope; those at `near_s` itself where that leads to
        nothing more extreme, as from a kink.
    """
    number = int(np.searchsorted(pieces.start_s, near_s, side="right")) - 1
    after_s, length_s = near_s - pieces.start_s[number], pieces.length_s[number]
    first_hz = pieces.curve(number, after_s)[0]
    found_s = after_s
    for _ in range(_NEWTON_STEPS):
        _, slope, bend = pieces.curve(number, found_s)
        found_s = min(max(found_s - slope / bend, 0.0), length_s) if bend else found_s
    found_hz = pieces.curve(number, found_s)[0]
    if 0.0 < sign * (found_hz - first_hz) <= ERROR_HZ:
        return found_hz, float(pieces.start_s[number] + found_s)
    return first_hz, near_s


def _offsets_s(pieces: Pieces) -> FloatArray:
    """Return times after a breakpoint [s] between which a cubic is good enough for every piece."""
    modes = pieces.system.modes
    largest = np.empty(len(modes))
    for position, (mode, value) in enumerate(zip(modes, pieces.values, strict=True)):
        largest[position] = np.abs(_fourth(pieces, mode, value)).max()
    decay_per_s = np.array([-np.real(mode.rate_per_s) for mode in modes])
    longest_s = float(pieces.length_s.max())
    offsets_s = [0.0]
    while offsets_s[-1] < longest_s:
        largest_now = float(np.sum(largest * np.exp(-decay_per_s * offsets_s[-1])))
        if largest_now * (longest_s - offsets_s[-1]) ** 4 <= _HERMITE * ERROR_HZ:
            break
        offsets_s.append(offsets_s[-1] + float(_HERMITE * ERROR_HZ / largest_now) ** 0.25)
    return np.array(offsets_s)


def _fourth(pieces: Pieces, mode: Mode, value: AnyArray) -> AnyArray:
    """Return a mode's share in the fourth derivative at the start of pieces [Hz/s^4]; it only dies out."""
    driven, changing = pieces.forcing(mode)
    rate = mode.rate_per_s
    return np.asarray(mode.output * rate**2 * (rate * (rate * value[:-1] + driven) + changing))


def _cubics(pieces: Pieces, offsets_s: FloatArray, chosen: slice, counts: AnyArray) -> Cubics:
    """Return the cubics of some pieces, of which each has a count of offsets inside."""
    piece = np.repeat(np.arange(counts.size), counts)
    ends = np.cumsum(counts)
    offset = np.arange(piece.size) - np.repeat(ends - counts, counts)
    last = ends[counts > 0] - 1
    length_s = pieces.length_s[chosen]
    hz, slope = _curve(pieces, offsets_s, chosen, piece, offset)
    final_hz, final_slope = _ends(pieces, chosen)
    start_s = offsets_s[offset]
    stop_s = np.append(start_s[1:], 0.0)
    end_hz, end_slope = np.append(hz[1:], 0.0), np.append(slope[1:], 0.0)
    there = counts > 0
    stop_s[last], end_hz[last], end_slope[last] = length_s[there], final_hz[there], final_slope[there]
    return Cubics(pieces.start_s[chosen][piece] + start_s, stop_s - start_s, hz, end_hz, slope, end_slope)


def _curve(
    pieces: Pieces, offsets_s: FloatArray, chosen: slice, piece: AnyArray, offset: AnyArray
) -> tuple[FloatArray, FloatArray]:
    """Return deviation [Hz] and slope [Hz/s] at offsets into pieces, both given by their numbers."""
    hz, slope = np.zeros(piece.size), np.zeros(piece.size)
    for mode, value in zip(pieces.system.modes, pieces.values, strict=True):
        if not mode.output:
            continue
        decay, held, ramped = (array[offset] for array in mode.advance(offsets_s))
        driven, changing = (array[chosen][piece] for array in pieces.forcing(mode))
        now = decay * value[:-1][chosen][piece] + held * driven + ramped * changing
        hz += np.real(mode.output * now)
        slope += np.real(mode.output * (mode.rate_per_s * now + driven + changing * offsets_s[offset]))
    return hz, slope


def _ends(pieces: Pieces, chosen: slice) -> tuple[FloatArray, FloatArray]:
    """Return deviation [Hz] and slope [Hz/s] at the end of pieces."""
    size = len(range(*chosen.indices(pieces.length_s.size)))
    hz, slope = np.zeros(size), np.zeros(size)
    for mode, value in zip(pieces.system.modes, pieces.values, strict=True):
        now = value[1:][chosen]
        driven, changing = (array[chosen] for array in pieces.forcing(mode))
        hz += np.real(mode.output * now)
        slope += np.real(mode.output * (mode.rate_per_s * now + driven + changing * pieces.length_s[chosen]))
    return hz, slope
