"""What a scenario says of the grid behind its connection."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from sim.grid.connection import GridConnection
from sim.grid.frequency_spec import FrequencySpec
from sim.grid.limits import PowerLimit
from sim.spec import Spec


class GridSpec(Spec):
    """The grid: its strength at the connection, its frequency, and limits besides the shipped ones."""

    limits: Annotated[tuple[PowerLimit, ...], Field(max_length=100)] = ()
    """Limits of the user's own; those that ship are checked too."""
    connection: GridConnection | None = None
    """Strength of the grid at the connection. Left out: voltage and flicker are not computed."""

    frequency: FrequencySpec | None = None
    """How the grid's frequency answers the site. Left out: frequency is not computed."""

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [limit.name for limit in self.limits]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"limits need names of their own; used twice: {', '.join(twice)}")
        return self

    def constants(self) -> dict[str, float]:
        """Return what a recording holds of the grid, by name."""
        strength = {} if self.connection is None else self.connection.constants()
        frequency = {} if self.frequency is None else self.frequency.model().constants()
        return strength | {f"frequency.{name}": value for name, value in frequency.items()}
