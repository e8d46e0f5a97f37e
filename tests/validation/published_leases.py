"""Leases against what their parties announced."""

from datetime import UTC, datetime

from published import Calibration, Identity, Relative
from quick import run

from sim.market.leases import Lease
from sim.testing import a_scenario
from sim.units import SECONDS_PER_HOUR

TITLE = "Leases"
START = datetime(2026, 1, 1, tzinfo=UTC)
TERAWULF = {"name": "tenant", "critical_mw": 200.0, "rent_usd_per_mw_year": 1.85e6}


def rent_usd(lease: Lease) -> float:
    """Return what a tenant owes over the whole term [USD]."""
    _, end_s = lease.span_s(START)
    return lease.rent_usd_per_h(START, end_s).integral() / SECONDS_PER_HOUR


def galaxy_mean_musd() -> float:
    """Return the mean yearly rent of a lease that begins with 240 million USD for 133 MW [million USD]."""
    lease = Lease(name="tenant", critical_mw=133.0, rent_usd_per_mw_year=240e6 / 133.0, term_years=15)
    return rent_usd(lease) / 15.0 / 1e6


def hut8_total_musd() -> float:
    """Return what 245 MW owe in 15 years at the default rent, without an escalator [million USD]."""
    lease = Lease(name="tenant", critical_mw=245.0, escalator_fraction=0.0, term_years=15)
    return rent_usd(lease) / 1e6


def terawulf_noi_musd() -> float:
    """Return a simulated day's EBITDA of AI, taken for a year's [million USD/year]."""
    load = {"name": "a", "type": "inference", "power_mw": 160.0, "profile": "azure-conversation"}
    lease = {**TERAWULF, "escalator_fraction": 0.0, "ebitda_margin_fraction": 0.85}
    result = run(a_scenario(loads=[load], leases=[lease], limit_mw=250.0, days=1.0))
    return result.metrics["ebitda_ai_usd_per_year"].value / 1e6


CASES = [
    Calibration(
        "Galaxy Helios phase I: mean yearly rent over 15 years",
        "Galaxy on its lease to CoreWeave, 2025: about 300 million USD a year, 240 in the first; takes an "
        "escalator of 3 %",
        300.0,
        galaxy_mean_musd,
        Relative(0.02),
        "million USD/year",
    ),
    Calibration(
        "Hut 8 River Bend: rent over 15 years",
        "Hut 8 on its lease to Fluidstack, 2025: 245 MW, 15 years, 7.0 billion USD",
        7000.0,
        hut8_total_musd,
        Relative(0.005),
        "million USD",
    ),
    Identity(
        "TeraWulf: yearly net operating income, from a simulated day",
        "TeraWulf on its lease to Fluidstack, 2025: 3.7 billion USD in 10 years for 200 MW, margin 85 %",
        315.0,
        terawulf_noi_musd,
        Relative(0.005),
        "million USD/year",
    ),
]
