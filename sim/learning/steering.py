"""The policy through which an agent steers a campus."""

from typing import NamedTuple

from sim.policies import Decision, Observation
from sim.policies.base import within_headroom
from sim.policies.outlook import period_at, period_start_s


class Timing(NamedTuple):
    """When an agent is asked, and when its answer takes effect."""

    step_s: float
    """Time from one question to the next [s]."""
    reaction_s: float
    """Time from a question until the answer takes effect [s]; above 0, below `step_s`."""


class Steering:
    """Holds what an agent has asked for, and keeps what was last observed.

    Between two answers it goes on deciding whenever something changes: the same share of rated power, within
    the headroom of the moment.

    Parameters
    ----------
    timing
        When the agent is asked.
    margin_mw
        Power kept free below the limit [MW].
    """

    def __init__(self, timing: Timing, margin_mw: float = 0.0) -> None:
        self.asked_fraction = 0.0
        """Share of the fleets' rated power that the agent asked for last [1]."""
        self.seen: Observation | None = None
        """The last observation."""
        self._in_force_fraction = 0.0
        self._timing = timing
        self._margin_mw = margin_mw

    def decide(self, observation: Observation) -> Decision:
        """Return what the answer in force comes to, and ask to be woken when the next one counts."""
        self.seen = observation
        step_s, reaction_s = self._timing
        now_s = observation.time_s
        step = period_at(now_s, step_s)
        answered_s, next_s = period_start_s(step, step_s) + reaction_s, period_start_s(step + 1, step_s)
        if now_s >= answered_s:
            self._in_force_fraction = self.asked_fraction
        wanted_mw = self._in_force_fraction * sum(fleet.rated_mw for fleet in observation.fleets)
        wake_at_s = answered_s if now_s < answered_s else next_s
        return within_headroom(wanted_mw, "agent", observation, self._margin_mw, wake_at_s)
