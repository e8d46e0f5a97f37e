r"""Forecasts: what the market says of the hours ahead, and when it said so.

Notes
-----
A forecast covers steps of equal length, counted from the run's start, and gives the mean of each. Of the
price :math:`\pi` in step :math:`k`, issued at :math:`t`:

.. math::

    \hat\pi_k &= \pi^{DA}_k \quad\text{(day-ahead, as far as published at } t) \\
    \hat\pi_k &= \pi(t - \delta) \quad\text{(persistence, last published price)} \\
    \hat\pi_k &= \pi_{k - n D} \quad\text{(persistence, same time yesterday)} \\
    \hat\pi_k &= \mu + \rho\,(\pi_k - \mu) + \sqrt{1-\rho^2}\;\sigma\,\epsilon_k \quad\text{(noisy)}

with the publication delay :math:`\delta`, the steps of a day :math:`D`, the least number of days :math:`n`
with which the price is published, mean :math:`\mu` and standard deviation :math:`\sigma` of the run's prices,
standard normal :math:`\epsilon_k`. The correlation of ``noisy`` with the truth is :math:`\rho` in
expectation.

The load of the whole system is forecast for the rest of the local day, in the intervals of its file, those
whose highest may be a coincident peak. Of the load :math:`S_k` in the interval :math:`k`, issued at :math:`t`
in the interval :math:`k_0`:

.. math::

    \hat S_k &= S_{k - n D}\, \frac{S_p}{S_{p - n D}} \quad\text{(persistence)} \\
    \hat S_k &= S_k\, (1 + W_k - W_{k_0}), \quad W_k - W_{k-1} = \sigma \sqrt{\Delta}\, \epsilon_k
    \quad\text{(noisy)}

with the interval :math:`p` published last, the intervals of a day :math:`D`, and the least number of days
:math:`n` with which :math:`S_{k - n D}` is published. The relative error :math:`\sigma` of ``noisy`` an hour
ahead grows with the square root of the lead: hourly news :math:`\epsilon`, standard normal and independent,
move all later hours alike, so that one forecast goes over into the next.

References
----------
D. C. Heath, P. L. Jackson, "Modeling the evolution of demand forecasts with application to safety stock
analysis in production/distribution systems", IIE Transactions 26(3), 1994, doi:10.1080/07408179408966604
(forecasts that evolve by independent news).
"""

import math
from abc import abstractmethod
from collections.abc import Callable
from math import sqrt
from typing import Annotated, Final, Literal, NamedTuple

import numpy as np
from numpy.random import Generator
from pydantic import Field

from sim.signals import FloatArray, Signal
from sim.spec import Fraction, Spec
from sim.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_MINUTE


class Forecast(NamedTuple):
    """What was said at one time of the time ahead."""

    issued_s: float
    """When it was issued [s]."""
    start_s: float
    """Start of its first step, which the issue lies in [s]."""
    step_s: float
    """Length of a step [s]."""
    values: tuple[float, ...]
    """Mean of each step, at least one, in the unit of what is forecast."""

    @property
    def end_s(self) -> float:
        """End of the last step [s]."""
        return self.start_s + self.step_s * len(self.values)


class PriceRecord(NamedTuple):
    """The prices of a run; each kind of forecast takes of them what is published by its issue."""

    real_time: Signal
    """Real-time price in force [USD/MWh]."""
    published: Signal
    """Real-time price as it is published [USD/MWh]."""
    publication_delay_s: float
    """Time from the start of a price until it is published [s]."""
    day_ahead: Signal | None
    """Day-ahead price [USD/MWh]; None: there is none."""
    day_ahead_until_s: Signal | None
    """Until when day-ahead prices are published [s]; None: there are none."""


PriceOutlook = Callable[[float, int, int], FloatArray]
"""Returns, at a time [s], the price of so many steps from one with a number on [USD/MWh]; maybe of fewer."""


class PriceForecast(Spec):
    """Base of every forecast of the price."""

    @abstractmethod
    def outlook(self, record: PriceRecord, step_s: float, draws: Generator) -> PriceOutlook:
        """Return what makes the forecasts of a run.

        Parameters
        ----------
        record
            The run's prices.
        step_s
            Length of a step [s]; divides the hour.
        draws
            The forecast's own random stream.
        """


