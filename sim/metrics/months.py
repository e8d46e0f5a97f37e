"""The run by calendar month, at the offset from UTC that its start is written with."""

from dataclasses import dataclass
from itertools import pairwise
from math import nan

from sim.market.calendar import month_edges_s
from sim.metrics.accounts import total
from sim.metrics.mining import hash_revenue_usd, hashrate_source, mined_btc, mining_revenue_usd
from sim.recording import Recording
from sim.units import SECONDS_PER_DAY, SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True)
class Month:
    """One calendar month, or the part of it that the run covers."""

    month: str
    """Year and month: ``2026-01``."""
    days: float
    """Part that the run covers [d]."""
    site_energy_mwh: float
    """Energy that the site drew [MWh]."""
    ai_energy_mwh: float
    """Energy that AI drew [MWh]."""
    fleet_energy_mwh: float
    """Energy that miners drew [MWh]."""
    mined_btc: float
    """Bitcoin mined, net of the pool's fee [BTC]."""
    mining_revenue_usd_per_ph_day: float
    """Mining revenue over hash rate held [USD/(PH/s)/d]; NaN where nothing was hashed."""
    power_cost_usd_per_mwh: float
    """Cost of power over the energy drawn [USD/MWh]; NaN where none was."""
    mining_revenue_usd: float
    """Mining revenue, net of the pool's fee [USD]."""
    revenue_usd: float
    """Revenue of the site, resale of power apart [USD]; NaN where no lease says what AI earns."""
    power_cost_usd: float
    """Cost of power, its resale taken off [USD]."""
    other_cost_usd: float
    """All other cost [USD]."""
    ebitda_usd: float
    """Revenue less both costs [USD]."""


def petahash_days(recording: Recording) -> float:
    """Return the hash rate of all fleets, integrated [PH/s·d]."""
    sources = (hashrate_source(recording, fleet) for fleet in recording.fleet_names)
    return sum(signal.integral() * ph_s_per_unit for signal, ph_s_per_unit in sources) / SECONDS_PER_DAY


def months(recording: Recording) -> tuple[Month, ...]:
    """Return every calendar month of the run; all of their sums add up to the run's."""
    offset_s = recording.facts.run.utc_offset_s or 0.0
    names, edges_s = month_edges_s(recording.start_utc_s, recording.end_s, offset_s)
    if len(names) == 1:
        return (_month(names[0], recording),)
    spans_s = pairwise(edges_s.tolist())
    return tuple(_month(name, recording.between(*span_s)) for name, span_s in zip(names, spans_s, strict=True))


def _month(name: str, part: Recording) -> Month:
    site, row = part["site_power_mw"], total(part)
    site_mwh = site.integral() / SECONDS_PER_HOUR
    mined_usd, held = part.once(hash_revenue_usd), petahash_days(part)
    return Month(
        month=name,
        days=site.duration_s / SECONDS_PER_DAY,
        site_energy_mwh=site_mwh,
        ai_energy_mwh=part["ai_power_mw"].integral() / SECONDS_PER_HOUR,
        fleet_energy_mwh=part["fleet_power_mw"].integral() / SECONDS_PER_HOUR,
        mined_btc=part.once(mined_btc),
        mining_revenue_usd_per_ph_day=mined_usd / held if held > 0.0 else nan,
        power_cost_usd_per_mwh=-row.power_usd / site_mwh if site_mwh > 0.0 else nan,
        mining_revenue_usd=part.once(mining_revenue_usd),
        revenue_usd=row.revenue_usd,
        power_cost_usd=-row.power_usd,
        other_cost_usd=-row.other_usd,
        ebitda_usd=row.ebitda_usd,
    )
