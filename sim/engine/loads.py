"""Connects the AI loads of a campus: each to the bus, or to its hall."""

from functools import partial

from sim.ai.base import Connection, Load, SetPower
from sim.ai.notice import Notice
from sim.clock import Clock
from sim.engine.bus import Bus
from sim.engine.halls import Halls
from sim.engine.observation import Published
from sim.engine.recorder import Recorder
from sim.market.calendar import hour_of_week
from sim.rng import LOAD
from sim.scenario.model import Scenario


def connect_loads(
    clock: Clock, bus: Bus, recorder: Recorder, published: Published, scenario: Scenario
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
    """
    halls = Halls(clock, bus, recorder, scenario)
    for load in scenario.running_loads:
        recorder.load_kinds[load.name] = load.type
        if load.hall is None:
            set_power = _on_bus(load, clock, bus, recorder)
        else:
            set_power = halls.inlet(load.hall, load.name)
            load = load.in_hall()  # noqa: PLW2901  # as it runs from here on
        clock.process(load.process(_connection(load.name, clock, set_power, recorder, published, scenario)))


def _on_bus(load: Load, clock: Clock, bus: Bus, recorder: Recorder) -> SetPower:
    return bus.connect(clock, recorder.track(f"load.{load.name}.power_mw")).set_power_mw


def _connection(
    name: str,
    clock: Clock,
    set_power: SetPower,
    recorder: Recorder,
    published: Published,
    scenario: Scenario,
) -> Connection:
    log, span = partial(recorder.log, f"load.{name}"), scenario.span

    def announce(notice: Notice) -> None:
        log(f"notice: {notice.kind}", notice.at_s)
        published.announce(notice)

    return Connection(
        env=clock,
        set_power_mw=set_power,
        log=log,
        stream=lambda what: span.stream(LOAD.format(name=name, what=what)),
        span=span,
        announce=announce,
        state=partial(recorder.state, name),
        hour_of_week=lambda time_s, zone: hour_of_week(span.start_utc_s + time_s, zone),
    )
