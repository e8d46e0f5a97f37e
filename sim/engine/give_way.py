"""Has AI give way where an order on the site, or a lowered limit, leaves it less than it wants.

The site's own fleets and its battery go first; then AI loads with a ``flexibility``, the megawatt-hour that
is worth least first. All stay under their caps until the last order is over.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import inf, isclose
from typing import Final, NamedTuple

from sim.ai.base import Connection, Load
from sim.ai.limiter import Limiter
from sim.clock import Alarm
from sim.engine.prices import Core
from sim.facts import LoadFacts
from sim.grid.events import CurtailmentOrder, Order
from sim.market.leases import RENT_USD_PER_MW_YEAR
from sim.mining.duties import ORDER, Duty
from sim.mining.executor import Stack
from sim.mining.worth import Piece, concave
from sim.policies import LoadView
from sim.recording import Track
from sim.scenario.model import Scenario
from sim.scenario.rules import loads_of
from sim.units import SECONDS_PER_HOUR, SECONDS_PER_YEAR, TOLERANCE_MW

REVIEW_S: Final = 900.0
"""What loads were seen to want counts so long, then what they want now [s]; assumption: a cap that gives back
what demand leaves at every breath is not there when it returns."""
SPARE: Final = 1e-9
"""What power beyond what a load wants is worth over the worth of its work: who values most gets it."""


class Flexible(NamedTuple):
    """A load that can give way."""

    limiter: Limiter
    drawn: Track
    """Where what it draws is recorded [MW]."""
    meter_ratio: float
    """What a MW of it takes at the site's meter at the least."""
    usd_per_mwh: float
    """What the work of a MWh that it draws is worth [USD/MWh]."""

    @classmethod
    def of(
        cls, core: Core, load: Load, connection: Connection, view: LoadView, drawn: Track, meter_ratio: float
    ) -> "Flexible":
        """Return a load that can give way, in a hall or not, with what the site connects it by."""
        if load.flexibility is None:
            raise ValueError(f"load '{load.name}' has no flexibility")
        spec, recorder, leases = load.flexibility, core.recorder, core.scenario.leases
        rents = [lease.rent_usd_per_mw_year for lease in leases if loads_of(lease, [load])]
        worth_usd_per_mwh = spec.value_usd_per_mwh
        if worth_usd_per_mwh is None:
            worth_usd_per_mwh = (rents or [RENT_USD_PER_MW_YEAR])[0] * SECONDS_PER_HOUR / SECONDS_PER_YEAR
        worth_usd_per_mwh /= getattr(load, "pue", 1.0)
        recorder.state(load.name, LoadFacts(flex_class=spec.flex, work_usd_per_mwh=worth_usd_per_mwh))
        more = core.published.notice if view.drifts else None
        track = lambda what: recorder.track(f"load.{load.name}.{what}")  # noqa: E731
        limiter = Limiter(connection, spec, view.stated_mw, track, more)
        return cls(limiter, drawn, meter_ratio, worth_usd_per_mwh)

    def limited(self, connection: Connection) -> Connection:
        """Return a connection through which the load draws what its cap leaves it."""
        one = self.limiter
        return replace(connection, set_power_mw=one.set_power_mw, draw=one.draw, undone_mws=one.undone_mws)

    def pieces(self) -> tuple[float, list[Piece]]:
        """Return its least power at the meter [MW], and the pieces of worth above, up to all it states."""
        want_mw, spec = self.limiter.want_mw, self.limiter.spec
        worth = self.usd_per_mwh / self.meter_ratio
        steps = [Piece(want_mw * width, worth * kept) for width, kept in spec.steps()]
        spare = Piece(max(0.0, self.limiter.stated_mw - want_mw), worth * SPARE)
        scaled = [Piece(width * self.meter_ratio, made) for width, made in (*concave(steps), spare)]
        return want_mw * spec.least_fraction * self.meter_ratio, scaled


