"""The relay where the site meets the grid, and what exceeding its limit means."""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from sim.spec import NonNegative, Positive, Spec

MOST_RATIO: Final = 10.0
"""So many times the limit, and it is no limit."""


class Trip(Spec):
    """A relay at the interconnection that stops the fleets after a lasting exceedance.

    It meters the site itself, exactly and without the telemetry's delay. AI is not cut; the fleets are told
    to go to their minimum, at their own latency and ramp.
    """

    above_ratio: Annotated[float, Field(ge=1.0, le=MOST_RATIO)] = 1.0
    """Power above which it counts, over the limit [1]. Default: assumption."""
    above_mw: Positive | None = None
    """Power above which it counts [MW]; left out: ``above_ratio`` times the limit."""
    after_s: NonNegative = 30.0
    """How long the site may stay above without a break [s]. Default: assumption."""
    hold_min: Positive = 15.0
    """How long the fleets are held down [min]; the count then begins afresh. Default: assumption."""

    @model_validator(mode="after")
    def _one_level(self) -> Self:
        if self.above_mw is not None and self.above_ratio != 1.0:
            raise ValueError(
                f"a trip has one level: above_mw or above_ratio, got {self.above_mw:g} MW and {self.above_ratio:g}"
            )
        return self

    def level_mw(self, limit_mw: float) -> float:
        """Return the power above which it counts [MW], at a limit [MW]."""
        return self.above_ratio * limit_mw if self.above_mw is None else self.above_mw


class Tolerance(Spec):
    """What exceeding the limit means to whoever set it: a relay, a contract, a transformer."""

    above_ratio: Annotated[float, Field(ge=1.0, le=MOST_RATIO)] = 1.0
    """Power above which the site exceeds, over the limit [1]. Default: assumption, the limit itself."""
    after_s: NonNegative = 0.0
    """How long the site may stay above without a break [s]. Default: assumption, not at all."""
