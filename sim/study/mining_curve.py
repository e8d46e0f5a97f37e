"""What all fleets together can make at a power: the upper edge of what their machines can do."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.mining.fleet import FleetSpec
from sim.signals import FloatArray


class FleetPiece(NamedTuple):
    """A part of a fleet's power in which each megawatt makes alike."""

    fleet: str
    """Name of the fleet."""
    width_mw: float
    """Its width [MW]."""
    output_per_mw: float
    """What a megawatt of it hashes [PH/s/MW], or earns with another product [USD/MWh]."""
    is_hash: bool
    """Whether it hashes."""


@dataclass(frozen=True)
class Edge:
    """Most that some fleets make over their power: straight lines that get no steeper."""

    minimum_mw: float
    """Power that the fleets draw at the least [MW]."""
    minimum_output: float
    """What they make there: hash rate [PH/s], or the worth of another product [USD/h]."""
    pieces: tuple[FleetPiece, ...]
    """The pieces above it, those that make most with a megawatt first."""

    @property
    def power_mw(self) -> FloatArray:
        """Power at each corner [MW], shape (pieces + 1,)."""
        return self.minimum_mw + np.cumsum([0.0, *(piece.width_mw for piece in self.pieces)])

    @property
    def output(self) -> FloatArray:
        """What is made at each corner [PH/s, or USD/h], shape (pieces + 1,)."""
        steps = (piece.width_mw * piece.output_per_mw for piece in self.pieces)
        return self.minimum_output + np.cumsum([0.0, *steps])


@dataclass(frozen=True)
class MiningCurve:
    """Most that all fleets make over their power: miners, and those whose product has a price of its own."""

    miners: Edge
    """What the miners hash."""
    others: Edge
    """What the others earn."""

    @property
    def minimum_mw(self) -> float:
        """Power that the fleets draw at the least [MW]."""
        return self.miners.minimum_mw + self.others.minimum_mw

    @property
    def full_mw(self) -> float:
        """Power that they draw at the most [MW]."""
        return float(self.miners.power_mw[-1] + self.others.power_mw[-1])

    @property
    def pieces(self) -> tuple[FleetPiece, ...]:
        """The pieces of all fleets."""
        return (*self.miners.pieces, *self.others.pieces)

    @property
    def levels_mw(self) -> list[float]:
        """Powers at which the best share-out may turn to another piece, whatever hashes earn [MW]."""
        return sorted({float(mw) for mw in np.add.outer(self.miners.power_mw, self.others.power_mw).flat})

    def earned_usd_per_h(self, power_mw: FloatArray, usd_per_ph_h: FloatArray) -> FloatArray:
        """Return the most that a power of all fleets earns [USD/h].

        Parameters
        ----------
        power_mw
            The power [MW], shape (2, n), within what the fleets can draw.
        usd_per_ph_h
            What a PH/s earns in an hour [USD], shape (n,).
        """
        if not self.others.pieces:
            least_usd_per_h = self.others.minimum_output
            mined = _at(self.miners, power_mw - self.others.minimum_mw)
            return np.asarray(usd_per_ph_h * mined + least_usd_per_h)
        best = np.full(np.shape(power_mw), -np.inf)
        # where it is best to share out, miners or the others stand at a corner of theirs
        splits = [np.full_like(power_mw, mw) for mw in self.miners.power_mw]
        splits += [power_mw - mw for mw in self.others.power_mw]
        lowest, highest = self.miners.power_mw[[0, -1]]
        for split in splits:
            mined_mw = np.clip(split, np.maximum(lowest, power_mw - self.others.power_mw[-1]), highest)
            mined_mw = np.minimum(mined_mw, power_mw - self.others.power_mw[0])
            made = usd_per_ph_h * _at(self.miners, mined_mw) + _at(self.others, power_mw - mined_mw)
            np.maximum(best, made, out=best)
        return best


def _at(edge: Edge, power_mw: FloatArray) -> FloatArray:
    return np.asarray(np.interp(power_mw, edge.power_mw, edge.output))


def mining_curve(fleets: Iterable[FleetSpec]) -> MiningCurve:
    """Return the most that fleets make over their power together.

    Parameters
    ----------
    fleets
        What the scenario says of them.

    Returns
    -------
    MiningCurve
        An upper edge: no state of the machines lies above it. Heat, failures and a lost pool only take away.
    """
    known = [(fleet.name, fleet.worth) for fleet in fleets]

    def edge(*, is_hash: bool) -> Edge:
        some = [(name, worth) for name, worth in known if worth.is_hash == is_hash]
        pieces = [FleetPiece(name, *piece, is_hash) for name, worth in some for piece in worth.pieces]
        pieces.sort(key=lambda piece: -piece.output_per_mw)
        least_mw = sum((worth.minimum_mw for _, worth in some), 0.0)
        return Edge(least_mw, sum((worth.minimum_output for _, worth in some), 0.0), tuple(pieces))

    return MiningCurve(edge(is_hash=True), edge(is_hash=False))
