"""What stands above the policy's wish: orders, trips and lower limits, gathered and arbitrated."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from operator import add
from typing import Any, Final

from simpy import Event

from sim.clock import Alarm, At, Clock
from sim.engine.ancillary import REGULATION, SoldReserves
from sim.engine.bus import SitePower
from sim.engine.give_way import Flexible, GiveWay, binding_orders
from sim.engine.prices import Core
from sim.grid.events import Order
from sim.grid.interconnection import Trip
from sim.grid.line import Line
from sim.market.moving_limit import STEP_S, LimitChange
from sim.mining.duties import ORDER, TRIP, Duty, arbitrate, without_calls
from sim.scenario.model import Scenario
from sim.units import SECONDS_PER_MINUTE


class OrderDesk:
    """The orders of one run.

    Parameters
    ----------
    core
        What the campus is made of.
    """

    def __init__(self, core: Core) -> None:
        self.known: tuple[Order, ...] = ()
        """What has been announced and is not over, in the order in which it was announced."""
        self._kept: tuple[Order, ...] = ()
        self._clock = core.clock
        self._log = core.recorder.log
        self._lead_s = core.scenario.controller.order_lead_s
        self._notice = core.published.notice
        for number, order in enumerate(binding_orders(core.scenario), start=1):
            if order.until_s > core.clock.now:
                core.clock.process(self._course(f"order.{number}", order))

    def duties(self, ai_power_mw: float) -> Iterator[Duty]:
        """Yield a duty for each order to be kept now, at an AI power [MW]."""
        for order in self._kept:
            yield Duty(ORDER, order.reason, cap_mw=order.fleet_cap_mw(ai_power_mw))

    def _course(self, source: str, order: Order) -> Generator[Event, Any, None]:
        yield At(self._clock, order.announced_at_s)
        self.known = (*self.known, order)
        self._tell(source, "announced", order)
        yield At(self._clock, max(order.announced_at_s, order.binding_from_s - self._lead_s))
        self._kept = (*self._kept, order)
        self._notice()
        yield At(self._clock, order.binding_from_s)
        self._tell(source, f"binding: {order.applies_to}", order)
        yield At(self._clock, order.until_s)
        self.known = tuple(other for other in self.known if other is not order)
        self._kept = tuple(other for other in self._kept if other is not order)
        self._tell(source, "over", order)

    def _tell(self, source: str, kind: str, order: Order) -> None:
        self._log(source, kind, order.cap_mw)
        self._notice()


RISES_MW: Final = 1e-6
"""The site is above from one watt above the level on: fleets that fill it up exactly miss it by rounding."""
FALLS_MW: Final = 0.5e-6
"""It is no longer above from half a watt above the level down: rounding must not turn a crossing back."""


@dataclass(eq=False)
class TripRelay:
    """Meters the site exactly, at every instant, and reckons ahead when it will cross the level.

    Fleets know their ramps ahead and AI states its power in lines, so that the next crossing is known: no
    scan is needed, and one alarm does.
    """

    clock: Clock
    """The clock."""
    site: SitePower
    """What the site draws."""
    trip: Trip
    """Level, delay and hold."""
    log: Callable[[str, float], None]
    """Records a trip with the power above the level [MW], and its end."""

    def __post_init__(self) -> None:
        """Begin with nothing done yet."""
        self._alarm = Alarm(self.clock, self.clock.ask_to_settle)
        self._level_mw = inf
        self._above_since_s = inf
        self._crossing_s = inf
        self._held_until_s = -inf
        self._tripped = False

    def duties(self) -> Iterator[Duty]:
        """Yield the duty to stand still while tripped."""
        if self._tripped:
            yield Duty(TRIP, "exceedance trip", cap_mw=0.0)

    def read(self, now_s: float, limit_mw: float) -> None:
        """Take note of the site's power now, and trip or come back where it is time."""
        self._level_mw = self.trip.level_mw(limit_mw)
        power_mw = self.site.ahead(now_s)[0].value_mw
        self._cross(now_s, power_mw)
        self._crossing_s = inf
        if self._tripped and now_s >= self._held_until_s:
            self._tripped = False
            self.log("trip-over", power_mw - self._level_mw)
            if self._above_since_s < inf:
                self._above_since_s = now_s  # the count begins afresh
        if not self._tripped and now_s >= self._above_since_s + self.trip.after_s:
            self._tripped = True
            self._held_until_s = now_s + self.trip.hold_min * SECONDS_PER_MINUTE
            self.log("trip", power_mw - self._level_mw)

    def watch(self, now_s: float) -> None:
        """Reckon ahead, once the fleets have been told what to do, when to read next."""
        # the first command of a run finds the fleets where it sends them: a jump
        lines = self.site.ahead(now_s)
        self._cross(now_s, lines[0].value_mw)
        self._crossing_s = self._next_crossing_s(now_s, lines)
        due_s = self._held_until_s if self._tripped else self._above_since_s + self.trip.after_s
        self._alarm.set(min(self._crossing_s, due_s, self.site.known_until_s))

    def _cross(self, now_s: float, power_mw: float) -> None:
        """Note whether the site is above: by a crossing that was reckoned, or by a jump."""
        above = self._above_since_s < inf
        if self._crossing_s <= now_s:
            above = not above
        if above and power_mw <= self._level_mw + FALLS_MW:
            above = False
        elif power_mw > self._level_mw + RISES_MW:
            above = True
        if not above:
            self._above_since_s = inf
        elif self._above_since_s == inf:
            self._above_since_s = now_s

    def _next_crossing_s(self, now_s: float, lines: Sequence[Line]) -> float:
        """Return when the site will next leave the side that it is on [s]; infinity: not as things stand."""
        above = self._above_since_s < inf
        sign = -1.0 if above else 1.0
        level_mw = self._level_mw + (FALLS_MW if above else RISES_MW)
        ends_s = [line.from_s for line in lines[1:]] + [inf]
        for line, end_s in zip(lines, ends_s, strict=True):
            beyond_mw = sign * (line.value_mw - level_mw)
            slope_mw_per_s = sign * line.slope_mw_per_s
            if beyond_mw >= 0.0 and line.from_s > now_s:
                return line.from_s
            if slope_mw_per_s > 0.0:
                crossing_s = max(now_s, line.from_s - beyond_mw / slope_mw_per_s)
                if crossing_s < end_s:
                    return crossing_s
        return inf


