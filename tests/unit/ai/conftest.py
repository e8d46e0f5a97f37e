"""Runs one load alone, with lists for the bus and the log."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest
from simpy import Environment

from sim.ai.base import Connection, Load
from sim.ai.notice import Notice
from sim.facts import LoadFacts
from sim.facts.numbers import written
from sim.market.calendar import hour_of_week
from sim.rng import stream
from sim.span import Span
from sim.tables import Files


@dataclass
class Seen:
    """What a load did: the power it stated, the events it logged, the totals it stated."""

    power: list[tuple[float, float, float]] = field(default_factory=list)
    events: list[tuple[float, str, float]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    facts: LoadFacts = field(default_factory=LoadFacts)

    def state(self, facts: LoadFacts) -> None:
        self.facts = self.facts | facts

    @property
    def constants(self) -> dict[str, float]:
        """The facts by their names."""
        return written(self.facts)

    def levels(self) -> list[tuple[float, float]]:
        return [(time_s, power_mw) for time_s, power_mw, _ in self.power]

    def of(self, kind: str) -> list[tuple[float, float]]:
        return [(time_s, value) for time_s, what, value in self.events if what == kind]


class Draws:
    """A random stream whose draws are written down; the last one repeats."""

    def __init__(self, draws: Iterable[float]) -> None:
        self._draws = list(draws)

    def standard_exponential(self) -> float:
        return self._draws.pop(0) if len(self._draws) > 1 else self._draws[0]

    standard_normal = random = standard_exponential


@pytest.fixture
def run_load() -> Callable[..., Seen]:
    def run(
        load: Load,
        until_s: float,
        *,
        draws: dict[str, list[float]] | None = None,
        seed: int = 1,
        files: Files | None = None,
        start_utc_s: float = 0.0,
    ) -> Seen:
        env, seen = Environment(), Seen()
        connection = Connection(
            env=env,
            set_power_mw=lambda power_mw, slope=0.0: seen.power.append((env.now, power_mw, slope)),
            log=lambda kind, value: seen.events.append((env.now, kind, value)),
            stream=lambda name: stream(seed, name) if draws is None else Draws(draws.get(name, [0.0])),
            span=Span(files or Files([]), start_utc_s, until_s, seed),
            draw=lambda signal: seen.power.extend(
                zip(signal.time_s.tolist(), signal.value.tolist(), signal.slope_per_s.tolist(), strict=True)
            ),
            announce=seen.notices.append,
            state=seen.state,
            hour_of_week=lambda time_s, zone: hour_of_week(start_utc_s + time_s, zone),
        )
        env.process(load.process(connection))
        env.run(until=until_s)
        return seen

    return run
