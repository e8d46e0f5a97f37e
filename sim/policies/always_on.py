"""Uncontrolled miners: the yardstick for what control is worth."""

from typing import Literal

from sim.policies.base import Decision, Observation, StatelessPolicy


class AlwaysOn(StatelessPolicy):
    """Mine at rated power, whatever the limit, the AI load or the price.

    This is what miners do that nobody steers. The site may exceed its limit; that is measured, not prevented.
    """

    type: Literal["always-on"]

    def decide(self, observation: Observation) -> Decision:
        """Return the rated power of all fleets."""
        return Decision(sum(fleet.rated_mw for fleet in observation.fleets), "always on")
