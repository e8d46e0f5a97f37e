r"""Profit and loss: sums of the ledger, what they make of a year, and what a year is worth.

Notes
-----
What mining adds to the site is every line of the ledger, less the same line of the site without miners:

.. math:: \Delta\text{EBITDA} = \sum_\ell (a_\ell - a_\ell^0) - r \sum_k (D_k - D_k^0)

over the lines :math:`\ell` of the ledger with their amounts :math:`a`, and the coincident peaks :math:`k` of
the run with demands :math:`D` at the rate :math:`r` of a quarter of a year's charge: what the run's peaks
cost, they cost in the year after. The site without miners is that of `Recording.without_mining`: the same AI
loads, the same prices, the battery as it would act alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import fsum, isfinite, nan
from typing import Final

import numpy as np
from numpy.polynomial.polynomial import polyval

from sim.facts import FourCpFacts
from sim.metrics.base import Metric, ratio
from sim.metrics.coincident_peaks import peak_demands, peaks_count, rate_usd_per_mw_year
from sim.metrics.energy import energy_mwh
from sim.metrics.ledger import POWER, LedgerLine, ai_revenue_is_known, ledger, sum_usd
from sim.metrics.ledger.lease import it_power_mw, told_fraction
from sim.metrics.mining import rated_th_s
from sim.metrics.power_cost import integral_at
from sim.recording import Recording
from sim.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_YEAR

# -- the statement: a row a segment -----------------------------------------------------------------------

TITLES: Final = {"mining": "Mining", "ai": "AI", "site": "Shared by the site"}
"""The segments, in order, and what a table calls them."""
TOTAL: Final = "total"


@dataclass(frozen=True, slots=True)
class Row:
    """Revenue and cost of a segment, or of the site."""

    segment: str
    """``mining``, ``ai``, ``site`` or ``total``."""
    title: str
    """What a table calls it."""
    revenue_usd: float
    """All that comes in, but for power sold on [USD]; NaN where no lease says what AI earns."""
    power_usd: float
    """Power, its resale taken off; below 0: a cost [USD]."""
    other_usd: float
    """All other cost, below 0 [USD]."""
    ebitda_usd: float
    """The sum of the three [USD]."""


def row(segment: str, title: str, lines: tuple[LedgerLine, ...], *, is_known: bool = True) -> Row:
    """Return the row of some lines; their revenue, and so their sum, is NaN where it is not known."""
    power_usd = sum_usd(line for line in lines if line.account == POWER)
    others = [line for line in lines if line.account != POWER]
    revenue_usd = sum_usd(line for line in others if line.amount_usd > 0.0)
    other_usd = sum_usd(line for line in others if line.amount_usd <= 0.0)
    if not is_known:
        return Row(segment, title, nan, power_usd, other_usd, nan)
    return Row(segment, title, revenue_usd, power_usd, other_usd, sum_usd(lines))


def statement(recording: Recording) -> tuple[Row, ...]:
    """Return a row for each segment that has lines, then the total."""
    lines, is_known = recording.once(ledger), ai_revenue_is_known(recording)
    rows = []
    for segment, title in TITLES.items():
        own = tuple(line for line in lines if line.segment == segment)
        known = is_known or segment != "ai"
        if not known or any(line.amount_usd for line in own):
            rows.append(row(segment, title, own, is_known=known))
    return (*rows, row(TOTAL, "Total", lines, is_known=is_known))


def total(recording: Recording) -> Row:
    """Return the site's row."""
    return recording.once(statement)[-1]


# -- sums ---------------------------------------------------------------------------------------------------


def ebitda_usd(recording: Recording, segment: str) -> float:
    """Return a segment's EBITDA [USD]; 0 where it has no lines, NaN where no lease says what AI earns."""
    return next((row.ebitda_usd for row in recording.once(statement) if row.segment == segment), 0.0)


