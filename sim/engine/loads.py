"""Connects the AI loads of a campus: each to a bus, or to its hall."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from sim.ai.base import Connection, Load
from sim.ai.notice import Notice, State
from sim.clock import Clock
from sim.engine.bus import Busbar, Terminal
from sim.engine.halls import Halls
from sim.engine.interlock import InterlockDesk
from sim.engine.load_views import LoadWatch, WatchedLoad, view_of
from sim.engine.recorder import Log, Recorder
from sim.market.calendar import hour_of_week
from sim.policies import LoadView
from sim.rng import LOAD
from sim.scenario.model import Scenario


def connect_loads(
    bus: Busbar,
    recorder: Recorder,
    log: Log,
    announce: Callable[[Notice], None],
    scenario: Scenario,
    watch: LoadWatch,
    desk: InterlockDesk | None = None,
) -> None:
    """Build halls and loads, and start them.

    Parameters
    ----------
    bus
        Where they connect; they live by its clock.
    recorder
        Records what they draw.
    log
        Records what happens to them.
    announce
        Told what tenants announce.
    scenario
        What to build.
    watch
        Shows the loads, and the halls as wholes, to the policy.
    desk
        Grants loads leave to rise; None: nobody asks.
    """
    halls = Halls(bus, recorder, log, scenario)
    for load in scenario.running_loads:
        recorder.load_kinds[load.name] = load.type
        if load.hall is None:
            track = recorder.track(f"load.{load.name}.power_mw")
            terminal = bus.connect(track)
            connection = _connection(load, bus.clock, terminal, recorder, log, announce, scenario)
            watched = _watch(load, recorder, scenario, watch)
            leave = None if desk is None else partial(desk.ask, load.name, track)
            tell = partial(_tell, bus.clock, watched)
            connection = replace(connection, tell_state=tell, ask_leave=leave)
            bus.clock.process(load.process(connection))
        else:
            terminal = halls.inlet(load.hall, load.name)
            connection = _connection(load, bus.clock, terminal, recorder, log, announce, scenario)
            bus.clock.process(load.in_hall().process(connection))
    for hall in scenario.halls:
        watch.add(LoadView(hall.name, 0.0, hall.rated_mw), recorder.track(f"hall.{hall.name}.power_mw"))


def _watch(load: Load, recorder: Recorder, scenario: Scenario, watch: LoadWatch) -> WatchedLoad:
    view, name = view_of(load, load.most_mw(scenario.span)), f"load.{load.name}"
    levels = partial(recorder.track, f"{name}.level_mw") if scenario.policy.claim is not None else None
    return watch.add(view, recorder.track(f"{name}.power_mw"), levels)


def _tell(clock: Clock, load: WatchedLoad, state: State, level_mw: float) -> None:
    load.tell(clock.now, state, level_mw)


def _connection(
    load: Load,
    clock: Clock,
    terminal: Terminal,
    recorder: Recorder,
    log: Log,
    announce: Callable[[Notice], None],
    scenario: Scenario,
) -> Connection:
    name, span = load.name, scenario.span
    log_load = partial(log, f"load.{name}")

    def announce_and_log(notice: Notice) -> None:
        log_load(f"notice: {notice.kind}", notice.at_s)
        if scenario.policy.claim is not None:  # whoever checks it needs all of the notice
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
        state=partial(recorder.state, name),
        hour_of_week=lambda time_s, zone: hour_of_week(span.start_utc_s + time_s, zone),
    )
