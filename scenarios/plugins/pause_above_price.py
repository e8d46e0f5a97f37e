"""A policy of one's own: follow the headroom, but stand still for a while after a high price."""

from typing import Annotated

from pydantic import Field

from sim.policies import Decision, Observation, PolicySpec


class PauseAbovePrice(PolicySpec):
    """Follow the headroom; above a price stand still, and some minutes longer."""

    price_usd_per_mwh: float = 100.0
    """Price above which the fleets stop [USD/MWh]."""
    pause_min: Annotated[float, Field(ge=0.0, le=1440.0)] = 15.0
    """How long they stand still after it [min]."""
    margin_mw: Annotated[float, Field(ge=0.0)] = 0.0
    """Power kept free below the limit [MW]."""

    def start(self) -> "Pausing":
        """Return a fresh policy for one run."""
        return Pausing(self)


class Pausing:
    """The policy in a run: it remembers until when it pauses."""

    def __init__(self, spec: PauseAbovePrice) -> None:
        self._spec = spec
        self._until_s = 0.0

    def decide(self, observation: Observation) -> Decision:
        """Return nothing while it pauses, else the headroom less the margin."""
        now_s = observation.time_s
        if observation.price_usd_per_mwh > self._spec.price_usd_per_mwh:
            self._until_s = now_s + self._spec.pause_min * 60.0
            return Decision(0.0, "price")
        if now_s < self._until_s:
            return Decision(0.0, "pause", wake_at_s=self._until_s)
        return Decision(max(0.0, observation.headroom_mw - self._spec.margin_mw), "headroom")
