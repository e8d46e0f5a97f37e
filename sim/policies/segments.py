r"""What the fleets' power is made of, for a plan: segments in each of which a megawatt earns alike.

Notes
-----
A fleet with clock levels :math:`(P_i, H_i)` earns :math:`v H` at power :math:`P`: the upper hull of its
levels and of standing at its minimum without a hash. Each straight piece is a segment, worth

.. math:: b_s = v \, \frac{H_{i+1} - H_i}{P_{i+1} - P_i}

a megawatt-hour, with what a PH/s earns in an hour :math:`v`. As power is convex over clock, the first,
up to the most efficient level, is worth most. A fleet without levels is one, worth its break-even.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sim.bitcoin import hashrate_ph_s
from sim.mining.worth import Piece, upper_edge
from sim.policies.base import FleetView
from sim.units import FloatArray


class FleetSegments(NamedTuple):
    """The segments of all fleets' power above their minimum."""

    width_mw: FloatArray
    """Width of each [MW], shape (segments,)."""
    breakeven_usd_per_mwh: FloatArray
    """What a megawatt-hour in it earns [USD/MWh], shape (segments,)."""


def segments_of(fleets: tuple[FleetView, ...]) -> FleetSegments:
    """Return the segments of fleets as they stand: power that a fleet cannot draw now is left out.

    Examples
    --------
    Half of the power mines three fifths of the hashes, so that the second half earns less:

    >>> fleet = FleetView("miners", 0.0, 10.0, 20.0, 100.0, levels=((5.0, 300.0), (10.0, 500.0)))
    >>> segments_of((fleet,)).breakeven_usd_per_mwh.tolist()
    [120.0, 80.0]
    """
    pieces = [piece for fleet in fleets for piece in _pieces(fleet)]
    widths_mw, worth = zip(*pieces, strict=True) if pieces else ((), ())
    return FleetSegments(np.array(widths_mw, dtype=np.float64), np.array(worth, dtype=np.float64))


def _pieces(fleet: FleetView) -> list[Piece]:
    """Return a fleet's segments with their worth [USD/MWh], as far as it can draw power now."""
    most_mw = min(fleet.rated_mw, fleet.available_mw)
    if not fleet.levels:
        return [Piece(max(most_mw - fleet.minimum_mw, 0.0), fleet.breakeven_usd_per_mwh)]
    usd_per_ph_h = fleet.breakeven_usd_per_mwh / hashrate_ph_s(1.0, fleet.efficiency_j_per_th)
    found, left_mw = [], most_mw - fleet.minimum_mw
    for width_mw, ph_s_per_mw in _edge(fleet.minimum_mw, fleet.levels):
        found.append(Piece(max(min(width_mw, left_mw), 0.0), usd_per_ph_h * ph_s_per_mw))
        left_mw -= width_mw
    return found


@lru_cache(maxsize=256)
def _edge(minimum_mw: float, levels: tuple[tuple[float, float], ...]) -> tuple[Piece, ...]:
    """Return the upper edge of a fleet's levels, from the minimum without a hash on."""
    return upper_edge(((minimum_mw, 0.0), *levels))
