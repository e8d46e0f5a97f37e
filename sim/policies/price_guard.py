"""Another policy's target, but nothing while power costs too much."""

from typing import Literal

from sim.policies.base import Decision, Observation, Policy, WrapperSpec
from sim.policies.price_threshold import Price, pays


class PriceGuard(WrapperSpec):
    r"""Let another policy decide, unless power costs more than mining earns.

    Notes
    -----
    With a threshold: no mining while :math:`\pi + a` is at or above it. Without one: no more than the rated
    power of the fleets whose break-even price is above :math:`\pi + a`; the least efficient stop first. The
    inner policy is asked all the time, so that what it remembers stays true.
    """

    type: Literal["price-guard"]
    threshold_usd_per_mwh: Price | None = None
    """Price at and above which mining stops [USD/MWh]; left out: each fleet's break-even price."""
    adder_usd_per_mwh: Price = 0.0
    """What delivery costs on top of the power price [USD/MWh]."""

    def start(self) -> "PriceGuardPolicy":
        """Return a fresh policy for one run."""
        return PriceGuardPolicy(self.inner.start(), self.threshold_usd_per_mwh, self.adder_usd_per_mwh)


class PriceGuardPolicy:
    """The policy in a run, around the inner one.

    Parameters
    ----------
    inner
        The policy that is asked first; any one.
    threshold_usd_per_mwh
        Price at and above which mining stops [USD/MWh]; None: each fleet's break-even price.
    adder_usd_per_mwh
        What delivery costs on top of the power price [USD/MWh].
    """

    def __init__(self, inner: Policy, threshold_usd_per_mwh: float | None, adder_usd_per_mwh: float) -> None:
        self._inner = inner
        self._threshold = threshold_usd_per_mwh
        self._adder = adder_usd_per_mwh

    def decide(self, observation: Observation) -> Decision:
        """Return the inner decision, cut at the fleets that pay."""
        wish = self._inner.decide(observation)
        delivered = observation.price_usd_per_mwh + self._adder
        paying = [pays(fleet, delivered, self._threshold) for fleet in observation.fleets]
        if all(paying):
            return wish
        most_mw = 0.0
        if any(paying):
            most_mw = sum(
                fleet.rated_mw if runs else fleet.minimum_mw
                for fleet, runs in zip(observation.fleets, paying, strict=True)
            )
        if wish.target_mw <= most_mw:
            return wish
        return wish._replace(target_mw=most_mw, reason="price above threshold")
