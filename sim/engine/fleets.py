"""Builds the fleets of a campus, and tells the controller what they can draw."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from simpy import Event

from sim.bitcoin import breakeven_usd_per_mwh
from sim.clock import Alarm, At
from sim.engine.prices import Core
from sim.engine.telemetry import is_watched
from sim.grid.events import Sag
from sim.mining.events import PoolLoss, StuckBlocks, merged
from sim.mining.executor import Executor, merit_order
from sim.mining.fleet import FleetSpec
from sim.mining.running import FleetConnection, RunningFleet
from sim.mining.worth import Worth
from sim.policies import FleetView
from sim.rng import FLEET
from sim.signals import Signal
from sim.units import HOURS_PER_DAY, Number


class Fleets:
    """The fleets of one run, in merit order, and their executor.

    Parameters
    ----------
    core
        What the campus is made of.
    """

    def __init__(self, core: Core) -> None:
        self._clock, self._recorder, self._published, _, self._scenario = core
        # where someone follows the site's power nothing happens to a fleet without a settle
        self._is_watched = is_watched(self._scenario)
        scenario = self._scenario
        specs = [scenario.fleets[position] for position in merit_order(scenario.fleets)]
        self.live = [self._build(spec) for spec in specs]
        """The fleets, in merit order."""
        self._back_s: dict[str, float] = {}  # when those that dropped out follow commands again
        self.executor = Executor(self.live, [spec.worth.is_hash for spec in specs])

    def views(self, hashprice_usd_per_ph_day: float) -> tuple[FleetView, ...]:
        """Return the fleets as a policy sees them, in merit order."""
        pool = self._scenario.market.bitcoin.paid_by()
        counted_usd_per_ph_day = hashprice_usd_per_ph_day * (1.0 - pool.stale_fraction)
        opex_usd_per_mwh = self._scenario.costs.mining_opex_usd_per_mwh or 0.0
        self.executor.pay(counted_usd_per_ph_day * (1.0 - pool.fee_fraction) / HOURS_PER_DAY)
        return tuple(
            FleetView(
                live.spec.name,
                live.spec.minimum_mw,
                live.spec.full_mw,
                live.spec.efficiency_j_per_th,
                float(earned_usd_per_mwh(live.spec, counted_usd_per_ph_day, pool.fee_fraction)) - opex_usd_per_mwh,
                live.available_mw,
                live.spec.levels,
                *self._response_times(live),
                live.spec.return_s,
                live.stuck.power_mw,
            )
            for live in self.live
        )

    def feel(self, sag: Sag) -> None:
        """Have the fleets feel a voltage sag: those whose supplies drop out come back some time after it."""
        for live in self.live:
            drop_out = live.spec.drop_out
            if sag.left_pu < drop_out.below_pu and sag.duration_s > drop_out.after_s:
                self._recorder.log(f"fleet.{live.spec.name}", "drop-out", sag.left_pu)
                live.drop_out(is_out=True)
                back_s = sag.time_s + sag.duration_s + drop_out.restart_s
                self._back_s[live.spec.name] = max(back_s, self._back_s.get(live.spec.name, 0.0))
                At(self._clock, back_s).callbacks.append(partial(self._restart, live))
        self._tell()

    def _restart(self, live: RunningFleet, _: object) -> None:
        """Have a fleet follow commands again, unless a later sag has it wait."""
        if self._clock.now >= self._back_s[live.spec.name]:
            live.drop_out(is_out=False)
            self._tell()

    @staticmethod
    def _response_times(live: RunningFleet) -> tuple[float, float, float, float]:
        """Return how soon a fleet follows, by the blocks that are known to answer."""
        latency_s, up, down, fall_s = live.spec.response_times
        answering = 1.0 - live.stuck.slowed_fraction or 1.0  # where none answers no pace counts
        return latency_s, up * answering, down * answering, fall_s

    def catch_up(self, time_s: float) -> None:
        """Go through all that happens to the fleets up to a time [s], at most now."""
        for live in self.live:
            live.finish(time_s)

    def finish(self, end_s: float) -> None:
        """Go through all that happens to the fleets up to the end of the run [s]."""
        self.catch_up(end_s)
        facts = self._recorder.facts
        counted = {
            live.spec.name: replace(facts.fleet[live.spec.name], start_count=live.start_count) for live in self.live
        }
        self._recorder.facts = replace(facts, fleet={**facts.fleet, **counted})
        for live in self.live:
            if not live.spec.worth.is_hash:
                earned = earned_usd_per_h(live.spec.worth, live.power_between(0.0, end_s))
                self._recorder.give(f"fleet.{live.spec.name}.earned_usd_per_h", earned)

    def _build(self, spec: FleetSpec) -> RunningFleet:
        recorder, name = self._recorder, f"fleet.{spec.name}"
        recorder.load_kinds[spec.name] = "fleet"
        span = self._scenario.span
        connection = FleetConnection(
            clock=self._clock,
            timer=self._timer,
            track=lambda signal: recorder.track(f"{name}.{signal}"),
            log=partial(recorder.log, name),
            streams=lambda what: span.stream(FLEET.format(name=spec.name, what=what)),
            changed=self._tell,
            end_s=span.end_s,
            outdoor_c=self._outdoor_c,
            pool_losses=self._pool_losses(spec.name),
        )
        live = spec.start(connection)
        for event in self._scenario.events:
            if isinstance(event, StuckBlocks) and (event.fleets is None or spec.name in event.fleets):
                self._clock.process(self._stick(live, event))
        return live

    def _stick(self, live: RunningFleet, event: StuckBlocks) -> Generator[Event, Any, None]:
        """Have a share of a fleet's blocks not answer for a while: unnoticed at first."""
        from_s, to_s = event.span_s(self._scenario.start_utc_s)
        from_s = max(from_s, 0.0)
        if to_s <= from_s:
            return
        track = self._recorder.track(f"fleet.{live.spec.name}.stuck_mw")
        track.set(0.0, 0.0)
        yield At(self._clock, from_s)
        track.set(from_s, live.stick(event.share_fraction))
        self._clock.unsettled = True  # whoever looks ahead must look again
        yield At(self._clock, min(from_s + event.noticed_after_s, to_s))
        live.notice_stuck()
        self._tell()
        yield At(self._clock, to_s)
        track.set(to_s, live.stick(0.0))
        self._tell()

    def _timer(self, ring: Callable[[], None]) -> Alarm:
        def ring_and_settle() -> None:
            ring()
            self._clock.unsettled = True  # whoever looks ahead must look again

        return Alarm(self._clock, ring_and_settle if self._is_watched else ring)

    def _tell(self) -> None:
        """Tell that what a fleet can draw has changed, other than by a command."""
        self.executor.rebuild()
        self._published.fleets = self.views(self._published.hashprice_usd_per_ph_day)
        self._published.notice()

    def _outdoor_c(self) -> Signal:
        scenario = self._scenario
        outdoor_c = scenario.weather.outdoor_c(scenario.span)
        self._recorder.give("outdoor_temperature_c", outdoor_c)
        return outdoor_c

    def _pool_losses(self, fleet: str) -> Sequence[tuple[float, float]]:
        spans_s = [
            event.span_s(self._scenario.start_utc_s)
            for event in self._scenario.events
            if isinstance(event, PoolLoss) and (event.fleets is None or fleet in event.fleets)
        ]
        return [(max(from_s, 0.0), to_s) for from_s, to_s in merged(spans_s) if to_s > 0.0]


def earned_usd_per_mwh(spec: FleetSpec, hashprice_usd_per_ph_day: Number, fee_fraction: float) -> Number:
    """Return what a MWh of a fleet earns at full power, net of the pool's fee [USD/MWh]."""
    if spec.product_usd_per_mwh is None:
        return breakeven_usd_per_mwh(hashprice_usd_per_ph_day, spec.efficiency_j_per_th, fee_fraction)
    return hashprice_usd_per_ph_day * 0.0 + spec.product_usd_per_mwh


def earned_usd_per_h(worth: Worth, power_mw: Signal) -> Signal:
    """Return what a fleet that is no miner earned at its power [USD/h]."""
    earned, below_mw = Signal.constant(worth.minimum_output, power_mw.end_s), worth.minimum_mw
    for piece in worth.pieces:
        used_mw = (power_mw - below_mw).positive_part().minimum_with(piece.width_mw)
        earned = earned + used_mw * piece.output_per_mw
        below_mw += piece.width_mw
    return earned