class GiveWay:
    """Tells AI loads their caps.

    Parameters
    ----------
    core
        What the campus is made of.
    loads
        The loads that can give way.
    orders
        Returns the orders that are known and not over.
    """

    def __init__(self, core: Core, loads: Sequence[Flexible], orders: Callable[[], Sequence[Order]]) -> None:
        self._loads, self._orders = tuple(loads), orders
        self._recorder, self._published, self._limit_mw = core.recorder, core.published, core.courses.limit_mw
        self._delay_s = core.scenario.controller.telemetry_delay_s
        self._fleets_mw = sum(fleet.minimum_mw for fleet in core.scenario.fleets)
        self._lead_s = max(load.limiter.lead_s for load in self._loads)
        self._alarm = Alarm(core.clock, core.published.notice)
        self._others_mw, self._review_s = -inf, -inf

    def duties(self, now_s: float) -> Iterator[Duty]:
        """Tell loads their caps, and yield the fleets' duty to leave AI all of it while it gives way."""
        rooms_mw, next_s = [], inf
        for from_s, until_s, cap_mw in self._asked(now_s):
            if now_s >= from_s - self._lead_s:
                rooms_mw.append(cap_mw - self._fleets_mw + self._lent_mw(cap_mw, until_s - now_s))
            else:
                next_s = min(next_s, from_s - self._lead_s)
        self._alarm.set(next_s)
        levels_mw = self._levels_mw(now_s, min(rooms_mw)) if rooms_mw else [inf] * len(self._loads)
        for load, level_mw in zip(self._loads, levels_mw, strict=True):
            if not isclose(level_mw, load.limiter.told_mw, rel_tol=0.0, abs_tol=TOLERANCE_MW):
                load.limiter.cap(level_mw, self._lead_s)
        if any(load.limiter.told_mw < inf for load in self._loads):
            yield Duty(ORDER, "AI gives way", cap_mw=self._fleets_mw)

    def _asked(self, now_s: float) -> Iterator[tuple[float, float, float]]:
        """Yield from when until when [s] the site is to stay under what [MW], as far as it is known."""
        for order in self._orders():
            if order.applies_to == "site":
                yield order.binding_from_s, order.until_s, order.cap_mw
        limit = self._limit_mw
        for change in self._published.limit_changes:
            if change.binds and now_s < change.until_s:
                from_s, until_s = max(now_s, change.binds_at_s), min(change.until_s, limit.end_s)
                ahead_s = min(max(now_s + self._lead_s * change.is_ramped, from_s), until_s)
                yield change.binds_at_s, until_s, float(min(limit.at(ahead_s), limit.at(from_s)))

    def _lent_mw(self, cap_mw: float, length_s: float) -> float:
        """Return what the battery gives all along above a cap, where its own rule has it give at all [MW]."""
        battery = self._published.battery
        if battery is None or battery.gives_above_mw is None or battery.gives_above_mw > cap_mw:
            return 0.0
        given_mwh = battery.charge_mwh * battery.giving_efficiency_fraction
        return min(battery.power_mw, given_mwh * SECONDS_PER_HOUR / max(length_s, 1.0))

    def _levels_mw(self, now_s: float, room_mw: float) -> list[float]:
        """Return the cap of each load, infinity where it may draw all that it states [MW]."""
        if now_s >= self._review_s:
            self._others_mw, self._review_s = -inf, now_s + REVIEW_S
            for load in self._loads:
                load.limiter.forget()
        seen_s = now_s - self._delay_s
        others_mw = sum(track.at(seen_s) for track in self._recorder.ai_power_tracks())
        others_mw -= sum(load.drawn.at(seen_s) * load.meter_ratio for load in self._loads)
        self._others_mw = max(self._others_mw, others_mw)
        least_mw, pieces = zip(*(load.pieces() for load in self._loads), strict=True)
        shares_mw = Stack(least_mw, pieces).shares_mw(room_mw - self._others_mw)
        shares = zip(self._loads, shares_mw, strict=True)
        levels = [(share_mw / load.meter_ratio, load.limiter.stated_mw) for load, share_mw in shares]
        return [level_mw if level_mw < all_mw - TOLERANCE_MW else inf for level_mw, all_mw in levels]


def binding_orders(scenario: Scenario) -> tuple[Order, ...]:
    """Return the orders that bind a site, in the order in which they are written."""
    rules, start_utc_s = scenario.market.rules, scenario.start_utc_s
    site_mw = scenario.interconnection.highest_mw
    events = [event for event in scenario.events if isinstance(event, CurtailmentOrder)]
    orders = [order for event in events for order in event.orders(start_utc_s, scenario.end_s)]
    return tuple(order for order in orders if rules.binds(order.announced_at_s, start_utc_s, site_mw))


def gives_way(scenario: Scenario) -> bool:
    """Return whether AI may have to give way: some load can, and an order or the limit may ask for it."""
    orders = any(order.applies_to == "site" for order in binding_orders(scenario))
    is_asked = orders or scenario.interconnection.limit is not None
    return is_asked and any(load.flexibility is not None for load in scenario.loads)
