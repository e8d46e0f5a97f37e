"""What a demand charge must take off the best worth of a run: a linear programme for each billing month."""

import numpy as np

from sim.market.demand_charge import BillingMonth, whole_intervals_s
from sim.metrics.demand import BilledMonth, billed_months, billing_months
from sim.policies.dispatch import Horizon, Peak, best_dispatch
from sim.recording import Recording
from sim.study.instants import Setting, worth
from sim.study.mining_curve import MiningCurve
from sim.study.objective import KW_PER_MW
from sim.study.price_bands import Bands, at_minimum_usd, bands
from sim.units import SECONDS_PER_HOUR


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
    interval_s = recording.constants["demand_charge.interval_s"]
    edges_s = np.array(whole_intervals_s(month, interval_s, recording.end_s))
    if edges_s.size < 2:  # noqa: PLR2004 -- two edges make an interval
        return 0.0
    rate = recording.constants["demand_charge.usd_per_kw_month"] * KW_PER_MW * alone.month_fraction
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
    margins = [terms.margin_usd_per_mwh(piece.ph_s_per_mw) for piece in curve.pieces]
    return Horizon(
        interval_s / SECONDS_PER_HOUR,
        np.array([piece.width_mw for piece in curve.pieces]),
        np.array(margins),
        np.maximum(terms.available_mw - curve.minimum_mw, 0.0),
        peaks=(Peak(np.arange(len(terms.ai_mw)), terms.ai_mw + curve.minimum_mw, *charge),),
        excess_usd_per_mwh=penalty,
    )