class DayAheadForecast(PriceForecast):
    """The day-ahead price, as far as it is published; needs ``market.day_ahead``."""

    type: Literal["day-ahead"]
    """Kind of forecast."""

    def outlook(self, record: PriceRecord, step_s: float, draws: Generator) -> PriceOutlook:  # noqa: ARG002 -- draws nothing
        """Return the day-ahead prices published at a time; at least those of today."""
        if record.day_ahead is None or record.day_ahead_until_s is None:
            raise ValueError("a day-ahead forecast needs a day-ahead price")
        prices = step_means(record.day_ahead, step_s)
        until_s, end_s = record.day_ahead_until_s, record.real_time.end_s

        def look(now_s: float, first: int, count: int) -> FloatArray:
            known_s = float(until_s.at(now_s))
            known = len(prices) if known_s >= end_s else int(known_s // step_s)
            return prices[first : min(first + count, known)]

        return look


class PersistenceForecast(PriceForecast):
    """Nothing changes, or every day is like the one before."""

    type: Literal["persistence"]
    """Kind of forecast."""
    like: Literal["now", "yesterday"] = "now"
    """``now``: the price last published holds; ``yesterday``: the price of 24 h before, or of as many days
    before as it takes to be published, and in the run's first day the price last published."""

    def outlook(self, record: PriceRecord, step_s: float, draws: Generator) -> PriceOutlook:  # noqa: ARG002 -- draws nothing
        """Return what has been published, said again."""
        prices = step_means(record.real_time, step_s)
        published, delay_s = record.published, record.publication_delay_s
        day_count = round(SECONDS_PER_DAY / step_s)

        def now(now_s: float, first: int, count: int) -> FloatArray:  # noqa: ARG001 -- all steps are alike
            return np.full(count, float(published.at(now_s)))

        def yesterday(now_s: float, first: int, count: int) -> FloatArray:
            steps = first + np.arange(count)
            newest = int((now_s - delay_s) // step_s) - 1  # the last step whose price is known as a whole
            days = np.maximum(1, -((newest - steps) // day_count))
            past = steps - days * day_count
            return np.where(past >= 0, prices[np.maximum(past, 0)], now(now_s, first, count))

        return now if self.like == "now" else yesterday


class NoisyForecast(PriceForecast):
    """A benchmark that knows the future, as well as stated: no site has it."""

    type: Literal["noisy"]
    """Kind of forecast."""
    skill_fraction: Fraction
    """Correlation of forecast and true price: 1 is perfect foresight, 0 no information but the mean and the
    spread of the run's prices. The same for every lead time."""

    def outlook(self, record: PriceRecord, step_s: float, draws: Generator) -> PriceOutlook:
        """Return the true prices with noise, which depends on neither policy nor time of issue."""
        truth = step_means(record.real_time, step_s)
        mean, spread = float(np.mean(truth)), float(np.std(truth))
        noise = spread * draws.standard_normal(len(truth))
        skill = self.skill_fraction
        prices = skill * truth + (1.0 - skill) * mean + math.sqrt(1.0 - skill * skill) * noise

        def look(now_s: float, first: int, count: int) -> FloatArray:  # noqa: ARG001 -- it always knew
            return prices[first : first + count]

        return look


class AiForecast(Spec):
    """A forecast of AI power, by what is announced or by the weeks before."""

    type: Literal["persistence", "weekly"]
    """Kind of forecast. ``persistence``: it stays as it is, but for what tenants have announced; ``weekly``:
    the mean of the same hour of the weeks before, in this run; without one it stays."""


_MOST_DAYS: Final = 7
"""Days that persistence looks back at the most, over late publication and holes of the file."""


class LoadRecord(NamedTuple):
    """The system's load by intervals, before, in and after a run; each kind takes what it may know."""

    time_s: FloatArray
    """Start of each interval [s from the run's start], shape (n,)."""
    load_mw: FloatArray
    """Mean load of each [MW; NaN: blank], shape (n,)."""
    spacing_s: float
    """Length of an interval [s]."""
    delay_s: float
    """Time from the start of an interval until its load is published [s]."""

    def at(self, times_s: FloatArray) -> FloatArray:
        """Return the load of the intervals that times lie in [MW]; NaN where the file has none."""
        rows = np.searchsorted(self.time_s, times_s, side="right") - 1
        found = self.load_mw[np.maximum(rows, 0)]
        late = times_s - self.time_s[np.maximum(rows, 0)] >= self.spacing_s
        return np.where((rows < 0) | late, np.nan, found)

    def interval(self, time_s: float) -> int:
        """Return the number of the interval that a time in the run lies in."""
        return int(np.searchsorted(self.time_s, time_s, side="right")) - 1

    def published_s(self, now_s: float) -> float:
        """Return the start of the interval published last [s]; the file's first until one is."""
        return float(self.time_s[max(self.interval(now_s - self.delay_s), 0)])


LoadOutlook = Callable[[float, FloatArray], FloatArray]
"""Returns, at a time [s], the load [MW] of the intervals that start at some times [s], the first of them the
one that the time lies in."""


class PersistenceLoadForecast(Spec):
    """Today is like yesterday, as much higher or lower as it was when last published."""

    type: Literal["persistence"]
    """Kind of forecast."""

    def outlook(self, record: LoadRecord, draws: Generator) -> LoadOutlook:  # noqa: ARG002 -- draws nothing
        """Return what has been published of the days before, scaled; else the load published last.

        Parameters
        ----------
        record
            The system's load.
        draws
            The forecast's own random stream; here without use.
        """

        def look(now_s: float, starts_s: FloatArray) -> FloatArray:
            newest_s = record.published_s(now_s)
            newest_mw = float(record.at(np.array([newest_s]))[0])
            found = np.full(len(starts_s), np.nan)
            for days in range(1, _MOST_DAYS + 1):
                said = _like_days_before(record, newest_s, starts_s, days) * newest_mw
                found = np.where(np.isnan(found), said, found)
            return np.where(np.isnan(found), newest_mw, found)

        return look


def _like_days_before(record: LoadRecord, newest_s: float, starts_s: FloatArray, days: int) -> FloatArray:
    """Return the load so many days before over that at the newest's hour [1]; NaN where not known by then."""
    past_s, then_s = starts_s - days * SECONDS_PER_DAY, newest_s - days * SECONDS_PER_DAY
    then_mw = float(record.at(np.array([then_s]))[0])
    if not then_mw > 0.0:
        return np.full(len(starts_s), np.nan)
    return np.where(past_s <= newest_s, record.at(past_s), np.nan) / then_mw


class NoisyLoadForecast(Spec):
    """A benchmark that knows the future, as well as stated: no site has it."""

    type: Literal["noisy"]
    """Kind of forecast."""
    error_1h_fraction: Annotated[float, Field(ge=0.0, le=0.5)]
    """Standard deviation of the forecast an hour ahead over the load; it grows with the square root of the
    lead. 0 is perfect foresight."""

    def outlook(self, record: LoadRecord, draws: Generator) -> LoadOutlook:
        """Return the true load with an error that depends on neither policy nor time of issue."""
        first = record.interval(0.0)
        size = self.error_1h_fraction * sqrt(record.spacing_s / SECONDS_PER_HOUR)
        walk = np.cumsum(size * draws.standard_normal(len(record.time_s) - first))

        def look(now_s: float, starts_s: FloatArray) -> FloatArray:  # noqa: ARG001 -- it always knew
            rows = np.searchsorted(record.time_s, starts_s, side="right") - 1 - first
            return np.asarray(record.at(starts_s) * np.maximum(1.0 + (walk[rows] - walk[rows[0]]), 0.0))

        return look


class Forecasts(Spec):
    """What is forecast, how far, and how often."""

    price: Annotated[DayAheadForecast | PersistenceForecast | NoisyForecast, Field(discriminator="type")] | None = None
    """Forecast of the real-time price: ``day-ahead``, ``persistence`` or ``noisy``; left out: none."""
    ai: AiForecast | None = None
    """Forecast of AI power: ``persistence`` or ``weekly``; left out: there is none."""
    system_load: Annotated[PersistenceLoadForecast | NoisyLoadForecast, Field(discriminator="type")] | None = None
    """Forecast of the system's load for the rest of the local day, in the intervals of its file:
    ``persistence`` or ``noisy``; needs ``market.four_cp``. Left out: there is none."""
    interval_min: Annotated[float, Field(ge=1.0, le=1440.0)] = 5.0
    """Time after which a forecast is made anew, when a policy next decides [min]; an issue is no news by
    itself. Assumption."""
    horizon_h: Annotated[float, Field(ge=1.0, le=36.0)] = 6.0
    """How far a forecast of price and AI power reaches [h]; assumption."""
    step_min: Literal[5, 15, 30, 60] = 15
    """Length of a step of price and AI power [min]; steps are counted from the run's start. The default is
    the settlement interval of ERCOT."""

    @property
    def interval_s(self) -> float:
        """Time between two issues [s]."""
        return self.interval_min * SECONDS_PER_MINUTE

    @property
    def step_s(self) -> float:
        """Length of a step [s]."""
        return self.step_min * SECONDS_PER_MINUTE


def step_means(signal: Signal, step_s: float) -> FloatArray:
    """Return the mean of each step of a signal that begins at 0; the last step may be shorter.

    Examples
    --------
    >>> step_means(Signal.steps([0.0, 900.0], [20.0, 40.0], 2400.0), 1800.0).tolist()
    [30.0, 40.0]
    """
    return signal.resample(step_s).value
