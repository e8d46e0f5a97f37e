"""Demand of one service over a run, drawn block by block."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from operator import mul
from typing import Final, Protocol

import numpy as np
from numpy.random import Generator

from sim.ai import demand
from sim.ai.traffic import Adoption, Launches, Traffic
from sim.units import SECONDS_PER_DAY, FloatArray

BLOCK_SIZE: Final = 1024
"""Updates drawn at once; bounds memory, and the draws do not depend on it."""


@dataclass(frozen=True, slots=True)
class CommonNoise:
    """The fluctuation that all users share: the exponential of an Ornstein-Uhlenbeck process, of mean 1."""

    sigma: float
    """Standard deviation of the logarithm."""
    decay: float
    """What is left of it after one update."""
    draws: Generator
    """Random stream."""

    def blocks(self) -> Iterator[list[float]]:
        """Yield factors of demand for ever, a block at a time; begins as after a long time."""
        decay, kick = self.decay, demand.ou_kick(self.decay, self.sigma)
        half_variance = self.sigma**2 / 2.0
        x = self.sigma * self.draws.standard_normal()
        while True:
            normals = self.draws.standard_normal(BLOCK_SIZE).tolist()
            xs = list(accumulate(normals, lambda x, normal: decay * x + kick * normal, initial=x))
            x = xs.pop()
            yield [math.exp(value - half_variance) for value in xs]


class Growth:
    """Adoption and launches: slow factors of demand, from update to update.

    Parameters
    ----------
    adoption, launches
        What grows; None: nothing.
    update_interval_s
        Time between two updates [s].
    draws
        Random stream of the launches.
    """

    def __init__(
        self, adoption: Adoption | None, launches: Launches | None, update_interval_s: float, draws: Generator
    ) -> None:
        self._adoption = adoption
        self._launches = launches
        self._interval_d = update_interval_s / SECONDS_PER_DAY
        self._draws = draws
        self._excess = 0.0  # what past launches add to 1
        self._next_launch_d = 0.0 if launches is None else self._wait_d(launches)

    def factors(self, time_s: FloatArray) -> list[float]:
        """Return the factor at each update of a block [s]; blocks follow each other."""
        times_d: list[float] = (time_s / SECONDS_PER_DAY).tolist()
        factors = [1.0] * len(times_d)
        if self._adoption is not None:
            midpoint_d, width_d = self._adoption.midpoint_d, self._adoption.width_d
            factors = [demand.adoption_ratio(time_d, midpoint_d, width_d) for time_d in times_d]
        if self._launches is not None:
            factors = list(map(mul, factors, self._launched(times_d, self._launches)))
        return factors

    def _launched(self, times_d: list[float], launches: Launches) -> list[float]:
        """Return what launches multiply demand by."""
        factors = []
        decay = math.exp(-self._interval_d / launches.decay_d)
        for time_d in times_d:
            self._excess *= decay
            if self._next_launch_d <= time_d:
                self._launch(time_d, launches)
            factors.append(1.0 + self._excess)
        return factors

    def _launch(self, time_d: float, launches: Launches) -> None:
        """Add the launches since the last update, as far as they have not decayed."""
        spread = launches.highest_ratio - launches.lowest_ratio
        while self._next_launch_d <= time_d:
            rise = launches.lowest_ratio - 1.0 + spread * self._draws.random()
            self._excess += rise * math.exp((self._next_launch_d - time_d) / launches.decay_d)
            self._next_launch_d += self._wait_d(launches)

    def _wait_d(self, launches: Launches) -> float:
        return launches.mean_interval_d * self._draws.standard_exponential()


@dataclass(frozen=True, slots=True)
class UserNoise:
    """The fluctuation of single users: whole numbers of requests drawn about the mean of each update."""

    traffic: Traffic
    """How much they fluctuate."""
    peak_count: float
    """Requests of one update at demand 1."""
    draws: Generator
    """Random stream."""

    def apply(self, ratios: list[float]) -> list[float]:
        """Return demand with the fluctuation of single users."""
        mean_count = np.array(ratios) * self.peak_count
        traffic = self.traffic
        dispersion = demand.client_dispersion(
            traffic.dispersion_ratio, mean_count, traffic.top_client_fraction, traffic.top_client_sigma
        )
        counts = demand.request_counts(mean_count, dispersion, self.draws) / self.peak_count
        ratio_list: list[float] = counts.tolist()
        return ratio_list


class DemandSource(Protocol):
    """Where the mean of demand comes from."""

    def block(self, time_s: FloatArray, first: int) -> tuple[list[float], list[float]]:
        """Return demand [ratio] and the work of a request [output tokens] at the times of a block.

        ``first`` is the number of the block's first update.
        """


@dataclass(frozen=True, slots=True)
class WeeklySource:
    """A week of hourly demand, by UTC or by a clock."""

    hourly: FloatArray
    """168 values [ratio]."""
    hour_of_week: Callable[[FloatArray], FloatArray]
    """Hour of the profile's week [h] at times from the start [s]."""
    work_tokens: float
    """Work of a request [output tokens]."""

    def block(self, time_s: FloatArray, first: int) -> tuple[list[float], list[float]]:  # noqa: ARG002  # as in DemandSource
        """Return demand and work, as in DemandSource."""
        ratios: list[float] = demand.demand_at_hour(self.hourly, self.hour_of_week(time_s)).tolist()
        return ratios, [self.work_tokens] * len(ratios)


