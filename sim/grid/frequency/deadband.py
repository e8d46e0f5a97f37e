"""Frequency with a governor deadband: three regions in each of which the grid is linear.

Below, within and above the deadband the curve is propagated exactly; where it passes an edge is found on the
exact curve. Many pieces are tried ahead in one region, and those from the passing on are done again.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from sim.grid.frequency.dense import cubics_of
from sim.grid.frequency.model import GridModel
from sim.grid.frequency.propagation import BLOCK, Pieces, PiecewiseLoad, along, pieces_of
from sim.grid.frequency.state_space import System, system_of
from sim.units import FloatArray

SLACK_HZ: Final = 1e-10
"""An edge counts as passed when it is passed by more [Hz]: rounding makes no passings."""
_FEWEST: Final = 4
_STEPS: Final = 60
_CLOSE_HZ: Final = 1e-12


class Resume(NamedTuple):
    """Where to go on: some pieces from the first, and from an offset into that [s]."""

    first: int
    pieces: int
    offset_s: float


class Passing(NamedTuple):
    """Where frequency leaves a region: in which piece, how long after its start [s], and to which region."""

    number: int
    after_s: float
    leads_to: int


class Exit(NamedTuple):
    """A way out of a region: where ``sign`` times the deviation is above a level."""

    sign: float
    level_hz: float
    leads_to: int


class Stretch(NamedTuple):
    """Pieces in one region of the deadband, and where they lie among the points of load."""

    pieces: Pieces
    first: int
    """Point at or before the start of the first piece."""
    starts_at_point: bool
    """Whether the first piece starts at that point."""
    ends_at_point: bool
    """Whether the last piece ends at a point."""

    def write(self, deviation_hz: FloatArray) -> None:
        """Write the deviation at the points that the pieces touch, into an array of all points [Hz]."""
        skipped = not self.starts_at_point
        hz = self.pieces.deviation_hz()[skipped:]
        hz = hz if self.ends_at_point else hz[:-1]
        begin = self.first + skipped
        deviation_hz[begin : begin + hz.size] = hz


def stretches_of(grid: GridModel, lines: PiecewiseLoad) -> Iterator[Stretch]:
    """Iterate over pieces of load, cut where frequency passes an edge of the deadband, if there is one.

    Parameters
    ----------
    grid
        The grid.
    lines
        The load.

    Yields
    ------
    Stretch
        In order of time, at most a block in one region each.
    """
    if grid.deadband_hz == 0.0:
        point = 0
        for pieces in pieces_of(system_of(grid), lines):
            yield Stretch(pieces, point, starts_at_point=True, ends_at_point=True)
            point += pieces.start_s.size
        return
    systems = {0: system_of(grid, responding=False), 1: system_of(grid)}
    region, values = 0, systems[0].at_rest()
    first, offset_s, ahead = 0, 0.0, 64
    while first < len(lines):
        count = 1 if offset_s else min(ahead, len(lines) - first)
        system = systems[abs(region)]
        pieces = _run(system, lines, Resume(first, count, offset_s), values, region * grid.deadband_hz)
        passing = _passing(pieces, region, grid.deadband_hz)
        if passing is None:
            yield Stretch(pieces, first, offset_s == 0.0, ends_at_point=True)
            first, offset_s, ahead, values = first + count, 0.0, min(2 * ahead, BLOCK), pieces.end()
            continue
        pieces = _cut(pieces, passing.number, passing.after_s)
        last = first + passing.number
        until_s = passing.after_s + (0.0 if passing.number else offset_s)
        at_point = until_s >= lines.time_s[last + 1] - lines.time_s[last]
        yield Stretch(pieces, first, offset_s == 0.0, at_point)
        first, offset_s = (last + 1, 0.0) if at_point else (last, until_s)
        ahead = max(_FEWEST, 2 * passing.number)
        region = passing.leads_to
        values = systems[abs(region)].values(system.state(pieces.end()))


def _run(system: System, lines: PiecewiseLoad, place: Resume, values: list[complex], edge_hz: float) -> Pieces:
    """Return pieces in one region, the first from an offset on."""
    start_s, length_s, load_mw, slope = lines.block(place.first, place.first + place.pieces)
    offset_s = place.offset_s
    if offset_s:
        start_s, length_s, load_mw = start_s + offset_s, length_s - offset_s, load_mw + slope * offset_s
    tracks = [
        along(mode, (length_s, load_mw, slope), value, edge_hz)
        for mode, value in zip(system.modes, values, strict=True)
    ]
    return Pieces(system, start_s, length_s, load_mw, slope, tracks, edge_hz)


def exits(region: int, deadband_hz: float) -> list[Exit]:
    """Return the ways out of a region."""
    if region == 0:
        return [Exit(1.0, deadband_hz + SLACK_HZ, 1), Exit(-1.0, deadband_hz + SLACK_HZ, -1)]
    return [Exit(-float(region), SLACK_HZ - deadband_hz, 0)]


def _passing(pieces: Pieces, region: int, deadband_hz: float) -> Passing | None:
    """Return where frequency first leaves a region; None where it does not."""
    for cubics in cubics_of(pieces):
        parts, first, last = cubics.monotone()
        hz, starts_s = parts.at(last), parts.start_s + first * parts.length_s
        found = []
        for exit_ in exits(region, deadband_hz):
            where = np.flatnonzero(exit_.sign * hz > exit_.level_hz)
            if where.size:
                found.append((int(where[np.argmin(starts_s[where])]), exit_))
        if found:
            part, exit_ = min(found, key=lambda item: float(starts_s[item[0]]))
            start_s = parts.start_s[part]
            number = int(np.searchsorted(pieces.start_s, start_s, side="right")) - 1
            shares = np.array([first[part], last[part]])
            ends_s = start_s - pieces.start_s[number] + parts.length_s[part] * shares
            return Passing(number, _moment_s(pieces, number, ends_s.tolist(), exit_), exit_.leads_to)
    return None


def _moment_s(pieces: Pieces, number: int, ends_s: list[float], exit_: Exit) -> float:
    """Return when the exact curve takes an exit, between two times after the start of a piece [s]."""
    low, high = ends_s
    for _ in range(_STEPS):
        # Newton's method wherever it stays inside, else by halves
        middle = 0.5 * (low + high)
        hz, slope, _ = pieces.curve(number, middle)
        low, high = (low, middle) if exit_.sign * hz > exit_.level_hz else (middle, high)
        guess = middle - (hz - exit_.sign * exit_.level_hz) / slope if slope else middle
        if low <= guess <= high:
            hz, slope, _ = pieces.curve(number, guess)
            if abs(hz - exit_.sign * exit_.level_hz) < _CLOSE_HZ:
                return guess
            low, high = (low, guess) if exit_.sign * hz > exit_.level_hz else (guess, high)
    return high


def _cut(pieces: Pieces, number: int, after_s: float) -> Pieces:
    """Return the pieces up to some time after the start of one of them [s]."""
    kept = slice(number + 1)
    length_s = pieces.length_s[kept].copy()
    length_s[-1] = after_s
    values = [
        np.append(track[kept], value)
        for track, value in zip(pieces.values, pieces.values_at(number, after_s), strict=True)
    ]
    return replace(pieces.some(kept, values), length_s=length_s)
