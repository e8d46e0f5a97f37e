"""What a buyer or a board takes a year's earnings for: multiples, discount rate, what machines cost."""

from typing import Annotated

from pydantic import Field

from sim.spec import NonNegative, Positive, Spec, rising


class Multiple(Spec):
    """Enterprise value over EBITDA: a range with a middle."""

    low_ratio: Positive
    """Lowest."""
    base_ratio: Positive
    """Middle."""
    high_ratio: Positive
    """Highest."""

    _in_order = rising("low_ratio", "base_ratio", "high_ratio", strictly=False)


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
    capex_to_complete_usd: NonNegative = 0.0
    """What is still to be spent until the site earns what the run shows [USD]; the default of none is an
    assumption."""
    net_debt_usd: Annotated[float, Field(ge=-1e12, le=1e12)] = 0.0
    """Debt less cash [USD]; the default of none is an assumption."""
    asic_price_usd_per_th: NonNegative | None = None
    """Price of mining machines for a TH/s [USD/(TH/s)]. Left out: mining has no net present value."""


class CostSpec(Spec):
    """Costs besides power and a lease's own operations; the ledger names what is left out and not counted."""

    mining_opex_usd_per_mwh: NonNegative | None = None
    """Operations of mining for a MWh that miners draw [USD/MWh]: staff, repair, site. Left out: not counted.
    8 is a usual figure, 4 to 15 the range; both unverified."""
    ai_opex_usd_per_mwh: NonNegative | None = None
    """Operations of the AI halls for a MWh that they draw [USD/MWh], beside what a lease's margin takes off.
    Left out: not counted."""
    start_cost_usd_per_machine: NonNegative | None = None
    """Wear of one start of one mining machine [USD/machine]: chance of a failure times cost of its repair.
    Left out: not counted. At 2e-5 failures a start and 500 USD a repair it is 0.01; both unverified."""
    cycle_cost_usd_per_machine: NonNegative | None = None
    """Wear of one cycle of a machine's clock, from nothing to the default and back [USD/machine]; others
    count by their depth. Left out: not counted; nothing is published."""
    repair_cost_usd_per_machine: NonNegative | None = None
    """Cost of repairing a machine that failed [USD/machine]; where starts cost, those that failed at one are
    paid with it. Left out: not counted. 500 is a usual figure, unverified."""
    machine_power_w: Positive = 3500.0
    """Power of a machine of an aggregate fleet [W], by which its rises of power count as starts of machines;
    the default is a machine of the S21 class (200 TH/s at 17.5 J/TH)."""
    exceedance_penalty_usd_per_mwh: NonNegative | None = None
    """What a MWh above the limit costs [USD/MWh]. Left out: not counted."""
    fixed_usd_per_year: NonNegative = 0.0
    """What the site costs whatever it draws [USD/year of 365 days]: taxes, land, insurance, staff.
    The default of none is an assumption."""
