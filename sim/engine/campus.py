"""The live campus: built from a scenario in one place, run once."""

from collections.abc import Callable
from functools import partial
from math import inf, nextafter

from sim.ai.base import Connection, Load
from sim.ai.notice import Notice
from sim.clock import Clock, feed
from sim.engine.books import open_books
from sim.engine.bus import Bus
from sim.engine.controller import Controller
from sim.engine.duties import Obligations, has_obligations
from sim.engine.fleets import Fleets
from sim.engine.frequency_loop import is_followed, loop_of, measured_hz
from sim.engine.halls import Halls
from sim.engine.markets import Markets
from sim.engine.meter import DemandMeter
from sim.engine.recorder import Recorder
from sim.engine.site_power import SitePower
from sim.engine.storage import record_battery, with_battery
from sim.grid.events import shortfall
from sim.grid.storage import Storage
from sim.market import DemandCharge
from sim.market.calendar import hour_of_week
from sim.policies import Policy
from sim.recording import Recording
from sim.rng import stream
from sim.scenario.model import Scenario

PROGRESS_STEPS = 200
"""A run pauses this often to tell its progress; nothing of it shows in the result."""


class Campus:
    """Interconnection, AI loads, fleets and controller of one run.

    Parameters
    ----------
    scenario
        What to build.
    policy
        Asked in place of the scenario's own; None: that one.
    """

    def __init__(self, scenario: Scenario, policy: Policy | None = None) -> None:
        self.clock = Clock()
        self._scenario = scenario
        self._recorder = Recorder(self.clock)
        bus = Bus()
        halls = Halls(self.clock, bus, self._recorder, scenario)
        for load in scenario.running_loads:
            self._connect(load, bus, halls)
        is_watched = scenario.interconnection.trip is not None or is_followed(scenario)
        self._fleets = Fleets(
            self.clock, self._recorder, scenario, self._take_in_fleets, is_watched=is_watched
        )
        self.controller = Controller(
            self.clock,
            bus,
            scenario.controller,
            scenario.policy.start() if policy is None else policy,
            self._fleets.executor,
            self._recorder.track("fleet_target_mw"),
            partial(self._recorder.log, "controller"),
        )
        site = SitePower(bus, self._fleets.live)
        if has_obligations(scenario):
            notice = self.controller.notice
            self.controller.obligations = Obligations(self.clock, self._recorder, site, scenario, notice)
        self._open_grid(site)
        self.clock.settle = self.controller.settle
        open_books(self._recorder, scenario)
        for name, value in scenario.grid.constants().items():
            self._recorder.constant(f"grid.{name}", value)
        if scenario.storage is not None:
            record_battery(self._recorder, scenario.storage)
        Markets(self.clock, self._recorder, self.controller, self._fleets.views, scenario)
        if scenario.market.demand_charge is not None:
            self._meter_demand(scenario.market.demand_charge)

    def run(self, progress: Callable[[float], None] | None = None) -> Recording:
        """Run to the end and return what was recorded; ``progress`` is told the share that is done."""
        end_s = self._scenario.end_s
        for step in range(1, PROGRESS_STEPS + 1):
            self.clock.run_before(end_s * (step / PROGRESS_STEPS))  # the last one is the end itself
            if progress is not None:
                progress(step / PROGRESS_STEPS)
        return self.finish()

    def advance(self, time_s: float) -> None:
        """Go through all that happens up to a time and at it [s]; the end of the run is beyond all of it."""
        self.clock.run_before(min(nextafter(time_s, inf), self._scenario.end_s))

    def window(self, from_s: float, to_s: float) -> Recording:
        """Return what was recorded from one time to a later one [s] that is past, as a run of its own."""
        self._fleets.catch_up(to_s)
        return self._recorder.between(self._scenario.start_utc_s, from_s, to_s)

    def finish(self) -> Recording:
        """Return what was recorded, once all before the end has happened; to be called once."""
        end_s = self._scenario.end_s
        self.clock.run_before(end_s)
        self._fleets.finish(end_s)
        if self.controller.frequency_loop is not None:
            self.controller.frequency_loop.finish()
        if self.controller.obligations is not None:
            self.controller.obligations.finish(end_s)
        self._recorder.constant("run.event_count", self.clock.event_count)
        self._recorder.constant("run.settle_count", self.clock.settle_count)
        self._recorder.constant("run.decision_count", self.controller.decision_count)
        recording = self._recorder.freeze(self._scenario.start_utc_s, end_s)
        storage = self._scenario.storage
        return recording if storage is None else with_battery(recording, storage)

    def _connect(self, load: Load, bus: Bus, halls: Halls) -> None:
        scenario = self._scenario
        self._recorder.load_kinds[load.name] = load.type
        if load.hall is None:
            if "pue" in type(load).model_fields:
                self._recorder.constant(f"load.{load.name}.pue_ratio", getattr(load, "pue", 1.0))
            set_power = bus.connect(
                self.clock, self._recorder.track(f"load.{load.name}.power_mw")
            ).set_power_mw
        else:
            set_power = halls.inlet(load.hall, load.name)
            load = load.in_hall()
        connection = Connection(
            env=self.clock,
            set_power_mw=set_power,
            log=partial(self._recorder.log, f"load.{load.name}"),
            stream=lambda name: stream(scenario.seed, f"ai/{load.name}/{name}"),
            files=scenario.files,
            start_utc_s=scenario.start_utc_s,
            end_s=scenario.end_s,
            announce=partial(self._announce, f"load.{load.name}"),
            constant=lambda name, value: self._recorder.constant(f"load.{load.name}.{name}", value),
            hour_of_week=lambda time_s, zone: hour_of_week(scenario.start_utc_s + time_s, zone),
        )
        self.clock.process(load.process(connection))

    def _open_grid(self, site: SitePower) -> None:
        scenario, recorder = self._scenario, self._recorder
        if scenario.grid.count_limits:
            recorder.constant("run.seed", float(scenario.seed))
        lost_mw = shortfall(scenario.events, scenario.start_utc_s, scenario.end_s)
        if lost_mw is not None:
            recorder.give("grid_shortfall_mw", lost_mw)
        frequency = scenario.grid.frequency
        if frequency is None or not frequency.is_followed:
            return
        measured = measured_hz(scenario)
        if measured is not None:
            recorder.give("frequency_measured_hz", measured)
            if not frequency.has_grid:
                recorder.give("frequency_hz", measured)
        loop = loop_of(self.clock, site, scenario, measured, partial(recorder.track, "frequency_hz"))
        self.controller.frequency_loop = loop
        self.controller.market_view["frequency_hz"] = loop.reported_hz
        if lost_mw is not None:
            feed(self.clock, lost_mw * frequency.model().as_load_mw(1.0), loop.lose)

    def _meter_demand(self, spec: DemandCharge) -> None:
        scenario, recorder = self._scenario, self._recorder
        for name in ("usd_per_kw_month", "interval_s", "ratchet_fraction", "previous_peak_mw"):
            recorder.constant(f"demand_charge.{name}", getattr(spec, name))
        months = spec.months(scenario.start_utc_s, scenario.end_s)
        for month in months:
            recorder.constant(f"billing_month.{month.name}.start_s", month.start_s)
            recorder.constant(f"billing_month.{month.name}.end_s", month.end_s)
        meter = DemandMeter(
            self.clock,
            [*recorder.ai_power_tracks(), *self._fleets.live],
            recorder.given("generation_mw"),
            partial(self.controller.market_view.__setitem__, "billing_peak_mw"),
            partial(recorder.log, "meter"),
            None if scenario.storage is None else Storage(scenario.storage),
        )
        tell_terms = partial(self.controller.market_view.__setitem__, "demand_terms")
        self.clock.process(meter.read(months, spec, scenario.end_s, tell_terms))

    def _announce(self, source: str, notice: Notice) -> None:
        self._recorder.log(source, f"notice: {notice.kind}", notice.at_s)
        self.controller.announce(notice)

    def _take_in_fleets(self) -> None:
        controller = self.controller
        controller.fleets = self._fleets.views(controller.hashprice_usd_per_ph_day)
        controller.notice()
