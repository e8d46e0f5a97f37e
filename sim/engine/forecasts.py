"""Makes the forecasts that a policy sees, when it decides."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from sim.ai.notice import Notice
from sim.ai.outlook import WeeklyMean, announced_mw
from sim.engine.bus import Metered
from sim.engine.coincident_peaks import load_forecaster
from sim.engine.prices import Courses
from sim.engine.recorder import Recorder
from sim.market.forecasts import AiWeeklyForecast, Forecast, Forecasts, PriceOutlook, PriceRecord
from sim.market.power import PublishedPowerPrice
from sim.policies.outlook import period_at, period_start_s
from sim.rng import PRICE_FORECAST
from sim.scenario.model import Scenario
from sim.signals import FloatArray
from sim.units import SECONDS_PER_HOUR


class Issued(NamedTuple):
    """The forecasts of an interval; None where there is none of a kind."""

    price: Forecast | None
    """Of the price."""
    ai: Forecast | None
    """Of AI power."""
    system_load: Forecast | None
    """Of the system's load."""


class Forecaster:
    """Issues forecasts: one of each kind in an interval, at its first decision; costs no event.

    Parameters
    ----------
    spec
        What is forecast.
    price
        Makes the forecast of the price; None: there is none.
    delivery_usd_per_mwh
        What a policy sees on top of the real-time price [USD/MWh].
    ai_parts
        All that draws AI power.
    telemetry_delay_s
        How late AI power becomes known [s].
    system_load
        Makes the forecast of the system's load; None: there is none.
    """

    def __init__(
        self,
        spec: Forecasts,
        price: PriceOutlook | None,
        delivery_usd_per_mwh: float,
        ai_parts: Sequence[Metered],
        telemetry_delay_s: float,
        system_load: Callable[[float], Forecast | None] | None = None,
    ) -> None:
        self._spec = spec
        self._price = price
        self._delivery_usd_per_mwh = delivery_usd_per_mwh
        self._ai_parts = ai_parts
        self._delay_s = telemetry_delay_s
        self._system_load = system_load
        self._weeks = WeeklyMean()
        self._interval: int | None = None
        self._count = int(np.ceil(spec.horizon_h * SECONDS_PER_HOUR / spec.step_s)) + 1

    def issue(self, now_s: float, ai_power_mw: float, notices: Sequence[Notice]) -> Issued | None:
        """Return the forecasts that are new at a decision; None: those of before stand.

        Parameters
        ----------
        now_s
            The time [s].
        ai_power_mw
            AI power as telemetered [MW].
        notices
            What tenants have announced.
        """
        interval = period_at(now_s, self._spec.interval_s)
        if interval == self._interval:
            return None
        self._interval = interval
        first = period_at(now_s, self._spec.step_s)
        price = ai = None
        if self._price is not None:
            values = self._price(now_s, first, self._count) + self._delivery_usd_per_mwh
            price = self._forecast(now_s, first, values)
        if self._spec.ai is not None:
            ai = self._forecast(now_s, first, self._ai_mw(now_s, first, ai_power_mw, notices))
        system_load = None if self._system_load is None else self._system_load(now_s)
        return Issued(price, ai, system_load)

    def _forecast(self, now_s: float, first: int, values: FloatArray) -> Forecast | None:
        step_s = self._spec.step_s
        if not len(values):
            return None
        return Forecast(now_s, period_start_s(first, step_s), step_s, tuple(values.tolist()))

    def _ai_mw(self, now_s: float, first: int, power_mw: float, notices: Sequence[Notice]) -> FloatArray:
        edges_s = np.array([period_start_s(first + k, self._spec.step_s) for k in range(self._count + 1)])
        if not isinstance(self._spec.ai, AiWeeklyForecast):
            edges_s[0] = now_s
            return announced_mw(power_mw, notices, edges_s)
        self._read_hours(now_s - self._delay_s)
        return self._weeks.of_steps(edges_s[:-1], power_mw)

    def _read_hours(self, until_s: float) -> None:
        """Take in the hours that telemetry has told of as a whole."""
        while (self._weeks.hour + 1) * SECONDS_PER_HOUR <= until_s:
            from_s = self._weeks.hour * SECONDS_PER_HOUR
            parts = [part.power_between(from_s, from_s + SECONDS_PER_HOUR) for part in self._ai_parts]
            self._weeks.add(sum(part.mean() for part in parts))


def open_forecasts(recorder: Recorder, courses: Courses, scenario: Scenario) -> Forecaster | None:
    """Return what makes the forecasts of a run, of the prices that there are; None: there are none."""
    spec = scenario.market.forecasts
    if spec is None:
        return None
    price = None
    if spec.price is not None:
        draws = scenario.span.stream(PRICE_FORECAST)
        price = spec.price.outlook(_price_record(courses, scenario), spec.step_s, draws)
    return Forecaster(
        spec,
        price,
        scenario.market.supply.delivery_usd_per_mwh,
        recorder.ai_power_tracks(),
        scenario.controller.telemetry_delay_s,
        load_forecaster(scenario),
    )


def _price_record(courses: Courses, scenario: Scenario) -> PriceRecord:
    power, day_ahead = scenario.market.power, scenario.market.day_ahead
    return PriceRecord(
        courses.real_time_usd_per_mwh,
        courses.published_usd_per_mwh,
        power.publication_delay_s if isinstance(power, PublishedPowerPrice) else 0.0,
        courses.day_ahead_usd_per_mwh,
        None if day_ahead is None else day_ahead.known_until_s(scenario.span),
    )
