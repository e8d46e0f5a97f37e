"""Mine with whatever AI leaves free under the limit."""

from typing import Literal

from sim.policies.base import Decision, Observation, StatelessPolicy
from sim.spec import NonNegative


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
