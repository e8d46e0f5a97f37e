"""Simulated time: SimPy's clock with a rule for what happens at once, and what rings at a later time."""

from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import count
from math import inf, nextafter
from typing import Any, Final, Protocol, cast

import numpy as np
from simpy import Environment, Event
from simpy.core import EmptySchedule
from simpy.events import NORMAL

from sim.errors import RunError
from sim.signals import Signal
from sim.units import SECONDS_PER_DAY, FloatArray


class HasNow(Protocol):
    """A clock that can be read."""

    @property
    def now(self) -> float:
        """The present time [s]."""


class Timer(Protocol):
    """Rings once, at the time it was last set to; an `Alarm` is one."""

    def set(self, time_s: float) -> None:
        """Ring at this time [s], not before now, and at no other; infinity: do not ring."""


Tell = Callable[[Any], None]
_Row = tuple[float, Tell, Any]
"""When something happens [s], whom to tell, and what."""


def _nothing(*_: object) -> None:
    """Do nothing."""


_NO_ROW: Final[_Row] = (inf, _nothing, None)
CHUNK_S: Final = 2.0 * SECONDS_PER_DAY
"""So far ahead what is known beforehand is laid out at a time [s]: two days of it in memory, not a year."""

MOST_INSTANTS: Final = 100_000
"""So many instants take `HEADWAY_S` at least, or a run would hardly end: shipped ones have 1,000 at most."""
HEADWAY_S: Final = 10.0


class Feed:
    """Values whose times are known beforehand.

    Parameters
    ----------
    time_s
        When each is told [s], not decreasing.
    values
        What is told.
    tell
        Whom.
    """

    def __init__(self, time_s: FloatArray, values: Sequence[Any] | FloatArray, tell: Tell) -> None:
        self.tell = tell
        self._time_s = time_s
        self._values = values
        self._place = 0

    @property
    def is_over(self) -> bool:
        """Whether all has been cut off."""
        return self._place == len(self._time_s)

    def cut(self, until_s: float) -> tuple[FloatArray, list[Any]]:
        """Return times and values of what comes before a time [s] and was not cut off yet."""
        first, self._place = self._place, int(np.searchsorted(self._time_s, until_s, side="left"))
        values = self._values[first : self._place]
        return self._time_s[first : self._place], values.tolist() if isinstance(values, np.ndarray) else list(values)


class _Present(Environment):
    """SimPy's environment, with the time in a slot: to read it costs no call."""

    __slots__ = ("_now",)


