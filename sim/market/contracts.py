"""Contracts of firm and non-firm megawatts, as data: who offers them, how they are called, how often.

Events and hours are capped apart: "10 to 20 events a year" says nothing of hours. What no source was seen to
say is None. Each entry carries its state and how sure it is; none is legal advice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

Mark = Literal["primary", "secondary", "proposed", "assumption"]
"""How sure an entry is: read in the tariff or order; told by others; not yet adopted; nobody's number."""
ALL_YEAR: Final = tuple(range(1, 13))
EVERY_DAY: Final = tuple(range(7))
WEEKDAYS: Final = tuple(range(5))


@dataclass(frozen=True, slots=True)
class CallWindow:
    """When a contract may be called, by local clocks."""

    months: tuple[int, ...] = ALL_YEAR
    """Months, 1 to 12."""
    first_day: int = 1
    """First day of the first month."""
    last_day: int = 31
    """Last day of the last month."""
    spans_h: tuple[tuple[float, float], ...] = ((0.0, 24.0),)
    """Start and end of the hours of a day in which it may be called [h]."""
    weekdays: tuple[int, ...] = EVERY_DAY
    """Days of the week, 0 = Monday."""
    most_calls_count: int | None = None
    """Calls in a year within this window at most [1]."""

    def holds(self, day: date) -> bool:
        """Tell whether a day lies in it; the first day counts in its first month, the last in its last."""
        if day.month not in self.months or day.weekday() not in self.weekdays:
            return False
        after_start = day.month != self.months[0] or day.day >= self.first_day
        before_end = day.month != self.months[-1] or day.day <= self.last_day
        return after_start and before_end


@dataclass(frozen=True, slots=True)
class FlexibleContract:
    """What a load that can give way signs."""

    title: str
    """What it is called."""
    notice_s: float | None
    """Time from a call until it binds [s]."""
    windows: tuple[CallWindow, ...]
    """When it may be called."""
    most_hours_h: float | None
    """Hours called in a year at most [h]."""
    most_events_count: int | None
    """Calls in a year at most [1]."""
    longest_event_h: float | None
    """Longest call [h]."""
    ramp_s: float | None
    """Time in which the load moves to what it is told, in a line [s]."""
    sells_services: bool
    """Whether the load may sell ancillary services, or be paid for demand response."""
    security_usd_per_mw: float | None
    """Collateral for each MW [USD/MW]."""
    status: str
    """In force, filed, proposed; since when."""
    source: str
    """Where that was read."""
    mark: Mark
    """How sure it is."""


CONTRACTS: Final[Mapping[str, FlexibleContract]] = {
    "ercot-clr": FlexibleContract(
        "ERCOT controllable load resource",
        notice_s=0.0,
        windows=(CallWindow(),),
        most_hours_h=None,
        most_events_count=None,
        longest_event_h=None,
        ramp_s=240.0,
        sells_services=True,
        security_usd_per_mw=None,
        status="in force; nodal dispatch by NPRR1188",
        source="secondary texts on NPRR1188; base point each 300 s, set point each 4 s",
        mark="secondary",
    ),
    "ercot-pclr": FlexibleContract(
        "ERCOT provisional controllable load resource",
        notice_s=0.0,
        windows=(CallWindow(),),
        most_hours_h=None,
        most_events_count=None,
        longest_event_h=None,
        ramp_s=240.0,
        sells_services=False,
        security_usd_per_mw=50_000.0,
        status="NPRR1325, in effect 2026-07-11; provisional until its exit date",
        source="secondary texts on NPRR1325 and PGRR145",
        mark="secondary",
    ),
    "ercot-wlpun": FlexibleContract(
        "ERCOT withdrawal limited private use network",
        notice_s=0.0,
        windows=(CallWindow(),),
        most_hours_h=None,
        most_events_count=None,
        longest_event_h=None,
        ramp_s=None,
        sells_services=False,
        security_usd_per_mw=None,
        status="as the provisional controllable load: import never above the cap",
        source="secondary texts on NPRR1325",
        mark="secondary",
    ),
    "spp-chills": FlexibleContract(
        "SPP conditional high impact large load service",
        notice_s=None,
        windows=(CallWindow(),),
        most_hours_h=None,
        most_events_count=None,
        longest_event_h=None,
        ramp_s=None,
        sells_services=False,
        security_usd_per_mw=None,
        status="ER26-1323, in effect 2026-07-01; term of one to seven years",
        source="195 FERC 61,196, from secondary texts; notice and penalties not seen",
        mark="secondary",
    ),
    "pjm-iras": FlexibleContract(
        "PJM interruptible service of new loads from 50 MW",
        notice_s=None,
        windows=(CallWindow(),),
        most_hours_h=None,
        most_events_count=None,
        longest_event_h=4.0,
        ramp_s=None,
        sells_services=False,
        security_usd_per_mw=None,
        status="ER26-3515 filed 2026-08-13, from 2027-06-01; outcome not seen",
        source="secondary texts; emergency calls of 3 to 4 h",
        mark="proposed",
    ),
    "texas-sb6": FlexibleContract(
        "Texas SB6, curtailment of large loads",
        notice_s=1800.0,
        windows=(CallWindow(),),
        most_hours_h=None,
        most_events_count=None,
        longest_event_h=None,
        ramp_s=None,
        sells_services=False,
        security_usd_per_mw=50_000.0,
        status="law of June 2025; rule 58481 proposed, not adopted by 2026-09-25",
        source="docket 59220 of July 2026 and public notes; unpaid, 30 min",
        mark="secondary",
    ),
    "idaho-schedule-20": FlexibleContract(
        "Idaho Power Schedule 20",
        notice_s=7200.0,
        windows=(
            CallWindow(
                months=(6, 7, 8, 9),
                first_day=15,
                last_day=15,
                spans_h=((13.0, 23.0),),
                weekdays=WEEKDAYS,
            ),
        ),
        most_hours_h=225.0,
        most_events_count=None,
        longest_event_h=10.0,
        ramp_s=None,
        sells_services=False,
        security_usd_per_mw=None,
        status="in force since 2026-01-01, mandatory for speculative high-density load from 1 MW",
        source="tariff sheet; 0.0453 USD for each kW and hour of an event",
        mark="primary",
    ),
    "dominion-dg": FlexibleContract(
        "Dominion Energy distributed generation",
        notice_s=1800.0,
        windows=(
            CallWindow(
                months=(5, 6, 7, 8, 9),
                first_day=16,
                last_day=30,
                spans_h=((14.0, 21.0),),
                most_calls_count=19,
            ),
            CallWindow(months=(12, 1, 2, 3), spans_h=((6.0, 11.0), (17.0, 22.0)), most_calls_count=13),
        ),
        most_hours_h=120.0,
        most_events_count=32,
        longest_event_h=6.0,
        ramp_s=None,
        sells_services=False,
        security_usd_per_mw=None,
        status="in force",
        source="tariff sheet; 19 summer and 13 winter requests, 4 to 6 h typical; 8.25 USD/kW-month",
        mark="primary",
    ),
}
"""Contracts by name."""
