"""What a scenario says of the grid behind its connection."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from sim.grid.connection import GridConnection
from sim.grid.frequency_spec import FrequencySpec
from sim.grid.limits import PowerLimit, published_limits
from sim.spec import Spec


class GridSpec(Spec):
    """The grid: its strength at the connection, its frequency, and limits besides the shipped ones."""

    limits: Annotated[tuple[PowerLimit, ...], Field(max_length=100)] = ()
    """Limits of the user's own; those that ship are checked too."""
    count_limits: bool = False
    """Whether a run counts the limits that it keeps, with miners and without, among its metrics: for
    comparisons and sweeps. Filtering to bands takes seconds a run; a run's page checks limits in any case."""
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
        shipped = {limit.name for limit in published_limits()} if names else set()
        taken = sorted(shipped.intersection(names))
        if taken:
            raise ValueError(
                f"limits need names of their own; {', '.join(taken)} ships with the project and is checked "
                "too"
            )
        return self

    def constants(self) -> dict[str, float]:
        """Return what a recording holds of the grid, by name."""
        strength = {} if self.connection is None else self.connection.constants()
        spec = self.frequency
        frequency = spec.model().constants() if spec is not None and spec.has_grid else {}
        nominal = {} if spec is None or spec.measured is None else {"nominal_hz": spec.nominal_hz}
        frequencies = {f"frequency.{name}": value for name, value in frequency.items()}
        return strength | nominal | frequencies | self._limits_to_count()

    def _limits_to_count(self) -> dict[str, float]:
        if not self.count_limits:
            return {}
        own = {
            f"limit.{limit.name}.{field}": value
            for limit in self.limits
            for field, value in limit.numbers().items()
        }
        return {"count_limits": 1.0, **own}
