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
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sim.bitcoin import hashrate_ph_s
from sim.policies.base import FleetView
from sim.units import FloatArray

Point = tuple[float, float]


class Segments(NamedTuple):
    """The segments of all fleets' power above their minimum."""

    width_mw: FloatArray
    """Width of each [MW], shape (segments,)."""
    breakeven_usd_per_mwh: FloatArray
    """What a megawatt-hour in it earns [USD/MWh], shape (segments,)."""


def segments_of(fleets: tuple[FleetView, ...]) -> Segments:
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
    return Segments(np.array(widths_mw, dtype=np.float64), np.array(worth, dtype=np.float64))


def _pieces(fleet: FleetView) -> list[Point]:
    """Return width [MW] and worth [USD/MWh] of a fleet's segments, as far as it can draw power now."""
    most_mw = min(fleet.rated_mw, fleet.available_mw)
    if not fleet.levels:
        return [(max(most_mw - fleet.minimum_mw, 0.0), fleet.breakeven_usd_per_mwh)]
    usd_per_ph_h = fleet.breakeven_usd_per_mwh / hashrate_ph_s(1.0, fleet.efficiency_j_per_th)
    corners = _hull(fleet.minimum_mw, fleet.levels)
    return [
        (max(min(to_mw, most_mw) - from_mw, 0.0), usd_per_ph_h * (to_ph_s - from_ph_s) / (to_mw - from_mw))
        for (from_mw, from_ph_s), (to_mw, to_ph_s) in pairwise(corners)
    ]


@lru_cache(maxsize=256)
def _hull(minimum_mw: float, levels: tuple[Point, ...]) -> tuple[Point, ...]:
    """Return the corners of the upper hull, from the minimum without a hash to the highest hash rate."""
    corners: list[Point] = [(minimum_mw, 0.0)]
    while True:
        at_mw, at_ph_s = corners[-1]
        above = [level for level in levels if level[0] > at_mw and level[1] > at_ph_s]
        if not above:
            return tuple(corners)
        corners.append(max(above, key=lambda level: ((level[1] - at_ph_s) / (level[0] - at_mw), level[0])))
