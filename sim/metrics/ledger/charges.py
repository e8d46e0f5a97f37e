"""The account of charges on peaks: demand charges by month, and transmission by coincident peaks."""

from collections.abc import Iterator
from math import isfinite

from sim.metrics.coincident_peaks import this_years_charge_usd
from sim.metrics.demand import billed_months
from sim.metrics.ledger.line import Line
from sim.recording import Recording
from sim.units import SECONDS_PER_YEAR

CHARGES = "charges"


def charge_lines(recording: Recording) -> Iterator[Line]:
    """Yield the demand charge of each month, and this year's transmission charge on last summer's peaks."""
    for month in recording.once(billed_months):
        if isfinite(month.charge_usd):
            item = f"demand charge {month.name}"
            mw_months = month.billed_mw * month.month_fraction
            yield Line("site", CHARGES, item, mw_months, "MW·month", -month.charge_usd)
    if "four_cp.previous_average_mw" in recording.constants:
        years = recording.end_s / SECONDS_PER_YEAR
        mw_years = recording.constants["four_cp.previous_average_mw"] * years
        charge_usd = this_years_charge_usd(recording)
        yield Line("site", CHARGES, "transmission, on last summer's peaks", mw_years, "MW·year", -charge_usd)
