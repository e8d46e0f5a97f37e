"""Transaction fees of a block: a share of its reward, or read from a file."""

from abc import abstractmethod
from typing import Annotated, Literal

from pydantic import Field

from sim.market.series import Place, published_signal, step_signals
from sim.signals import Signal
from sim.span import Span
from sim.spec import NonNegative, Spec
from sim.tables.cover import Wanted
from sim.tables.quantities import BLOCKS, FEES
from sim.tables.reading import SeriesReading


class Fees(Spec):
    """Base of every description of the transaction fees."""

    @abstractmethod
    def per_block_btc(self, span: Span, subsidy: Signal) -> Signal:
        """Return the fees of a block over the run, as steps.

        Parameters
        ----------
        span
            The run.
        subsidy
            Subsidy of a block [BTC], steps from 0 to the run's end.

        Returns
        -------
        Signal
            Fees of a block [BTC].

        Raises
        ------
        InputError
            A file is missing or does not serve the run.
        """

    def late_btc(self, span: Span) -> Signal | None:
        """Return the fees as late as they are published [BTC]; None: they are known at once."""

    def published_btc(self, span: Span, in_force: Signal) -> Signal:
        """Return the fees that policies know of [BTC], given those in force."""
        late = self.late_btc(span)
        return in_force if late is None else late


class FixedFees(Fees):
    """Fees that are one share of the whole reward, so that they halve with the subsidy."""

    type: Literal["fixed"] = "fixed"
    """Kind of fees."""
    fee_fraction: Annotated[float, Field(ge=0.0, le=0.95)] = 0.01
    """Fees as a share of subsidy and fees together [1]. Default: 0.005 to 0.02 in 2025 and 2026; days with
    0.05 and more have happened (unverified)."""

    def per_block_btc(self, span: Span, subsidy: Signal) -> Signal:  # noqa: ARG002 -- reads no file
        """Return the subsidy times f/(1-f) [BTC]."""
        return subsidy * (self.fee_fraction / (1.0 - self.fee_fraction))


class FileFees(Fees, SeriesReading):
    """Fees of each day over its blocks, both from a file; each row holds until the next row's time."""

    type: Literal["file"] = "file"
    """Kind of fees."""
    file: str = Field(min_length=1)
    """CSV (plain or .gz) or Parquet file, relative to the scenario file or a data folder."""
    time_column: str = "date_utc"
    """Column with the START of each interval: a date (midnight UTC), or ISO-8601 with zone."""
    fees_column: str = "fees_btc"
    """Column with the fees of all blocks of the interval [BTC], not below 0."""
    blocks_column: str = "blocks"
    """Column with the blocks of the interval [1], above 0."""
    publication_delay_s: NonNegative = 86_400.0
    """Time from the start of an interval until policies see its fees [s]; the default fits daily rows."""

    def per_block_btc(self, span: Span, subsidy: Signal) -> Signal:  # noqa: ARG002 -- of every subsidy
        """Return the file's fees over its blocks [BTC]."""
        fees, blocks = step_signals(self, Place(self.time_column), self._columns, span)
        return Signal.steps(fees.time_s, fees.value / blocks.value, fees.end_s)

    def late_btc(self, span: Span) -> Signal:
        """Return the file's fees over its blocks as they are published [BTC]."""
        place, delay_s = Place(self.time_column), self.publication_delay_s
        fees, blocks = (published_signal(self, place, wanted, delay_s, span) for wanted in self._columns)
        return Signal.steps(fees.time_s, fees.value / blocks.value, fees.end_s)

    @property
    def _columns(self) -> tuple[Wanted, Wanted]:
        return Wanted(self.fees_column, FEES), Wanted(self.blocks_column, BLOCKS)
