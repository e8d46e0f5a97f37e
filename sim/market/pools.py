r"""Who pays for hashes: a pool that pays for each, a pool that pays per block, or nobody but the chain.

Notes
-----
A hash rate :math:`H` finds blocks as a Poisson process of rate :math:`\lambda = H/(D\,2^{32})`. Of
:math:`\mu` expected blocks the standard deviation over the mean is :math:`1/\sqrt\mu`: 7 % for 205.

The steps between blocks are drawn in work, not in time (exponential, in expected blocks), from a stream of
their own: the n-th step is the same whatever the hash rate, so that two policies meet the same luck.

References
----------
M. Rosenfeld, "Analysis of Bitcoin pooled mining reward systems", arXiv:1112.4980 (pay per share, PPLNS,
and the variance of each).
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field

from sim.errors import InputError
from sim.market.chain import work_per_block
from sim.signals import FloatArray, Signal
from sim.signals.changes import times_of_integral
from sim.spec import SIZED, PositiveFraction, Spec, some_of
from sim.units import EXAHASH_IN_PETAHASHES, ROUNDING, SECONDS_PER_DAY

_DRAWN_AT_ONCE: Final = 1024
_MOST_BLOCKS: Final = 10_000_000
"""More than the chain will have for a century: a difficulty and a hash rate that do not belong together."""

Share = Annotated[float, Field(ge=0.0, le=0.5)]
"""A share that is taken away, at most half."""


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """What block payments follow from; signals over the run."""

    site_ph_s: Signal
    """Hash rate of the site [PH/s]."""
    difficulty: Signal
    """Difficulty, in steps [1]."""
    network_eh_s: Signal
    """Hash rate of the network, in steps [EH/s]."""
    reward_btc: Signal
    """Subsidy and fees of a block, in steps [BTC]."""


@dataclass(frozen=True, slots=True, eq=False)
class Payments:
    """What the blocks of a run paid the site."""

    time_s: FloatArray
    """When each block was found [s], shape (n,)."""
    btc: FloatArray
    """What the site got for each, after all fees [BTC], shape (n,)."""
    expected_count: float
    """Blocks that were to be expected [1]."""


class Pool(Spec):
    """Base of every description of who pays for the site's hashes."""

    pays_blocks: ClassVar[bool]
    """Whether pay comes with each block found, so that there is luck in it."""

    fee_fraction: Share = 0.0
    """Share of the pay that is kept back [1]."""
    stale_fraction: Share = 0.003
    """Share of the site's hashes that come too late to count [1]. Default: unverified; 0.005 to 0.02 is said
    of the older protocol between miner and pool."""

    def payments(self, work: Work, draws: Generator) -> Payments | None:  # noqa: ARG002 -- pays no blocks
        """Return what blocks paid over the run; None where pay does not come by blocks.

        Parameters
        ----------
        work
            The site's hash rate, and the network's state.
        draws
            The blocks' own random stream.

        Raises
        ------
        InputError
            The site hashes more than its pool.
        """
        return None


class FppsPool(Pool):
    """Full pay per share: every hash earns its expectation, fees included; the luck is the pool's."""

    pays_blocks: ClassVar[bool] = False

    type: Literal["fpps"] = "fpps"
    """Kind of pay."""
    fee_fraction: Share = 0.03
    """Share of the pay that is kept back [1]. Default: 0.02 to 0.04 were asked in 2026 (unverified)."""


class SoloPool(Pool):
    """No sharing: a block is found when the site's own work has come to the next step, and is all its own."""

    pays_blocks: ClassVar[bool] = True

    type: Literal["solo"]
    """Kind of pay."""

    def payments(self, work: Work, draws: Generator) -> Payments:
        """Return the blocks that the site itself finds."""
        rate = work.site_ph_s * work_per_block(work.difficulty, 1.0 - self.stale_fraction)
        time_s, expected_count = found(rate, draws)
        kept = 1.0 - self.fee_fraction
        return Payments(time_s, kept * work.reward_btc.at(time_s), expected_count)


