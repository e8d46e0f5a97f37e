"""Connects the AI loads of a campus: each to the bus, or to its hall."""

from dataclasses import replace
from functools import partial

from sim.ai.base import Connection, Load, SetPower
from sim.ai.notice import Notice, State
from sim.clock import Clock
from sim.engine.bus import Bus
from sim.engine.halls import Halls
from sim.engine.load_views import LoadWatch, WatchedLoad, view_of
from sim.engine.observation import Published
from sim.engine.recorder import Recorder
from sim.market.calendar import hour_of_week
from sim.policies import LoadView
from sim.rng import LOAD
from sim.scenario.model import Scenario


def connect_loads(
    clock: Clock, bus: Bus, recorder: Recorder, published: Published, scenario: Scenario, watch: LoadWatch
) -> None:
    """Build halls and loads, and start them.

    Parameters
    ----------
    clock, bus, recorder
        What the campus is made of.
    published
        Takes what tenants announce.
    scenario
        What to build.
    watch
        Shows the loads, and the halls as wholes, to the policy.
    """
    halls = Halls(clock, bus, recorder, scenario)
    for load in scenario.running_loads:
        recorder.load_kinds[load.name] = load.type
        connection = _connection(load, clock, recorder, published, scenario)
        if load.hall is None:
            set_power = _on_bus(load, clock, bus, recorder)
            watched = _watch(load, recorder, scenario, watch)
            connection = replace(connection, tell_state=partial(_tell, clock, watched))
        else:
            set_power = halls.inlet(load.hall, load.name)
            load = load.in_hall()  # noqa: PLW2901  # as it runs from here on
        clock.process(load.process(replace(connection, set_power_mw=set_power)))
    for hall in scenario.halls:
        track = recorder.track(f"hall.{hall.name}.power_mw")
        watch.add(LoadView(hall.name, 0.0, hall.rated_mw), track)


def _watch(load: Load, recorder: Recorder, scenario: Scenario, watch: LoadWatch) -> WatchedLoad:
    view, name = view_of(load, load.most_mw(scenario.span)), f"load.{load.name}"
    levels = partial(recorder.track, f"{name}.level_mw") if scenario.policy.claim is not None else None
    return watch.add(view, recorder.track(f"{name}.power_mw"), levels)


def _tell(clock: Clock, load: WatchedLoad, state: State, level_mw: float) -> None:
    load.tell(clock.now, state, level_mw)


def _nowhere(power_mw: float, slope_mw_per_s: float = 0.0) -> None:
    """Draw nothing: the load is not connected yet."""


def _on_bus(load: Load, clock: Clock, bus: Bus, recorder: Recorder) -> SetPower:
    return bus.connect(clock, recorder.track(f"load.{load.name}.power_mw")).set_power_mw


def _connection(
    load: Load, clock: Clock, recorder: Recorder, published: Published, scenario: Scenario
) -> Connection:
    name = load.name
    log, span = partial(recorder.log, f"load.{name}"), scenario.span

    def announce(notice: Notice) -> None:
        log(f"notice: {notice.kind}", notice.at_s)
        if scenario.policy.claim is not None:  # whoever checks it needs all of the notice
            log(f"notice until: {notice.kind}", notice.until_s)
            log(f"notice change: {notice.kind}", notice.change_mw)
            log(f"notice level: {notice.kind}", notice.level_mw)
        published.announce(notice)

    return Connection(
        env=clock,
        set_power_mw=_nowhere,
        log=log,
        stream=lambda what: span.stream(LOAD.format(name=name, what=what)),
        span=span,
        announce=announce,
        state=partial(recorder.state, name),
        hour_of_week=lambda time_s, zone: hour_of_week(span.start_utc_s + time_s, zone),
    )
