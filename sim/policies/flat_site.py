"""Hold the power of the site level: miners take what AI leaves of it."""

from math import exp
from typing import Annotated, Literal

from pydantic import Field

from sim.policies.base import Decision, Observation, PolicySpec
from sim.policies.ramp import Ramp, earlier_s
from sim.spec import Fraction, NonNegative, Positive, some_of
from sim.units import SECONDS_PER_MINUTE

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
        averaging_min = AVERAGING_MIN if spec.averaging_min is None else spec.averaging_min
        self._averaging_s = averaging_min * SECONDS_PER_MINUTE
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
