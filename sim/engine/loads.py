"""Builds halls and AI loads, connects each load to a bus or its hall, and grants leave to draw more."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np
from simpy import Event

from sim.ai.base import Connection, Load, Outlet
from sim.ai.halls import Hall, LiveHall
from sim.ai.notice import INTERRUPTED_STATES, Notice, StaleTelemetry, State
from sim.ai.ride_through import Feeder, GridSwitch
from sim.clock import Alarm, At, Clock
from sim.engine.bus import Bus, Busbar, Planned
from sim.engine.give_way import Flexible, gives_way
from sim.engine.load_views import LoadWatch, WatchedHall, WatchedLoad, views_of
from sim.engine.prices import Core
from sim.engine.recorder import Log
from sim.grid.events import HallEvent, Sag, VoltageSag
from sim.grid.events import voltage_pu as voltage_of
from sim.market.calendar import hour_of_week
from sim.recording import Track
from sim.rng import HALL, LOAD
from sim.signals import Signal
from sim.units import TOLERANCE_MW

RISING_S: Final = 60.0
"""A rise that was granted counts so long, or until it is there [s]; beyond any snap-back."""


class Request:
    """A load's request to rise to a level.

    Parameters
    ----------
    desk
        Who grants it.
    track
        The load's power [MW].
    level_mw
        Where it wants to rise to [MW].
    """

    def __init__(self, desk: "InterlockDesk", track: Track, level_mw: float) -> None:
        self._desk = desk
        self._track = track
        self.level_mw = level_mw
        self.granted_s: float | None = None
        """When it was granted [s]; None: not yet."""

    def is_granted(self) -> bool:
        """Return whether it is granted, now or before."""
        return self.granted_s is not None or self._desk.grant(self)

    def close(self) -> None:
        """Rise from now on."""
        self._desk.close(self)

    def missing_mw(self, now_s: float) -> float:
        """Return how far the load still has to rise [MW]."""
        return max(0.0, self.level_mw - self._track.at(now_s))


@dataclass(eq=False)
class InterlockDesk:
    """Where loads ask: requests are granted in turn, with all rises under way summed."""

    clock: Clock
    """The clock."""
    bus: Bus
    """The bus that AI draws from."""
    announce: Callable[[Notice], None]
    """Told of each request at once: the policy must leave it its power."""
    limit_mw: Callable[[], float]
    """Returns the limit now [MW]."""
    fleets: Callable[[], Sequence[Planned]]
    """Returns the live fleets."""

    def __post_init__(self) -> None:
        """Begin with nothing done yet."""
        self._waiting: list[Request] = []
        self._rising: list[Request] = []

    def ask(self, load: str, track: Track, level_mw: float, within_s: float) -> Request:
        """Take a load's request, which goes on by itself after a time [s]."""
        now_s = self.clock.now
        request = Request(self, track, level_mw)
        change_mw = request.missing_mw(now_s)
        until_s = now_s + within_s
        self.announce(Notice(load, "resume", now_s, until_s, change_mw, now_s, level_mw))
        self._waiting.append(request)
        return request

    def close(self, request: Request) -> None:
        """Take note that a load rises, granted or not."""
        if request in self._waiting:
            self._waiting.remove(request)
            request.granted_s = self.clock.now
            self._rising.append(request)

    def grant(self, request: Request) -> bool:
        """Grant a request if it is its turn and the power is free; return whether it is granted."""
        if self._waiting and self._waiting[0] is not request:
            return False
        now_s = self.clock.now
        self._rising = [each for each in self._rising if self._is_under_way(each, now_s)]
        rises_mw = sum(each.missing_mw(now_s) for each in (*self._rising, request))
        room_mw = self.limit_mw() - self.bus.power(now_s)[0] - rises_mw
        fleets_mw = sum(max(mw for _, mw, _ in fleet.ahead(now_s)) for fleet in self.fleets())
        if fleets_mw > room_mw + TOLERANCE_MW:
            return False
        self.close(request)
        return True

    @staticmethod
    def _is_under_way(request: Request, now_s: float) -> bool:
        since_s = request.granted_s
        return since_s is not None and now_s < since_s + RISING_S and request.missing_mw(now_s) > TOLERANCE_MW