class Obligations:
    """Orders, reserves sold, and the relay of one run.

    Parameters
    ----------
    core
        What the campus is made of.
    site
        What the site draws.
    flexible
        The AI loads that can give way.
    """

    def __init__(self, core: Core, site: SitePower, flexible: Sequence[Flexible] = ()) -> None:
        clock, recorder, _, _, scenario = core
        self._minimum_mw = sum(fleet.minimum_mw for fleet in scenario.fleets)
        self._rated_mw = sum(fleet.full_mw for fleet in scenario.fleets)
        self._log = partial(recorder.log, "controller")
        self._track = recorder.track("fleet_obliged_mw")
        self._obliged_mw: float | None = None
        self._reason: str | None = None
        self.desk = OrderDesk(core)
        """The orders of the run."""
        self._keeper = LimitKeeper(core)
        self._give_way = GiveWay(core, flexible, lambda: self.desk.known) if flexible else None
        self.reserves = SoldReserves(core)
        """What is sold of ancillary services."""
        self._relay: TripRelay | None = None
        if scenario.interconnection.trip is not None:
            log = partial(recorder.log, "interconnection")
            self._relay = TripRelay(clock, site, scenario.interconnection.trip, log)

    def meet(self, now_s: float, wish_mw: float, ai_power_mw: float, limit_mw: float) -> float:
        """Return what the fleets are to draw for the policy's wish, and record it [MW].

        Parameters
        ----------
        now_s
            The time [s].
        wish_mw
            What the policy wants of all fleets together [MW]; what they cannot draw is cut off first.
        ai_power_mw
            AI power as telemetered [MW].
        limit_mw
            The limit in force [MW].
        """
        if self._relay is not None:
            self._relay.read(now_s, limit_mw)
        within_mw = self._within(wish_mw)
        duties = self._duties(ai_power_mw, limit_mw)
        if self._give_way is not None:
            duties += self._give_way.duties(now_s)
        told_mw = within_mw if self._obliged_mw is None else self._obliged_mw
        duties += self._keeper.duties(now_s, ai_power_mw, told_mw)
        wanted_mw, reason = arbitrate(within_mw, duties)
        obliged_mw = self._within(wanted_mw)
        uncalled_mw = self._within(arbitrate(within_mw, without_calls(duties)).target_mw)
        self.reserves.record_base(now_s, uncalled_mw)
        if obliged_mw != self._obliged_mw:
            self._obliged_mw = obliged_mw
            self._track.set(now_s, obliged_mw)
        self._tell(reason, obliged_mw)
        return obliged_mw

    def watch(self, now_s: float) -> None:
        """Look ahead, once the fleets have been told."""
        if self._relay is not None:
            self._relay.watch(now_s)

    def _tell(self, reason: str | None, obliged_mw: float) -> None:
        """Log what binds when it changes; regulation does so every few seconds, and stands in its signals."""
        reason = None if reason == REGULATION else reason
        if reason != self._reason:
            self._reason = reason
            self._log(f"duty: {reason or 'none'}", obliged_mw)

    def _within(self, power_mw: float) -> float:
        """Return the nearest power that the fleets can draw [MW]."""
        return min(max(power_mw, self._minimum_mw), self._rated_mw)

    def _duties(self, ai_power_mw: float, limit_mw: float) -> list[Duty]:
        room_mw = min(self._rated_mw, max(self._minimum_mw, limit_mw - ai_power_mw))
        duties = [*self.reserves.duties(self._minimum_mw, room_mw), *self.desk.duties(ai_power_mw)]
        return duties if self._relay is None else [*duties, *self._relay.duties()]


