"""What happens on the grid: voltage sags, the word that halls may return, orders to draw less, lost power."""

from collections.abc import Iterable
from math import inf
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from sim.grid.orders import CurtailmentOrder
from sim.signals import Signal
from sim.spec import SIZED, Fraction, Name, NonNegative, Positive, Timed
from sim.units import SECONDS_PER_MINUTE


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
    duration_s: Annotated[float, Field(gt=0.0, le=60.0), SIZED]
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


class GenerationLoss(Timed):
    """Generation elsewhere that leaves the grid at once: a step of load to all machines that stay.

    The kinetic energy and the response of what is lost are not taken off the grid's.
    """

    type: Literal["generation-loss"]
    lost_mw: Positive
    """Generation lost [MW]."""
    duration_min: Positive | None = None
    """Time until as much comes back, at once [min]; left out: not in the run."""

    def span_s(self, start_utc_s: float) -> tuple[float, float]:
        """Return when it goes and comes back [s from the scenario's start]; infinity: not in the run."""
        first_s = self.first_s(start_utc_s)
        return first_s, inf if self.duration_min is None else first_s + self.duration_min * SECONDS_PER_MINUTE


def shortfall(events: Iterable[object], start_utc_s: float, end_s: float) -> Signal | None:
    """Return the generation that all losses of a run together take from the grid [MW]; None without any."""
    spans_s = [
        (*event.span_s(start_utc_s), event.lost_mw) for event in events if isinstance(event, GenerationLoss)
    ]
    if not spans_s:
        return None
    times_s = sorted({0.0, *(time_s for span in spans_s for time_s in span[:2] if 0.0 < time_s < end_s)})
    lost_mw = [sum(mw for from_s, to_s, mw in spans_s if from_s <= time_s < to_s) for time_s in times_s]
    return Signal.steps(times_s, lost_mw, end_s)


HallEvent = VoltageSag | Reconnect
"""Any event that halls feel."""

AnyGridEvent = Annotated[
    VoltageSag | Reconnect | CurtailmentOrder | GenerationLoss, Field(discriminator="type")
]
"""Any event on the grid, told apart by its ``type``."""
