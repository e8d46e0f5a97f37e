"""The price of power: fixed, or read from a file."""

from abc import abstractmethod
from typing import Annotated, Literal

from numpy.random import Generator
from pydantic import Field

from sim.errors import InputError
from sim.market.series import published_signal, step_signals
from sim.signals import Signal
from sim.spec import NonNegative, Spec
from sim.tables import Files, Table

PRICE_SUFFIX = "usd_per_mwh"

Price = Annotated[float, Field(ge=-1e5, le=1e5)]
"""A power price, which may be negative."""


class PowerPrice(Spec):
    """Base of every description of the power price."""

    @abstractmethod
    def signal(self, files: Files, start_utc_s: float, end_s: float, draws: Generator) -> Signal:
        """Return the price in force over the run, as steps.

        Parameters
        ----------
        files
            The folders that the scenario may read from.
        start_utc_s
            The run's start [s since 1970-01-01T00:00Z].
        end_s
            The run's end [s from its start], above 0.
        draws
            The price's own random stream.

        Returns
        -------
        Signal
            Price in force [USD/MWh] from 0 to the run's end.

        Raises
        ------
        InputError
            A file is missing or does not serve the run.
        """

    @abstractmethod
    def published(self, files: Files, start_utc_s: float, end_s: float, draws: Generator) -> Signal:
        """Return the price that policies see: the one in force, as late as it is published [USD/MWh].

        Takes and raises what `signal` does.
        """


class FixedPowerPrice(PowerPrice):
    """One price for the whole run."""

    type: Literal["fixed"] = "fixed"
    """Kind of price."""
    price_usd_per_mwh: Price = 40.0
    """Price [USD/MWh]; may be negative. The default is an assumption."""

    def signal(self, files: Files, start_utc_s: float, end_s: float, draws: Generator) -> Signal:  # noqa: ARG002 -- needs none of them
        """Return the price, constant from 0 to the run's end [USD/MWh]."""
        return Signal.constant(self.price_usd_per_mwh, end_s)

    def published(self, files: Files, start_utc_s: float, end_s: float, draws: Generator) -> Signal:
        """Return the same: it is known from the start [USD/MWh]."""
        return self.signal(files, start_utc_s, end_s, draws)


class PublishedPowerPrice(PowerPrice):
    """Base of the prices that change and become known at some time."""

    publication_delay_s: NonNegative = 0.0
    """Time from the start of an interval until policies see its price [s].

    The default, known at the interval's start, is optimistic: the 15-minute settlement price in ERCOT is
    strictly known only after the interval (then 900 s); loads act on indicative 5-minute prices, for which it
    stands in.
    """


class FilePowerPrice(PublishedPowerPrice):
    """Prices from a file; each row holds from its time until the next row's."""

    type: Literal["file"] = "file"
    """Kind of price."""
    file: str = Field(min_length=1)
    """CSV (plain or .gz) or Parquet file, relative to the scenario file or a data folder."""
    time_column: str = "time_utc"
    """Column with the START of each interval, as ISO-8601 with zone."""
    price_column: str | None = None
    """Column with the price [USD/MWh]; by default the only one whose name ends in ``usd_per_mwh``."""

    def signal(self, files: Files, start_utc_s: float, end_s: float, draws: Generator) -> Signal:  # noqa: ARG002 -- draws nothing
        """Return the file's price over the run, as steps [USD/MWh]."""
        table = files.table(self.file)
        column = self.price_column or _only_price_column(table)
        (price,) = step_signals(table, self.time_column, (column,), start_utc_s, end_s)
        return price

    def published(self, files: Files, start_utc_s: float, end_s: float, draws: Generator) -> Signal:
        """Return the file's price as it is published [USD/MWh]."""
        self.signal(files, start_utc_s, end_s, draws)  # a fault in the run's own rows comes first
        table = files.table(self.file)
        column = self.price_column or _only_price_column(table)
        delay_s = self.publication_delay_s
        return published_signal(table, self.time_column, column, delay_s, start_utc_s, end_s)


def _only_price_column(table: Table) -> str:
    """Return the one column named as a power price; raise InputError where there is none or more than one."""
    candidates = [column for column in table.columns if column.endswith(PRICE_SUFFIX)]
    if len(candidates) == 1:
        return candidates[0]
    found = "several columns end" if candidates else "no column ends"
    names = ", ".join(candidates or table.columns)
    raise InputError.single(table.name, "", f"{found} in '{PRICE_SUFFIX}': {names}; name one as price_column")
