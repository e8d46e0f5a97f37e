"""Profit and loss: sums of the ledger, what they make of a year, and what a year is worth."""

from functools import partial
from math import nan
from typing import Final

import numpy as np
from numpy.polynomial.polynomial import polyval

from sim.metrics.base import Metric, told
from sim.metrics.incremental import yearly_incremental_ebitda_usd
from sim.metrics.ledger import POWER, ledger, sum_usd
from sim.metrics.statement import of_segment, total
from sim.recording import Recording
from sim.units import MEGAWATT_IN_WATTS, SECONDS_PER_HOUR, SECONDS_PER_YEAR

MULTIPLES: Final = ("low", "base", "high")


# -- sums ---------------------------------------------------------------------------------------------------


def ebitda_usd(recording: Recording, segment: str) -> float:
    """Return a segment's EBITDA [USD]; NaN where no lease says what AI earns."""
    return of_segment(recording, segment).ebitda_usd


def account_usd(recording: Recording, account: str, segment: str | None = None) -> float:
    """Return the sum of an account's lines [USD], of one segment or of all."""
    lines = recording.once(ledger)
    return sum_usd(line for line in lines if line.account == account and segment in {None, line.segment})


def lease_revenue_usd(recording: Recording) -> float:
    """Return rent and energy passed through [USD]."""
    lines = recording.once(ledger)
    return sum_usd(line for line in lines if line.account == "lease" and line.segment == "ai")


# -- a year -------------------------------------------------------------------------------------------------


def per_year(recording: Recording) -> float:
    """Return how many runs of this length make a year of 365 days [1/year]."""
    duration_s = recording["site_power_mw"].duration_s
    return SECONDS_PER_YEAR / duration_s if duration_s > 0.0 else nan


def _yearly(recording: Recording, segment: str) -> float:
    return ebitda_usd(recording, segment) * per_year(recording)


def enterprise_value_usd(recording: Recording, level: str) -> float:
    """Return what the run's EBITDA, taken for a year's, is worth at multiples [USD].

    What the segments share is taken off at mining's multiple. AI is worth no more than what its leases earn
    over their terms, discounted: a multiple pays a contract as if it went on for ever. NaN where the
    recording holds no multiples, AI's revenue is not known, or a segment runs at a loss: a multiple of a loss
    says nothing.
    """
    valuation = recording.facts.valuation
    if valuation is None or valuation.mining_multiple is None or valuation.ai_multiple is None:
        return nan
    mining_usd, ai_usd = _yearly(recording, "mining"), _yearly(recording, "ai")
    if not (mining_usd >= 0.0 and ai_usd >= 0.0):
        return nan
    mining_ratio, ai_ratio = valuation.mining_multiple.at(level), valuation.ai_multiple.at(level)
    mined_usd = mining_ratio * (mining_usd + _yearly(recording, "site"))
    leases_usd = sum(_lease_usd(recording, name) for name in recording.lease_names)
    return mined_usd + (min(ai_ratio * ai_usd, leases_usd) if leases_usd > 0.0 else ai_ratio * ai_usd)


def equity_value_usd(recording: Recording) -> float:
    """Return the enterprise value in the middle less what is still to be spent and net debt [USD]."""
    valuation = recording.facts.valuation
    if valuation is None:
        return nan
    owed_usd = valuation.capex_to_complete_usd + valuation.net_debt_usd
    return enterprise_value_usd(recording, "base") - owed_usd


# -- net present value --------------------------------------------------------------------------------------


def present_years(years: float, discount_fraction: float, growth_fraction: float = 0.0) -> float:
    r"""Return what one dollar a year is worth today [year].

    Parameters
    ----------
    years
        For how many years, whole [year], at least 1; each pays at its end.
    discount_fraction
        Discount rate a year, not below 0.
    growth_fraction
        Growth of the payment a year.

    Returns
    -------
    float
        Present value over the first payment [year].

    Notes
    -----
    .. math:: \sum_{k=1}^{n} \frac{(1 + g)^{k - 1}}{(1 + r)^k}

    Examples
    --------
    >>> round(present_years(15, 0.10), 4), round(present_years(15, 0.10, 0.03), 4)
    (7.6061, 8.9576)
    """
    payments = (1.0 + growth_fraction) ** np.arange(int(years))
    return float(polyval(1.0 / (1.0 + discount_fraction), np.append(0.0, payments)))


