"""What mining earns: hashprice and the price of bitcoin, quoted: fixed or read from a file."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from sim.market.pools import FppsPool, Pool
from sim.market.series import Place, published_signal, step_signals
from sim.signals import Signal
from sim.span import Span
from sim.spec import Fraction, NonNegative, Positive, Spec
from sim.tables.cover import Wanted
from sim.tables.quantities import BTC_PRICE, HASHPRICE
from sim.tables.reading import SeriesReading


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
    """Year that the hashprice is of; said beside prices of power of another year."""
    hashprice_usd_per_ph_day: Positive = 50.0
    """Revenue of one PH/s held for a day, before the pool's fee [USD/(PH/s)/d].

    The default is an assumption; published values of 2024 to 2026 lie between 39 and 65."""
    price_usd_per_btc: Positive = 85_000.0
    """Price of bitcoin [USD/BTC]; the default is an assumption."""

    def signals(self, span: Span) -> dict[str, Signal]:
        """Return hashprice [USD/(PH/s)/d] and price [USD/BTC], constant from 0 to the run's end."""
        hashprice = Signal.constant(self.hashprice_usd_per_ph_day, span.end_s)
        return quoted(hashprice, Signal.constant(self.price_usd_per_btc, span.end_s))


class FileBitcoin(QuotedBitcoin, SeriesReading):
    """Hashprice and price of bitcoin from a file; each row holds from its time until the next row's."""

    type: Literal["file"] = "file"
    """Kind of market."""
    file: str = Field(min_length=1)
    """CSV (plain or .gz) or Parquet file, relative to the scenario file or a data folder."""
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
        hashprice, price = step_signals(self, Place(self.time_column), columns, span)
        return quoted(hashprice, price)

    def late(self, span: Span) -> Signal:
        """Return the file's hashprice as it is published [USD/(PH/s)/d]."""
        place, wanted = Place(self.time_column), Wanted(self.hashprice_column, HASHPRICE)
        return published_signal(self, place, wanted, self.publication_delay_s, span)
