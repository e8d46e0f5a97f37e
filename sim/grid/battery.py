"""A battery at the interconnection: what it can do, and what it is to do."""

from typing import Literal, Self

from pydantic import model_validator

from sim.spec import Fraction, NonNegative, Positive, PositiveFraction, Spec


class Battery(Spec):
    """A battery at the interconnection: limits the ramps of the whole site, shaves its peaks, or both."""

    type: Literal["battery"] = "battery"
    """Kind of storage."""
    power_mw: Positive
    """Most that it draws or gives [MW]."""
    energy_mwh: Positive
    """Energy it holds when full [MWh]."""
    ramp_limit_mw_per_min: Positive | None = None
    """How fast the power seen by the grid may change, up and down [MW/min]. Where left out: at any rate."""
    shave_above_mw: Positive | None = None
    """Power seen by the grid above which it gives, and beyond which it does not recharge [MW]. Where left
    out: none."""
    round_trip_efficiency_fraction: PositiveFraction = 0.86
    """Energy given back over energy taken; 0.82 to 0.88 is usual for lithium-ion systems (unverified)."""
    wanted_charge_fraction: Fraction = 0.5
    """Charge it starts with and returns to."""
    recharge_mw: NonNegative = 1.0
    """Power with which it returns to the wanted charge, at the most [MW]; an assumption. Less where ending it
    on the ramp limit would overshoot by more than 1 % of the energy."""
    wear_usd_per_mwh: NonNegative = 20.0
    """Wear of a megawatt-hour given [USD/MWh]; an assumption: 200 USD/kWh over 10,000 cycles."""

    @model_validator(mode="after")
    def _has_a_rule(self) -> Self:
        if self.ramp_limit_mw_per_min is None and self.shave_above_mw is None:
            raise ValueError("a battery needs ramp_limit_mw_per_min [MW/min], shave_above_mw [MW], or both")
        return self

    @model_validator(mode="after")
    def _recharge_within_power(self) -> Self:
        if self.recharge_mw > self.power_mw:
            raise ValueError(
                f"recharge_mw is {self.recharge_mw:g} MW; must not be above power_mw, {self.power_mw:g} MW"
            )
        return self
