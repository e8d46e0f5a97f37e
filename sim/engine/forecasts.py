"""Makes the forecasts that a policy sees when it decides, and shows it the system's load."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import ceil

import numpy as np

from sim.ai.notice import Notice
from sim.clock import feed
from sim.engine.bus import Metered
from sim.engine.prices import Core, Courses
from sim.market.forecasts import Forecast, Forecasts, LoadOutlook, LoadRecord, PriceOutlook, PriceRecord, step_means
from sim.market.four_cp import FourCoincidentPeaks
from sim.market.power import PublishedPowerPrice
from sim.policies.outlook import period_at, period_start_s
from sim.rng import LOAD_FORECAST, PRICE_FORECAST
from sim.scenario.model import Scenario
from sim.units import HOURS_PER_WEEK, SECONDS_PER_HOUR, FloatArray


def announced_mw(power_mw: float, notices: Sequence[Notice], edges_s: FloatArray) -> FloatArray:
    """Return AI power if nothing changes but what is announced.

    A fall that is to be over at a time is over then, unless its load has announced a resume of its own. What
    was to come before now is taken to have come.

    Parameters
    ----------
    power_mw
        AI power now [MW].
    notices
        What is announced.
    edges_s
        Now, and the later edges of the steps [s], shape (n + 1,), increasing.

    Returns
    -------
    ndarray
        Mean power of each step [MW], shape (n,), at least 0.

    Examples
    --------
    A checkpoint of 40 MW from the 15th to the 30th minute of an hour:

    >>> checkpoint = Notice("llama", "checkpoint", 900.0, 1800.0, -40.0, 840.0)
    >>> announced_mw(100.0, [checkpoint], np.array([0.0, 1800.0, 3600.0])).tolist()
    [80.0, 100.0]
    """
    mean_mw = np.full(len(edges_s) - 1, power_mw)
    length_s = np.diff(edges_s)
    for time_s, change_mw in _changes(notices, float(edges_s[0])):
        after_s = np.clip(edges_s[1:] - time_s, 0.0, length_s)
        mean_mw += change_mw * after_s / length_s
    return np.asarray(np.maximum(mean_mw, 0.0))


def _changes(notices: Sequence[Notice], now_s: float) -> Iterator[tuple[float, float]]:
    """Yield when power is to change, and by how much."""
    resuming = {notice.load for notice in notices if notice.kind == "resume" and notice.at_s > now_s}
    for notice in notices:
        if notice.at_s > now_s:
            yield notice.at_s, notice.change_mw
        passing = notice.change_mw < 0.0 and notice.until_s > max(notice.at_s, now_s)
        if passing and notice.load not in resuming:
            yield notice.until_s, -notice.change_mw


class WeeklyMean:
    """The mean power of each hour of the week, over the weeks of the run so far."""

    def __init__(self) -> None:
        self._sum_mw = np.zeros(HOURS_PER_WEEK)
        self._count = np.zeros(HOURS_PER_WEEK)
        self.hour = 0
        """Whole hours that it has been told of."""

    def add(self, mean_mw: float) -> None:
        """Take in the mean power of the next hour [MW]."""
        of_week = self.hour % HOURS_PER_WEEK
        self._sum_mw[of_week] += mean_mw
        self._count[of_week] += 1.0
        self.hour += 1

    def of_steps(self, starts_s: FloatArray, otherwise_mw: float) -> FloatArray:
        """Return the mean of the hours that steps begin in [MW].

        Parameters
        ----------
        starts_s
            Starts of the steps, within a week from the last hour told of [s], shape (n,).
        otherwise_mw
            What stands for an hour of the week that has not been seen [MW].

        Examples
        --------
        >>> weeks = WeeklyMean()
        >>> for hour in range(169): weeks.add(80.0 if hour < 168 else 100.0)
        >>> weeks.of_steps(np.array([168.0, 169.0]) * 3600.0 + 168.0 * 3600.0, 50.0).tolist()
        [90.0, 80.0]
        """
        of_week = (starts_s // SECONDS_PER_HOUR).astype(np.int64) % HOURS_PER_WEEK
        seen = self._count[of_week] > 0.0
        return np.where(seen, self._sum_mw[of_week] / np.maximum(self._count[of_week], 1.0), otherwise_mw)


def open_four_cp(core: Core, spec: FourCoincidentPeaks) -> None:
    """Record the system's load, and publish load, peak so far, and the local hour.

    Parameters
    ----------
    core
        What the campus is made of.
    spec
        What the scenario says of the charge.
    """
    clock, span, figure = core.clock, core.scenario.span, core.published.figure
    figure("coincident_peak_usd_per_mw")(spec.usd_per_mw)
    hours = spec.local_hours(span)
    feed(clock, hours.month_count, figure("local_month_count"))
    feed(clock, hours.hour_h, figure("local_hour_h"))
    if spec.system_load is not None:
        load_mw = spec.system_load.signal(span)
        core.recorder.give("system_load_mw", load_mw)
        feed(clock, spec.published_peak(spec.system_load, span), figure("system_peak_mw"))
        feed(clock, spec.system_load.published(span, load_mw), figure("system_load_mw"))


def load_forecaster(scenario: Scenario) -> Callable[[float], Forecast | None] | None:
    """Return what issues forecasts of the system's load, at a time [s]; None: there are none."""
    forecasts, spec, span = scenario.market.forecasts, scenario.market.four_cp, scenario.span
    if spec is None or spec.system_load is None or forecasts is None or forecasts.system_load is None:
        return None
    record = spec.system_load.record(span.files, span.start_utc_s)
    draws = span.stream(LOAD_FORECAST)
    midnights_s = spec.midnights_s(span)
    return partial(_rest_of_day, forecasts.system_load.outlook(record, draws), record, midnights_s)


