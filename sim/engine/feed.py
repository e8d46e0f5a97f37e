"""Tells each value of a step signal when it comes."""

from collections.abc import Callable, Generator
from typing import Any

from simpy import Event

from sim.ai.base import At
from sim.engine.clock import Clock
from sim.signals import Signal


def feed(clock: Clock, signal: Signal, tell: Callable[[float], None]) -> None:
    """Tell the first value at once, and each later one at its time."""
    times_s, values = signal.time_s.tolist(), signal.value.tolist()
    tell(values[0])
    clock.process(_tell_later(clock, times_s[1:], values[1:], tell))


def _tell_later(
    clock: Clock, times_s: list[float], values: list[float], tell: Callable[[float], None]
) -> Generator[Event, Any, None]:
    for time_s, value in zip(times_s, values, strict=True):
        yield At(clock, time_s)
        tell(value)
