"""What a buyer or a board takes a year's earnings for: multiples, discount rate, what machines cost."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from sim.spec import NonNegative, Positive, Spec


class Multiple(Spec):
    """Enterprise value over EBITDA: a range with a middle."""

    low_ratio: Positive
    """Lowest."""
    base_ratio: Positive
    """Middle."""
    high_ratio: Positive
    """Highest."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low_ratio <= self.base_ratio <= self.high_ratio:
            raise ValueError(
                f"low_ratio, base_ratio and high_ratio are {self.low_ratio:g}, {self.base_ratio:g} and "
                f"{self.high_ratio:g}; none may be below the one before"
            )
        return self


class ValuationSpec(Spec):
    """How the run's earnings, taken for those of a year, are turned into a value."""

    mining_multiple: Multiple = Multiple(low_ratio=6.0, base_ratio=9.0, high_ratio=12.0)
    """Enterprise value over EBITDA of miners; 6 to 12 is commonly quoted, unverified; the middle is
    an assumption."""
    ai_multiple: Multiple = Multiple(low_ratio=20.0, base_ratio=22.0, high_ratio=25.0)
    """Enterprise value over EBITDA of data-center operators; 20 to 25 is commonly quoted, unverified; the
    middle is an assumption."""
    discount_rate_fraction: Annotated[float, Field(ge=0.0, le=1.0)] = 0.10
    """Yearly rate at which later earnings count less; the default is an assumption."""
    mining_life_years: Annotated[int, Field(ge=1, le=50)] = 5
    """Years for which mining earns what the run shows [year]; the default is an assumption."""
    mining_capex_usd_per_mw: NonNegative | None = None
    """Buildings and wiring for a MW of miners [USD/MW]; 0.3 to 0.6 million, unverified. Left out: mining has
    no net present value."""
    asic_price_usd_per_th: NonNegative | None = None
    """Price of mining machines for a TH/s [USD/(TH/s)]. Left out: mining has no net present value."""