class PplnsPool(Pool):
    """Pay per last N shares: each block of the pool is shared out by the work of the time before it.

    The pool's hash rate holds the site's, and does not change with it: its blocks come when they come,
    whatever the site does. The time before reaches back to the run's start at most.
    """

    pays_blocks: ClassVar[bool] = True

    type: Literal["pplns"]
    """Kind of pay."""
    fee_fraction: Share = 0.02
    """Share of the pay that is kept back [1]. Default: 0.02 was asked in 2026 (unverified)."""
    pool_share_fraction: PositiveFraction | None = None
    """Hash rate of the pool, the site's included, over the network's [1]; or ``pool_hashrate_eh_s``."""
    pool_hashrate_eh_s: Annotated[float, Field(gt=0.0, le=1e7), SIZED] | None = None
    """Hash rate of the pool, the site's included [EH/s]; or ``pool_share_fraction``."""
    window_ratio: Annotated[float, Field(gt=0.0, le=1000.0), SIZED] = 2.0
    """Work that a block is shared out over, in expected blocks [1]. Default: assumption."""

    _one_size = some_of("pool_share_fraction", "pool_hashrate_eh_s")

    def payments(self, work: Work, draws: Generator) -> Payments:
        """Return the site's part of each block that the pool finds."""
        pool_ph_s = self._pool_ph_s(work.network_eh_s)
        check_pool_holds(work.site_ph_s, pool_ph_s)
        rate = pool_ph_s * work_per_block(work.difficulty)
        time_s, expected_count = found(rate, draws)
        share = self._site_share(work, rate, time_s) * (1.0 - self.stale_fraction)
        kept = 1.0 - self.fee_fraction
        return Payments(time_s, kept * share * work.reward_btc.at(time_s), expected_count)

    def _pool_ph_s(self, network_eh_s: Signal) -> Signal:
        if self.pool_share_fraction is not None:
            return network_eh_s * (self.pool_share_fraction * EXAHASH_IN_PETAHASHES)
        eh_s = self.pool_hashrate_eh_s or 0.0
        return Signal.constant(eh_s * EXAHASH_IN_PETAHASHES, network_eh_s.end_s)

    def _site_share(self, work: Work, pool_rate: Signal, time_s: FloatArray) -> FloatArray:
        """Return the site's part of the work before each block [1], shape (n,)."""
        pool_work = running_integral(pool_rate, time_s)
        opened_s = times_of_integral(pool_rate, np.maximum(pool_work - self.window_ratio, 0.0))
        site_rate = work.site_ph_s * work_per_block(work.difficulty)
        site_work = running_integral(site_rate, time_s) - running_integral(site_rate, opened_s)
        return site_work / (pool_work - running_integral(pool_rate, opened_s))


def check_pool_holds(site_ph_s: Signal, pool_ph_s: Signal) -> None:
    """Raise InputError where a site hashes more than the pool that it is a part of."""
    rest_ph_s = pool_ph_s - site_ph_s
    if rest_ph_s.minimum() < -ROUNDING * pool_ph_s.maximum():
        when_s = rest_ph_s.time_of_minimum()
        pool_eh_s = float(pool_ph_s.at(when_s)) / EXAHASH_IN_PETAHASHES
        site_eh_s = pool_eh_s - rest_ph_s.minimum() / EXAHASH_IN_PETAHASHES
        raise InputError.single(
            "pool",
            "market.bitcoin.pool",
            f"its hash rate must hold the site's, got {pool_eh_s:g} EH/s and {site_eh_s:g} EH/s of the site "
            f"on day {when_s / SECONDS_PER_DAY:.1f}",
        )


def found(blocks_per_s: Signal, draws: Generator) -> tuple[FloatArray, float]:
    """Return when blocks are found, and how many were to be expected.

    Parameters
    ----------
    blocks_per_s
        Expected blocks per second [1/s], not below 0.
    draws
        Where the steps between blocks come from.

    Returns
    -------
    time_s : FloatArray
        Time of each block [s], shape (n,).
    expected_count : float
        Integral of the rate [1].

    Raises
    ------
    InputError
        There would be more than ten million.
    """
    expected_count = blocks_per_s.integral()
    if expected_count > _MOST_BLOCKS:
        raise InputError.single(
            "pool",
            "market.bitcoin",
            f"{expected_count:.3g} blocks are to be expected, at most {_MOST_BLOCKS:,} are followed: "
            "the hash rate does not fit the difficulty",
        )
    levels = np.cumsum(draws.standard_exponential(_DRAWN_AT_ONCE))
    while levels[-1] < expected_count:
        more = draws.standard_exponential(_DRAWN_AT_ONCE)
        levels = np.concatenate([levels, levels[-1] + np.cumsum(more)])
    return times_of_integral(blocks_per_s, levels), expected_count


def running_integral(signal: Signal, time_s: FloatArray) -> FloatArray:
    """Return the integral of a signal from its start to each time [value·s], shape (n,).

    Examples
    --------
    >>> running_integral(Signal.linear([0.0, 2.0], [0.0, 2.0], 4.0), np.array([0.0, 1.0, 3.0])).tolist()
    [0.0, 0.5, 4.0]
    """
    cut = signal.split_at(time_s)
    edges_s = np.append(cut.time_s, cut.end_s)
    reached = np.concatenate([[0.0], np.cumsum(cut.integrals_over(edges_s))])
    return reached[np.searchsorted(edges_s, time_s)]
