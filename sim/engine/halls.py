"""Builds the halls of a campus: each between its loads and the bus, with its switch to the grid."""

from collections.abc import Generator, Sequence
from functools import partial
from typing import Any

from simpy import Event

from sim.ai.halls import Hall, Inlet, LiveHall
from sim.ai.ride_through import GridSwitch
from sim.clock import Alarm, At, Clock
from sim.engine.bus import Busbar, Terminal, draw_in_turn
from sim.engine.load_views import WatchedHall
from sim.engine.recorder import Log, Recorder
from sim.grid.events import HallEvent, VoltageSag
from sim.rng import HALL
from sim.scenario.model import Scenario
from sim.signals import Signal


class Halls:
    """The halls of one run, and what the grid does to them.

    Parameters
    ----------
    bus
        Where they connect; they live by its clock.
    recorder
        Records what they draw.
    log
        Records what happens to them.
    scenario
        What to build.
    """

    def __init__(self, bus: Busbar, recorder: Recorder, log: Log, scenario: Scenario) -> None:
        self._clock = bus.clock
        self._bus = bus
        self._recorder = recorder
        self._log = log
        self._scenario = scenario
        self._switches: dict[str, GridSwitch] = {}
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

    def inlet(self, hall: str, load: str) -> Terminal:
        """Return where a load of a hall states its IT power."""
        return _HallTerminal(
            self._clock, self._live[hall].inlet(self._recorder.track(f"load.{load}.it_power_mw"))
        )

    def _build(self, hall: Hall, cooling: Signal) -> None:
        recorder, name = self._recorder, f"hall.{hall.name}"
        recorder.load_kinds[hall.name] = "hall"
        set_power = self._bus.connect(recorder.track(f"{name}.power_mw")).set_power_mw
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
            self._clock.process(self._sag(event, switches))
        else:
            self._clock.process(self._reconnect(event.first_s(start_utc_s), switches))

    def _sag(self, event: VoltageSag, switches: Sequence[GridSwitch]) -> Generator[Event, Any, None]:
        for sag in event.sags(self._scenario.start_utc_s):
            if sag.time_s < self._clock.now:
                continue  # before the run began
            yield At(self._clock, sag.time_s)
            self._log("grid", "voltage-sag", sag.left_pu)
            for switch in switches:
                switch.sag(sag.left_pu, sag.duration_s)

    def _reconnect(self, time_s: float, switches: Sequence[GridSwitch]) -> Generator[Event, Any, None]:
        if time_s < self._clock.now:
            return
        yield At(self._clock, time_s)
        for switch in switches:
            switch.reconnect()


class _HallTerminal:
    """Where a load of a hall draws: each of its changes is the hall's concern."""

    def __init__(self, clock: Clock, inlet: Inlet) -> None:
        self._clock = clock
        self.set_power_mw = inlet.set_power_mw

    def draw(self, power_mw: Signal) -> None:
        draw_in_turn(self._clock, self.set_power_mw, power_mw)
