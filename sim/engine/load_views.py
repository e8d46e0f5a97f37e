"""What a policy sees of each AI load, as old as telemetry makes it, and of the battery."""

from bisect import bisect_right
from collections import UserList
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import Any, Final

import numpy as np

from sim.ai.announcements import Notices
from sim.ai.base import Load
from sim.ai.halls import Hall
from sim.ai.notice import State
from sim.clock import Clock
from sim.engine.bus import Metered, drawn_mw
from sim.grid.storage import Battery, Storage
from sim.policies import BatteryView
from sim.policies.base import LoadView
from sim.recording import Track
from sim.scenario.model import Scenario
from sim.signals import Signal
from sim.span import Span

HALL_VALID_S: Final = 30.0
"""How long what a hall and its loads take may be counted on [s]."""
WARMER_C: Final = 0.15
"""It gets no warmer outdoors within that time and the fleets' answer [°C]: 10 °C an hour; assumption."""


class WatchedHall:
    r"""What a hall draws besides its loads, each of which counts with its losses and the cooling of its heat.

    Parameters
    ----------
    hall
        The hall.
    cooling
        Cooling power over IT power, once caught up, over the run.
    tracks
        Its power at the meter, of its IT and of its cooling [MW].

    Notes
    -----
    Losses lie below their chord :math:`k`, and cooling stays below what it draws now and what the heat of the
    most IT power :math:`X` takes: at most :math:`B + (k + c) X + \max(0, C - c\,x)`, with the base
    :math:`B`, cooling over IT :math:`c`, cooling :math:`C` and IT power :math:`x` now.
    """

    def __init__(self, hall: Hall, cooling: Signal, tracks: Sequence[Track]) -> None:
        self._base_mw = hall.base_mw
        self.feed_ratio = hall.feed_ratio
        """Most that a MW of IT power adds to what is fed."""
        self._ratio = Track()
        self._ratio.draw(cooling)
        plant = hall.cooling
        self._most = plant.design_ratio
        self._warmer = (plant.design_ratio - plant.base_ratio) / (plant.design_c - plant.free_c) * WARMER_C
        self._power, self._it, self._cooling = tracks
        self._name = hall.name
        self._fixed = LoadView(hall.name, 0.0, 0.0, valid_s=HALL_VALID_S)[_STATE_FROM:]
        self._asked_s, self._asked_ratio = -inf, 0.0

    def meter_ratio(self, time_s: float) -> float:
        """Return what a MW of IT power takes at the meter in the time after another [s], at the most."""
        return self.feed_ratio + self._cooling_ratio(time_s)

    def _cooling_ratio(self, time_s: float) -> float:
        if time_s != self._asked_s:  # each of its loads asks for the same
            self._asked_s = time_s
            self._asked_ratio = min(self._ratio.at(time_s) + self._warmer, self._most)
        return self._asked_ratio

    def seen(self, time_s: float) -> LoadView:
        """Return how it was at a time [s]."""
        it_mw, ratio = self._it.at(time_s), self._cooling_ratio(time_s)
        power_mw = self._power.at(time_s) - it_mw * (self.feed_ratio + ratio)
        stated_mw = self._base_mw + max(0.0, self._cooling.at(time_s) - it_mw * ratio)
        return _view((self._name, power_mw, stated_mw, *self._fixed))


@dataclass(eq=False)
class WatchedLoad:
    """One load as it is watched: its power is recorded, its words on its state are kept as they come."""

    view: LoadView
    """What never changes of how it is seen."""
    power: Track
    """Where its power is recorded [MW]."""
    level: Callable[[], Track] | None = None
    """Returns where the most is recorded that it draws in its state [MW], once it has told of one; None:
    nobody wants to know afterwards."""
    hall: WatchedHall | None = None
    """Its hall, where it tells of IT power; None: it stands in none."""

    def __post_init__(self) -> None:
        """Begin with no word."""
        self._fixed = self.view[_FIXED_FROM:]
        # in a hall two of them go with the weather
        self._before, self._after = self._fixed[:_RISE_AT], self._fixed[_RISE_AT + 2 :]
        self.held: LoadView | None = None
        """How it was when its telemetry stood still; None: it does not."""
        self._told_s: list[float] = []
        self._words: list[tuple[State, float, float]] = []

    def tell(self, now_s: float, state: State, level_mw: float) -> None:
        """Take the load's word on its state."""
        goes_on = bool(self._words) and self._words[-1][0] == state
        word = state, level_mw, self._words[-1][-1] if goes_on else now_s
        if self._told_s and self._told_s[-1] == now_s:
            self._words[-1] = word
        else:
            self._told_s.append(now_s)
            self._words.append(word)
        if self.level is not None:
            self.level().set(now_s, min(level_mw, self.view.stated_mw))

    def seen(self, time_s: float) -> LoadView:
        """Return how it was at a time [s]; the first that is known where that lies before the run."""
        view = self.view
        if self.held is not None:
            ratio = 1.0 if self.hall is None else self.hall.meter_ratio(time_s)
            return self.held._replace(stated_mw=view.stated_mw * ratio)
        told = view.state, view.level_mw, view.since_s
        if self._told_s:
            place = max(0, bisect_right(self._told_s, time_s) - 1)
            if place > FORGET:
                # nobody asks for what is older than the telemetry
                del self._told_s[: place - 1], self._words[: place - 1]
                place = 1
            told = self._words[place]
        power_mw = self.power.at(time_s)
        if self.hall is None:
            return _view((view.name, power_mw, view.stated_mw, *told, *self._fixed))
        ratio = self.hall.meter_ratio(time_s)
        state, level_mw, since_s = told
        powers_mw = power_mw * ratio, view.stated_mw * ratio
        in_hall = view.rise_mw_per_s * ratio, HALL_VALID_S
        told = state, level_mw * ratio, since_s
        return _view((view.name, *powers_mw, *told, *self._before, *in_hall, *self._after))


