"""What a reserve is paid for being held: a price per megawatt and hour, fixed or from a file."""

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from sim.market.series import Place, offered_signal
from sim.signals import Signal
from sim.span import Span
from sim.spec import NonNegative, Spec
from sim.tables.cover import Wanted
from sim.tables.quantities import CAPACITY_PRICE
from sim.tables.reading import SeriesReading


class CapacitySignals(NamedTuple):
    """Capacity prices over a run, as steps [USD/MWh, for a megawatt held for an hour]."""

    day_ahead: Signal
    """Price of an award; 0 where there is none."""
    real_time: Signal
    """Price at which capacity is bought back in real time."""
    offered: Signal
    """1 where the service is bought, 0 where the file has a blank."""


class FixedCapacityPrice(Spec):
    """One capacity price for the whole run."""

    type: Literal["fixed"]
    """Kind of price."""
    price_usd_per_mwh: NonNegative
    """Price of a megawatt held for an hour [USD/MWh]."""
    real_time_usd_per_mwh: NonNegative | None = None
    """Price at which it is bought back in real time [USD/MWh]; left out: the same."""

    def signals(self, span: Span) -> CapacitySignals:
        """Return the prices, constant from 0 to the run's end."""
        real_time = self.real_time_usd_per_mwh
        return CapacitySignals(
            Signal.constant(self.price_usd_per_mwh, span.end_s),
            Signal.constant(self.price_usd_per_mwh if real_time is None else real_time, span.end_s),
            Signal.constant(1.0, span.end_s),
        )


class FileCapacityPrice(SeriesReading):
    """Capacity prices from a file; each row holds from its time until the next row's.

    Where a row is blank the service is not bought: there is no award.
    """

    type: Literal["file"]
    """Kind of price."""
    file: Annotated[str, Field(min_length=1)]
    """CSV (plain or .gz) or Parquet file, relative to the scenario file or a data folder."""
    time_column: str = "time_utc"
    """Column with the START of each interval, as ISO-8601 with zone."""
    price_column: Annotated[str, Field(min_length=1)]
    """Column with the price of a megawatt held for an hour [USD/MWh], such as ``as_rrs``."""
    real_time_column: Annotated[str, Field(min_length=1)] | None = None
    """Column with the price at which it is bought back in real time [USD/MWh]; left out, or where it is
    blank: the same."""

    def signals(self, span: Span) -> CapacitySignals:
        """Return the file's prices over the run, as steps; raise InputError where it does not serve it."""
        day_ahead, offered = self._column(self.price_column, span)
        if self.real_time_column is None:
            return CapacitySignals(day_ahead, day_ahead, offered)
        bought, known = self._column(self.real_time_column, span)
        return CapacitySignals(day_ahead, bought + day_ahead * (1.0 - known), offered)

    def _column(self, column: str, span: Span) -> tuple[Signal, Signal]:
        """Return a column and where it has a number; raise InputError where a price is below 0."""
        return offered_signal(self, Place(self.time_column), Wanted(column, CAPACITY_PRICE), span)


AnyCapacityPrice = Annotated[FixedCapacityPrice | FileCapacityPrice, Field(discriminator="type")]
"""Any capacity price, told apart by its ``type``."""
