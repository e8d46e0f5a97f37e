"""The network's difficulty: read from a file, or following a hash rate that grows."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import AwareDatetime, Field

from sim.bitcoin import balanced_hashrate_eh_s, hashrate_ph_s
from sim.errors import InputError
from sim.market.btc_price import JULIAN_YEAR_D
from sim.market.chain import Network, Tip, simulate
from sim.market.halvings import height_at
from sim.market.series import Place, step_signals
from sim.signals import Signal, total
from sim.span import Span
from sim.spec import SIZED, Positive, Spec
from sim.tables.cover import Wanted
from sim.tables.quantities import DIFFICULTY, HASHRATE
from sim.tables.reading import SeriesReading
from sim.units import EXAHASH_IN_PETAHASHES, SECONDS_PER_DAY

BlockValue = Callable[[Tip, float], float]
"""What a block is worth [USD] at a tip of the chain, by the mean price of so long before it [s]."""


_LEAST_SINCE: Final = ((1_609_459_200.0, 1e12), (1_483_228_800.0, 1e11), (1_388_534_400.0, 1e8))
"""Difficulty not fallen below since the start of 2021, 2017 and 2014 [s since 1970; 1], with room."""


class Conversion(Spec):
    """Mining power that turns to other work, anywhere in the network, and does not come back."""

    at: AwareDatetime
    """When, ISO 8601 with an offset; before the run: from its start."""
    mw: Positive
    """Power at the wall that it drew [MW]."""
    efficiency_j_per_th: Annotated[float, Field(gt=0.0, le=1e4), SIZED] = 17.5
    """Efficiency of its machines at the wall [J/TH]. Default: assumption, a fleet of 2024 to 2025."""

    @property
    def hashrate_eh_s(self) -> float:
        """The hash rate that the network loses [EH/s]."""
        return hashrate_ph_s(self.mw, self.efficiency_j_per_th) / EXAHASH_IN_PETAHASHES


class Difficulty(Spec):
    """Base of every description of the network's difficulty."""

    @abstractmethod
    def network(self, span: Span, height: int | None, block_usd: BlockValue) -> Network:
        """Return difficulty and hash rate of the network over the run.

        Parameters
        ----------
        span
            The run.
        height
            Height of the chain at the start; None: what the date tells.
        block_usd
            What a block is worth to those who run the network's machines.

        Returns
        -------
        Network
            Difficulty and hash rate from 0 to the run's end.

        Raises
        ------
        InputError
            A file is missing or does not serve the run, or no hash rate is left.
        """

    @property
    def is_real(self) -> bool:
        """Whether this is what happened, so that halvings of the past come at their dates."""
        return False


class FileDifficulty(Difficulty, SeriesReading):
    """Difficulty from a file; each row holds from its time until the next row's. It is known at once."""

    type: Literal["file"] = "file"
    """Kind of difficulty."""
    file: str = Field(min_length=1)
    """CSV (plain or .gz) or Parquet file, relative to the scenario file or a data folder."""
    time_column: str = "date_utc"
    """Column with the START of each interval: a date (midnight UTC), or ISO-8601 with zone."""
    difficulty_column: str = "difficulty"
    """Column with the difficulty [1], above 0."""
    hashrate_column: str | None = None
    """Column with the network's hash rate [EH/s], above 0; by default that which the difficulty fits."""

    @property
    def is_real(self) -> bool:
        """A file tells what happened."""
        return True

    def network(
        self,
        span: Span,
        height: int | None,  # noqa: ARG002 -- the file's retargets are where they are
        block_usd: BlockValue,  # noqa: ARG002 -- nobody decides
    ) -> Network:
        """Return the file's difficulty and hash rate."""
        place, wanted = Place(self.time_column), Wanted(self.difficulty_column, DIFFICULTY)
        (difficulty,) = step_signals(self, place, [wanted], span)
        self._check_era(difficulty, span.start_utc_s)
        if self.hashrate_column is None:
            fitting = balanced_hashrate_eh_s(difficulty.value)
            return Network(difficulty, Signal.steps(difficulty.time_s, fitting, span.end_s))
        (hashrate,) = step_signals(self, place, [Wanted(self.hashrate_column, HASHRATE)], span)
        return Network(difficulty, hashrate)

    def _check_era(self, difficulty: Signal, start_utc_s: float) -> None:
        """Refuse what no difficulty has been since: another unit, and none is stated."""
        least = next((least for since_utc_s, least in _LEAST_SINCE if start_utc_s >= since_utc_s), 0.0)
        if self.unit is None and difficulty.minimum() < least:
            message = (
                f"column '{self.difficulty_column}': {difficulty.minimum():g} is no difficulty of its time, "
                f"which was {least:g} or more: state its unit, difficulty_t where it counts in 1e12"
            )
            raise InputError.single(self.file, "", message)


