"""All that the controller has been told by now, and the observation that a policy gets of it."""

from collections.abc import Callable, Sequence
from math import inf
from operator import attrgetter
from typing import Final, Literal

from sim.ai.notice import Notice
from sim.grid.events import Order
from sim.market.bill import PriceStep, price_at_usd_per_mwh
from sim.market.demand_charge import DemandTerms
from sim.market.forecasts import Forecast
from sim.market.moving_limit import LimitChange
from sim.policies import AwardChange, Awards, BatteryView, FleetView, LoadView, Observation, ServiceView, TelemetryView

Figure = Literal[
    "limit_mw",
    "day_ahead_usd_per_mwh",
    "day_ahead_until_s",
    "system_load_mw",
    "system_peak_mw",
    "local_hour_h",
    "local_month_count",
    "coincident_peak_usd_per_mw",
]
"""What is published as a bare number, by its name in the observation."""
_AS_PUBLISHED: Final = attrgetter(*Observation._fields[Observation._fields.index("fleets") :])
"""Returns all that an observation holds as it was published, in the order of its fields."""


class Published:
    """What telemetry and publication have delivered by now, each value by its name in the `Observation`.

    Whoever publishes a value sets it here, and gives notice where the policy is to be asked about it. A new
    field of the observation is a new attribute here, of the same name and type.

    Parameters
    ----------
    notice
        Tells that something was published.
    telemetry
        How late and how often all this comes.
    """

    def __init__(
        self,
        notice: Callable[[], None],
        telemetry: TelemetryView = TelemetryView(),  # noqa: B008  # a constant
    ) -> None:
        self.notice = notice
        """Asks for a decision on what has been published."""
        self.ai_power_mw: float = 0.0
        self.limit_mw: float = inf
        self.price_usd_per_mwh: float = 0.0
        self.hashprice_usd_per_ph_day: float = 0.0
        self.fleets: tuple[FleetView, ...] = ()
        self.notices: tuple[Notice, ...] = ()
        self.price_steps: tuple[PriceStep, ...] = ()
        self.orders: tuple[Order, ...] = ()
        self.awards_mw: Awards = Awards()
        self.day_ahead_usd_per_mwh: float | None = None
        self.day_ahead_until_s: float | None = None
        self.billing_peak_mw: float | None = None
        self.system_load_mw: float | None = None
        self.system_peak_mw: float | None = None
        self.frequency_hz: float | None = None
        self.local_hour_h: float | None = None
        self.local_month_count: float | None = None
        self.price_forecast: Forecast | None = None
        self.ai_forecast: Forecast | None = None
        self.services: tuple[ServiceView, ...] = ()
        self.next_awards: AwardChange | None = None
        self.system_load_forecast: Forecast | None = None
        self.demand_terms: DemandTerms | None = None
        self.coincident_peak_usd_per_mw: float | None = None
        self.loads: Sequence[LoadView] = ()
        self.battery: BatteryView | None = None
        self.telemetry: TelemetryView = telemetry
        self.limit_changes: tuple[LimitChange, ...] = ()
        self.start_utc_s: float | None = None

    def receive(self, ai_power_mw: float) -> None:
        """Take AI power as telemetered [MW]."""
        self.ai_power_mw = ai_power_mw
        self.notice()

    def figure(self, name: Figure) -> Callable[[float], None]:
        """Return what publishes a figure."""

        def publish(value: float) -> None:
            setattr(self, name, value)
            self.notice()

        return publish

    def announce(self, notice: Notice) -> None:
        """Take a tenant's notice."""
        self.notices = (*self.notices, notice)
        self.notice()

    def forget_what_is_over(self, now_s: float) -> None:
        """Drop the notices of what lies in the past, and has had the time to show in telemetry."""
        if self.notices:
            telemetry = self.telemetry
            oldest_s = now_s - telemetry.delay_s - telemetry.scan_s - telemetry.interval_s
            self.notices = tuple(notice for notice in self.notices if max(notice.at_s, notice.until_s) >= oldest_s)

    def observe(self, now_s: float, commanded_mw: float) -> Observation:
        """Return what a policy sees now, with the fleets told to draw so much [MW]."""
        if self.notices:
            self.forget_what_is_over(now_s)
        price_usd_per_mwh = self.price_usd_per_mwh
        if self.price_steps:
            price_usd_per_mwh = price_at_usd_per_mwh(self.price_steps, self.ai_power_mw + commanded_mw)
        hashprice = self.hashprice_usd_per_ph_day
        own = (now_s, self.ai_power_mw, self.limit_mw, price_usd_per_mwh, hashprice, commanded_mw)
        # the named tuple's own way takes twice as long
        return tuple.__new__(Observation, own + _AS_PUBLISHED(self))
