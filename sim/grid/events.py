"""What happens on the grid: voltage sags, the word that halls may come back, orders to draw less."""

from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from sim.grid.orders import CurtailmentOrder
from sim.spec import Fraction, Name, NonNegative, Timed


class Sag(NamedTuple):
    """One voltage sag, as halls feel it."""

    time_s: float
    """When it begins [s from the scenario's start]."""
    left_pu: float
    """Voltage left [pu of nominal]."""
    duration_s: float
    """How long it lasts [s]."""


class _HallEvent(Timed):
    """Base of every event that halls feel."""

    halls: Annotated[tuple[Name, ...], Field(max_length=1000)] | None = None
    """Halls that feel it; left out: all."""


class VoltageSag(_HallEvent):
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


class Reconnect(_HallEvent):
    """The word that halls that left the grid may begin to return, as an operator gives it."""

    type: Literal["reconnect"]


HallEvent = VoltageSag | Reconnect
"""Any event that halls feel."""

AnyGridEvent = Annotated[VoltageSag | Reconnect | CurtailmentOrder, Field(discriminator="type")]
"""Any event on the grid, told apart by its ``type``."""
