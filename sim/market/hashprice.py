"""What mining earns, quoted: hashprice and the price of bitcoin, fixed, from a file, or a random walk.

References
----------
F. Black, M. Scholes, "The pricing of options and corporate liabilities", Journal of Political Economy 81,
1973, doi:10.1086/260062 (geometric Brownian motion as a price process).
"""

import math
from abc import abstractmethod
from collections.abc import Mapping
from itertools import accumulate
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import Field

from sim.market.pools import FppsPool, Pool
from sim.market.series import Course, StepsFile
from sim.rng import BITCOIN
from sim.signals import Signal
from sim.span import Span
from sim.spec import Fraction, NonNegative, Positive, Spec
from sim.tables.cover import Wanted
from sim.tables.quantities import QUANTITIES
from sim.units import SECONDS_PER_DAY

HASHPRICE, BTC_PRICE = QUANTITIES["hashprice"], QUANTITIES["btc_price"]


class BitcoinMarket(Spec):
    """Base of every description of what mining earns."""

    @abstractmethod
    def signals(self, span: Span) -> dict[str, Signal]:
        """Return what the run records of it, by the name of the signal, as steps.

        Parameters
        ----------
        span
            The run.

        Returns
        -------
        dict of str to Signal
            At least ``hashprice_usd_per_ph_day``, the revenue of one PH/s held for a day before the pool's
            fee [USD/(PH/s)/d], and ``price_usd_per_btc`` [USD/BTC].

        Raises
        ------
        InputError
            A file is missing or does not serve the run.
        """

    def late(self, span: Span) -> Signal | None:
        """Return the hashprice as late as it is published [USD/(PH/s)/d]; None: it is known at once."""

    def published(self, span: Span, in_force: Mapping[str, Signal]) -> Signal:
        """Return the hashprice that policies see, as late as it is published [USD/(PH/s)/d].

        Parameters
        ----------
        span
            The run.
        in_force
            What `signals` returned: nothing is drawn twice.
        """
        late = self.late(span)
        return in_force["hashprice_usd_per_ph_day"] if late is None else late

    @abstractmethod
    def paid_by(self) -> Pool:
        """Return who pays for the hashes."""


def quoted(hashprice: Signal, price: Signal) -> dict[str, Signal]:
    """Return hashprice [USD/(PH/s)/d] and price of bitcoin [USD/BTC] by the names of their signals."""
    return {"hashprice_usd_per_ph_day": hashprice, "price_usd_per_btc": price}


class QuotedBitcoin(BitcoinMarket):
    """Base of the markets that take the hashprice as it is quoted, without what it comes from."""

    pool_fee_fraction: Fraction = 0.0
    """Share of the revenue that the pool keeps. Pools that pay per share take 0.02 to 0.04 (2026)."""

    def paid_by(self) -> Pool:
        """Return a pool that pays for every hash."""
        # not checked again: a quoted market takes any fee
        return FppsPool.model_construct(fee_fraction=self.pool_fee_fraction, stale_fraction=0.0)


class FixedBitcoin(QuotedBitcoin):
    """One hashprice and one price of bitcoin for the whole run."""

    type: Literal["fixed"] = "fixed"
    """Kind of market."""
    of_year: Annotated[int, Field(ge=2009, le=2200)] | None = None
    """Year that the hashprice is of; left out beside prices of power from a file, a run cautions that it may
    be of another."""
    hashprice_usd_per_ph_day: Positive = 50.0
    """Revenue of one PH/s held for a day, before the pool's fee [USD/(PH/s)/d].

    The default is an assumption; published values of 2024 to 2026 lie between 39 and 65."""
    price_usd_per_btc: Positive = 85_000.0
    """Price of bitcoin [USD/BTC]; the default is an assumption."""

    def signals(self, span: Span) -> dict[str, Signal]:
        """Return hashprice [USD/(PH/s)/d] and price [USD/BTC], constant from 0 to the run's end."""
        hashprice = Signal.constant(self.hashprice_usd_per_ph_day, span.end_s)
        return quoted(hashprice, Signal.constant(self.price_usd_per_btc, span.end_s))


class FileBitcoin(StepsFile, QuotedBitcoin):
    """Hashprice and price of bitcoin from a file; each row holds from its time until the next row's."""

    time_column: str = "date_utc"
    """Column with the START of each interval: a date (midnight UTC), or ISO-8601 with zone."""
    hashprice_column: str = "hashprice_usd_ph_day"
    """Column with the hashprice [USD/(PH/s)/d], above 0."""
    price_column: str = "price_usd"
    """Column with the price of bitcoin [USD/BTC], above 0."""
    publication_delay_s: NonNegative = 86_400.0
    """Time from the start of an interval until policies see its hashprice [s]; the default fits daily rows
    that hold the day's close, which is known when the day ends."""

    def signals(self, span: Span) -> dict[str, Signal]:
        """Return the file's hashprice [USD/(PH/s)/d] and price [USD/BTC] over the run, as steps."""
        columns = Wanted(self.hashprice_column, HASHPRICE), Wanted(self.price_column, BTC_PRICE)
        return quoted(*self.steps(span, *columns))

    def late(self, span: Span) -> Signal:
        """Return the file's hashprice as it is published [USD/(PH/s)/d]."""
        return self.published_steps(span, Wanted(self.hashprice_column, HASHPRICE), self.publication_delay_s)


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


class FileBtcPrice(StepsFile, Course):
    """Prices from a file; each row holds from its time until the next row's."""

    time_column: str = "date_utc"
    """Column with the START of each interval: a date (midnight UTC), or ISO-8601 with zone."""
    price_column: str = "price_usd"
    """Column with the price of bitcoin [USD/BTC], above 0."""
    publication_delay_s: NonNegative = 86_400.0
    """Time from the start of an interval until policies see its price [s]; the default fits daily rows that
    hold the day's close."""

    def signal(self, span: Span) -> Signal:
        """Return the file's price over the run, as steps [USD/BTC]."""
        return self.steps(span, Wanted(self.price_column, BTC_PRICE))[0]

    def late(self, span: Span) -> Signal:
        """Return the file's price as it is published [USD/BTC]."""
        return self.published_steps(span, Wanted(self.price_column, BTC_PRICE), self.publication_delay_s)


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
