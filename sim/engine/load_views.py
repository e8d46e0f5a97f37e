"""What a policy sees of each AI load: its power and its state, as old as telemetry makes them."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import Final, overload

from sim.ai.announcements import Notices
from sim.ai.base import Load
from sim.ai.notice import State
from sim.clock import HasNow
from sim.policies.base import LoadView
from sim.recording import Track


class WatchedLoad:
    """One load as it is watched: its power is recorded, its words on its state are kept as they come.

    Parameters
    ----------
    view
        What never changes of how it is seen.
    power
        Where its power is recorded [MW].
    level
        Returns where the most is recorded that it draws in its state [MW], once it has told of one; None:
        nobody wants to know afterwards.
    """

    def __init__(self, view: LoadView, power: Track, level: Callable[[], Track] | None = None) -> None:
        self._view = view
        self._power = power
        self._level = level
        self._since_s: list[float] = []
        self._words: list[tuple[State, float]] = []

    def tell(self, now_s: float, state: State, level_mw: float) -> None:
        """Take the load's word on its state."""
        if self._since_s and self._since_s[-1] == now_s:
            self._words[-1] = state, level_mw
        else:
            self._since_s.append(now_s)
            self._words.append((state, level_mw))
        if self._level is not None:
            self._level().set(now_s, min(level_mw, self._view.stated_mw))

    def seen(self, time_s: float) -> LoadView:
        """Return how it was at a time [s]; the first that is known where that lies before the run."""
        view = self._view
        told = view.state, view.level_mw, view.since_s
        if self._since_s:
            place = max(0, bisect_right(self._since_s, time_s) - 1)
            if place > FORGET:
                # nobody asks for what is older than the telemetry
                del self._since_s[: place - 1], self._words[: place - 1]
                place = 1
            told = (*self._words[place], self._since_s[place])
        fields = (view.name, self._power.at(time_s), view.stated_mw, *told, *view[_FIXED_FROM:])
        return tuple.__new__(LoadView, fields)  # `_replace` takes four times as long


FORGET = 64
"""Words on a state that are kept before the old ones are dropped."""
_FIXED_FROM: Final = LoadView._fields.index("announces")


class LoadViews(Sequence[LoadView]):
    """The loads at one moment, looked at when first asked for: most policies never ask.

    Parameters
    ----------
    loads
        The loads.
    time_s
        When [s].
    """

    __slots__ = ("_loads", "_seen", "_time_s")

    def __init__(self, loads: Sequence[WatchedLoad], time_s: float) -> None:
        self._loads = loads
        self._time_s = time_s
        self._seen: tuple[LoadView, ...] | None = None

    def __eq__(self, other: object) -> bool:
        """Tell whether the loads were the same."""
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # as a list: it is looked at late

    def __repr__(self) -> str:
        """Return the loads as a tuple would show them."""
        return repr(tuple(self))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._loads)

    def __iter__(self) -> Iterator[LoadView]:
        """Return the loads, one by one; the sequence's own way asks for each by its place."""
        return iter(self[:])

    @overload
    def __getitem__(self, place: int) -> LoadView: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[LoadView]: ...
    def __getitem__(self, place: int | slice) -> LoadView | Sequence[LoadView]:
        """Return one of them, or some."""
        if self._seen is None:
            self._seen = tuple([load.seen(self._time_s) for load in self._loads])
        return self._seen[place]


class LoadWatch:
    """All AI loads as the site sees them, telemetry's delay late.

    Parameters
    ----------
    clock
        The clock.
    delay_s
        Telemetry's delay [s].
    """

    def __init__(self, clock: HasNow, delay_s: float) -> None:
        self._clock = clock
        self._delay_s = delay_s
        self._loads: list[WatchedLoad] = []

    def add(self, view: LoadView, power: Track, level: Callable[[], Track] | None = None) -> WatchedLoad:
        """Watch a load from now on."""
        load = WatchedLoad(view, power, level)
        self._loads.append(load)
        return load

    def seen(self, now_s: float) -> LoadViews:
        """Return the loads as telemetry shows them now [s]."""
        return LoadViews(self._loads, now_s - self._delay_s)


def view_of(load: Load, stated_mw: float) -> LoadView:
    """Return what never changes of how a load is seen."""
    notices: Notices | None = getattr(load, "notice", None)
    asks = getattr(load, "interlock", None) is not None
    return LoadView(
        name=load.name,
        power_mw=0.0,
        stated_mw=stated_mw,
        level_mw=inf,
        announces=asks or notices is not None,
        silence_means_down=asks or (notices is not None and notices.silence == "down"),
        drifts=load.drifts,
        rise_mw_per_s=load.rise_mw_per_s,
    )
