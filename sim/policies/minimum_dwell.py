"""Another policy's target, but a change of direction waits."""

from typing import Literal

from sim.policies.base import Decision, Observation, Policy, WrapperSpec, reachable_mw
from sim.policies.ramp import earlier_s
from sim.spec import Positive


class MinimumDwell(WrapperSpec):
    """Let another policy decide, but do not turn from rising to falling, or back, before a time has passed.

    Notes
    -----
    The target may go on in the direction of its last change at any time. A change against it waits until
    `minimum_s` have passed since the last change; what the inner policy wants by then counts. A fall does not
    wait where the target stands above the headroom: the limit comes before the dwell.
    """

    type: Literal["minimum-dwell"]
    minimum_s: Positive
    """Least time between a change of the target and one in the other direction [s]."""

    def start(self) -> "MinimumDwellPolicy":
        """Return a fresh policy for one run."""
        return MinimumDwellPolicy(self.inner.start(), self.minimum_s)


class MinimumDwellPolicy:
    """The policy in a run: the inner one, the target held, and when it last changed which way.

    Parameters
    ----------
    inner
        The policy that is asked first; any one.
    minimum_s
        Least time between a change of the target and one in the other direction [s].
    """

    def __init__(self, inner: Policy, minimum_s: float) -> None:
        self._inner = inner
        self._minimum_s = minimum_s
        self._held_mw: float | None = None
        self._rose = False
        self._free_at_s = 0.0  # when a change against the last one may come

    def decide(self, observation: Observation) -> Decision:
        """Return the inner decision, or what is held until a turn may come."""
        wish = self._inner.decide(observation)
        wish_mw = reachable_mw(wish.target_mw, observation.fleets)
        if self._held_mw is None:
            self._held_mw = wish_mw
        held_mw = reachable_mw(self._held_mw, observation.fleets)
        if self._must_wait(held_mw, wish_mw, observation):
            wake_at_s = earlier_s(wish.wake_at_s, self._free_at_s)
            return wish._replace(target_mw=held_mw, reason="dwell", wake_at_s=wake_at_s)
        if wish_mw != held_mw:
            self._rose = wish_mw > held_mw
            self._free_at_s = observation.time_s + self._minimum_s
        self._held_mw = wish_mw
        return wish._replace(target_mw=wish_mw)

    def _must_wait(self, held_mw: float, wish_mw: float, observation: Observation) -> bool:
        if wish_mw == held_mw or observation.time_s >= self._free_at_s:
            return False
        rises = wish_mw > held_mw
        turns = rises != self._rose
        return turns and (rises or held_mw <= observation.headroom_mw)
