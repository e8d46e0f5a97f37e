r"""Forecasts of the load of the whole system, for the rest of the local day.

Notes
-----
The steps are the intervals of the load's file, those whose highest may be a coincident peak. Of the load
:math:`S_k` in the interval :math:`k`, issued at :math:`t` in the interval :math:`k_0`:

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

from collections.abc import Callable
from math import sqrt
from typing import Annotated, Final, Literal, NamedTuple

import numpy as np
from numpy.random import Generator
from pydantic import Field

from sim.signals import FloatArray
from sim.spec import Spec
from sim.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

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


AnyLoadForecast = Annotated[PersistenceLoadForecast | NoisyLoadForecast, Field(discriminator="type")]
"""Any forecast of the system's load, told apart by its ``type``."""
