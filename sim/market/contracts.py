"""Contracts of firm and non-firm megawatts, as data: who offers them, how they are called, how often.

Events and hours are capped apart: "10 to 20 events a year" says nothing of hours. What no source was seen to
say is None. Each entry carries its state and how sure it is; none is legal advice. The entries stand in
``contracts.json`` beside this module.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from pydantic import TypeAdapter

from sim.shipped import shipped
from sim.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE

Mark = Literal["primary", "secondary", "proposed", "assumption"]
"""How sure an entry is: read in the tariff or order; told by others; not yet adopted; nobody's number."""
ALL_YEAR: Final = tuple(range(1, 13))
EVERY_DAY: Final = tuple(range(7))


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

    def window_at(self, local: datetime) -> CallWindow | None:
        """Return the window in which it may be called at a local time; None: it may not."""
        hour_h = local.hour + local.minute * SECONDS_PER_MINUTE / SECONDS_PER_HOUR
        for window in self.windows:
            if window.holds(local.date()) and any(low <= hour_h < high for low, high in window.spans_h):
                return window
        return None


CONTRACTS: Final[Mapping[str, FlexibleContract]] = TypeAdapter(dict[str, FlexibleContract]).validate_python(
    shipped("sim.market", "contracts.json")
)
"""Contracts by name."""
