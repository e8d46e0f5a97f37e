"""Named random streams: one scenario seed, one independent stream per name."""

import hashlib

from numpy.random import PCG64, Generator, SeedSequence


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
