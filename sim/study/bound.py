"""What lowers the best worth of a run's instants: demand charges, and machines that boot and keep times.

Both are programmes over steps of time. The best terms of each step make them bounds and no guesses: prices
that change within a step count at their best, and means stand for what is concave.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import ceil, inf
from typing import Final

import numpy as np

from sim.market.demand_charge import BillingMonth, charge_usd, whole_intervals_s
from sim.metrics.demand import BilledMonth, billed_months, billing_months
from sim.mining.cohort.spec import CohortFleet
from sim.mining.fleet import FleetSpec
from sim.policies.programme import Horizon, PeakCharge, best_dispatch
from sim.policies.unit_commitment import BlockGroup, best_commitment
from sim.recording import Recording
from sim.signals import FloatArray
from sim.study.instants import Setting, worth
from sim.study.mining_curve import FleetPiece, MiningCurve, mining_curve
from sim.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

STEP_S: Final = 300.0
"""Length of a step [s]: as real-time markets dispatch."""
CHUNK_S: Final = 7.0 * SECONDS_PER_DAY
"""Time solved at once [s]; each chunk begins free of the one before, so that the sum is still a bound."""
IN_WORK: Final = 0.8
"""Share of a block's machines that work at the least [1]; assumption."""


@dataclass(frozen=True)
class Bands:
    """What miners meet in each step, at its best, shape (steps,)."""

    earned_usd_per_ph_h: FloatArray
    """Most that a PH/s earns in an hour [USD]."""
    cost_usd_per_mwh: FloatArray
    """Least that a MWh costs, operations included [USD/MWh]."""
    available_mw: FloatArray
    """Mean of what AI leaves under the limit [MW]."""
    ai_mw: FloatArray
    """Mean AI power [MW]."""

    def margin_usd_per_mwh(self, piece: FleetPiece) -> FloatArray:
        """Return what a MWh earns beyond its cost, in a piece of a fleet's power [USD/MWh]."""
        earned = self.earned_usd_per_ph_h if piece.is_hash else 1.0
        return np.asarray(earned * piece.output_per_mw - self.cost_usd_per_mwh)


def bands(setting: Setting, edges_s: FloatArray) -> Bands:
    """Return the best terms in each step between edges [s]; for a setting that is plain."""
    *_, cost = setting.tariff.prices_usd_per_mwh
    free_mw = (setting.limit_mw - setting.ai_mw).positive_part()
    return Bands(
        setting.earned_usd_per_ph_h.maxima_over(edges_s),
        cost.minima_over(edges_s) + setting.operations_usd_per_mwh,
        np.maximum(free_mw.means_over(edges_s), 0.0),
        setting.ai_mw.means_over(edges_s),
    )


def at_minimum_usd(curve: MiningCurve, terms: Bands, step_h: float) -> float:
    """Return the most that the fleets' minimum is worth over steps of a length [h] in all [USD]."""
    earned = terms.earned_usd_per_ph_h * curve.miners.minimum_output + curve.others.minimum_output
    return float(np.sum(earned - terms.cost_usd_per_mwh * curve.minimum_mw)) * step_h


# -- demand charges -----------------------------------------------------------------------------------------


def unavoidable_charge_usd(recording: Recording, setting: Setting, curve: MiningCurve) -> float:
    """Return the least by which the demand charge lowers the best worth of the instants [USD].

    Parameters
    ----------
    recording
        A run with a demand charge.
    setting
        What its miners meet; must be plain.
    curve
        What they can hash.

    Notes
    -----
    In each month the steps are the intervals whose means are billed, in which nothing else couples them. The
    ratchet counts with the peaks of AI alone: those with miners are higher and can only cost more.
    """
    alone = billed_months(recording.without_mining())
    return sum(
        _of_month(recording, setting, curve, month, billed)
        for month, billed in zip(billing_months(recording), alone, strict=True)
    )


def _of_month(
    recording: Recording, setting: Setting, curve: MiningCurve, month: BillingMonth, alone: BilledMonth
) -> float:
    charge = recording.facts.demand_charge
    if charge is None:
        return 0.0
    interval_s = charge.interval_s
    edges_s = np.array(whole_intervals_s(month, interval_s, recording.end_s))
    if edges_s.size < 2:  # noqa: PLR2004 -- two edges make an interval
        return 0.0
    rate = charge_usd(charge.usd_per_kw_month, 1.0, alone.month_fraction)
    terms = bands(setting, edges_s)
    best = best_dispatch(
        _horizon(curve, terms, interval_s, (rate, alone.billed_mw), setting.penalty_usd_per_mwh)
    )
    best_usd = best.value_usd + at_minimum_usd(curve, terms, interval_s / SECONDS_PER_HOUR)
    free_usd = worth(setting, curve, float(edges_s[0]), float(edges_s[-1])).best_usd
    return max(0.0, free_usd - best_usd)


def _horizon(
    curve: MiningCurve, terms: Bands, interval_s: float, charge: tuple[float, float], penalty: float
) -> Horizon:
    """Return the intervals of a month, with the charge on their peak: its rate, and what is billed anyway."""
    margins = [terms.margin_usd_per_mwh(piece) for piece in curve.pieces]
    return Horizon(
        interval_s / SECONDS_PER_HOUR,
        np.array([piece.width_mw for piece in curve.pieces]),
        np.array(margins),
        np.maximum(terms.available_mw - curve.minimum_mw, 0.0),
        peaks=(PeakCharge(np.arange(len(terms.ai_mw)), terms.ai_mw + curve.minimum_mw, *charge),),
        excess_usd_per_mwh=penalty,
    )


# -- machines that boot and keep times ----------------------------------------------------------------------


def limited_worth_usd(
    setting: Setting, fleets: Iterable[FleetSpec], end_s: float, *, whole: bool = True
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
        margin = terms.margin_usd_per_mwh(piece)
        cohort = cohorts.get(piece.fleet)
        if cohort is None or piece.fleet in seen:
            yield BlockGroup(piece.width_mw, 1, margin, minimum_share=0.0)
        else:
            yield _blocks(cohort, piece, margin, terms)
        seen.add(piece.fleet)


def _blocks(cohort: CohortFleet, piece: FleetPiece, margin: FloatArray, terms: Bands) -> BlockGroup:
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
