r"""The price of bitcoin: fixed, read from a file, or a random walk.

References
----------
F. Black, M. Scholes, "The pricing of options and corporate liabilities", Journal of Political Economy 81,
1973, doi:10.1086/260062 (geometric Brownian motion as a price process).
"""

import math
from itertools import accumulate
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import Field

from sim.market.series import Course, Place, published_signal, step_signals
from sim.rng import BITCOIN
from sim.signals import Signal
from sim.span import Span
from sim.spec import NonNegative, Positive
from sim.tables.cover import Wanted
from sim.tables.quantities import BTC_PRICE
from sim.tables.reading import SeriesReading
from sim.units import SECONDS_PER_DAY

JULIAN_YEAR_D: Final = 365.25


class FixedBtcPrice(Course):
    """One price for the whole run."""

    type: Literal["fixed"] = "fixed"
    """Kind of price."""
    price_usd_per_btc: Positive = 85_000.0
    """Price of bitcoin [USD/BTC]; the default is an assumption."""

    def signal(self, span: Span) -> Signal:
        """Return the price, constant from 0 to the run's end [USD/BTC]."""
        return Signal.constant(self.price_usd_per_btc, span.end_s)


class FileBtcPrice(Course, SeriesReading):
    """Prices from a file; each row holds from its time until the next row's."""

    type: Literal["file"] = "file"
    """Kind of price."""
    file: str = Field(min_length=1)
    """CSV (plain or .gz) or Parquet file, relative to the scenario file or a data folder."""
    time_column: str = "date_utc"
    """Column with the START of each interval: a date (midnight UTC), or ISO-8601 with zone."""
    price_column: str = "price_usd"
    """Column with the price of bitcoin [USD/BTC], above 0."""
    publication_delay_s: NonNegative = 86_400.0
    """Time from the start of an interval until policies see its price [s]; the default fits daily rows that
    hold the day's close."""

    def signal(self, span: Span) -> Signal:
        """Return the file's price over the run, as steps [USD/BTC]."""
        place, wanted = Place(self.time_column), Wanted(self.price_column, BTC_PRICE)
        (price,) = step_signals(self, place, [wanted], span)
        return price

    def late(self, span: Span) -> Signal:
        """Return the file's price as it is published [USD/BTC]."""
        place, wanted = Place(self.time_column), Wanted(self.price_column, BTC_PRICE)
        return published_signal(self, place, wanted, self.publication_delay_s, span)


class RandomBtcPrice(Course):
    r"""A random walk of the logarithm, geometric Brownian motion, with a new price every day.

    .. math:: P_{k+1} = P_k \exp\bigl((\mu - \tfrac12\sigma^2)\,\Delta + \sigma\sqrt\Delta\,z_k\bigr),

    with :math:`\Delta` one day in years. It has no jumps, no changing volatility and no return to a mean.
    """

    type: Literal["process"]
    """Kind of price."""
    start_usd_per_btc: Positive = 85_000.0
    """Price at the run's start [USD/BTC]; the default is an assumption."""
    annual_drift_ratio: Annotated[float, Field(ge=-5.0, le=5.0)] = 0.0
    """Drift in a year, mu: the expected price grows by exp(mu) [1]. Default: assumption."""
    annual_volatility_sigma: Annotated[float, Field(ge=0.0, le=5.0)] = 0.7
    """Standard deviation of the logarithm of the price after a year [1]. Default: assumption; 0.6 to 0.8 is
    what it is commonly taken to be (unverified)."""

    def signal(self, span: Span) -> Signal:
        """Return a path of the price; a shorter run meets the same prices [USD/BTC]."""
        times_s = np.arange(0.0, span.end_s, SECONDS_PER_DAY)
        step_years = 1.0 / JULIAN_YEAR_D
        drift = (self.annual_drift_ratio - 0.5 * self.annual_volatility_sigma**2) * step_years
        spread = self.annual_volatility_sigma * math.sqrt(step_years)
        draws = span.stream(BITCOIN).standard_normal(times_s.size - 1)
        shocks = (drift + spread * draw for draw in draws.tolist())
        # math.exp, as numpy's changes its last bits with the processor
        prices = [self.start_usd_per_btc * math.exp(log) for log in accumulate(shocks, initial=0.0)]
        return Signal.steps(times_s, prices, span.end_s)
