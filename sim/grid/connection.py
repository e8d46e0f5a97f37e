"""How strong the grid is where the site meets it."""

from typing import Annotated, Literal

from pydantic import Field

from sim.spec import Positive, Spec


class GridConnection(Spec):
    """A source behind an impedance, as the site sees it."""

    short_circuit_mva: Positive
    """Short-circuit power at the connection [MVA]."""
    x_over_r: Annotated[float, Field(ge=0.0, le=1000.0)]
    """Reactance over resistance of the impedance behind it."""
    power_factor: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """Active over apparent power of the site; default: assumption, power supplies that correct it."""
    reactive: Literal["drawn", "given"] = "drawn"
    """Whether the site draws reactive power (lagging) or gives it (leading)."""

    @property
    def signed_power_factor(self) -> float:
        """The power factor, below 0 where reactive power is given."""
        return self.power_factor if self.reactive == "drawn" else -self.power_factor
