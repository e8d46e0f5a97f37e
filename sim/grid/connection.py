"""How strong the grid is where the site meets it."""

from typing import Annotated, Final, Literal

from pydantic import Field

from sim.spec import Positive, Spec

CONSTANTS: Final = ("short_circuit_mva", "x_over_r_ratio", "power_factor_ratio")
"""The numbers that a recording holds of a connection, as ``grid.<name>``."""


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

    def constants(self) -> dict[str, float]:
        """Return what a recording holds of it, by name."""
        values = (self.short_circuit_mva, self.x_over_r, self.signed_power_factor)
        return dict(zip(CONSTANTS, values, strict=True))
