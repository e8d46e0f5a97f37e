"""The simplest policies: miners that nobody steers, no mining, and mining with what AI leaves free.

The first two are yardsticks: for what control is worth, and for what mining is worth.
"""

from typing import Literal

from sim.policies.base import Decision, Observation, StatelessPolicy
from sim.spec import NonNegative


class AlwaysOn(StatelessPolicy):
    """Mine at rated power, whatever the limit, the AI load or the price.

    This is what miners do that nobody steers. The site may exceed its limit; that is measured, not prevented.
    """

    type: Literal["always-on"]

    def decide(self, observation: Observation) -> Decision:
        """Return the rated power of all fleets."""
        return Decision(sum(fleet.rated_mw for fleet in observation.fleets), "always on")


class MiningOff(StatelessPolicy):
    """Never mine; a fleet keeps drawing its minimum power all the same."""

    type: Literal["mining-off"]

    def decide(self, observation: Observation) -> Decision:  # noqa: ARG002  # the interface hands it over
        """Return zero."""
        return Decision(0.0, "mining off")


class FollowHeadroom(StatelessPolicy):
    r"""Mine with whatever stays under the limit, less a margin.

    Notes
    -----
    .. math:: P^{target} = \max(0, L - m - P^{AI})

    The margin covers what latency, ramps and telemetry let through: AI power that rises faster than the fleet
    falls exceeds the limit by what is left of it.
    """

    type: Literal["follow-headroom"]
    margin_mw: NonNegative = 0.0
    """Power kept free below the limit [MW]; 2 % of the limit is usual (assumption)."""

    def decide(self, observation: Observation) -> Decision:
        """Return the headroom less the margin, zero at the least."""
        free_mw = observation.limit_mw - self.margin_mw - observation.ai_power_mw
        return Decision(free_mw, "headroom") if free_mw > 0.0 else Decision(0.0, "no headroom")
