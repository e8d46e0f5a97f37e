"""What all fleets together can hash at a power: the upper edge of what their machines can do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sim.bitcoin import hashrate_ph_s
from sim.mining import AnyFleet
from sim.mining.cohort.spec import CohortFleet
from sim.signals import FloatArray
from sim.units import PETAHASH_IN_TERAHASHES


class Piece(NamedTuple):
    """A part of a fleet's power in which each megawatt hashes alike."""

    fleet: str
    """Name of the fleet."""
    width_mw: float
    """Its width [MW]."""
    ph_s_per_mw: float
    """What a megawatt of it hashes [PH/s/MW]."""


@dataclass(frozen=True)
class MiningCurve:
    """Most hash rate over power of all fleets: straight lines that get no steeper."""

    minimum_mw: float
    """Power that the fleets draw at the least [MW]."""
    minimum_ph_s: float
    """What they hash there [PH/s]."""
    pieces: tuple[Piece, ...]
    """The pieces above it, those that hash most with a megawatt first."""

    @property
    def power_mw(self) -> FloatArray:
        """Power at each corner [MW], shape (pieces + 1,)."""
        return self.minimum_mw + np.cumsum([0.0, *(piece.width_mw for piece in self.pieces)])

    @property
    def ph_s(self) -> FloatArray:
        """Hash rate at each corner [PH/s], shape (pieces + 1,)."""
        steps = (piece.width_mw * piece.ph_s_per_mw for piece in self.pieces)
        return self.minimum_ph_s + np.cumsum([0.0, *steps])


def mining_curve(fleets: Iterable[AnyFleet]) -> MiningCurve:
    """Return the most that fleets hash over their power together.

    Parameters
    ----------
    fleets
        What the scenario says of them.

    Returns
    -------
    MiningCurve
        An upper edge: no state of the machines lies above it. An aggregate fleet is a straight line from
        its minimum; a cohort's machines are in repair (nothing), asleep, or at a clock, and any mix lies
        below the line around these points. Heat, failures and a lost pool only take away.
    """
    fleets = tuple(fleets)
    lowest = [_points(fleet)[0] for fleet in fleets]
    pieces = [piece for fleet in fleets for piece in _pieces(fleet.name, _points(fleet))]
    pieces.sort(key=lambda piece: -piece.ph_s_per_mw)
    return MiningCurve(sum(mw for mw, _ in lowest), sum(ph_s for _, ph_s in lowest), tuple(pieces))


def _points(fleet: AnyFleet) -> list[tuple[float, float]]:
    """Return power [MW] and hash rate [PH/s] of states that every state is a mix of, or below, rising."""
    if isinstance(fleet, CohortFleet):
        return [(0.0, 0.0), *_clock_points(fleet)]
    ends = sorted({fleet.minimum_mw, fleet.rated_mw})
    return [(mw, float(hashrate_ph_s(mw, fleet.efficiency_j_per_th))) for mw in ends]


def _clock_points(fleet: CohortFleet) -> list[tuple[float, float]]:
    """Return the cohort with all machines at each clock that they may run at, be it for heat alone."""
    can_slow = fleet.times.scales_clock or fleet.heat is not None
    clocks = fleet.curve.fractions[fleet.curve.fractions <= fleet.highest_clock].tolist() if can_slow else []
    full_mw = fleet.machines * fleet.machine_power_w * fleet.meter_mw_per_w
    full_ph_s = fleet.machines * fleet.machine_th_s / PETAHASH_IN_TERAHASHES
    return [
        (full_mw * float(fleet.curve.power_ratio(clock)), full_ph_s * clock)
        for clock in sorted({*clocks, fleet.highest_clock})
    ]


def _pieces(fleet: str, points: Sequence[tuple[float, float]]) -> list[Piece]:
    """Return the lines of the upper edge of some points, from the first to the last."""
    pieces: list[Piece] = []
    for (from_mw, from_ph_s), (to_mw, to_ph_s) in pairwise(points):
        piece = Piece(fleet, to_mw - from_mw, (to_ph_s - from_ph_s) / (to_mw - from_mw))
        while pieces and piece.ph_s_per_mw >= pieces[-1].ph_s_per_mw:
            below = pieces.pop()
            width_mw = below.width_mw + piece.width_mw
            ph_s = below.width_mw * below.ph_s_per_mw + piece.width_mw * piece.ph_s_per_mw
            piece = Piece(fleet, width_mw, ph_s / width_mw)
        pieces.append(piece)
    return pieces