def account_usd(recording: Recording, account: str, segment: str | None = None) -> float:
    """Return the sum of an account's lines [USD], of one segment or of all."""
    lines = recording.once(ledger)
    return sum_usd(line for line in lines if line.account == account and segment in {None, line.segment})


# -- what mining adds -------------------------------------------------------------------------------------

NEXT_YEAR: Final = "transmission of next year, on this run's peaks"
"""What the line is called by which the run's coincident peaks cost in the year after."""


def incremental_lines(recording: Recording) -> tuple[LedgerLine, ...]:
    """Return each line of the ledger that miners change, by as much as they change it."""
    present = {_key(line): line for line in recording.once(ledger)}
    absent = {_key(line): line for line in recording.once(Recording.without_mining).once(ledger)}
    lines = [_difference(present.get(key), absent.get(key)) for key in {**present, **absent}]
    return tuple(line for line in (*lines, _next_years_peaks(recording)) if not line.is_nothing)


def incremental_ebitda_usd(recording: Recording) -> float:
    """Return what the site earns with its miners less what it would earn without them [USD]."""
    return fsum(line.amount_usd for line in recording.once(incremental_lines))


def yearly_incremental_ebitda_usd(recording: Recording) -> float:
    """Return that, the run taken for a year's of 365 days [USD/year]; NaN for a run of no length."""
    return ratio(recording.once(incremental_ebitda_usd) * SECONDS_PER_YEAR, recording.end_s)


def _key(line: LedgerLine) -> tuple[str, str, str]:
    return line.segment, line.account, line.item


def _difference(present: LedgerLine | None, absent: LedgerLine | None) -> LedgerLine:
    some = present or absent
    if some is None:
        raise RuntimeError("a line that is in neither ledger has no difference")
    return LedgerLine(
        some.segment,
        some.account,
        some.item,
        (present.quantity if present else 0.0) - (absent.quantity if absent else 0.0),
        some.unit,
        (present.amount_usd if present else 0.0) - (absent.amount_usd if absent else 0.0),
    )


def _next_years_peaks(recording: Recording) -> LedgerLine:
    """Return what the coincident peaks of the run cost in the year after, as far as miners draw at them."""
    alone = recording.once(Recording.without_mining)
    risen_mw = _mean_peak_mw(recording) - _mean_peak_mw(alone)
    amount_usd = -rate_usd_per_mw_year(recording) * risen_mw
    return LedgerLine("site", "charges", NEXT_YEAR, risen_mw, "MW·year", amount_usd)


def _mean_peak_mw(recording: Recording) -> float:
    demands_mw = (peak.demand_mw for peak in recording.once(peak_demands))
    mean_mw = sum(mw for mw in demands_mw if isfinite(mw)) / peaks_count(recording)
    return (recording.facts.four_cp or FourCpFacts()).billed_mw(mean_mw)


def _incremental_of_a_year(recording: Recording) -> float:
    if recording.end_s < SECONDS_PER_DAY:  # less says nothing of a year
        return nan
    return yearly_incremental_ebitda_usd(recording)


# -- a year -------------------------------------------------------------------------------------------------


