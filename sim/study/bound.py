"""What demand charges take from the best worth of a run's instants.

A programme over steps of time. The best terms of each step make it a bound and no guess: prices that change
within a step count at their best, and means stand for what is concave.
"""

from dataclasses import dataclass

import numpy as np

from sim.market.demand_charge import BillingMonth, charge_usd, whole_intervals_s
from sim.metrics.demand import BilledMonth, billed_months, billing_months
from sim.policies.programme import Horizon, PeakCharge, best_dispatch
from sim.recording import Recording
from sim.signals import FloatArray
from sim.study.instants import Setting, worth
from sim.study.mining_curve import FleetPiece, MiningCurve
from sim.units import SECONDS_PER_HOUR


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