@dataclass(frozen=True, slots=True)
class RatesSource:
    """A record of rates; lines join its rows."""

    time_s: FloatArray
    """Times of the rows, strictly increasing [s]."""
    ratio: FloatArray
    """Demand in each row [ratio]."""
    work_tokens: FloatArray
    """Work of a request in each row [output tokens]."""
    period_s: float | None
    """Time after which the record begins anew [s]; None: it does not."""

    def block(self, time_s: FloatArray, first: int) -> tuple[list[float], list[float]]:  # noqa: ARG002  # as in DemandSource
        """Return demand and work, as in DemandSource."""
        ratios: list[float] = np.interp(time_s, self.time_s, self.ratio, period=self.period_s).tolist()
        works: list[float] = np.interp(time_s, self.time_s, self.work_tokens, period=self.period_s).tolist()
        return ratios, works


@dataclass(frozen=True, slots=True)
class CountedSource:
    """Single requests, counted update by update."""

    ratio: FloatArray
    """Demand from each update to the next [ratio]."""
    work_tokens: FloatArray
    """Mean work of a request from each update to the next [output tokens]."""

    def block(self, time_s: FloatArray, first: int) -> tuple[list[float], list[float]]:
        """Return demand and work, as in DemandSource; none after the record's end."""
        rows = slice(first, first + time_s.size)
        ratios, works = self.ratio[rows].tolist(), self.work_tokens[rows].tolist()
        nothing = [0.0] * (time_s.size - len(ratios))
        return ratios + nothing, works + nothing


@dataclass(frozen=True, slots=True)
class DemandPath:
    """Demand at each update of a run: a source, times growth, times noise."""

    source: DemandSource
    """Mean of demand."""
    update_interval_s: float
    """Time between two updates [s]."""
    growth: Growth | None = None
    """Slow factors."""
    common: CommonNoise | None = None
    """Fluctuation that all users share."""
    users: UserNoise | None = None
    """Fluctuation of single users."""
    slow: CommonNoise | None = None
    """Fluctuation that all users share, and that is forgotten in hours."""

    def blocks(self, count: int) -> Iterator[tuple[list[float], list[float]]]:
        """Yield demand [ratio] and work of a request [output tokens] at some updates, a block at a time."""
        after_s = self.update_interval_s * np.arange(BLOCK_SIZE, dtype=np.float64)
        noises = [noise.blocks() for noise in (self.common, self.slow) if noise is not None]
        for first in range(0, count, BLOCK_SIZE):
            time_s = first * self.update_interval_s + after_s
            ratios, works = self.source.block(time_s, first)
            if self.growth is not None:
                ratios = list(map(mul, ratios, self.growth.factors(time_s)))
            for factors in noises:
                ratios = list(map(mul, ratios, next(factors)))
            if self.users is not None:
                ratios = self.users.apply(ratios)
            yield ratios[: count - first], works[: count - first]