def per_year(recording: Recording) -> float:
    """Return how many runs of this length make a year of 365 days [1/year]."""
    return ratio(SECONDS_PER_YEAR, recording["site_power_mw"].duration_s)


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
        rated_mw = recording.facts.fleet[name].rated_mw
        capex_usd += site_price * rated_mw + machine_price * rated_th_s(recording, name)
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
    """Return what a lease earns over its term, discounted to commencement [USD]; NaN if not in force.

    Where rent is by delivery, the whole of it counts but for the rent lost in the run by what was not there
    yet, and damages for delay.
    """
    lease, valuation = recording.facts.lease[name], recording.facts.valuation
    rent = recording[f"lease.{name}.rent_usd_per_h"]
    full_usd = rent.integral() / SECONDS_PER_HOUR
    if full_usd <= 0.0 or valuation is None:
        return nan
    billed_usd, damages_usd = (
        sum_usd(line for line in recording.once(ledger) if line.item == f"{name}: {item}")
        for item in ("rent", "damages for delay")
    )
    stood_usd = full_usd
    if lease.by_delivery:
        stood_usd = integral_at(told_fraction(recording, name, "billable"), rent) / SECONDS_PER_HOUR
    billed = ratio(billed_usd, stood_usd)
    worth_years = present_years(lease.term_years, valuation.discount_rate_fraction, lease.escalator_fraction)
    first_usd = lease.rent_usd_per_mw_year * billed * lease.ebitda_margin_fraction
    lost_usd = (full_usd - stood_usd) * billed * lease.ebitda_margin_fraction - damages_usd
    return lease.critical_mw * first_usd * worth_years - lost_usd


def converted_worth_usd_per_mw(recording: Recording) -> float:
    """Return what a megawatt at the meter is worth to leases beyond what it would be to miners [USD/MW].

    Its lease, less what building costs, against what miners earned on each megawatt that they drew, over
    mining's life and discounted; their machines are there already. NaN without leases, or where miners or
    tenants drew nothing.
    """
    valuation, it_mwh, meter_mwh = recording.facts.valuation, 0.0, 0.0
    for name in recording.lease_names:
        for part in recording.lease_parts(name):
            it_mwh += energy_mwh(it_power_mw(recording, part))
            meter_mwh += energy_mwh(recording[f"{part}.power_mw"])
    critical_mw = sum(recording.facts.lease[name].critical_mw for name in recording.lease_names)
    if valuation is None or not critical_mw:
        return nan
    leased_usd = npv_leases_usd(recording) / critical_mw * ratio(it_mwh, meter_mwh)
    years = present_years(valuation.mining_life_years, valuation.discount_rate_fraction)
    mined_usd = ratio(yearly_incremental_ebitda_usd(recording), recording["fleet_power_mw"].mean())
    return leased_usd - mined_usd * years


# -- catalogue --------------------------------------------------------------------------------------------


def _cost_of(account: str, segment: str | None = None) -> Callable[[Recording], float]:
    return lambda recording: 0.0 - account_usd(recording, account, segment)


def _value_at(level: str) -> Metric:
    worth: Callable[[Recording], float] = partial(enterprise_value_usd, level=level)
    return Metric("enterprise_value_{level}_usd", worth, words={"level": level})


CATALOGUE = (
    Metric("revenue_usd", lambda r: total(r).revenue_usd, compares=True),
    Metric("lease_revenue_usd", partial(account_usd, account="lease", segment="ai")),
    Metric("power_cost_ai_usd", _cost_of(POWER, "ai")),
    Metric("power_cost_mining_usd", _cost_of(POWER, "mining")),
    Metric("operating_cost_usd", _cost_of("opex"), compares=True),
    Metric("penalty_usd", _cost_of("penalty"), compares=True),
    Metric("ebitda_mining_usd", partial(ebitda_usd, segment="mining")),
    Metric("ebitda_ai_usd", partial(ebitda_usd, segment="ai")),
    Metric("ebitda_usd", lambda r: total(r).ebitda_usd, compares=True),
    Metric("ebitda_mining_usd_per_year", partial(_yearly, segment="mining")),
    Metric("ebitda_ai_usd_per_year", partial(_yearly, segment="ai")),
    *map(_value_at, ("low", "base", "high")),
    Metric("equity_value_usd", equity_value_usd),
    Metric("npv_leases_usd", npv_leases_usd),
    Metric("npv_mining_usd", npv_mining_usd),
    Metric("converted_worth_usd_per_mw", converted_worth_usd_per_mw),
    Metric("incremental_ebitda_usd", incremental_ebitda_usd),
    Metric("incremental_ebitda_usd_per_year", _incremental_of_a_year),
)
