"""What the site costs besides power."""

from sim.spec import NonNegative, Positive, Spec


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
    machine_power_w: Positive = 3500.0
    """Power of a machine of an aggregate fleet [W], by which its rises of power count as starts of machines;
    the default is a machine of the S21 class (200 TH/s at 17.5 J/TH)."""
    exceedance_penalty_usd_per_mwh: NonNegative | None = None
    """What a MWh above the limit costs [USD/MWh]. Left out: not counted."""
    fixed_usd_per_year: NonNegative = 0.0
    """What the site costs whatever it draws [USD/year of 365 days]: taxes, land, insurance, staff.
    The default of none is an assumption."""