def npv_mining_usd(recording: Recording) -> float:
    """Return what mining adds in a year over its life, discounted, less what sites and machines cost [USD].

    NaN where the scenario gives no price of machines or of their buildings.
    """
    valuation = recording.facts.valuation
    if valuation is None:
        return nan
    site_price, machine_price = valuation.mining_capex_usd_per_mw, valuation.asic_price_usd_per_th
    if site_price is None or machine_price is None:
        return nan
    capex_usd = 0.0
    for name in recording.fleet_names:
        fleet = recording.facts.fleet[name]
        rated_th_s = fleet.rated_mw * MEGAWATT_IN_WATTS / fleet.j_per_th
        capex_usd += site_price * fleet.rated_mw + machine_price * rated_th_s
    worth_years = present_years(valuation.mining_life_years, valuation.discount_rate_fraction)
    return yearly_incremental_ebitda_usd(recording) * worth_years - capex_usd


def npv_leases_usd(recording: Recording) -> float:
    """Return what the leases earn over their terms, discounted to commencement, less building cost [USD].

    Rent as written, escalator included, times the share billed in the run, times the landlord's margin. NaN
    without leases, or where none was in force.
    """
    facts = recording.facts.lease
    values = [
        _lease_usd(recording, name) - facts[name].critical_mw * facts[name].capex_usd_per_mw
        for name in recording.lease_names
    ]
    return sum(values) if values else nan


def _lease_usd(recording: Recording, name: str) -> float:
    """Return what a lease earns over its term, discounted to commencement [USD]; NaN if not in force."""
    lease, valuation = recording.facts.lease[name], recording.facts.valuation
    full_usd = recording[f"lease.{name}.rent_usd_per_h"].integral() / SECONDS_PER_HOUR
    if full_usd <= 0.0 or valuation is None:
        return nan
    item = f"{name}: rent"
    billed_usd = sum_usd(line for line in recording.once(ledger) if line.item == item)
    billed = billed_usd / full_usd
    worth_years = present_years(lease.term_years, valuation.discount_rate_fraction, lease.escalator_fraction)
    first_usd = lease.rent_usd_per_mw_year * billed * lease.ebitda_margin_fraction
    return lease.critical_mw * first_usd * worth_years


# -- catalogue ----------------------------------------------------------------------------------------------


def _cost(name: str, summary: str, account: str, segment: str | None = None) -> Metric:
    """Return the metric of what an account costs; of that of all segments without mining too."""
    return Metric(name, summary, lambda r: 0.0 - account_usd(r, account, segment), compares=segment is None)


CATALOGUE = (
    told("revenue_usd", lambda r: total(r).revenue_usd, compares=True),
    Metric("lease_revenue_usd", "Rent, and energy passed through to tenants", lease_revenue_usd),
    _cost(
        "power_cost_ai_usd", "AI's part of the power bill: what it draws, at the price in force", POWER, "ai"
    ),
    _cost(
        "power_cost_mining_usd",
        "Mining's part of the power bill: what AI and a battery leave of it",
        POWER,
        "mining",
    ),
    _cost("operating_cost_usd", "Operations, as far as the scenario prices them", "opex"),
    _cost("penalty_usd", "Penalties for power above the limit, if the scenario prices it", "penalty"),
    Metric("ebitda_mining_usd", "EBITDA of mining", partial(ebitda_usd, segment="mining")),
    Metric("ebitda_ai_usd", "EBITDA of AI; needs leases for all loads", partial(ebitda_usd, segment="ai")),
    told("ebitda_usd", lambda r: total(r).ebitda_usd, compares=True),
    told("ebitda_mining_usd_per_year", partial(_yearly, segment="mining")),
    told("ebitda_ai_usd_per_year", partial(_yearly, segment="ai")),
    *(
        Metric(
            f"enterprise_value_{level}_usd",
            f"Annualised EBITDA at the {level} multiple of each segment",
            partial(enterprise_value_usd, level=level),
        )
        for level in MULTIPLES
    ),
    told("equity_value_usd", equity_value_usd),
    told("npv_leases_usd", npv_leases_usd),
    told("npv_mining_usd", npv_mining_usd),
)
