"""Contracts of non-firm megawatts and large-load tariffs against what is published of them."""

from functools import cache

from published import Absolute, Band, Calibration, Identity, Relative

from sim.market.demand_charge import minimum_demand_mw
from sim.market.instructions import CONTRACTS, CalendarCalls, Call
from sim.span import Span
from sim.tables import Files
from sim.units import SECONDS_PER_HOUR, SECONDS_PER_YEAR

TITLE = "Interconnection"
SEEDS = range(1, 41)
START_UTC_S = 1_798_783_200.0  # 2027-01-01 in Chicago
HALF_PERCENT = CalendarCalls(yearly_calls_count=84.0, event_h=2.1, depth_fraction=0.25)
"""As the scenario ``flexible-campus`` has it."""


@cache
def called(contract: str, spec: CalendarCalls) -> tuple[tuple[Call, ...], ...]:
    """Return the calls of a year under a contract, for each seed."""
    spans = [Span(Files(()), START_UTC_S, SECONDS_PER_YEAR, seed) for seed in SEEDS]
    return tuple(spec.calls(CONTRACTS[contract], span) for span in spans)


def hours_h() -> float:
    """Return the hours of a year with some cut, the mean of all seeds [h]."""
    calls = [call for year in called("spp-chills", HALF_PERCENT) for call in year]
    return sum(call.until_s - call.from_s for call in calls) / SECONDS_PER_HOUR / len(SEEDS)


def energy_percent() -> float:
    """Return the share of the non-firm energy that is cut [%]."""
    calls = [call for year in called("spp-chills", HALF_PERCENT) for call in year]
    cut_s = sum((call.until_s - call.from_s) * call.depth_fraction for call in calls)
    return 100.0 * cut_s / SECONDS_PER_YEAR / len(SEEDS)


def idaho_most_h() -> float:
    """Return the most hours of a year that Idaho Power may call, as often as it may [h]."""
    spec = CalendarCalls(yearly_calls_count=10_000.0, event_h=10.0, time_zone="America/Boise")
    years = called("idaho-schedule-20", spec)
    return max(sum(call.until_s - call.from_s for call in year) for year in years) / SECONDS_PER_HOUR


NORRIS = "Norris et al. 2025, 22 balancing areas, half a percent of energy cut (from a public note)"
CASES = [
    Calibration("hours of a year with some cut", NORRIS, 177.0, hours_h, Relative(0.05), "h"),
    Calibration("share of energy that these cut", NORRIS, 0.5, energy_percent, Relative(0.05), "%"),
    Identity(
        "Idaho Power Schedule 20: hours called at the most",
        "tariff sheet, in force since 2026-01-01: 225 h a year, 10 h a call",
        225.0,
        idaho_most_h,
        Band(215.0, 225.0),
        "h",
    ),
    Identity(
        "AEP Ohio: least billing demand of 75 MW",
        "AEP Ohio data center tariff: 15 MW at 25 MW, then 0.85 of each MW (public note)",
        57.5,
        lambda: minimum_demand_mw("aep-ohio-dct", 75.0),
        Absolute(1e-9),
        "MW",
    ),
    Identity(
        "Dominion GS-5: least billing demand of 100 MW, generation",
        "Dominion Energy Virginia GS-5: 60 % of the contract (public note)",
        60.0,
        lambda: minimum_demand_mw("dominion-gs5-generation", 100.0),
        Absolute(1e-9),
        "MW",
    ),
]
