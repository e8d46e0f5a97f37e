"""Block heights by date, and the subsidy of a block by its height."""

from datetime import datetime
from typing import Final

import numpy as np

from sim.bitcoin import BLOCK_TARGET_S
from sim.shipped import shipped

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
