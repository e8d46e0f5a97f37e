r"""The chain in expectation: epochs of 2016 blocks, their retargets, and the halvings.

Notes
-----
A network of :math:`H(t)` hashes per second finds :math:`H(t)/(D\,2^{32})` blocks a second on average. An
epoch ends when that adds up to 2016 blocks; its length then sets the next difficulty
(`sim.bitcoin.retarget`). With a hash rate in steps every epoch's end is exact. Chance in the
network's own blocks is left out: over 2016 blocks its standard deviation is 1/sqrt(2016), 2 % of an epoch.

References
----------
S. Nakamoto, "Bitcoin: A Peer-to-Peer Electronic Cash System", 2008; Bitcoin Core, ``src/pow.cpp``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np

from sim.bitcoin import BLOCK_TARGET_S, EPOCH_BLOCKS, blocks_per_s, retarget
from sim.errors import InputError
from sim.shipped import shipped
from sim.signals import Signal
from sim.signals.changes import times_of_integral
from sim.units import EXAHASH_IN_PETAHASHES, SECONDS_PER_DAY

HALVING_BLOCKS: Final = 210_000
"""Blocks from one halving of the subsidy to the next."""
FIRST_SUBSIDY_BTC: Final = 50.0
"""Subsidy of the first blocks [BTC]."""
LAST_KNOWN_HEIGHT: Final = 840_000
"""Height of the last halving that has happened."""

KNOWN_HEIGHTS: Final = {
    int(height): datetime.fromisoformat(found) for height, found in shipped("sim.market", "halvings.json").items()
}
"""When the first block and those of the halvings were found, out of ``halvings.json`` beside this module; the
last is expected, not known."""

_HEIGHTS: Final = np.array(list(KNOWN_HEIGHTS), dtype=np.float64)
_TIMES_UTC_S: Final = np.array([time.timestamp() for time in KNOWN_HEIGHTS.values()])


def height_at(utc_s: float) -> int:
    """Return about how many blocks there were at a time.

    Parameters
    ----------
    utc_s
        The time [s since 1970-01-01T00:00Z].

    Returns
    -------
    int
        Height of the chain, 0 before the first block.

    Notes
    -----
    Between halvings the height grows evenly, after 2028-04-12 (the expected date of the next halving, an
    estimate) by a block in ten minutes. At a halving that has happened it is exact; in between it was within
    2,000 blocks (two weeks) of the chain from 2017 to 2024, and further off before.

    Examples
    --------
    >>> height_at(datetime.fromisoformat("2024-04-20T00:09Z").timestamp())
    840000
    """
    beyond_s = max(0.0, utc_s - float(_TIMES_UTC_S[-1]))
    return int(np.interp(utc_s, _TIMES_UTC_S, _HEIGHTS) + beyond_s / BLOCK_TARGET_S)


def subsidy_btc(height: int) -> float:
    r"""Return the subsidy of the block after so many, :math:`50 / 2^{\lfloor h/210000 \rfloor}` [BTC].

    Parameters
    ----------
    height
        Height of the block, not below 0.

    Returns
    -------
    float
        Subsidy [BTC]; its rounding to whole satoshi is left out.

    Examples
    --------
    >>> subsidy_btc(839_999), subsidy_btc(840_000)
    (6.25, 3.125)
    """
    return float(FIRST_SUBSIDY_BTC / 2.0 ** (height // HALVING_BLOCKS))


def halving_heights(height: int) -> range:
    """Return the heights of the next halvings, ten of them, after a chain of so many blocks."""
    first = (height // HALVING_BLOCKS + 1) * HALVING_BLOCKS
    return range(first, first + 10 * HALVING_BLOCKS, HALVING_BLOCKS)


class Tip(NamedTuple):
    """Where the chain stands when an epoch begins, or the run."""

    time_s: float
    """When [s from the run's start]."""
    difficulty: float
    """Difficulty from now on [1]."""
    height: int
    """Blocks so far."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Difficulty and hash rate of the whole network over a run, both in steps."""

    difficulty: Signal
    """Difficulty [1]."""
    hashrate_eh_s: Signal
    """Hash rate of all miners together [EH/s]."""

    def blocks_per_s(self) -> Signal:
        """Return the expected blocks of the network per second [1/s]."""
        return self.hashrate_eh_s * work_per_block(self.difficulty, EXAHASH_IN_PETAHASHES)

    def halvings_s(self, start_height: int) -> dict[int, float]:
        """Return the halvings of the run, height to time [s], for a chain of this height at its start."""
        heights = halving_heights(start_height)
        missing = [height - start_height for height in heights]
        times_s = times_of_integral(self.blocks_per_s(), missing).tolist()
        return dict(zip(heights, times_s, strict=False))  # those after the run have no time


def work_per_block(difficulty: Signal, hashrate_ph_s: float = 1.0) -> Signal:
    """Return the expected blocks per second of a steady hash rate, 1 PH/s unless said otherwise [1/s]."""
    return Signal.steps(difficulty.time_s, blocks_per_s(hashrate_ph_s, difficulty.value), difficulty.end_s)


def simulate(start: Tip, end_s: float, hashrate_after: Callable[[Tip], Signal]) -> Network:
    """Return the network over a run, epoch by epoch.

    Parameters
    ----------
    start
        The chain at the run's start. An epoch in progress is taken to have run at the hash rate of the start.
    end_s
        The run's end [s].
    hashrate_after
        Asked at the start and at each retarget: the hash rate [EH/s] in steps from 0 to the run's end, of
        which that from now on counts.

    Returns
    -------
    Network
        Difficulty and hash rate from 0 to the run's end.

    Raises
    ------
    InputError
        The hash rate falls to zero.
    """
    tips, parts, tip = [start], [], start
    while True:
        ahead = hashrate_after(tip).clip_time(tip.time_s, end_s)
        _require_hashrate(ahead)
        following = _next(tip, ahead)
        if following is None or following.time_s >= end_s:
            parts.append(ahead)
            break
        parts.append(ahead.clip_time(tip.time_s, following.time_s))
        tips.append(following)
        tip = following
    difficulty = Signal.steps([tip.time_s for tip in tips], [tip.difficulty for tip in tips], end_s)
    times_s = np.concatenate([part.time_s for part in parts])
    return Network(difficulty, Signal.steps(times_s, np.concatenate([part.value for part in parts]), end_s))


def _next(tip: Tip, ahead: Signal) -> Tip | None:
    """Return the chain at its next retarget; None where that comes after the run."""
    done = tip.height % EPOCH_BLOCKS
    rate = ahead * blocks_per_s(EXAHASH_IN_PETAHASHES, tip.difficulty)
    ends_s = times_of_integral(rate, [EPOCH_BLOCKS - done])
    if not ends_s.size:
        return None
    before_s = done / float(rate.value[0])
    epoch_days = (float(ends_s[0]) - tip.time_s + before_s) / SECONDS_PER_DAY
    return Tip(float(ends_s[0]), float(retarget(tip.difficulty, epoch_days)), tip.height - done + EPOCH_BLOCKS)


def _require_hashrate(ahead: Signal) -> None:
    if ahead.minimum() <= 0.0:
        day = ahead.time_of_minimum() / SECONDS_PER_DAY
        raise InputError.single(
            "difficulty",
            "",
            f"the network's hash rate must stay above 0 EH/s, got {ahead.minimum():g} EH/s on day {day:.1f}: "
            "too much is converted, or too few miners are left",
        )


def subsidy_signal(start_utc_s: float, end_s: float, height: int | None, network: Network) -> Signal:
    """Return the subsidy of a block over a run, with the halvings in it [BTC].

    Parameters
    ----------
    start_utc_s
        The run's start [s since 1970-01-01T00:00Z].
    end_s
        The run's end [s].
    height
        Height of the chain at the start: halvings come when the network has found the blocks that are
        missing. None for the real chain: halvings that have happened come at their dates, later ones by
        height.
    network
        What finds the blocks.

    Returns
    -------
    Signal
        Subsidy in steps [BTC].
    """
    first = height_at(start_utc_s) if height is None else height
    halvings_s = network.halvings_s(first)
    if height is None:
        halvings_s = {high: time_s for high, time_s in halvings_s.items() if high > LAST_KNOWN_HEIGHT}
        dates = (height for height in KNOWN_HEIGHTS if 0 < height <= LAST_KNOWN_HEIGHT)
        dated_s = {height: KNOWN_HEIGHTS[height].timestamp() - start_utc_s for height in dates}
        halvings_s |= {height: time_s for height, time_s in dated_s.items() if 0.0 < time_s < end_s}
    times_s = dict(sorted((time_s, subsidy_btc(high)) for high, time_s in halvings_s.items()))
    return Signal.steps([0.0, *times_s], [subsidy_btc(first), *times_s.values()], end_s)
