"""The best terms of each step of time: what turns instants into a programme that is still a bound."""

from dataclasses import dataclass

import numpy as np

from sim.signals import FloatArray
from sim.study.instants import Setting
from sim.study.mining_curve import MiningCurve


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

    def margin_usd_per_mwh(self, ph_s_per_mw: float) -> FloatArray:
        """Return what a MWh earns beyond its cost, in machines of this hash rate per power [USD/MWh]."""
        return self.earned_usd_per_ph_h * ph_s_per_mw - self.cost_usd_per_mwh


def bands(setting: Setting, edges_s: FloatArray) -> Bands:
    """Return the best terms in each step between edges [s]; for a setting that is plain."""
    cost = setting.price_usd_per_mwh + setting.wires_usd_per_mwh
    free_mw = (setting.limit_mw - setting.ai_mw).positive_part()
    return Bands(
        setting.earned_usd_per_ph_h.maxima_over(edges_s),
        cost.minima_over(edges_s) + setting.operations_usd_per_mwh,
        np.maximum(free_mw.means_over(edges_s), 0.0),
        setting.ai_mw.means_over(edges_s),
    )


def at_minimum_usd(curve: MiningCurve, terms: Bands, step_h: float) -> float:
    """Return the most that the fleets' minimum is worth over steps of a length [h] in all [USD]."""
    earned = terms.earned_usd_per_ph_h * curve.minimum_ph_s
    return float(np.sum(earned - terms.cost_usd_per_mwh * curve.minimum_mw)) * step_h