class Clock(_Present):
    """SimPy's environment, which settles once after the last event of each instant that changed something.

    All changes of one instant come first, then one reading of what loads draw, then one settled observation.
    Neither is an event of its own: it would double the number of events, and could not know that it is the
    last. What is known beforehand is no event either: prices, the rows of a file, what loads that run ahead
    tell. A cursor goes along it, in order of time, beside the heap.
    """

    now = _Present._now  # type: ignore[misc]  # noqa: SLF001  # the slot itself

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
        self.turn_s = inf
        """When to settle even if nothing happens [s]; infinity: never."""
        self.look_ahead: Callable[[float], None] = _nothing
        """Called with a time [s] before it is reached: all that is known beforehand is to be fed up to it."""
        self._feeds: list[Feed] = []
        self._rows: Iterator[_Row] = iter(())
        self._row: _Row = _NO_ROW
        self._known_until_s = 0.0
        self._instants_left = MOST_INSTANTS
        self._counted_from_s = 0.0

    def ask_to_read(self) -> None:
        """Have telemetry read at the end of this instant."""
        self.unread = True

    def ask_to_settle(self) -> None:
        """Settle at the end of this instant."""
        self.unsettled = True

    def feed(self, time_s: FloatArray, values: Sequence[Any] | FloatArray, tell: Tell) -> None:
        """Tell each value at its time, as in `Feed`, from now on; costs no event."""
        if len(time_s):
            self._feeds.append(Feed(time_s, values, tell))
            self._lay_out(self._known_until_s)

    def step(self) -> None:
        """Go through all up to the next event and at its instant."""
        if not self._queue:
            raise EmptySchedule
        self.run_before(nextafter(self._queue[0][0], inf))

    def run_before(self, time_s: float) -> None:  # noqa: C901, PLR0912  # the innermost loop: a call costs a tenth
        """Go through all that happens before a time [s]; unlike `run`, without an event to stop at."""
        queue = self._queue
        if self.unsettled or self.unread:  # something has changed outside the run, such as before it
            self.turn_s = self._now
        limit_s = min(time_s, self._known_until_s)
        while True:
            now_s = self._row[0]
            if queue and queue[0][0] < now_s:
                now_s = queue[0][0]
            if self.turn_s < now_s:  # noqa: PLR1730  # min() takes three times as long
                now_s = self.turn_s
            if now_s >= limit_s:
                if limit_s >= time_s:
                    return
                self._know_more()
                limit_s = min(time_s, self._known_until_s)
                continue
            self._now = now_s
            self._instants_left -= 1
            if not self._instants_left:
                self._require_headway()
            while self._row[0] <= now_s:
                _, tell, value = self._row
                self._row = next(self._rows, _NO_ROW)
                tell(value)
            if self.turn_s <= now_s:
                self.turn_s = inf
                self.unsettled = True
            while queue and queue[0][0] <= now_s:
                event = heappop(queue)[3]
                callbacks, event.callbacks = event.callbacks, None  # type: ignore[assignment]  # SimPy's mark
                for callback in callbacks:
                    callback(event)
                if not event._ok:  # noqa: SLF001  # its property costs as much as the rest of the loop
                    _raise_unless_defused(event)
            if self.unread:
                self.unread = False
                self.read()
            if self.unsettled:
                self.unsettled = False
                self.settle_count += 1
                self.settle()

    @property
    def event_count(self) -> int:
        """Events scheduled so far."""
        # SimPy numbers its events; the counter's own text is the only way to read it without taking a number.
        return int(repr(self._eid)[len("count(") : -1])

    @property
    def pending_count(self) -> int:
        """Events that wait in the heap."""
        return len(self._queue)

    def _require_headway(self) -> None:
        """Raise RunError where time hardly goes on, and name whom it is for."""
        if self._now - self._counted_from_s < HEADWAY_S:
            last = self._queue[0][3].callbacks[0] if self._queue and self._row[0] > self._now else self._row[1]
            raise RunError(
                f"{MOST_INSTANTS:,} things happen within {HEADWAY_S:g} s, up to {self._now:g} s, and the run "
                f"would hardly end; the last for {_who(last)}: make it slower or coarser"
            )
        self._counted_from_s, self._instants_left = self._now, MOST_INSTANTS

    def _know_more(self) -> None:
        more = self._feeds or self.look_ahead is not _nothing
        until_s = self._known_until_s + CHUNK_S if more else inf
        self.look_ahead(until_s)
        self._known_until_s = until_s
        self._lay_out(until_s)

    def _lay_out(self, until_s: float) -> None:
        """Put the cursor before all that is to be told up to a time [s], in order of time and of feeds."""
        left = [row for row in (self._row, *self._rows) if row is not _NO_ROW]
        times_s = [np.array([row[0] for row in left])]
        tells = [row[1] for row in left]
        values = [row[2] for row in left]
        for feed in self._feeds:
            more_s, more = feed.cut(until_s)
            times_s.append(more_s)
            tells += [feed.tell] * len(more)
            values += more
        self._feeds = [feed for feed in self._feeds if not feed.is_over]
        together_s = np.concatenate(times_s)
        order = np.argsort(together_s, kind="stable")
        places = order.tolist()
        self._rows = zip(
            together_s[order].tolist(), [tells[at] for at in places], [values[at] for at in places], strict=True
        )
        self._row = next(self._rows, _NO_ROW)


def _who(told: Any) -> str:
    """Return whose a callback is, by its own name or that of its class: ``FrequencyLoop``."""
    owner = getattr(told, "__self__", told)
    return _who(owner._ring) if isinstance(owner, Alarm) else getattr(owner, "name", type(owner).__name__)  # noqa: SLF001  # of this module


def _raise_unless_defused(event: Event) -> None:
    if not event.defused:
        raise cast("BaseException", event.value)


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
    tell(float(signal.value[0]))
    clock.feed(signal.time_s[1:], signal.value[1:], tell)