def _rest_of_day(outlook: LoadOutlook, record: LoadRecord, midnights_s: FloatArray, now_s: float) -> Forecast | None:
    """Return the forecast from the present interval to local midnight, as far as it is known."""
    step_s, start_s = record.spacing_s, float(record.time_s[record.interval(now_s)])
    until_s = float(midnights_s[np.searchsorted(midnights_s, now_s, side="right")])
    count = ceil((until_s - start_s) / step_s)
    values = outlook(now_s, start_s + step_s * np.arange(count, dtype=np.float64))
    unknown = np.flatnonzero(~np.isfinite(values))
    known = values[: unknown[0]] if unknown.size else values
    return Forecast(now_s, start_s, step_s, tuple(known.tolist())) if known.size else None


Issued = tuple[Forecast | None, Forecast | None, Forecast | None]
"""The forecasts of an interval, of the price, of AI power, of the system's load; None: there is none."""


@dataclass(eq=False)
class Forecaster:
    """Issues forecasts: one of each kind in an interval, at its first decision; costs no event."""

    spec: Forecasts
    """What is forecast."""
    price: PriceOutlook | None
    """Makes the forecast of the price; None: there is none."""
    delivery_usd_per_mwh: FloatArray
    """What a policy sees on top of the real-time price, of each step from the run's start [USD/MWh]."""
    ai_parts: Sequence[Metered]
    """All that draws AI power."""
    telemetry_delay_s: float
    """How late AI power becomes known [s]."""
    system_load: Callable[[float], Forecast | None] | None = None
    """Makes the forecast of the system's load; None: there is none."""

    def __post_init__(self) -> None:
        """Begin with nothing done yet."""
        self._weeks = WeeklyMean()
        self._interval: int | None = None
        self._count = int(np.ceil(self.spec.horizon_h * SECONDS_PER_HOUR / self.spec.step_s)) + 1

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
        interval = period_at(now_s, self.spec.interval_s)
        if interval == self._interval:
            return None
        self._interval = interval
        first = period_at(now_s, self.spec.step_s)
        price = ai = None
        if self.price is not None:
            values = self.price(now_s, first, self._count)
            price = self._forecast(now_s, first, values + self.delivery_usd_per_mwh[first:][: len(values)])
        if self.spec.ai is not None:
            ai = self._forecast(now_s, first, self._ai_mw(now_s, first, ai_power_mw, notices))
        system_load = None if self.system_load is None else self.system_load(now_s)
        return price, ai, system_load

    def _forecast(self, now_s: float, first: int, values: FloatArray) -> Forecast | None:
        step_s = self.spec.step_s
        if not len(values):
            return None
        return Forecast(now_s, period_start_s(first, step_s), step_s, tuple(values.tolist()))

    def _ai_mw(self, now_s: float, first: int, power_mw: float, notices: Sequence[Notice]) -> FloatArray:
        edges_s = np.array([period_start_s(first + k, self.spec.step_s) for k in range(self._count + 1)])
        if self.spec.ai is None or self.spec.ai.type == "persistence":
            edges_s[0] = now_s
            return announced_mw(power_mw, notices, edges_s)
        self._read_hours(now_s - self.telemetry_delay_s)
        return self._weeks.of_steps(edges_s[:-1], power_mw)

    def _read_hours(self, until_s: float) -> None:
        """Take in the hours that telemetry has told of as a whole."""
        while (self._weeks.hour + 1) * SECONDS_PER_HOUR <= until_s:
            from_s = self._weeks.hour * SECONDS_PER_HOUR
            parts = [part.power_between(from_s, from_s + SECONDS_PER_HOUR) for part in self.ai_parts]
            self._weeks.add(sum(part.mean() for part in parts))


def open_forecasts(core: Core) -> Forecaster | None:
    """Return what makes the forecasts of a run, of the prices that there are; None: there are none."""
    scenario = core.scenario
    spec = scenario.market.forecasts
    if spec is None:
        return None
    price, span = None, scenario.span
    beyond = replace(span, end_s=span.end_s + (spec.horizon_h + 1.0) * SECONDS_PER_HOUR)
    if spec.price is not None:
        draws = span.stream(PRICE_FORECAST)
        price = spec.price.outlook(_price_record(core.courses, scenario), spec.step_s, draws)
    return Forecaster(
        spec,
        price,
        step_means(scenario.market.supply.delivery(beyond), spec.step_s),
        core.recorder.ai_power_tracks(),
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
