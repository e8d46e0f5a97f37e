"""The live campus: built from a scenario in one place, run once."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import inf, nextafter

from sim.clock import At, Clock
from sim.engine.books import facts_of, give_rents
from sim.engine.bus import Bus, Metered, SitePower
from sim.engine.controller import Controller, Senses, Turn
from sim.engine.duties import Obligations, has_obligations
from sim.engine.fleets import Fleets
from sim.engine.forecasts import Forecaster, open_forecasts, open_four_cp
from sim.engine.frequency_loop import is_followed, open_frequency
from sim.engine.give_way import Flexible
from sim.engine.load_views import BatteryWatch, LoadWatch
from sim.engine.loads import InterlockDesk, connect_loads
from sim.engine.observation import Published
from sim.engine.prices import Core, PowerPrices, courses_of, open_bitcoin, open_demand_meter
from sim.engine.recorder import Recorder
from sim.engine.telemetry import Forerun, Telemetry, is_watched, may_run_ahead
from sim.grid.storage import with_battery
from sim.policies import Policy, TelemetryView
from sim.recording import Recording
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
        self._clocks = [self.clock]
        self._scenario = scenario
        self._recorder = Recorder(self.clock, facts_of(scenario))
        has_duties = has_obligations(scenario)
        is_urgent = has_duties or is_followed(scenario)
        spec = scenario.controller
        self._turn = Turn(self.clock, spec.minimum_interval_s, is_urgent=is_urgent)
        self._watch = LoadWatch(self.clock, spec.telemetry_delay_s, self._turn.notice)
        telemetry = TelemetryView(
            spec.telemetry_delay_s, spec.telemetry_scan_s, spec.telemetry_deadband_mw, spec.minimum_interval_s
        )
        self._published = Published(self._turn.notice, telemetry)
        self._published.start_utc_s = scenario.start_utc_s
        self._core = Core(self.clock, self._recorder, self._published, courses_of(scenario), scenario)
        self._flexible: list[Flexible] = []
        self._bus = self._connect_loads()
        self._fleets = Fleets(self._core)
        target = self._recorder.track("fleet_target_mw")
        site = SitePower(self._bus, self._fleets.live)
        self._duties: Obligations | None = None
        if has_duties:
            self._duties = Obligations(self._core, site, self._flexible)
        self._frequency_loop = open_frequency(self._core, site)
        if self._frequency_loop is not None:
            self._published.frequency_hz = self._frequency_loop.reported_hz
        give_rents(self._recorder, scenario)
        forecaster, battery = self._open_market(), self._open_battery()
        senses = Senses(self._published, self._turn, forecaster, self._frequency_loop, self._watch, battery)
        self.controller = Controller(
            self.clock,
            senses,
            scenario.policy.start() if policy is None else policy,
            self._duties,
            self._fleets.executor,
            target,
            partial(self._recorder.log, "controller"),
        )
        self.clock.settle = self.controller.settle

    def run(self, progress: Callable[[float], None] | None = None) -> Recording:
        """Run to the end and return what was recorded; ``progress`` is told the share that is done."""
        end_s = self._scenario.end_s
        for step in range(1, PROGRESS_STEPS + 1):
            self.clock.run_before(end_s * (step / PROGRESS_STEPS))  # the last one is the end itself
            self._recorder.pack(self.clock.now)
            if progress is not None:
                progress(step / PROGRESS_STEPS)
        return self.finish()

    def advance(self, time_s: float) -> None:
        """Go through all that happens up to a time and at it [s]; the end of the run is beyond all of it."""
        self.clock.run_before(min(nextafter(time_s, inf), self._scenario.end_s))

    def at(self, time_s: float, act: Callable[[], None]) -> None:
        """Have something done at a time [s] that has not passed, such as to take in what comes from outside."""
        At(self.clock, time_s).callbacks.append(lambda _: act())

    def publish(self, name: str, value: float) -> None:
        """Publish ``limit_mw`` [MW] or ``price_usd_per_mwh`` [USD/MWh], real-time, as it is from now on."""
        if name == "limit_mw":
            self._published.figure("limit_mw")(value)
        else:
            self._prices.real_time(value)

    @property
    def commanded_mw(self) -> float:
        """What the fleets were last told to draw, together [MW]."""
        return self._fleets.executor.commanded_mw

    def window(self, from_s: float, to_s: float) -> Recording:
        """Return what was recorded from one time to a later one [s] that is past, as a run of its own."""
        self._fleets.catch_up(to_s)
        return self._recorder.between(self._scenario.start_utc_s, from_s, to_s)

    def finish(self) -> Recording:
        """Return what was recorded, once all before the end has happened; to be called once."""
        end_s = self._scenario.end_s
        self.clock.run_before(end_s)
        self._fleets.finish(end_s)
        if self._frequency_loop is not None:
            self._frequency_loop.finish()
        if self._duties is not None:
            self._duties.reserves.finish(end_s)
        facts = self._recorder.facts
        counts = replace(
            facts.run,
            event_count=sum(clock.event_count for clock in self._clocks),
            settle_count=self.clock.settle_count,
            decision_count=self.controller.decision_count,
        )
        self._recorder.facts = replace(facts, run=counts)
        recording = self._recorder.freeze(self._scenario.start_utc_s, end_s)
        storage = self._scenario.storage
        return recording if storage is None else with_battery(recording, storage)

    def _connect_loads(self) -> Bus:
        """Build all that draws AI power, and what reads it, and return the bus of what does not run ahead."""
        scenario, bus = self._scenario, Bus(self.clock)
        if may_run_ahead(scenario):
            forerun = Forerun(self.clock, self._published, scenario)
            self._clocks = [self.clock, forerun.clock]
            log = self._recorder.open_log(forerun.clock)
            connect_loads(self._core, forerun, log, forerun.announce, self._watch)
        else:
            telemetry = Telemetry(
                self.clock, bus, scenario.controller, self._published.receive, is_watched=is_watched(scenario)
            )
            self.clock.read = telemetry.read
            log, announce = self._recorder.log, self._published.announce
            desk = InterlockDesk(self.clock, bus, announce, lambda: self._published.limit_mw, lambda: self._fleets.live)
            feel = lambda sag: self._fleets.feel(sag)  # noqa: E731, PLW0108  # the fleets are built after the loads
            self._flexible = connect_loads(self._core, bus, log, announce, self._watch, desk, feel)
        return bus

    def _open_battery(self) -> BatteryWatch | None:
        battery = self._scenario.storage
        if battery is None:
            return None
        return BatteryWatch(battery, self._recorder.given("limit_mw"), self._drawing())

    def _drawing(self) -> list[Metered]:
        return [*self._recorder.ai_power_tracks(), *self._fleets.live]

    def _open_market(self) -> Forecaster | None:
        """Open all that is paid and published, and return what makes forecasts of it."""
        core, market = self._core, self._scenario.market
        self._prices = PowerPrices(core)
        forecaster = open_forecasts(core)
        if market.four_cp is not None:
            open_four_cp(core, market.four_cp)
        open_bitcoin(core, self._fleets.views)
        if market.demand_charge is not None:
            open_demand_meter(core, self._drawing(), market.demand_charge)
        return forecaster
