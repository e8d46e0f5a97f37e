"""What happens on the grid: voltage sags, the word that halls may return, orders to draw less, lost power."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import inf
from typing import Annotated, Any, Literal, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from sim.signals import Signal
from sim.signals.changes import of_spans
from sim.spec import SIZED, Fraction, Name, NonNegative, Positive, Timed, TimeZone, rising, some_of, together
from sim.units import SECONDS_PER_MINUTE


class Sag(NamedTuple):
    """One voltage sag, as halls feel it."""

    time_s: float
    """When it begins [s from the scenario's start]."""
    left_pu: float
    """Voltage left [pu of nominal]."""
    duration_s: float
    """How long it lasts [s]."""


class Reconnect(Timed):
    """The word that halls that left the grid may begin to return, as an operator gives it."""

    halls: Annotated[tuple[Name, ...], Field(max_length=1000)] | None = None
    """Halls that feel it; left out: all."""
    type: Literal["reconnect"]


class VoltageSag(Timed):
    """A voltage sag, or a series of them, as a line that recloses on a fault makes.

    All of the site feels it, but where ``halls`` names some: then those alone, inside the site.
    """

    halls: Annotated[tuple[Name, ...], Field(max_length=1000)] | None = None
    """Halls that feel it; left out: all."""
    type: Literal["voltage-sag"]
    depth_pu: Fraction | None = None
    """Voltage lost [pu of nominal]: 0.4 leaves 0.6."""
    fault_ratio: NonNegative | None = None
    """In its place: impedance from the connection to the fault over that of the grid behind the connection, both
    of one angle. As they divide the voltage, 1.5 leaves 0.6; 0 is a fault at the connection."""
    duration_s: Annotated[float, Field(gt=0.0, le=60.0), SIZED]
    """How long one sag lasts [s]."""
    count: Annotated[int, Field(ge=1, le=1000)] = 1
    """Sags of the series."""
    spacing_s: NonNegative = 0.0
    """Time from the start of one to the start of the next [s]."""

    _is_so_deep = some_of("depth_pu", "fault_ratio")

    @model_validator(mode="after")
    def _sags_stand_apart(self) -> Self:
        if self.count > 1 and self.spacing_s <= self.duration_s:
            raise ValueError(
                f"spacing_s must be above duration_s, {self.duration_s:g} s, in a series; got {self.spacing_s:g} s"
            )
        return self

    @property
    def left_pu(self) -> float:
        """Voltage left [pu of nominal]."""
        if self.fault_ratio is not None:
            return self.fault_ratio / (1.0 + self.fault_ratio)
        return 1.0 - (self.depth_pu or 0.0)

    def sags(self, start_utc_s: float) -> tuple[Sag, ...]:
        """Return the sags of the series, in order."""
        first_s = self.first_s(start_utc_s)
        return tuple(
            Sag(first_s + number * self.spacing_s, self.left_pu, self.duration_s) for number in range(self.count)
        )


class GenerationLoss(Timed):
    """Generation elsewhere that leaves the grid at once: a step of load to all machines that stay.

    The kinetic energy and the response of what is lost are not taken off the grid's.
    """

    type: Literal["generation-loss"]
    lost_mw: Positive
    """Generation lost [MW]."""
    duration_min: Positive | None = None
    """Time until as much comes back, at once [min]; left out: not in the run."""

    def span_s(self, start_utc_s: float) -> tuple[float, float]:
        """Return when it goes and comes back [s from the scenario's start]; infinity: not in the run."""
        first_s = self.first_s(start_utc_s)
        return first_s, inf if self.duration_min is None else first_s + self.duration_min * SECONDS_PER_MINUTE


def voltage_pu(events: Iterable[object], start_utc_s: float, end_s: float) -> Signal | None:
    """Return the voltage that sags at the connection leave over a run [pu]; None without any.

    Of several at once the deepest counts; those that single halls feel are the site's own.
    """
    sags = [
        sag
        for event in events
        if isinstance(event, VoltageSag) and event.halls is None
        for sag in event.sags(start_utc_s)
    ]
    spans = [(sag.time_s, sag.time_s + sag.duration_s, sag.left_pu) for sag in sags]
    return of_spans(spans, lambda left_pu: min([1.0, *left_pu]), end_s) if spans else None


def shortfall(events: Iterable[object], start_utc_s: float, end_s: float) -> Signal | None:
    """Return the generation that all losses of a run together take from the grid [MW]; None without any."""
    spans_s = [(*event.span_s(start_utc_s), event.lost_mw) for event in events if isinstance(event, GenerationLoss)]
    return of_spans(spans_s, sum, end_s) if spans_s else None


HallEvent = VoltageSag | Reconnect
"""Any event that halls feel."""


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

    The controller keeps it, whatever the policy wishes; fleets give way, and of the site then those AI loads
    that have a ``flexibility``. An order on the site counts
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

    _one_cap = some_of("cap_mw", "less_mw")
    _less_than_stated = together("less_mw", "baseline_mw")
    _leaves_some = rising("less_mw", "baseline_mw", strictly=False)

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