class SimulatedDifficulty(Difficulty):
    """Base of the difficulties that follow a hash rate, retarget by retarget."""

    start_difficulty: Annotated[float, Field(ge=1.0, le=1e20)] = 124.93e12
    """Difficulty at the run's start [1]. Default: that of mid-June 2026."""
    start_hashrate_eh_s: Annotated[float, Field(gt=0.0, le=1e7), SIZED] | None = None
    """Hash rate of the network at the run's start [EH/s], before any conversion; by default that which the
    difficulty fits, a block in ten minutes."""
    annual_growth_ratio: Annotated[float, Field(ge=-0.9, le=9.0)] = 0.05
    """Growth of the hash rate in a year [1], spread over its days; conversions come on top. Default:
    assumption. Forecasts have been far off: -0.15 to 0.40 is the range to try."""
    conversions: Annotated[tuple[Conversion, ...], Field(max_length=1000)] = ()
    """Mining power that turns to other work during the run."""

    @property
    def first_hashrate_eh_s(self) -> float:
        """Hash rate at the start, before any conversion [EH/s]."""
        return self.start_hashrate_eh_s or float(balanced_hashrate_eh_s(self.start_difficulty))

    def tip(self, start_utc_s: float, height: int | None) -> Tip:
        """Return the chain at the start."""
        return Tip(0.0, self.start_difficulty, height_at(start_utc_s) if height is None else height)

    def growth(self, end_s: float) -> Signal:
        """Return the hash rate over that of the start, without conversions, in steps of a day [1]."""
        times_s = np.arange(0.0, end_s, SECONDS_PER_DAY)
        daily = (1.0 + self.annual_growth_ratio) ** (1.0 / JULIAN_YEAR_D)
        return Signal.steps(times_s, [daily**day for day in range(times_s.size)], end_s)

    def converted_eh_s(self, span: Span) -> Signal:
        """Return the hash rate that conversions have taken off the network [EH/s]."""
        nothing = Signal.constant(0.0, span.end_s)
        parts = [
            Signal.steps(
                [0.0, conversion.at.timestamp() - span.start_utc_s],
                [0.0, conversion.hashrate_eh_s],
                span.end_s,
            )
            if conversion.at.timestamp() > span.start_utc_s
            else Signal.constant(conversion.hashrate_eh_s, span.end_s)
            for conversion in self.conversions
        ]
        return total([nothing, *parts])


class GrowthDifficulty(SimulatedDifficulty):
    """A hash rate that grows at a steady rate whatever mining pays, and the difficulty that follows it."""

    type: Literal["growth"] = "growth"
    """Kind of difficulty."""

    def network(
        self,
        span: Span,
        height: int | None,
        block_usd: BlockValue,  # noqa: ARG002 -- nobody decides
    ) -> Network:
        """Return the hash rate and the difficulty that follows it."""
        grown = self.growth(span.end_s) * self.first_hashrate_eh_s
        hashrate = grown - self.converted_eh_s(span)
        return simulate(self.tip(span.start_utc_s, height), span.end_s, lambda _: hashrate)
