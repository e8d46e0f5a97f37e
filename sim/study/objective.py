r"""What miners add to a site: the objective by which policies and bounds are compared.

Notes
-----
With what the fleets mine, what they draw, and :math:`\Delta` for the difference to the same run without
miners:

.. math::

    V = R - \Delta C - o E - M\,\Delta X - \Delta D - \Delta F + S

revenue :math:`R` at the hashprice (the expected one where a pool pays by blocks: luck is no merit of a
policy), power cost :math:`C`, operations at :math:`o` for each MWh :math:`E` that miners draw, energy above
the limit :math:`X` at its penalty :math:`M`, demand charge :math:`D`, what next year's transmission charge
gains from each coincident peak within the run :math:`F`, and ancillary services less their penalties
:math:`S`. Operations, :math:`D`, :math:`F` and :math:`S` count where the scenario has them. Wear of starts is
left out: starts are an objective of their own.
"""

from math import inf, isfinite
from typing import NamedTuple

from sim.metrics.coincident_peaks import peak_demands, usd_per_peak_mw
from sim.metrics.demand import billed_months
from sim.metrics.economics import hashes_at, products_usd
from sim.metrics.exceedance import excess_mw
from sim.metrics.ledger.lines import services_gain_usd
from sim.metrics.power_cost import fleet_power_cost_usd
from sim.recording import Recording
from sim.units import SECONDS_PER_HOUR


class ObjectiveTerms(NamedTuple):
    """The parts of the objective; costs are positive."""

    revenue_usd: float
    """What mining earns at the hashprice, fee and stale work taken off [USD]."""
    power_usd: float
    """What the miners' energy costs [USD]."""
    operations_usd: float
    """What running them costs besides [USD]."""
    exceedance_usd: float
    """Penalty that the scenario states for the energy above the limit, beyond that of AI alone [USD]."""
    demand_usd: float
    """Demand charge beyond that of AI alone [USD]."""
    peaks_usd: float
    """What next year's transmission charge gains from the run's coincident peaks [USD]."""
    services_usd: float
    """What ancillary services bring, penalties taken off [USD]."""

    @property
    def objective_usd(self) -> float:
        """All parts together [USD]."""
        return self.revenue_usd + self.services_usd - sum(self[1:6])


def penalty_usd_per_mwh(recording: Recording) -> float:
    """Return what a MWh above the limit costs [USD/MWh]; infinity, where the scenario says nothing."""
    penalty = recording.facts.cost.exceedance_penalty_usd_per_mwh
    return inf if penalty is None else penalty


def _penalty_usd(recording: Recording, alone: Recording) -> float:
    """Return what energy above the limit costs beyond that of AI alone [USD]; 0 where no price is stated."""
    price = penalty_usd_per_mwh(recording)
    return price * (_excess_mwh(recording) - _excess_mwh(alone)) if price < inf else 0.0


def objective_terms(recording: Recording) -> ObjectiveTerms:
    """Return the parts of the objective of a run."""
    alone = recording.without_mining()
    energy_mwh = recording["fleet_power_mw"].integral() / SECONDS_PER_HOUR
    return ObjectiveTerms(
        revenue_usd=hashes_at(recording, recording["hashprice_usd_per_ph_day"])
        + sum(products_usd(recording, fleet) for fleet in recording.fleet_names),
        power_usd=recording.once(fleet_power_cost_usd),
        operations_usd=(recording.facts.cost.mining_opex_usd_per_mwh or 0.0) * energy_mwh,
        exceedance_usd=_penalty_usd(recording, alone),
        demand_usd=demand_usd(recording) - demand_usd(alone),
        peaks_usd=_peaks_usd(recording) - _peaks_usd(alone),
        services_usd=services_gain_usd(recording),
    )


def objective_usd(recording: Recording) -> float:
    """Return what the miners of a run add to the site [USD]; zero without miners and services."""
    return recording.once(objective_terms).objective_usd


def _excess_mwh(recording: Recording) -> float:
    return excess_mw(recording).integral_above(0.0) / SECONDS_PER_HOUR


def demand_usd(recording: Recording) -> float:
    """Return the demand charge of all months of which the run holds an interval [USD]."""
    charges_usd = (month.charge_usd for month in recording.once(billed_months))
    return sum(charge_usd for charge_usd in charges_usd if isfinite(charge_usd))


def _peaks_usd(recording: Recording) -> float:
    demands_mw = (peak.demand_mw for peak in recording.once(peak_demands))
    return usd_per_peak_mw(recording) * sum(mw for mw in demands_mw if isfinite(mw))