class Halls:
    """The halls of one run, and what the grid does to them.

    Parameters
    ----------
    core
        What the campus is made of.
    bus
        Where they connect; they live by its clock.
    log
        Records what happens to them.
    fleets_feel
        Has the fleets feel a sag at the connection.
    """

    def __init__(self, core: Core, bus: Busbar, log: Log, fleets_feel: Callable[[Sag], None] | None = None) -> None:
        self._clock, self._bus, self._log = bus.clock, bus, log
        self._fleets_feel = fleets_feel
        recorder, scenario = core.recorder, core.scenario
        self._recorder, self._scenario = recorder, scenario
        self._switches: dict[str, GridSwitch] = {}
        voltage_pu = voltage_of(scenario.events, scenario.start_utc_s, scenario.end_s)
        if voltage_pu is not None:
            recorder.give("voltage_pu", voltage_pu)
        self._sags = any(isinstance(event, VoltageSag) for event in scenario.events)
        self._feeders: dict[str, Feeder] = {}  # loads outside halls stand under names that no hall has
        self._live: dict[str, LiveHall] = {}
        self.watched: dict[str, WatchedHall] = {}
        """What policies see of the halls, by their names."""
        if scenario.halls:
            outdoor_c = scenario.weather.outdoor_c(scenario.span)
            recorder.give("outdoor_temperature_c", outdoor_c)
            for hall in scenario.halls:
                self._build(hall, hall.cooling_signal(outdoor_c))
        for event in scenario.events:
            if isinstance(event, HallEvent):
                self._await(event)

    def inlet(self, hall: str, load: str) -> Outlet:
        """Return where a load of a hall states its IT power."""
        track = self._recorder.track(f"load.{load}.it_power_mw")
        return self._live[hall].inlet(track)

    def feeder(self, load: str, track: Track) -> Outlet:
        """Return where a load outside halls draws its power, recorded on a track."""
        return self._fed(f"load.{load}", self._bus.connect(track))

    def _fed(self, name: str, terminal: Outlet) -> Outlet:
        """Return where something states what it needs, which voltage may not leave it."""
        if not self._sags:
            return terminal
        self._feeders[name] = Feeder(self._clock, terminal.set_power_mw)
        return self._feeders[name]

    def _build(self, hall: Hall, cooling: Signal) -> None:
        recorder, name = self._recorder, f"hall.{hall.name}"
        recorder.load_kinds[hall.name] = "hall"
        set_power = self._fed(hall.name, self._bus.connect(recorder.track(f"{name}.power_mw"))).set_power_mw
        if hall.ride_through is not None:
            switch = GridSwitch(
                self._clock,
                hall.ride_through,
                set_power,
                recorder.track(f"{name}.backup_power_mw"),
                partial(self._log, name),
                self._scenario.span.stream(HALL.format(name=hall.name)),
                partial(Alarm, self._clock),
            )
            self._switches[hall.name] = switch
            set_power = switch.set_power_mw
        live = LiveHall(
            self._clock,
            hall,
            set_power,
            cooling,
            recorder.track(f"{name}.it_power_mw"),
            recorder.track(f"{name}.cooling_power_mw"),
            partial(self._log, name),
            partial(Alarm, self._clock),
        )
        live.restate()  # an empty hall draws too
        tracks = [recorder.track(f"{name}.{part}power_mw") for part in ("", "it_", "cooling_")]
        self._live[hall.name], self.watched[hall.name] = live, WatchedHall(hall, cooling, tracks)
        if self._scenario.policy.claim is not None:  # whoever checks it needs it
            recorder.give(f"{name}.meter_ratio", cooling + hall.feed_ratio)

    def _await(self, event: HallEvent) -> None:
        names = self._switches if event.halls is None else event.halls
        switches = [self._switches[name] for name in names if name in self._switches]
        start_utc_s = self._scenario.start_utc_s
        if isinstance(event, VoltageSag):
            for sag in event.sags(start_utc_s):
                self._clock.process(self._sag(sag, event.halls, switches))
        else:
            self._clock.process(self._reconnect(event.first_s(start_utc_s), switches))

    def _sag(
        self, sag: Sag, halls: Sequence[str] | None, switches: Sequence[GridSwitch]
    ) -> Generator[Event, Any, None]:
        if sag.time_s < self._clock.now:
            return  # before the run began
        yield At(self._clock, sag.time_s)
        self._log("grid", "voltage-sag", sag.left_pu)
        feeders = [feeder for name, feeder in self._feeders.items() if halls is None or name in halls]
        for feeder in feeders:
            feeder.feel(sag.left_pu, begins=True)
        for switch in switches:
            switch.sag(sag.left_pu, sag.duration_s)
        if halls is None and self._fleets_feel is not None:
            self._fleets_feel(sag)
        yield At(self._clock, sag.time_s + sag.duration_s)
        for feeder in feeders:
            feeder.feel(sag.left_pu, begins=False)

    def _reconnect(self, time_s: float, switches: Sequence[GridSwitch]) -> Generator[Event, Any, None]:
        if time_s < self._clock.now:
            return
        yield At(self._clock, time_s)
        for switch in switches:
            switch.reconnect()


