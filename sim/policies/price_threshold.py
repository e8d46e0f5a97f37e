"""Mine where power costs less than mining earns."""

from typing import Annotated, Literal

from pydantic import Field

from sim.policies.base import Decision, Observation, StatelessPolicy
from sim.spec import NonNegative

Price = Annotated[float, Field(ge=-1e6, le=1e6)]


class PriceThreshold(StatelessPolicy):
    r"""Run each fleet while power costs less than a threshold, within the headroom.

    Notes
    -----
    Fleet :math:`g` runs if :math:`\pi + a < b_g`, with power price :math:`\pi`, adder :math:`a`, and
    :math:`b_g` the threshold or, without one, the fleet's own break-even price. The sum is cut at
    :math:`L - m - P^{AI}`.
    """

    type: Literal["price-threshold"]
    threshold_usd_per_mwh: Price | None = None
    """Price at and above which mining stops [USD/MWh]; left out: each fleet's break-even price."""
    adder_usd_per_mwh: Price = 0.0
    """What delivery costs on top of the power price [USD/MWh]."""
    margin_mw: NonNegative = 0.0
    """Power kept free below the limit [MW]."""

    def decide(self, observation: Observation) -> Decision:
        """Return what the fleets that pay can draw, cut at the headroom less the margin."""
        delivered = observation.price_usd_per_mwh + self.adder_usd_per_mwh
        paying_mw = sum(
            min(fleet.rated_mw, fleet.available_mw)
            for fleet in observation.fleets
            if delivered
            < (
                fleet.breakeven_usd_per_mwh
                if self.threshold_usd_per_mwh is None
                else self.threshold_usd_per_mwh
            )
        )
        free_mw = max(0.0, observation.headroom_mw - self.margin_mw)
        if paying_mw == 0.0:
            return Decision(0.0, "price above threshold")
        if paying_mw <= free_mw:
            return Decision(paying_mw, "price")
        return Decision(free_mw, "headroom" if free_mw > 0.0 else "no headroom")
