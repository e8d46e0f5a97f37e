"""What miners add to a site: the objective by which policies and bounds are compared.

It is `sim.metrics.accounts.incremental_ebitda_usd`, the number of a run's first card: every line of the
ledger less the same line without miners, and what the run's coincident peaks cost in the year after. Where a
pool pays by blocks the expected pay takes the place of what was drawn: luck is no merit of a policy. Energy
above the limit counts where the scenario states a price for it; without one the limit is a constraint, and no
money.
"""

from math import inf, isfinite

from sim.metrics.accounts import incremental_ebitda_usd
from sim.metrics.demand import billed_months
from sim.metrics.mining import hashes_at, is_paid_by_blocks, mining_revenue_usd
from sim.recording import Recording


def penalty_usd_per_mwh(recording: Recording) -> float:
    """Return what a MWh above the limit costs [USD/MWh]; infinity, where the scenario says nothing."""
    penalty = recording.facts.cost.exceedance_penalty_usd_per_mwh
    return inf if penalty is None else penalty


def objective_usd(recording: Recording) -> float:
    """Return what the miners of a run add to the site [USD]; zero without miners and services."""
    added_usd = recording.once(incremental_ebitda_usd)
    if not is_paid_by_blocks(recording):
        return added_usd
    expected_usd = hashes_at(recording, recording["hashprice_usd_per_ph_day"])
    return added_usd + expected_usd - recording.once(mining_revenue_usd)


def demand_usd(recording: Recording) -> float:
    """Return the demand charge of all months of which the run holds an interval [USD]."""
    charges_usd = (month.charge_usd for month in recording.once(billed_months))
    return sum(charge_usd for charge_usd in charges_usd if isfinite(charge_usd))
