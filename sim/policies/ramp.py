"""Another policy's target slowed down: moved no faster than given rates, or turned no sooner than a time."""

from math import inf
from typing import Annotated, Literal

from pydantic import Field

from sim.policies.base import Decision, Observation, Policy, WrapperSpec, reachable_mw
from sim.spec import Positive, some_of
from sim.units import SECONDS_PER_MINUTE


class Ramp:
    r"""Moves a target towards what is wished for, in steps.

    Parameters
    ----------
    up_mw_per_min, down_mw_per_min
        Fastest rise and fall [MW/min], above 0; None: at once.
    step_s
        Time between two steps [s], above 0.

    Notes
    -----
    Within any :math:`w` seconds the target moves by at most :math:`r\,(w + \Delta)`, with rate :math:`r` and
    step :math:`\Delta`: standing still earns a credit of one step, no more. Where the target stands above the
    headroom it falls to it at once, if that is the wish: the limit comes before the ramp. The target stays
    within what the fleets can do, so that no time is lost on megawatts that are not there.
    """

    def __init__(self, up_mw_per_min: float | None, down_mw_per_min: float | None, step_s: float) -> None:
        self._up_mw_per_s = inf if up_mw_per_min is None else up_mw_per_min / SECONDS_PER_MINUTE
        self._down_mw_per_s = inf if down_mw_per_min is None else down_mw_per_min / SECONDS_PER_MINUTE
        self._step_s = step_s
        self._held_mw: float | None = None
        self._last_s = 0.0

    def toward(self, wish_mw: float, observation: Observation) -> tuple[float, float | None]:
        """Return the target now [MW], and when to move it on [s]; None where it is the wish.

        The first wish is the target: a run starts steady.
        """
        wish_mw = reachable_mw(wish_mw, observation.fleets)
        target_mw = wish_mw if self._held_mw is None else self._step(self._held_mw, wish_mw, observation)
        self._held_mw = target_mw
        self._last_s = observation.time_s
        return target_mw, None if target_mw == wish_mw else observation.time_s + self._step_s

    def _step(self, held_mw: float, wish_mw: float, observation: Observation) -> float:
        held_mw = reachable_mw(held_mw, observation.fleets)
        if wish_mw == held_mw:
            return wish_mw
        elapsed_s = min(observation.time_s - self._last_s, self._step_s)
        # a rate without bound times no time is no number
        if wish_mw > held_mw:
            most_mw = inf if self._up_mw_per_s == inf else held_mw + self._up_mw_per_s * elapsed_s
            return min(wish_mw, most_mw)
        if self._down_mw_per_s == inf:
            return wish_mw
        least_mw = held_mw - self._down_mw_per_s * elapsed_s
        return max(wish_mw, min(least_mw, observation.headroom_mw))


def earlier_s(one_s: float | None, other_s: float | None) -> float | None:
    """Return the earlier of two times to be woken at [s]; None is no time at all.

    Examples
    --------
    >>> earlier_s(None, 60.0), earlier_s(30.0, 60.0)
    (60.0, 30.0)
    """
    return min((time_s for time_s in (one_s, other_s) if time_s is not None), default=None)


class RampLimit(WrapperSpec):
    r"""Let another policy decide, and move to its target no faster than given rates.

    Notes
    -----
    While the inner target is not reached, the target moves by :math:`r\,\Delta` every `step_s`: within any
    :math:`w` seconds by :math:`r\,(w + \Delta)` at most. Where it stands above the headroom and the inner
    policy wants less, it falls to the headroom at once: the limit comes before the ramp. Rates are those of
    all fleets together; each fleet has its own ramp besides.
    """

    type: Literal["ramp-limit"]
    up_mw_per_min: Positive | None = None
    """Fastest rise of the target [MW/min]; left out: at once."""
    down_mw_per_min: Positive | None = None
    """Fastest fall of the target [MW/min], unless the limit asks for more; left out: at once."""
    step_s: Annotated[float, Field(ge=1.0, le=3600.0)] = 10.0
    """Time between two steps of a ramp [s]; assumption."""

    _limits_something = some_of("up_mw_per_min", "down_mw_per_min", most=2)

    def start(self) -> "RampLimitPolicy":
        """Return a fresh policy for one run."""
        return RampLimitPolicy(self.inner.start(), self.up_mw_per_min, self.down_mw_per_min, self.step_s)


class RampLimitPolicy:
    """The policy in a run: the inner one, and where the ramp stands.

    Parameters
    ----------
    inner
        The policy that is asked first; any one.
    up_mw_per_min, down_mw_per_min
        Fastest rise and fall of the target [MW/min]; None: at once.
    step_s
        Time between two steps of a ramp [s].
    """

    def __init__(
        self, inner: Policy, up_mw_per_min: float | None, down_mw_per_min: float | None, step_s: float
    ) -> None:
        self._inner = inner
        self._ramp = Ramp(up_mw_per_min, down_mw_per_min, step_s)

    def decide(self, observation: Observation) -> Decision:
        """Return the inner decision, or the next step towards it."""
        wish = self._inner.decide(observation)
        target_mw, ramp_s = self._ramp.toward(wish.target_mw, observation)
        reason = wish.reason if ramp_s is None else "ramp"
        wake_at_s = earlier_s(wish.wake_at_s, ramp_s)
        return wish._replace(target_mw=target_mw, reason=reason, wake_at_s=wake_at_s)


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
