"""Targets that move slowly: another policy's, at given rates or turned no sooner, or a flat site's."""

from dataclasses import dataclass, field
from math import exp, inf
from typing import Annotated, Literal

from pydantic import Field

from sim.policies.base import Decision, Observation, PolicySpec, WrapperPolicy, WrapperSpec, reachable_mw
from sim.spec import Fraction, NonNegative, Positive, some_of
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
        return RampLimitPolicy(self.inner.start(), self)


@dataclass(eq=False)
class RampLimitPolicy(WrapperPolicy[RampLimit]):
    """The policy in a run: the inner one, and where the ramp stands."""

    def __post_init__(self) -> None:
        """Begin steady."""
        self._ramp = Ramp(self.spec.up_mw_per_min, self.spec.down_mw_per_min, self.spec.step_s)

    def changed(self, wish: Decision, observation: Observation) -> Decision:
        """Return the inner decision, or the next step towards it."""
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
        return MinimumDwellPolicy(self.inner.start(), self)


@dataclass(eq=False)
class MinimumDwellPolicy(WrapperPolicy[MinimumDwell]):
    """The policy in a run: the inner one, the target held, and when it last changed which way."""

    _held_mw: float | None = field(default=None, init=False)
    _rose: bool = field(default=False, init=False)
    _free_at_s: float = field(default=0.0, init=False)  # when a change against the last one may come

    def changed(self, wish: Decision, observation: Observation) -> Decision:
        """Return the inner decision, or what is held until a turn may come."""
        wish_mw = reachable_mw(wish.target_mw, observation.fleets)
        if self._held_mw is None:
            self._held_mw = wish_mw
        held_mw = reachable_mw(self._held_mw, observation.fleets)
        if self._must_wait(held_mw, wish_mw, observation):
            wake_at_s = earlier_s(wish.wake_at_s, self._free_at_s)
            return wish._replace(target_mw=held_mw, reason="dwell", wake_at_s=wake_at_s)
        if wish_mw != held_mw:
            self._rose = wish_mw > held_mw
            self._free_at_s = observation.time_s + self.spec.minimum_s
        self._held_mw = wish_mw
        return wish._replace(target_mw=wish_mw)

    def _must_wait(self, held_mw: float, wish_mw: float, observation: Observation) -> bool:
        if wish_mw == held_mw or observation.time_s >= self._free_at_s:
            return False
        rises = wish_mw > held_mw
        turns = rises != self._rose
        return turns and (rises or held_mw <= observation.headroom_mw)


AVERAGING_MIN = 240.0
"""Time constant of the average where nothing is said [min]; assumption."""
FLEET_FRACTION = 0.5
"""Share of the fleets in the level where nothing is said: room up and down alike; assumption."""


class FlatSite(PolicySpec):
    r"""Hold the site at a level: miners are to draw the level less AI power, ramp-limited, within the limit.

    Notes
    -----
    The target is :math:`\min(S, L - m) - P^{AI}`, at least 0. The level :math:`S` is `site_mw`; left out, it
    is

    .. math:: S = A + f \sum_g W_g, \qquad \tau \frac{dA}{dt} = P^{AI} - A,

    a moving average :math:`A` of AI power with time constant :math:`\tau`, and a share :math:`f` of the rated
    power :math:`W_g` of the fleets, so that they can give and take. It begins at the AI power first seen.
    An average of the whole site would not do: as long as the policy succeeds, the site stands at its own
    average, whatever that is.
    """

    type: Literal["flat-site"]
    site_mw: Positive | None = None
    """Level to hold the site at [MW]; left out: the moving average of AI power and a share of the fleets."""
    averaging_min: Positive | None = None
    """Time constant of the average [min]; left out: 240 (assumption). Not beside `site_mw`."""
    fleet_fraction: Fraction | None = None
    """Share of the fleets' rated power in the level [1]; left out: 0.5 (assumption). Not beside `site_mw`."""
    up_mw_per_min: Positive | None = None
    """Fastest rise of the target [MW/min]; left out: at once."""
    down_mw_per_min: Positive | None = None
    """Fastest fall of the target [MW/min], unless the limit asks for more; left out: at once."""
    step_s: Annotated[float, Field(ge=1.0, le=3600.0)] = 10.0
    """Time between two steps of a ramp, or of a level that moves [s]; assumption."""
    margin_mw: NonNegative = 0.0
    """Power kept free below the limit [MW]."""

    _level_or_average = some_of("site_mw", "averaging_min", least=0)
    _level_or_share = some_of("site_mw", "fleet_fraction", least=0)

    def start(self) -> "FlatSitePolicy":
        """Return a fresh policy for one run."""
        return FlatSitePolicy(self)


class FlatSitePolicy:
    """The policy in a run: the level it holds, and where its ramp stands."""

    def __init__(self, spec: FlatSite) -> None:
        self._spec = spec
        self._ramp = Ramp(spec.up_mw_per_min, spec.down_mw_per_min, spec.step_s)
        self._averaging_s = (spec.averaging_min or AVERAGING_MIN) * SECONDS_PER_MINUTE
        self._fleet_fraction = FLEET_FRACTION if spec.fleet_fraction is None else spec.fleet_fraction
        self._average_mw: float | None = None
        self._seen_s = 0.0
        self._seen_mw = 0.0

    def decide(self, observation: Observation) -> Decision:
        """Return the level less AI power, as far as limit and ramp allow."""
        level_mw = self._level_mw(observation)
        capped_mw = min(level_mw, observation.limit_mw - self._spec.margin_mw)
        wish_mw = max(0.0, capped_mw - observation.ai_power_mw)
        target_mw, ramp_s = self._ramp.toward(wish_mw, observation)
        level_s = observation.time_s + self._spec.step_s if self._spec.site_mw is None else None
        reason = self._reason(wish_mw, level_mw, capped_mw) if ramp_s is None else "ramp"
        return Decision(target_mw, reason, earlier_s(ramp_s, level_s))

    @staticmethod
    def _reason(wish_mw: float, level_mw: float, capped_mw: float) -> str:
        if capped_mw < level_mw:
            return "headroom" if wish_mw > 0.0 else "no headroom"
        return "flat site" if wish_mw > 0.0 else "AI above the level"

    def _level_mw(self, observation: Observation) -> float:
        if self._spec.site_mw is not None:
            return self._spec.site_mw
        rated_mw = sum(fleet.rated_mw for fleet in observation.fleets)
        return self._averaged_mw(observation) + self._fleet_fraction * rated_mw

    def _averaged_mw(self, observation: Observation) -> float:
        """Return the average of AI power, which stood still between two observations [MW]."""
        if self._average_mw is None:
            self._average_mw = observation.ai_power_mw
        else:
            kept = exp(-(observation.time_s - self._seen_s) / self._averaging_s)
            self._average_mw = self._seen_mw + (self._average_mw - self._seen_mw) * kept
        self._seen_s, self._seen_mw = observation.time_s, observation.ai_power_mw
        return self._average_mw
