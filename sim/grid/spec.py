"""What a scenario says of the grid behind its connection."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.facts import GridFacts
from sim.grid.frequency_spec import FrequencySpec
from sim.grid.limits import PowerLimit, published_limits
from sim.spec import Positive, PositiveFraction, Spec


class GridConnection(Spec):
    """A source behind an impedance, as the site sees it."""

    short_circuit_mva: Positive
    """Short-circuit power at the connection [MVA]."""
    x_over_r: Annotated[float, Field(ge=0.0, le=1000.0)]
    """Reactance over resistance of the impedance behind it."""
    power_factor: PositiveFraction = 1.0
    """Active over apparent power of the site; default: assumption, power supplies that correct it."""
    reactive: Literal["drawn", "given"] = "drawn"
    """Whether the site draws reactive power (lagging) or gives it (leading)."""

    @property
    def signed_power_factor(self) -> float:
        """The power factor, below 0 where reactive power is given."""
        return self.power_factor if self.reactive == "drawn" else -self.power_factor


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

    def facts(self) -> GridFacts:
        """Return what a recording states of the grid."""
        link, spec, counts = self.connection, self.frequency, self.count_limits
        return GridFacts(
            short_circuit_mva=None if link is None else link.short_circuit_mva,
            x_over_r_ratio=None if link is None else link.x_over_r,
            power_factor_ratio=None if link is None else link.signed_power_factor,
            nominal_hz=None if spec is None or spec.measured is None else spec.nominal_hz,
            frequency=spec.model().numbers() if spec is not None and spec.has_grid else {},
            count_limits=True if counts else None,
            limit={limit.name: limit.numbers() for limit in self.limits} if counts else {},
        )
