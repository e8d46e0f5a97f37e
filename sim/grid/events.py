"""What happens on the grid, by the clock: voltage sags, and the word that halls may come back."""

from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AwareDatetime, Field, model_validator

from sim.spec import Fraction, Name, NonNegative, Spec


class Sag(NamedTuple):
    """One voltage sag, as halls feel it."""

    time_s: float
    """When it begins [s from the scenario's start]."""
    left_pu: float
    """Voltage left [pu of nominal]."""
    duration_s: float
    """How long it lasts [s]."""


class _GridEvent(Spec):
    """Base of every event: a time, and the halls that feel it."""

    at: AwareDatetime | None = None
    """When, ISO 8601 with an offset; or ``at_s``."""
    at_s: NonNegative | None = None
    """When [s from the scenario's start]; or ``at``."""
    halls: Annotated[tuple[Name, ...], Field(max_length=1000)] | None = None
    """Halls that feel it; left out: all."""

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if (self.at is None) == (self.at_s is None):
            raise ValueError("an event needs a time: at or at_s, one of them")
        return self

    def first_s(self, start_utc_s: float) -> float:
        """Return its time [s from the scenario's start, at ``start_utc_s``]."""
        if self.at is not None:
            return self.at.timestamp() - start_utc_s
        return self.at_s or 0.0


class VoltageSag(_GridEvent):
    """A voltage sag, or a series of them, as a line that recloses on a fault makes."""

    type: Literal["voltage-sag"]
    depth_pu: Fraction
    """Voltage lost [pu of nominal]: 0.4 leaves 0.6."""
    duration_s: Annotated[float, Field(gt=0.0, le=60.0)]
    """How long one sag lasts [s]."""
    count: Annotated[int, Field(ge=1, le=1000)] = 1
    """Sags of the series."""
    spacing_s: NonNegative = 0.0
    """Time from the start of one to the start of the next [s]."""

    @model_validator(mode="after")
    def _sags_stand_apart(self) -> Self:
        if self.count > 1 and self.spacing_s <= self.duration_s:
            raise ValueError(
                f"spacing_s must be above duration_s, {self.duration_s:g} s, in a series; "
                f"got {self.spacing_s:g} s"
            )
        return self

    def sags(self, start_utc_s: float) -> tuple[Sag, ...]:
        """Return the sags of the series, in order."""
        first_s = self.first_s(start_utc_s)
        return tuple(
            Sag(first_s + number * self.spacing_s, 1.0 - self.depth_pu, self.duration_s)
            for number in range(self.count)
        )


class Reconnect(_GridEvent):
    """The word that halls that left the grid may begin to return, as an operator gives it."""

    type: Literal["reconnect"]


AnyGridEvent = Annotated[VoltageSag | Reconnect, Field(discriminator="type")]
"""Any event on the grid, told apart by its ``type``."""
