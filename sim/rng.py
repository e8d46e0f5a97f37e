"""Named random streams: one scenario seed, one independent stream per name."""

import hashlib
from typing import Final

from numpy.random import PCG64, Generator, SeedSequence

POWER_PRICE: Final = "market/power"
"""The real-time price of power."""
BITCOIN: Final = "market/bitcoin"
"""The price of bitcoin."""
BLOCKS: Final = "market/bitcoin/blocks"
"""The luck of a pool."""
GENERATION: Final = "market/generation"
"""The wind of own generation."""
PRICE_FORECAST: Final = "market/forecasts/price"
"""The errors of price forecasts."""
LOAD_FORECAST: Final = "market/forecasts/system_load"
"""The errors of forecasts of the system's load."""
REGULATION: Final = "market/ancillary/regulation"
"""The regulation signal, one for both directions."""
RESERVE: Final = "market/ancillary/{service}"
"""The calls of any other service."""
LIMIT_CALLS: Final = "market/limit/calls"
"""The calls of a contract of non-firm megawatts."""
LIMIT_SLIP: Final = "market/limit/slip"
"""How late the stages of a connection are."""
LOAD: Final = "ai/{name}/{what}"
"""What a load draws for one purpose: failures, restarts, demand."""
HALL: Final = "ai/{name}/reconnection"
"""When the modules of a hall return to the grid."""
FLEET: Final = "mining/{name}/{what}"
"""What a fleet draws for one purpose."""
WAVEFORM: Final = "ai/{name}/waveform/{from_s!r}-{to_s!r}"
"""The iterations of a job in a window that is shown closely [s]."""


def stream(seed: int, name: str) -> Generator:
    """Return the random stream of this name under this seed.

    A stream depends on the seed and its name alone, so that adding a load or changing the policy leaves every
    other draw as it was.

    Parameters
    ----------
    seed
        The scenario's seed, not below 0.
    name
        Path of the stream, such as ``"ai/training/llama/failures"``.

    Returns
    -------
    numpy.random.Generator
        A PCG64 generator, always the same for the same seed and name.

    Examples
    --------
    >>> bool(stream(1, "ai/a").random() == stream(1, "ai/a").random())
    True
    """
    digest = hashlib.sha256(name.encode()).digest()
    words = tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, 16, 4))
    return Generator(PCG64(SeedSequence(seed, spawn_key=words)))