def connect_loads(
    core: Core,
    bus: Busbar,
    log: Log,
    announce: Callable[[Notice], None],
    watch: LoadWatch,
    desk: InterlockDesk | None = None,
    fleets_feel: Callable[[Sag], None] | None = None,
) -> list[Flexible]:
    """Build halls and loads, start them, and return those that can give way.

    Parameters
    ----------
    core
        What the campus is made of.
    bus
        Where they connect; they live by its clock.
    log
        Records what happens to them.
    announce
        Told what tenants announce.
    watch
        Shows the loads, and the halls as wholes, to the policy.
    desk
        Grants loads leave to rise; None: nobody asks.
    fleets_feel
        Has the fleets feel a sag at the connection; None: there is none.
    """
    recorder, scenario = core.recorder, core.scenario
    halls, views = Halls(core, bus, log, fleets_feel), views_of(scenario)
    is_claimed, may_be_asked, flexible = scenario.policy.claim is not None, gives_way(scenario), []
    ratios = {hall.name: hall.feed_ratio + hall.cooling.design_ratio for hall in scenario.halls}
    for load in scenario.running_loads:
        name, told = f"load.{load.name}", announce
        recorder.load_kinds[load.name] = load.type
        if load.hall is None:
            drawing, hall, track = load, None, recorder.track(f"{name}.power_mw")
            terminal = halls.feeder(load.name, track)
        else:
            drawing, hall = load.in_hall(), halls.watched[load.hall]
            track = recorder.track(f"{name}.it_power_mw")
            terminal = halls.inlet(load.hall, load.name)
            told = partial(_announce_at_meter, announce, ratios[load.hall])
        connection, watched_track = _connection(core, load, bus.clock, terminal, log, told), track
        if may_be_asked and load.flexibility is not None:
            feed_ratio = 1.0 if hall is None else hall.feed_ratio
            give = Flexible.of(core, drawing, connection, views[load.name], track, feed_ratio)
            flexible.append(give)
            connection, watched_track = give.limited(connection), give.limiter.need
        if desk is not None and hall is None:
            connection = replace(connection, ask_leave=partial(desk.ask, load.name, track))
        levels = partial(recorder.track, f"{name}.level_mw") if is_claimed else None
        watched = WatchedLoad(views[load.name], watched_track, levels, hall)
        watch.add(watched)
        _lose(core, load.name, watch, watched)
        tell = partial(_tell, bus.clock, watched, watch if is_claimed else None)
        bus.clock.process(drawing.process(replace(connection, tell_state=tell)))
    for hall in halls.watched.values():
        watch.add(hall)
    return flexible


def _lose(core: Core, load: str, watch: LoadWatch, watched: WatchedLoad) -> None:
    """Have telemetry of a load stand still where an event says so."""
    scenario = core.scenario
    for event in scenario.events:
        if isinstance(event, StaleTelemetry) and load in (event.loads or (load,)):
            from_s, until_s = event.span_s(scenario.start_utc_s)
            from_s = max(from_s, 0.0)
            if until_s > from_s:
                watch.lose(watched, from_s, until_s, scenario.controller.telemetry_scan_s)
                told = partial(core.recorder.log, f"load.{load}", "stale-telemetry")
                core.clock.feed(np.array([from_s]), (until_s - from_s,), told)


def _announce_at_meter(announce: Callable[[Notice], None], ratio: float, notice: Notice) -> None:
    """Tell of a load in a hall what it takes at the meter, losses and cooling on a day of the design."""
    announce(notice._replace(change_mw=notice.change_mw * ratio, level_mw=notice.level_mw * ratio))


def _tell(clock: Clock, load: WatchedLoad, watch: LoadWatch | None, state: State, level_mw: float) -> None:
    load.tell(clock.now, state, level_mw)
    if watch is not None and state in INTERRUPTED_STATES:  # it makes notices void, and power may stay
        watch.heed(clock.now)


def _connection(
    core: Core, load: Load, clock: Clock, terminal: Outlet, log: Log, announce: Callable[[Notice], None]
) -> Connection:
    name, span = load.name, core.scenario.span
    log_load = partial(log, f"load.{name}")

    def announce_and_log(notice: Notice) -> None:
        log_load(f"notice: {notice.kind}", notice.at_s)
        if core.scenario.policy.claim is not None:  # whoever checks it needs all of the notice
            log_load(f"notice until: {notice.kind}", notice.until_s)
            log_load(f"notice change: {notice.kind}", notice.change_mw)
            log_load(f"notice level: {notice.kind}", notice.level_mw)
        announce(notice)

    return Connection(
        env=clock,
        set_power_mw=terminal.set_power_mw,
        log=log_load,
        stream=lambda what: span.stream(LOAD.format(name=name, what=what)),
        span=span,
        draw=terminal.draw,
        announce=announce_and_log,
        state=partial(core.recorder.state, name),
        hour_of_week=lambda time_s, zone: hour_of_week(span.start_utc_s + time_s, zone),
    )
