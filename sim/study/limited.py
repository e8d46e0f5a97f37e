"""The bound with the machines' inertia: blocks that boot, and keep their minimum times."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import ceil, inf
from typing import Final

import numpy as np

from sim.mining import AnyFleet
from sim.mining.cohort import CohortFleet
from sim.policies.commitment import BlockGroup, best_commitment
from sim.signals import FloatArray
from sim.study.instants import Setting, worth
from sim.study.mining_curve import MiningCurve, Piece, mining_curve
from sim.study.price_bands import Bands, at_minimum_usd, bands
from sim.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

STEP_S: Final = 300.0
"""Length of a step [s]: as real-time markets dispatch."""
CHUNK_S: Final = 7.0 * SECONDS_PER_DAY
"""Time solved at once [s]; each chunk begins free of the one before, so that the sum is still a bound."""
IN_WORK: Final = 0.8
"""Share of a block's machines that work at the least [1]; assumption."""


def limited_worth_usd(
    setting: Setting, fleets: Iterable[AnyFleet], end_s: float, *, whole: bool = True
) -> float:
    """Return the most that fleets are worth which boot and keep minimum times [USD]; infinity: not known.

    Parameters
    ----------
    setting
        What the miners meet; unless it is plain, the bound is not known.
    fleets
        What the scenario says of them; without a cohort the bound is not known.
    end_s
        End of the run [s].
    whole
        Whether blocks run as a whole; else as many as a linear programme likes, which takes a fifteenth of
        the time and is no lower.

    Raises
    ------
    DispatchError
        The solver gave up.

    Notes
    -----
    A block counts as on in each step in which it hashes for a moment, so that every real schedule is one of
    the programme's that earns no less:

    - a minimum time on, less the boot, binds in all steps that it touches; one off, with the boot, only in
      those that it fills;
    - in the first and last steps of its time on, as many as boot, rise and fall can take, a block may draw
      anything up to its power; in the others it draws the least that its lowest clock takes, less a fifth for
      machines in repair (assumption). This holds where a block cannot stop and start again within a step;
    - where it can, a start loses its boot instead, and a block may idle.

    Heat, or blocks that do not obey, cut minimum times short: then none is counted. Pieces of the mining
    curve above a cohort's best clock are groups without rules. Power above the limit is left out, as it costs
    more than it earns; else the bound is not known.
    """
    fleets = tuple(fleets)
    curve = mining_curve(fleets)
    cohorts = {fleet.name: fleet for fleet in fleets if isinstance(fleet, CohortFleet)}
    steps = int(end_s // STEP_S)
    if not (cohorts and setting.is_plain and steps):
        return inf
    edges_s = STEP_S * np.arange(steps + 1, dtype=np.float64)
    terms = bands(setting, edges_s)
    groups = tuple(_groups(curve, cohorts, terms))
    if max(float(np.max(group.margin_usd_per_mwh)) for group in groups) > setting.penalty_usd_per_mwh:
        return inf
    room_mw = np.maximum(terms.available_mw - curve.minimum_mw, 0.0)
    step_h = STEP_S / SECONDS_PER_HOUR
    plan = best_commitment(groups, room_mw, step_h, chunk_steps=int(CHUNK_S // STEP_S), whole=whole)
    rest_usd = worth(setting, curve, float(edges_s[-1]), end_s).best_usd
    return plan.value_usd + at_minimum_usd(curve, terms, step_h) + rest_usd


def _groups(curve: MiningCurve, cohorts: dict[str, CohortFleet], terms: Bands) -> Iterator[BlockGroup]:
    """Yield the groups: each cohort's first piece in its blocks, every other piece whole and free."""
    seen: set[str] = set()
    for piece in curve.pieces:
        margin = terms.margin_usd_per_mwh(piece.ph_s_per_mw)
        cohort = cohorts.get(piece.fleet)
        if cohort is None or piece.fleet in seen:
            yield BlockGroup(piece.width_mw, 1, margin, minimum_share=0.0)
        else:
            yield _blocks(cohort, piece, margin, terms)
        seen.add(piece.fleet)


def _blocks(cohort: CohortFleet, piece: Piece, margin: FloatArray, terms: Bands) -> BlockGroup:
    sizes, times = cohort.block_sizes, cohort.times
    gap_s = cohort.minimum_down_s + times.boot_s
    group = BlockGroup(piece.width_mw * max(sizes) / sum(sizes), len(sizes), margin, minimum_share=0.0)
    if gap_s < STEP_S:
        lost_s = times.boot_s if float(np.min(terms.cost_usd_per_mwh)) >= 0.0 else 0.0
        return replace(group, start_loss=lost_s / STEP_S)
    obeys = cohort.heat is None and cohort.response.commandable_fraction == 1.0
    lowest_mw = cohort.machines * cohort.machine_power_w * cohort.meter_mw_per_w
    lowest_mw *= float(cohort.curve.power_ratio(cohort.lowest_clock))
    moving_s = max(times.ramp_up_s, times.power_down_s)
    return replace(
        group,
        minimum_share=IN_WORK * min(1.0, lowest_mw / piece.width_mw) * float(obeys),
        settling_steps=1 + ceil(moving_s / STEP_S),
        minimum_up_steps=max(1, ceil((cohort.minimum_up_s - times.boot_s) / STEP_S)) if obeys else 1,
        minimum_down_steps=max(1, int(gap_s // STEP_S) - 1),
    )
