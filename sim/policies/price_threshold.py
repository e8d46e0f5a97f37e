"""Mine where power costs less than mining earns."""

from itertools import accumulate
from typing import Annotated, Literal

from pydantic import Field

from sim.policies.base import Decision, FleetView, Observation, StatelessPolicy, within_headroom
from sim.spec import NonNegative

Price = Annotated[float, Field(ge=-1e6, le=1e6)]


def pays(fleet: FleetView, delivered_usd_per_mwh: float, threshold_usd_per_mwh: float | None) -> bool:
    """Tell whether a delivered price is below a threshold, or without one below break-even [USD/MWh]."""
    if threshold_usd_per_mwh is None:
        return delivered_usd_per_mwh < fleet.breakeven_usd_per_mwh
    return delivered_usd_per_mwh < threshold_usd_per_mwh


class PriceThreshold(StatelessPolicy):
    r"""Run each fleet while power costs less than a threshold, within the headroom.

    Notes
    -----
    Fleet :math:`g` runs if :math:`\pi + a < b_g`, with power price :math:`\pi`, adder :math:`a`, and
    :math:`b_g` the threshold or, without one, the fleet's own break-even price. The sum is cut at
    :math:`L - m - P^{AI}`.

    Where the price depends on site power (own generation, a contract that is not resold), the fleets draw the
    power :math:`x` with the largest margin, which lies where a price step or a fleet ends:

    .. math:: \max_x \; \sum_g b_g x_g - a x - \int_{P^{AI}}^{P^{AI}+x} \pi(P)\,dP
    """

    type: Literal["price-threshold"]
    threshold_usd_per_mwh: Price | None = None
    """Price at and above which mining stops [USD/MWh]; left out: each fleet's break-even price."""
    adder_usd_per_mwh: Price = 0.0
    """What delivery costs on top of the power price [USD/MWh]."""
    margin_mw: NonNegative = 0.0
    """Power kept free below the limit [MW]."""

    def decide(self, observation: Observation) -> Decision:
        """Return the power that pays, cut at the headroom less the margin."""
        if observation.price_steps:
            return self._decide_by_steps(observation)
        delivered = observation.price_usd_per_mwh + self.adder_usd_per_mwh
        paying_mw = sum(
            min(fleet.rated_mw, fleet.available_mw)
            for fleet in observation.fleets
            if pays(fleet, delivered, self.threshold_usd_per_mwh)
        )
        if paying_mw == 0.0:
            return Decision(0.0, "price above threshold")
        return within_headroom(paying_mw, "price", observation, self.margin_mw)

    def _decide_by_steps(self, observation: Observation) -> Decision:
        free_mw = max(0.0, observation.headroom_mw - self.margin_mw)
        rated_mw = sum(fleet.rated_mw for fleet in observation.fleets)
        most_mw = min(free_mw, rated_mw)
        edges_mw = [step.up_to_mw - observation.ai_power_mw for step in observation.price_steps]
        edges_mw += accumulate(fleet.rated_mw for fleet in observation.fleets)
        choices_mw = [0.0, *sorted(edge_mw for edge_mw in edges_mw if 0.0 < edge_mw < most_mw), most_mw]
        # of equal margins the first, lowest power: what earns nothing is not mined
        best_mw = max(choices_mw, key=lambda power_mw: self._margin_usd_per_h(observation, power_mw))
        if best_mw == 0.0:
            return Decision(0.0, "price above threshold" if most_mw > 0.0 else "no headroom")
        return Decision(best_mw, "headroom" if best_mw == free_mw < rated_mw else "price")

    def _margin_usd_per_h(self, observation: Observation, power_mw: float) -> float:
        """Return what mining with so much power earns in an hour, less what the power costs [USD/h]."""
        margin, left_mw = -self.adder_usd_per_mwh * power_mw, power_mw
        for fleet in observation.fleets:
            worth = self.threshold_usd_per_mwh
            share_mw = min(left_mw, fleet.rated_mw)
            margin += share_mw * (fleet.breakeven_usd_per_mwh if worth is None else worth)
            left_mw -= share_mw
        at_mw, top_mw = observation.ai_power_mw, observation.ai_power_mw + power_mw
        for step in observation.price_steps:
            width_mw = max(0.0, min(top_mw, step.up_to_mw) - at_mw)
            margin -= width_mw * step.price_usd_per_mwh
            at_mw += width_mw
        return margin
