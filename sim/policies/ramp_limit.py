"""Another policy's target, moved no faster than given rates."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.policies.base import Decision, Observation, Policy, WrapperSpec
from sim.policies.ramp import Ramp, earlier_s
from sim.spec import Positive


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

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.up_mw_per_min is None and self.down_mw_per_min is None:
            raise ValueError("up_mw_per_min or down_mw_per_min must be given [MW/min], got neither")
        return self

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
