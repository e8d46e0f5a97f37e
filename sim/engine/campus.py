"""The live campus: built from a scenario in one place, run once."""

from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from simpy import Event

from sim.ai.base import At, Connection, Load
from sim.ai.notice import Notice
from sim.engine.bus import Bus
from sim.engine.clock import Clock
from sim.engine.controller import Controller
from sim.engine.halls import Halls
from sim.engine.recorder import Recorder
from sim.market.calendar import hour_of_week
from sim.mining.executor import Executor, merit_order
from sim.mining.fleet import LiveFleet
from sim.mining.hashing import breakeven_usd_per_mwh
from sim.policies import FleetView
from sim.recording import Recording
from sim.rng import stream
from sim.scenario.model import Scenario
from sim.signals import Signal

PROGRESS_STEPS = 200
"""A run pauses this often to tell its progress; nothing of it shows in the result."""


class Campus:
    """Interconnection, AI loads, fleets and controller of one run.

    Parameters
    ----------
    scenario
        What to build.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.clock = Clock()
        self._scenario = scenario
        self._recorder = Recorder(self.clock)
        bus = Bus()
        halls = Halls(self.clock, bus, self._recorder, scenario)
        for load in scenario.loads:
            self._connect(load, bus, halls)
        self.controller = Controller(
            self.clock,
            bus,
            scenario.controller,
            scenario.policy.start(),
            Executor(self._live_fleets()),
            self._recorder.track("fleet_target_mw"),
            partial(self._recorder.log, "controller"),
        )
        self.clock.settle = self.controller.settle
        self._open_market()

    def run(self, progress: Callable[[float], None] | None = None) -> Recording:
        """Run to the end and return what was recorded; ``progress`` is told the share that is done."""
        end_s = self._scenario.end_s
        for step in range(1, PROGRESS_STEPS + 1):
            self.clock.run_before(end_s * (step / PROGRESS_STEPS))  # the last one is the end itself
            if progress is not None:
                progress(step / PROGRESS_STEPS)
        self._recorder.constant("run.event_count", self.clock.event_count)
        self._recorder.constant("run.settle_count", self.clock.settle_count)
        self._recorder.constant("run.decision_count", self.controller.decision_count)
        return self._recorder.freeze(self._scenario.start_utc_s, end_s)

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

    def _announce(self, source: str, notice: Notice) -> None:
        self._recorder.log(source, f"notice: {notice.kind}", notice.at_s)
        self.controller.announce(notice)

    def _live_fleets(self) -> list[LiveFleet]:
        fleets = self._scenario.fleets
        live = []
        for spec in (fleets[position] for position in merit_order(fleets)):
            name = f"fleet.{spec.name}"
            for constant in ("rated_mw", "minimum_mw", "efficiency_j_per_th"):
                self._recorder.constant(f"{name}.{constant}", getattr(spec, constant))
            commanded = self._recorder.track(f"{name}.commanded_mw")
            power = self._recorder.track(f"{name}.power_mw")
            live.append(LiveFleet(self.clock, spec, commanded, power))
        return live

    def _open_market(self) -> None:
        scenario, recorder, market = self._scenario, self._recorder, self._scenario.market
        span = scenario.files, scenario.start_utc_s, scenario.end_s
        price = market.power.signal(*span, stream(scenario.seed, "market/power"))
        hashprice, price_btc = market.bitcoin.signals(*span)
        limit = Signal.constant(scenario.interconnection.limit_mw, scenario.end_s)
        recorder.give("limit_mw", limit)
        recorder.give("price_usd_per_mwh", price)
        recorder.give("hashprice_usd_per_ph_day", hashprice)
        recorder.give("price_usd_per_btc", price_btc)
        recorder.constant("pool_fee_fraction", market.bitcoin.pool_fee_fraction)
        self._publish(limit, self._set_limit)
        self._publish(market.power.published(*span, stream(scenario.seed, "market/power")), self._set_price)
        self._publish(market.bitcoin.published(*span), self._set_hashprice)

    def _publish(self, signal: Signal, tell: Callable[[float], None]) -> None:
        """Tell each value of a step signal when it comes: the first at once."""
        times_s, values = signal.time_s.tolist(), signal.value.tolist()
        tell(values[0])
        self.clock.process(self._feed(times_s[1:], values[1:], tell))

    def _feed(
        self, times_s: list[float], values: list[float], tell: Callable[[float], None]
    ) -> Generator[Event, Any, None]:
        for time_s, value in zip(times_s, values, strict=True):
            yield At(self.clock, time_s)
            tell(value)

    def _set_limit(self, limit_mw: float) -> None:
        self.controller.limit_mw = limit_mw
        self.controller.notice()

    def _set_price(self, price_usd_per_mwh: float) -> None:
        self.controller.price_usd_per_mwh = price_usd_per_mwh
        self.controller.notice()

    def _set_hashprice(self, hashprice_usd_per_ph_day: float) -> None:
        fleets, market = self._scenario.fleets, self._scenario.market
        self.controller.hashprice_usd_per_ph_day = hashprice_usd_per_ph_day
        self.controller.fleets = tuple(
            FleetView(
                spec.name,
                spec.minimum_mw,
                spec.rated_mw,
                spec.efficiency_j_per_th,
                float(
                    breakeven_usd_per_mwh(
                        hashprice_usd_per_ph_day, spec.efficiency_j_per_th, market.bitcoin.pool_fee_fraction
                    )
                ),
            )
            for spec in (fleets[position] for position in merit_order(fleets))
        )
        self.controller.notice()