FORGET = 64
"""Words on a state that are kept before the old ones are dropped."""
_STATE_FROM: Final = LoadView._fields.index("state")
_FIXED_FROM: Final = LoadView._fields.index("announces")
_RISE_AT: Final = LoadView._fields.index("rise_mw_per_s") - _FIXED_FROM


def _view(fields: tuple[Any, ...]) -> LoadView:
    """Return a view of its fields in order; `_replace` and keywords take four times as long."""
    return tuple.__new__(LoadView, fields)


class LoadViews(UserList[LoadView]):
    """The loads at one moment, looked at when first asked for: most policies never ask.

    Parameters
    ----------
    loads
        The loads.
    time_s
        When [s].
    """

    _seen: list[LoadView] | None = None

    def __init__(self, loads: Sequence[WatchedLoad | WatchedHall], time_s: float) -> None:
        self._loads, self._time_s = loads, time_s

    @property
    def data(self) -> list[LoadView]:  # type: ignore[override]  # it is looked at late
        """The loads."""
        if self._seen is None:
            self._seen = [load.seen(self._time_s) for load in self._loads]
        return self._seen

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._loads)

    def __iter__(self) -> Iterator[LoadView]:
        """Return the loads, one by one; a list of the user's asks for each by its place."""
        return iter(self.data)


class LoadWatch:
    """All AI loads as the site sees them, telemetry's delay late.

    Parameters
    ----------
    clock
        The site's clock.
    delay_s
        Telemetry's delay [s].
    notice
        Asks for a decision.
    """

    def __init__(self, clock: Clock, delay_s: float, notice: Callable[[], None]) -> None:
        self._clock = clock
        self._delay_s = delay_s
        self._notice = notice
        self._loads: list[WatchedLoad | WatchedHall] = []

    def add(self, load: WatchedLoad | WatchedHall) -> None:
        """Watch a load, or a hall, from now on."""
        self._loads.append(load)

    def lose(self, load: WatchedLoad, from_s: float, until_s: float, scan_s: float) -> None:
        """Have a load's telemetry stand still for a while [s]; what is overdue by a scan [s] is stale."""

        def hold(told: str) -> None:
            load.held = None
            if told != "back":
                load.held = load.seen(from_s)._replace(is_stale=told == "overdue")
            self._notice()

        edges_s = np.array([from_s, min(from_s + scan_s, until_s), until_s]) + self._delay_s
        self._clock.feed(edges_s, ("last", "overdue", "back"), hold)

    def heed(self, time_s: float) -> None:
        """Ask for a decision once telemetry shows what a load has told at a time [s]."""
        self._clock.feed(np.array([time_s + self._delay_s]), (None,), lambda _: self._notice())

    def seen(self, now_s: float) -> LoadViews:
        """Return the loads as telemetry shows them now [s]."""
        return LoadViews(self._loads, now_s - self._delay_s)


def views_of(scenario: Scenario) -> dict[str, LoadView]:
    """Return what never changes of how each load is seen, by its name; in a hall, of its IT power."""
    return {load.name: _view_of(load, scenario.span) for load in scenario.running_loads}


def _view_of(load: Load, span: Span) -> LoadView:
    notices: Notices | None = getattr(load, "notice", None)
    interlock = getattr(load, "interlock", None)
    asks = interlock is not None
    leads_s = [0.0 if notices is None else notices.lead_s, 0.0 if interlock is None else interlock.release_s]
    drawing = load if load.hall is None else load.in_hall()
    return LoadView(
        name=load.name,
        power_mw=0.0,
        stated_mw=drawing.most_mw(span),
        level_mw=inf,
        announces=asks or notices is not None,
        silence_means_down=asks or (notices is not None and notices.silence == "down"),
        drifts=load.drifts,
        rise_mw_per_s=drawing.rise_mw_per_s,
        lead_s=max(leads_s),
    )


class BatteryWatch:
    """A battery's charge up to now, from all that the site has drawn by now.

    Nothing on the site waits for the battery: what it does follows from site power, and is gone through when
    a policy is asked.

    Parameters
    ----------
    battery
        What it is.
    limit_mw
        Limit of the site [MW].
    parts
        All that draws power at the site.
    """

    def __init__(self, battery: Battery, limit_mw: Signal | None, parts: Sequence[Metered]) -> None:
        self._battery = battery
        self._storage = Storage(battery, limit_mw)
        self._parts = parts
        self._followed_s = 0.0
        self._giving_mw = 0.0

    def seen(self, now_s: float) -> BatteryView:
        """Return how it stands now [s]; times must not fall."""
        if now_s > self._followed_s:
            site = drawn_mw(self._parts, self._followed_s, now_s)
            drawn = self._storage.follow(site).battery_mw
            self._giving_mw = -float(drawn.left_limits()[-1])
            self._followed_s = now_s
        battery = self._battery
        return BatteryView(
            battery.power_mw,
            self._storage.charge_mwh,
            battery.wanted_charge_fraction * battery.energy_mwh,
            self._giving_mw,
            sqrt(battery.round_trip_efficiency_fraction),
            battery.recharge_mw,
            battery.shave_above_mw,
        )
