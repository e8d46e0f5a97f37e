"""Simulated time: SimPy's clock with a rule for what happens at once, and what rings at a later time."""

from collections.abc import Callable, Generator
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Any, Protocol

from simpy import Environment, Event
from simpy.events import NORMAL

from sim.signals import Signal


class HasNow(Protocol):
    """A clock that can be read."""

    @property
    def now(self) -> float:
        """The present time [s]."""


class Timer(Protocol):
    """Rings once, at the time it was last set to; an `Alarm` is one."""

    def set(self, time_s: float) -> None:
        """Ring at this time [s], not before now, and at no other; infinity: do not ring."""


class Clock(Environment):
    """SimPy's environment, which settles once after the last event of each instant that changed something.

    All changes of one instant come first, then one reading of what loads draw, then one settled observation.
    Neither is an event of its own: it would double the number of events, and could not know that it is the
    last.
    """

    def __init__(self) -> None:
        super().__init__(initial_time=0.0)
        self.unread = False
        """Set by whoever changes what telemetry reads."""
        self.read: Callable[[], None] = _nothing
        """Called at the end of an instant in which `unread` was set, before it settles."""
        self.unsettled = False
        """Set by whoever changes something that the controller may see."""
        self.settle: Callable[[], None] = _nothing
        """Called at the end of an instant in which `unsettled` was set."""
        self.settle_count = 0

    def step(self) -> None:
        """Process the next event, and settle where it was the last of its instant."""
        Environment.step(self)  # by name: super() would cost a tenth of the step
        if (self.unsettled or self.unread) and (not self._queue or self._queue[0][0] > self._now):
            self._end_instant()

    def _end_instant(self) -> None:
        if self.unread:
            self.unread = False
            self.read()
        if self.unsettled:
            self.unsettled = False
            self.settle_count += 1
            self.settle()

    def run_before(self, time_s: float) -> None:
        """Process every event before this time [s]; unlike `run`, without an event of its own to stop at."""
        queue, step = self._queue, self.step
        while queue and queue[0][0] < time_s:
            step()

    @property
    def event_count(self) -> int:
        """Events scheduled so far."""
        # SimPy numbers its events; the counter's own text is the only way to read it without taking a number.
        return int(repr(self._eid)[len("count(") : -1])

    @property
    def pending_count(self) -> int:
        """Events that wait in the heap."""
        return len(self._queue)


def _nothing() -> None:
    """Settle nothing."""


class At(Event):
    """An event at an absolute time; a wait from now on may miss it by a rounding error.

    What happens at one time in two files is then one instant.

    Parameters
    ----------
    env
        The clock.
    time_s
        When it happens [s]; at once where that has passed.
    """

    def __init__(self, env: Environment, time_s: float) -> None:
        # As SimPy's own Timeout does it; but Environment.schedule takes a delay alone, and at half the speed.
        self.env = env
        self.callbacks = []
        self._value = None
        self._ok = True
        now_s = env.now
        heappush(env._queue, (max(time_s, now_s), NORMAL, next(env._eid), self))  # noqa: SLF001


class Alarm:
    """Calls back once, at the time it was last set to.

    Setting it later costs no event: the one already in the heap goes off early, sees that it is not yet time,
    and is armed again. Only setting it *earlier* than every event it waits for adds one.

    Parameters
    ----------
    env
        The clock.
    ring
        What to call.
    """

    def __init__(self, env: Environment, ring: Callable[[], None]) -> None:
        self._env = env
        self._ring = ring
        self.due_s = inf
        """When it rings next [s]; infinity: not set."""
        self._armed_s: list[float] = []  # falls from first to last: only earlier times are added

    def set(self, time_s: float) -> None:
        """Ring at this time [s], not before now, and at no other; infinity: do not ring."""
        self.due_s = time_s
        if time_s < inf:
            self._arm()

    def _arm(self) -> None:
        if not self._armed_s or self.due_s < self._armed_s[-1]:
            self._armed_s.append(self.due_s)
            At(self._env, self.due_s).callbacks.append(self._go_off)

    def _go_off(self, _: Event) -> None:
        self._armed_s.pop()
        if self.due_s <= self._env.now:
            self.due_s = inf
            self._ring()
        elif self.due_s < inf:
            self._arm()


class Agenda:
    """Calls what is due, at its time, in the order of times and then of entry; one timer does for all of it.

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


def feed(clock: Clock, signal: Signal, tell: Callable[[float], None]) -> None:
    """Tell the first value of a step signal at once, and each later one at its time."""
    times_s, values = signal.time_s.tolist(), signal.value.tolist()
    tell(values[0])
    clock.process(_tell_later(clock, times_s[1:], values[1:], tell))


def _tell_later(
    clock: Clock, times_s: list[float], values: list[float], tell: Callable[[float], None]
) -> Generator[Event, Any, None]:
    for time_s, value in zip(times_s, values, strict=True):
        yield At(clock, time_s)
        tell(value)
