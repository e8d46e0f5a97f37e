"""Orders to draw less: announced, binding after a notice, and then over."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from sim.spec import NonNegative, Positive, Timed, TimeZone
from sim.units import SECONDS_PER_MINUTE

_SATURDAY = 5
_OF_REPEATED = {"every", "time_zone"}
_CAPS = {"cap_mw", "less_mw", "baseline_mw"}
AppliesTo = Literal["fleets", "site"]


class Order(NamedTuple):
    """An order to draw no more than a cap for some time, as site and policy know it once announced."""

    announced_at_s: float
    """When it was announced [s]."""
    binding_from_s: float
    """When it begins to bind [s]."""
    until_s: float
    """When it is over [s]."""
    cap_mw: float
    """Most that may be drawn while it binds [MW]."""
    applies_to: AppliesTo
    """What the cap is on: all fleets together, or the whole site."""
    reason: str
    """What the operator calls it."""

    def fleet_cap_mw(self, ai_power_mw: float) -> float:
        """Return what the order leaves the fleets [MW], at an AI power [MW]; the site's AI comes first."""
        return self.cap_mw if self.applies_to == "fleets" else max(0.0, self.cap_mw - ai_power_mw)


class CurtailmentOrder(Timed):
    """An order of the grid operator to draw less: announced at its time, binding after the notice.

    The controller keeps it, whatever the policy wishes; only the fleets give way. An order on the site counts
    AI power as telemetered.
    """

    type: Literal["curtailment-order"]
    notice_min: NonNegative = 30.0
    """Time from the announcement until it binds [min]. 30 min is what Texas' commission asked of one
    co-located AI load in July 2026 (Docket 59220; unverified, from a secondary source)."""
    duration_min: Positive
    """How long it binds [min]."""
    cap_mw: NonNegative | None = None
    """Most that may be drawn while it binds [MW]; or ``less_mw`` and ``baseline_mw``."""
    less_mw: Positive | None = None
    """By how much less than the baseline may be drawn while it binds [MW]."""
    baseline_mw: NonNegative | None = None
    """Power that the operator states to count the reduction from [MW]."""
    applies_to: AppliesTo
    """What the cap is on: ``fleets``, all of them together, or ``site``, AI included."""
    reason: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _-]{0,59}$")] = "curtailment order"
    """What it is called in the log, in a few words."""

    every: Literal["day", "weekday", "week"] | None = None
    """How often it comes again, at the same time on the clocks of ``time_zone``, until the run's end; left
    out: once."""
    time_zone: TimeZone = "America/Chicago"
    """Zone whose clocks a repeated order goes by."""

    @model_validator(mode="after")
    def _one_cap(self) -> Self:
        less = self.less_mw is not None, self.baseline_mw is not None
        if less[0] != less[1] or less[0] == (self.cap_mw is not None):
            raise ValueError("an order needs its cap: cap_mw, or less_mw and baseline_mw")
        if self.most_mw < 0.0:
            raise ValueError(f"less_mw is {self.less_mw:g} MW; at most baseline_mw, {self.baseline_mw:g} MW")
        return self

    @property
    def most_mw(self) -> float:
        """Most that may be drawn while it binds [MW]."""
        return (self.baseline_mw or 0.0) - (self.less_mw or 0.0) if self.cap_mw is None else self.cap_mw

    @model_serializer(mode="wrap")
    def _said(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found: dict[str, Any] = handler(self)
        found = {name: value for name, value in found.items() if self.every or name not in _OF_REPEATED}
        return {name: value for name, value in found.items() if value is not None or name not in _CAPS}

    def orders(self, start_utc_s: float, end_s: float) -> tuple[Order, ...]:
        """Return the order as often as it comes in a run [s from the scenario's start, at ``start_utc_s``].

        Examples
        --------
        >>> event = CurtailmentOrder(type="curtailment-order", at_s=0.0, duration_min=10.0, cap_mw=5.0,
        ...                          applies_to="fleets", every="day")
        >>> [order.announced_at_s for order in event.orders(0.0, 180_000.0)]
        [0.0, 86400.0, 172800.0]
        """
        first = self.order(start_utc_s)
        if self.every is None:
            return (first,)
        found = []
        zone = ZoneInfo(self.time_zone)
        moment = datetime.fromtimestamp(start_utc_s + first.announced_at_s, zone)
        while (at_s := moment.timestamp() - start_utc_s) < end_s:
            if self.every != "weekday" or moment.weekday() < _SATURDAY:
                later_s = at_s - first.announced_at_s
                found.append(
                    first._replace(
                        announced_at_s=at_s,
                        binding_from_s=first.binding_from_s + later_s,
                        until_s=first.until_s + later_s,
                    )
                )
            moment += timedelta(days=7 if self.every == "week" else 1)  # on the clock, not elapsed
        return tuple(found)

    def order(self, start_utc_s: float) -> Order:
        """Return the order with its times [s from the scenario's start, at ``start_utc_s``].

        Examples
        --------
        >>> event = CurtailmentOrder(type="curtailment-order", at_s=60.0, duration_min=10.0, cap_mw=5.0,
        ...                          applies_to="fleets")
        >>> event.order(0.0)[:3]
        (60.0, 1860.0, 2460.0)
        """
        announced_s = self.first_s(start_utc_s)
        binding_s = announced_s + self.notice_min * SECONDS_PER_MINUTE
        until_s = binding_s + self.duration_min * SECONDS_PER_MINUTE
        return Order(announced_s, binding_s, until_s, self.most_mw, self.applies_to, self.reason)
