"""Transaction fees of a block: a share of its reward, or read from a file."""

from abc import abstractmethod
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from sim.errors import InputError
from sim.market.series import check_positive, published_signal, step_signals, utc_text
from sim.signals import Signal
from sim.spec import NonNegative, Spec
from sim.tables import Files


class Fees(Spec):
    """Base of every description of the transaction fees."""

    @abstractmethod
    def per_block_btc(self, files: Files, start_utc_s: float, end_s: float, subsidy: Signal) -> Signal:
        """Return the fees of a block over the run, as steps.

        Parameters
        ----------
        files
            The folders that the scenario may read from.
        start_utc_s
            The run's start [s since 1970-01-01T00:00Z].
        end_s
            The run's end [s from its start], above 0.
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

    def published_btc(self, files: Files, start_utc_s: float, end_s: float, subsidy: Signal) -> Signal:
        """Return the fees that policies know of: these, at once [BTC]. Takes what `per_block_btc` does."""
        return self.per_block_btc(files, start_utc_s, end_s, subsidy)


class FixedFees(Fees):
    """Fees that are one share of the whole reward, so that they halve with the subsidy."""

    type: Literal["fixed"] = "fixed"
    """Kind of fees."""
    fee_fraction: Annotated[float, Field(ge=0.0, le=0.95)] = 0.01
    """Fees as a share of subsidy and fees together [1]. Default: 0.005 to 0.02 in 2025 and 2026; days with
    0.05 and more have happened (unverified)."""

    def per_block_btc(self, files: Files, start_utc_s: float, end_s: float, subsidy: Signal) -> Signal:  # noqa: ARG002 -- reads no file
        """Return the subsidy times f/(1-f) [BTC]."""
        return subsidy * (self.fee_fraction / (1.0 - self.fee_fraction))


class FileFees(Fees):
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

    def per_block_btc(self, files: Files, start_utc_s: float, end_s: float, subsidy: Signal) -> Signal:  # noqa: ARG002 -- of every subsidy
        """Return the file's fees over its blocks [BTC]."""
        table = files.table(self.file)
        columns = (self.fees_column, self.blocks_column)
        fees, blocks = step_signals(table, self.time_column, columns, start_utc_s, end_s)
        return self._ratio(fees, blocks, table.name, start_utc_s)

    def published_btc(self, files: Files, start_utc_s: float, end_s: float, subsidy: Signal) -> Signal:
        """Return the file's fees over its blocks as they are published [BTC]."""
        self.per_block_btc(files, start_utc_s, end_s, subsidy)  # a fault in the run's own rows comes first
        table, delay_s = files.table(self.file), self.publication_delay_s
        fees, blocks = (
            published_signal(table, self.time_column, column, delay_s, start_utc_s, end_s)
            for column in (self.fees_column, self.blocks_column)
        )
        return self._ratio(fees, blocks, table.name, start_utc_s)

    def _ratio(self, fees: Signal, blocks: Signal, place: str, start_utc_s: float) -> Signal:
        check_positive(place, self.blocks_column, blocks, start_utc_s, "blocks")
        wrong = np.flatnonzero(fees.value < 0.0)
        if wrong.size:
            when = utc_text(start_utc_s + float(fees.time_s[wrong[0]]))
            got = float(fees.value[wrong[0]])
            raise InputError.single(
                place, "", f"column '{self.fees_column}' at {when}: must not be below 0, got {got:g} BTC"
            )
        return Signal.steps(fees.time_s, fees.value / blocks.value, fees.end_s)
