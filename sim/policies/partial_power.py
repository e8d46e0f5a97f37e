"""Clock each fleet at the level that earns most at the price of the moment."""

from typing import Literal

from sim.bitcoin import hashrate_ph_s
from sim.policies.base import Decision, FleetView, Observation, StatelessPolicy, within_headroom
from sim.policies.price_threshold import Price
from sim.spec import NonNegative


class PartialPower(StatelessPolicy):
    r"""Choose for each fleet the level of its clock that earns most after power, within the headroom.

    Notes
    -----
    Of the levels :math:`(P_i, H_i)` of fleet :math:`g`, and of standing at its minimum power without a hash,

    .. math:: \max_i \; v_g H_i - (\pi + a) P_i, \qquad v_g = b_g\,e_g / 1000,

    with power price :math:`\pi`, adder :math:`a`, break-even price :math:`b_g` at rated power, efficiency
    :math:`e_g`, and :math:`v_g` what one PH/s earns in an hour after the pool fee. Of two levels that earn
    the same the lower is taken. A fleet without levels is on or off. As power is convex over clock, a price
    below break-even may already ask for less than full clock. The sum is cut at :math:`L - m - P^{AI}`.

    The executor hands the sum down the merit order: of several fleets the most efficient gets its full power
    before the next gets any, so that levels are kept as a sum and not fleet by fleet.

    References
    ----------
    Foreman, support.foreman.mn (a strike for each model of machine, "Price Response Plus"); LuxOS,
    docs.luxor.tech/firmware/features (profiles: steps of clock and voltage).
    """

    type: Literal["partial-power"]
    adder_usd_per_mwh: Price = 0.0
    """What delivery costs on top of the power price [USD/MWh]."""
    margin_mw: NonNegative = 0.0
    """Power kept free below the limit [MW]."""

    def decide(self, observation: Observation) -> Decision:
        """Return the power of the best levels, cut at the headroom less the margin."""
        delivered = observation.price_usd_per_mwh + self.adder_usd_per_mwh
        chosen_mw = [best_level_mw(fleet, delivered) for fleet in observation.fleets]
        fleets = observation.fleets
        if all(mw <= fleet.minimum_mw for mw, fleet in zip(chosen_mw, fleets, strict=True)):
            return Decision(0.0, "price above break-even")
        full = all(mw >= fleet.rated_mw for mw, fleet in zip(chosen_mw, fleets, strict=True))
        reason = "price" if full else "partial power"
        return within_headroom(sum(chosen_mw), reason, observation, self.margin_mw)


def best_level_mw(fleet: FleetView, delivered_usd_per_mwh: float) -> float:
    """Return the power of the level at which a fleet earns most after power [MW].

    Parameters
    ----------
    fleet
        The fleet, with its levels; without any it is on or off.
    delivered_usd_per_mwh
        Price of power as delivered [USD/MWh].

    Examples
    --------
    >>> fleet = FleetView("miners", 0.0, 10.0, 20.0, 100.0, levels=((5.0, 300.0), (10.0, 500.0)))
    >>> [best_level_mw(fleet, price) for price in (50.0, 90.0, 130.0)]
    [10.0, 5.0, 0.0]
    """
    breakeven = fleet.breakeven_usd_per_mwh
    if not fleet.levels:  # the watts of its minimum earn as all others do
        return fleet.rated_mw if breakeven > delivered_usd_per_mwh else fleet.minimum_mw
    usd_per_ph_h = breakeven / hashrate_ph_s(1.0, fleet.efficiency_j_per_th)
    _, lowest_mw = max(
        (usd_per_ph_h * ph_s - delivered_usd_per_mwh * power_mw, -power_mw)
        for power_mw, ph_s in ((fleet.minimum_mw, 0.0), *fleet.levels)
    )
    return -lowest_mw
