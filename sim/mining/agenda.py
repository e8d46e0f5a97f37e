"""What a fleet has to do later, in order of time, with one timer for all of it."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Protocol


class Timer(Protocol):
    """Rings once, at the time it was last set to."""

    def set(self, time_s: float) -> None:
        """Ring at this time [s], not before now, and at no other."""


class HasNow(Protocol):
    """A clock that can be read."""

    @property
    def now(self) -> float:
        """The present time [s]."""


class Agenda:
    """Calls what is due, at its time, in the order of times and then of entry.

    Parameters
    ----------
    clock
        The clock.
    timer
        Makes a timer that calls back.
    """

    def __init__(self, clock: HasNow, timer: Callable[[Callable[[], None]], Timer]) -> None:
        self._clock = clock
        self._timer = timer(self._ring)
        self._entries: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()

    def add(self, time_s: float, action: Callable[[], None]) -> None:
        """Call an action at a time [s]; at this instant where that has passed."""
        heappush(self._entries, (max(time_s, self._clock.now), next(self._number), action))
        self._set()

    def _ring(self) -> None:
        while self._entries and self._entries[0][0] <= self._clock.now:
            heappop(self._entries)[2]()
        self._set()

    def _set(self) -> None:
        if self._entries:
            self._timer.set(self._entries[0][0])
