"""What mining earns, from its causes: price of bitcoin, difficulty, halvings and fees."""

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from sim.bitcoin import btc_per_ph_day
from sim.market.chain import Network, Tip, height_at, subsidy_btc, subsidy_signal
from sim.market.difficulty import EndogenousDifficulty, FileDifficulty, GrowthDifficulty
from sim.market.hashprice import BitcoinMarket, FileBtcPrice, FixedBtcPrice, RandomBtcPrice
from sim.market.pools import FppsPool, Pool, PplnsPool, SoloPool
from sim.market.series import Late, StepsFile
from sim.signals import Signal
from sim.span import Span
from sim.spec import NonNegative, Spec
from sim.tables.cover import Wanted
from sim.tables.quantities import QUANTITIES


class FixedFees(Late, Spec):
    """Fees that are one share of the whole reward, so that they halve with the subsidy."""

    type: Literal["fixed"] = "fixed"
    """Kind of fees."""
    fee_fraction: Annotated[float, Field(ge=0.0, le=0.95)] = 0.01
    """Fees as a share of subsidy and fees together [1]. Default: 0.005 to 0.02 in 2025 and 2026; days with
    0.05 and more have happened (unverified)."""

    def per_block_btc(self, span: Span, subsidy: Signal) -> Signal:  # noqa: ARG002 -- reads no file
        """Return the subsidy times f/(1-f) [BTC]."""
        return subsidy * (self.fee_fraction / (1.0 - self.fee_fraction))


class FileFees(StepsFile, Late):
    """Fees of each day over its blocks, both from a file; each row holds until the next row's time."""

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
        fees, blocks = self.steps(span, *self._columns)
        return Signal.steps(fees.time_s, fees.value / blocks.value, fees.end_s)

    def late(self, span: Span) -> Signal:
        """Return the file's fees over its blocks as they are published [BTC]."""
        delay_s = self.publication_delay_s
        fees, blocks = (self.published_steps(span, wanted, delay_s) for wanted in self._columns)
        return Signal.steps(fees.time_s, fees.value / blocks.value, fees.end_s)

    @property
    def _columns(self) -> tuple[Wanted, Wanted]:
        return Wanted(self.fees_column, QUANTITIES["fees"]), Wanted(self.blocks_column, QUANTITIES["blocks"])


class NetworkBitcoin(BitcoinMarket):
    r"""Hashprice from the price of bitcoin, the difficulty, the subsidy and the fees of a block.

    .. math:: h = \frac{86400\cdot 10^{15}}{D\,2^{32}}\,(S + F)\,P_\text{BTC}.

    Nothing that the site does moves them: its own hash rate counts as part of the network's.
    """

    type: Literal["network"]
    """Kind of market."""
    price: Annotated[FixedBtcPrice | FileBtcPrice | RandomBtcPrice, Field(discriminator="type")] = FixedBtcPrice()
    """Price of bitcoin: ``fixed``, ``file`` or ``process``."""
    difficulty: Annotated[FileDifficulty | GrowthDifficulty | EndogenousDifficulty, Field(discriminator="type")] = (
        GrowthDifficulty()
    )
    """Difficulty of the network: ``file``, ``growth`` or ``endogenous``."""
    fees: Annotated[FixedFees | FileFees, Field(discriminator="type")] = FixedFees()
    """Transaction fees: ``fixed`` or ``file``."""
    start_height: Annotated[int, Field(ge=0, le=10_000_000)] | None = None
    """Blocks in the chain at the run's start: tells how far the epoch is and when the subsidy halves. By
    default as the date tells, evenly between the halvings; the next, at 1,050,000, is expected on 2028-04-12
    (unverified). With a difficulty from a file, halvings up to 2024 then come at their dates."""
    pool: Annotated[FppsPool | PplnsPool | SoloPool, Field(discriminator="type")] = FppsPool()
    """Who pays for the hashes, and how: ``fpps``, ``pplns`` or ``solo``."""

    def paid_by(self) -> Pool:
        """Return the pool."""
        return self.pool

    def signals(self, span: Span) -> dict[str, Signal]:
        """Return hashprice, price of bitcoin, and what of the network makes the hashprice."""
        price = self.price.signal(span)
        network = self._network(span, price)
        height = self.start_height
        if height is None and not self.difficulty.is_real:
            height = height_at(span.start_utc_s)
        subsidy = subsidy_signal(span.start_utc_s, span.end_s, height, network)
        fees = self.fees.per_block_btc(span, subsidy)
        return {
            "hashprice_usd_per_ph_day": hashprice(network.difficulty, subsidy + fees, price),
            "price_usd_per_btc": price,
            "difficulty": network.difficulty,
            "network_hashrate_eh_s": network.hashrate_eh_s,
            "subsidy_btc": subsidy,
            "fees_btc": fees,
        }

    def published(self, span: Span, in_force: Mapping[str, Signal]) -> Signal:
        """Return the hashprice of what is known: the chain at once, price and fees as they are published."""
        price = self.price.published(span, in_force["price_usd_per_btc"])
        fees = self.fees.published(span, in_force["fees_btc"])
        return hashprice(in_force["difficulty"], in_force["subsidy_btc"] + fees, price)

    def _network(self, span: Span, price: Signal) -> Network:
        def block_usd(tip: Tip, memory_s: float) -> float:
            subsidy = Signal.constant(subsidy_btc(tip.height), span.end_s)
            fees = self.fees.per_block_btc(span, subsidy)
            reward_btc = subsidy_btc(tip.height) + float(fees.at(tip.time_s))
            return reward_btc * mean_before(price, tip.time_s, memory_s)

        return self.difficulty.network(span, self.start_height, block_usd)


def hashprice(difficulty: Signal, reward_btc: Signal, price: Signal) -> Signal:
    """Return the hashprice of steps of difficulty [1], reward of a block [BTC] and price [USD/BTC].

    Parameters
    ----------
    difficulty, reward_btc, price
        Signals over the same time.

    Returns
    -------
    Signal
        Revenue of one PH/s held for a day, before the pool's fee, in steps [USD/(PH/s)/d].

    Examples
    --------
    >>> steady = [Signal.constant(value, 60.0) for value in (88.40e12, 3.125, 63_450.0)]
    >>> round(hashprice(*steady).mean(), 2)
    45.12
    """
    blocks_per_ph_day = np.asarray(btc_per_ph_day(difficulty.value, 1.0))
    return Signal.steps(difficulty.time_s, blocks_per_ph_day, difficulty.end_s) * reward_btc * price


def mean_before(signal: Signal, time_s: float, memory_s: float) -> float:
    """Return the mean of a signal over some time before; before its start it held its first value.

    Examples
    --------
    >>> mean_before(Signal.steps([0.0, 10.0], [1.0, 2.0], 20.0), 15.0, 20.0)
    1.25
    """
    if memory_s == 0.0:
        return float(signal.at(time_s))
    since_s = max(0.0, time_s - memory_s)
    before = float(signal.value[0]) * (memory_s - (time_s - since_s))
    after = signal.integral_between(since_s, time_s) if time_s > since_s else 0.0
    return (before + after) / memory_s