def has_obligations(scenario: Scenario) -> bool:
    """Return whether anything in a scenario may stand above its policy's wish."""
    connection = scenario.interconnection
    return bool(connection.limit or connection.trip or binding_orders(scenario) or scenario.market.ancillary)


LIMIT_REASON: Final = "limit"
"""What the duty to keep an announced lower limit is called in the log."""


class LimitKeeper:
    """The duty to be at an announced lower limit when it binds, and to stay there until it is over.

    The start is reckoned anew at every settle, from what the fleets draw over the new limit by then, or may
    have risen to, and how fast they can fall; once begun, the duty stays. AI that rises later takes its room
    from the fleets, as far as telemetry knows of it.

    Parameters
    ----------
    core
        What the campus is made of.
    """

    def __init__(self, core: Core) -> None:
        self._limit_mw = core.courses.limit_mw
        self._connection = core.courses.connection
        self._waiting = [change for change in self._connection.changes if change.binds]
        self._kept: list[LimitChange] = []
        self._published = core.published
        self._alarm = Alarm(core.clock, core.published.notice)

    def duties(self, now_s: float, ai_power_mw: float, told_mw: float) -> Iterator[Duty]:
        """Yield a duty for each lower limit to be kept now.

        Parameters
        ----------
        now_s
            The time [s].
        ai_power_mw
            AI power as telemetered [MW].
        told_mw
            What the fleets have been told to draw [MW].
        """
        self._kept = [change for change in self._kept if not self._is_over(change, now_s)]
        self._begin(now_s, ai_power_mw, told_mw)
        for change in self._kept:
            yield Duty(ORDER, LIMIT_REASON, cap_mw=max(0.0, self._level_mw(change, now_s) - ai_power_mw))

    def _is_over(self, change: LimitChange, now_s: float) -> bool:
        """Tell whether a change no longer binds: the next one does, or a ramp has led as high as before."""
        if now_s >= change.until_s:
            return True
        rises = change.limit_mw >= change.highest_mw and now_s >= change.binds_at_s
        return rises and float(self._connection.in_force_mw.at(now_s)) >= change.highest_mw

    def _begin(self, now_s: float, ai_power_mw: float, told_mw: float) -> None:
        """Begin with what must begin now, and set the alarm for what comes next."""
        next_s = inf
        for change in list(self._waiting):
            if now_s < change.announced_at_s:
                next_s = min(next_s, change.announced_at_s)
                continue
            most_mw = max(told_mw, self._most_mw(now_s, change, ai_power_mw))
            drop_mw = max(0.0, most_mw - max(0.0, self._after_mw(change) - ai_power_mw))
            start_s = change.binds_at_s - self.shed_s(drop_mw)
            if now_s >= start_s:
                self._waiting.remove(change)
                self._kept.append(change)
            else:
                next_s = min(next_s, start_s)
        self._alarm.set(next_s)

    def shed_s(self, drop_mw: float) -> float:
        """Return how long the fleets need to fall by a power [MW], the slowest of them taken for all [s]."""
        fleets = self._published.fleets
        ramps_s = [min(drop_mw, fleet.rated_mw) / fleet.ramp_down_mw_per_s for fleet in fleets]
        delays_s = [fleet.latency_s + fleet.fall_s for fleet in fleets]
        return max(map(add, delays_s, ramps_s), default=0.0)

    def _most_mw(self, now_s: float, change: LimitChange, ai_power_mw: float) -> float:
        """Return what the fleets may have risen to when a change binds, by the limit until then [MW]."""
        if now_s >= change.binds_at_s:
            return 0.0
        limit_mw = self._limit_mw.clip_time(now_s, change.binds_at_s).maximum()
        return min(limit_mw - ai_power_mw, sum(fleet.rated_mw for fleet in self._published.fleets))

    def _after_mw(self, change: LimitChange) -> float:
        """Return the lowest that the site may draw soon after a change binds [MW]."""
        return float(self._limit_mw.at(min(change.binds_at_s + STEP_S * change.is_ramped, self._limit_mw.end_s)))

    def _level_mw(self, change: LimitChange, now_s: float) -> float:
        """Return what the site must have come down to by when a command of now has been followed [MW]."""
        ahead_s = now_s + (self.shed_s(0.0) + STEP_S) * change.is_ramped
        time_s = min(max(ahead_s, change.binds_at_s), change.until_s, self._limit_mw.end_s)
        return float(min(self._limit_mw.at(time_s), self._limit_mw.at(max(now_s, change.binds_at_s))))
