"""No mining: the yardstick for what mining is worth."""

from typing import Literal

from sim.policies.base import Decision, Observation, StatelessPolicy


class MiningOff(StatelessPolicy):
    """Never mine; a fleet keeps drawing its minimum power all the same."""

    type: Literal["mining-off"]

    def decide(self, observation: Observation) -> Decision:  # noqa: ARG002  # the interface hands it over
        """Return zero."""
        return Decision(0.0, "mining off")
