"""Machines that fail and are repaired, and blocks that do not obey: drawn so that no policy moves them.

Who works is counted in the `Roster` of a cohort.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from sim.mining.cohort.spec import MachineFailures
from sim.mining.running import Streams
from sim.units import SECONDS_PER_DAY, SECONDS_PER_YEAR


class Breakdown(NamedTuple):
    """A machine's time out of work."""

    time_s: float
    """When it fails [s]; below 0 for one that was in repair when the run began."""
    block: int
    """Its block."""
    repaired_s: float
    """When it is back [s]."""


def breakdowns(spec: MachineFailures, block_sizes: Sequence[int], end_s: float, draws: Generator) -> list[Breakdown]:
    """Return the failures apart from starts that fall into a run, in order of time.

    Failures come as a Poisson process over all machines that are not in repair; repairs take a time that is
    evenly spread. The process began long before the run, which therefore starts with machines in repair.

    Parameters
    ----------
    spec
        How often machines fail, and how long a repair takes.
    block_sizes
        Machines of each block.
    end_s
        End of the run [s].
    draws
        Random stream.
    """
    longest_s = spec.repair_max_d * SECONDS_PER_DAY
    first_s = -2.0 * longest_s  # the longest repair settles the share in repair
    total = sum(block_sizes)
    per_s = total * spec.per_year_fraction / SECONDS_PER_YEAR
    count = int(draws.poisson(per_s * (end_s - first_s)))
    times_s = np.sort(draws.uniform(first_s, end_s, count))
    machines = draws.integers(0, total, count)
    repairs_s = draws.uniform(spec.repair_min_d * SECONDS_PER_DAY, longest_s, count)
    blocks = np.searchsorted(np.cumsum(block_sizes), machines, side="right")
    back_s: dict[int, float] = {}
    found = []
    columns = times_s.tolist(), machines.tolist(), blocks.tolist(), (times_s + repairs_s).tolist()
    for time_s, machine, block, repaired_s in zip(*columns, strict=True):
        if time_s >= back_s.get(machine, first_s):
            back_s[machine] = repaired_s
            if repaired_s > 0.0:
                found.append(Breakdown(time_s, block, repaired_s))
    return found


class Roster:
    """The working machines of each block; nobody else counts them.

    Parameters
    ----------
    counts
        Working machines of each block.
    """

    __slots__ = ("_counts",)

    def __init__(self, counts: Iterable[int]) -> None:
        self._counts = list(counts)

    def __len__(self) -> int:
        """Return the number of blocks."""
        return len(self._counts)

    def __getitem__(self, block: int) -> int:
        """Return the working machines of a block."""
        return self._counts[block]

    def count(self, blocks: Iterable[int]) -> int:
        """Return the working machines of some blocks."""
        return sum(map(self._counts.__getitem__, blocks))

    @property
    def total_count(self) -> int:
        """The working machines of all blocks."""
        return sum(self._counts)

    def change(self, block: int, by: int) -> None:
        """Take a machine that fails from a block, or add one that is repaired."""
        self._counts[block] += by

    def begin(self, expected: "Iterable[Breakdown]") -> None:
        """Take the machines that are in repair when the run starts."""
        for breakdown in expected:
            if breakdown.time_s < 0.0:
                self.change(breakdown.block, -1)


class RareDraws:
    """Trials of a rare event block by block: the trials until the next event are drawn, then counted down.

    Each block has a stream of its own, so that what happens at its n-th trial depends on nothing else.

    Parameters
    ----------
    probability
        Probability of the event at a trial [1].
    streams
        Random streams by name.
    name
        Name of the event.
    """

    def __init__(self, probability: float, streams: Streams, name: str) -> None:
        self._probability = probability
        self._streams = streams
        self._name = name
        self._draws: dict[int, Generator] = {}
        self._left: dict[int, int] = {}

    def hits(self, block: int, trials: int) -> int:
        """Return how often the event happens in so many more trials of a block."""
        if self._probability <= 0.0:
            return 0
        left = self._left.get(block)
        if left is None:
            self._draws[block] = self._streams(f"{self._name}/{block}")
            left = self._gap(block)
        count = 0
        while trials >= left:
            count += 1
            trials -= left
            left = self._gap(block)
        self._left[block] = left - trials
        return count

    def hit(self, blocks: Sequence[int], trials: Roster) -> Iterator[tuple[int, int]]:
        """Yield the blocks that the event happens to in their trials, all once more, and how often it does.

        The trials are given by block, and read when it is the block's turn.
        """
        left = self._left
        for block in blocks:
            count = trials[block]
            if left.get(block, 0) > count:  # as nearly always
                left[block] -= count
            else:
                yield block, self.hits(block, count)

    def uniform(self, block: int, low: float, high: float) -> float:
        """Return a number that goes with the last event of a block, evenly spread between two."""
        return float(self._draws[block].uniform(low, high))

    def _gap(self, block: int) -> int:
        return int(self._draws[block].geometric(self._probability))
