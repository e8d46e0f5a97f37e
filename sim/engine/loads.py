"""Connects the AI loads of a campus: each to a bus, or to its hall."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from sim.ai.base import Connection, Load
from sim.ai.notice import INTERRUPTED_STATES, Notice, State
from sim.clock import Clock
from sim.engine.bus import Busbar, Terminal
from sim.engine.halls import Halls
from sim.engine.interlock import InterlockDesk
from sim.engine.load_views import LoadWatch, WatchedLoad, views_of
from sim.engine.recorder import Log, Recorder
from sim.market.calendar import hour_of_week
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
    halls, views = Halls(bus, recorder, log, scenario), views_of(scenario)
    is_claimed = scenario.policy.claim is not None
    ratios = {hall.name: hall.feed_ratio + hall.cooling.design_ratio for hall in scenario.halls}
    for load in scenario.running_loads:
        name, told = f"load.{load.name}", announce
        recorder.load_kinds[load.name] = load.type
        if load.hall is None:
            drawing, hall, track = load, None, recorder.track(f"{name}.power_mw")
            terminal = bus.connect(track)
        else:
            drawing, hall = load.in_hall(), halls.watched[load.hall]
            track = recorder.track(f"{name}.it_power_mw")
            terminal = halls.inlet(load.hall, load.name)
            told = partial(_announce_at_meter, announce, ratios[load.hall])
        connection = _connection(load, bus.clock, terminal, recorder, log, told, scenario)
        if desk is not None and hall is None:
            connection = replace(connection, ask_leave=partial(desk.ask, load.name, track))
        levels = partial(recorder.track, f"{name}.level_mw") if is_claimed else None
        watched = WatchedLoad(views[load.name], track, levels, hall)
        watch.add(watched)
        tell = partial(_tell, bus.clock, watched, watch if is_claimed else None)
        bus.clock.process(drawing.process(replace(connection, tell_state=tell)))
    for hall in halls.watched.values():
        watch.add(hall)


def _announce_at_meter(announce: Callable[[Notice], None], ratio: float, notice: Notice) -> None:
    """Tell of a load in a hall what it takes at the meter, losses and cooling on a day of the design."""
    announce(notice._replace(change_mw=notice.change_mw * ratio, level_mw=notice.level_mw * ratio))


def _tell(clock: Clock, load: WatchedLoad, watch: LoadWatch | None, state: State, level_mw: float) -> None:
    load.tell(clock.now, state, level_mw)
    if watch is not None and state in INTERRUPTED_STATES:  # it makes notices void, and power may stay
        watch.heed(clock.now)


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
