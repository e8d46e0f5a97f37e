"""What a site offers of its reserves: as stated, co-optimised with mining, or by its policy at each gate."""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import inf
from typing import Any, Final, NamedTuple

import numpy as np
from simpy import Event

from sim.clock import At, Clock
from sim.engine.fleets import earned_usd_per_mwh
from sim.engine.prices import Courses
from sim.errors import PolicyError
from sim.market.ancillary import AncillaryService, Conditions, Sold
from sim.market.calls import ServiceName
from sim.market.cooptimisation import ReserveProduct, best_offers
from sim.market.power import FixedDayAheadPrice
from sim.policies import Awards, ServiceView
from sim.policies.soundness import Offers
from sim.scenario.model import Scenario
from sim.signals import Signal
from sim.span import Span
from sim.units import SECONDS_PER_HOUR, FloatArray

Tell = Callable[[ServiceName, float], None]

GATE_S: Final = 38.0 * SECONDS_PER_HOUR
"""The offer for an hour uses hashprice and limit known this long before [s]: by 10:00 of the day before, as
the last hour of a day begins 37 h after that, or 38 h where clocks go back."""


class PublishedHour(NamedTuple):
    """What is known of an hour by a time before it."""

    most_mw: float
    """Most that may be offered [MW]; 0 where it is known that the service is not bought."""
    price_usd_per_mwh: float
    """Capacity price of the hour, or of the last hour published [USD/MWh]."""
    day_ahead_usd_per_mwh: float | None
    """Day-ahead price of power in the hour, delivery included [USD/MWh]; None: not published."""


@dataclass(frozen=True)
class OpenService:
    """One service over a run that the policy offers, hour by hour: whole hours in UTC."""

    entry: AncillaryService
    """What the scenario says of it."""
    conditions: Conditions
    """What the market makes of it."""
    edges_s: FloatArray
    """Start of each hour, and the run's end [s], shape (hours + 1,); the first hour may be a part of one."""
    day_ahead: Signal | None
    """Day-ahead price of power, delivery included [USD/MWh]; None: the market has none."""
    known_until_s: Signal
    """Until when day-ahead prices, of power and capacity, are published [s]."""

    @property
    def hour_count(self) -> int:
        """Hours of the run, begun ones too."""
        return len(self.edges_s) - 1

    @cached_property
    def gates_s(self) -> FloatArray:
        """When the offer for each hour becomes final [s], shape (hours,); at or before 0: before the run."""
        # counted from the end of the first hour, which alone may be cut at the run's start
        hours = np.arange(self.hour_count) - 1.0
        second_s = self.edges_s[1] if self.hour_count > 1 else SECONDS_PER_HOUR
        return np.asarray(second_s + hours * SECONDS_PER_HOUR - self.entry.gate_closure_s)

    @cached_property
    def most_mw(self) -> FloatArray:
        """Most that is awarded in each hour [MW], shape (hours,): none where it is not bought throughout."""
        bought = self.conditions.bought.minima_over(self.edges_s) >= 1.0
        return np.where(bought, self.entry.policy_up_to_mw or 0.0, 0.0)

    @cached_property
    def _price(self) -> FloatArray:
        return self.conditions.price_usd_per_mwh.means_over(self.edges_s)

    @cached_property
    def _day_ahead(self) -> FloatArray | None:
        return None if self.day_ahead is None else self.day_ahead.means_over(self.edges_s)

    def next_hour(self, now_s: float) -> int | None:
        """Return the number of the hour whose gate comes next, after now [s]; None: none comes."""
        hour = int(np.searchsorted(self.gates_s, now_s, side="right"))
        return hour if hour < self.hour_count else None

    def present_hour(self, now_s: float) -> int:
        """Return the number of the hour that lies at a time [s]."""
        return int(np.searchsorted(self.edges_s[1:-1], now_s, side="right"))

    def published(self, hour: int, now_s: float) -> PublishedHour:
        """Return what is known of an hour now [s]; never what is published later."""
        # an hour counts once all of it is published: days of half-hour zones end within one
        last = int(np.searchsorted(self.edges_s[1:], self.published_until_s(now_s), side="right")) - 1
        if hour > last:
            price = float(self._price[max(last, 0)])
            return PublishedHour(self.entry.policy_up_to_mw or 0.0, price, None)
        day_ahead = None if self._day_ahead is None else float(self._day_ahead[hour])
        return PublishedHour(float(self.most_mw[hour]), float(self._price[hour]), day_ahead)

    def published_until_s(self, now_s: float) -> float:
        """Return until when prices are published by now [s]."""
        return float(self.known_until_s.at(now_s))


def hour_edges_s(span: Span) -> FloatArray:
    """Return the starts of a run's hours, whole hours in UTC, and its end [s from its start].

    Examples
    --------
    >>> from sim.tables import Files
    >>> hour_edges_s(Span(Files(()), 1800.0, 7200.0)).tolist()
    [0.0, 1800.0, 5400.0, 7200.0]
    """
    first_s = -(span.start_utc_s % SECONDS_PER_HOUR)
    starts_s = np.maximum(np.arange(first_s, span.end_s, SECONDS_PER_HOUR), 0.0)
    return np.append(starts_s, span.end_s)


class OfferDesk:
    """What stands offered, and what has been awarded of it.

    Parameters
    ----------
    clock
        The clock.
    services
        What the policy may offer, over the run.
    award, call
        Told what is sold and what is called of a service from now on [MW].
    """

    def __init__(self, clock: Clock, services: Mapping[ServiceName, OpenService], award: Tell, call: Tell) -> None:
        self._clock = clock
        self._services = services
        self._award = award
        self._call = call
        self._offered: dict[str, float] = {}
        self._awarded_mw = {name: [0.0] * service.hour_count for name, service in services.items()}
        for name, service in services.items():
            award(name, 0.0)
            call(name, 0.0)
            clock.process(self._close_gates(name, service))
            clock.process(self._deliver(name, service))

    def take(self, offers: Offers) -> None:
        """Take what stands offered from now on, in place of what stood before.

        Raises
        ------
        PolicyError
            A service is not left to the policy.
        """
        for name, _ in offers:
            if name not in self._services:
                known = ", ".join(self._services) or "none"
                raise PolicyError(
                    f"the policy offers '{name}'; services with policy_up_to_mw in market.ancillary: {known}"
                )
        self._offered = dict(offers)

    def views(self, now_s: float, sold_at: Callable[[float], Awards]) -> tuple[ServiceView, ...]:
        """Return the services as the policy sees them now, each before its next gate.

        Parameters
        ----------
        now_s
            The time [s].
        sold_at
            Returns what is sold by now of the hour that begins at a time [s].
        """
        found = []
        for name, service in self._services.items():
            hour = service.next_hour(now_s)
            if hour is not None:
                hour_s = float(service.edges_s[hour])
                awarded_mw = tuple(self._awarded_mw[name][service.present_hour(now_s) : hour])
                entry, gate_s = service.entry, float(service.gates_s[hour])
                known = service.published(hour, now_s)
                own = entry.called_fraction, awarded_mw, sold_at(hour_s)
                found.append(ServiceView(name, entry.downward, gate_s, hour_s, *known, *own))
        return tuple(found)

    def awarded_at(self, time_s: float) -> dict[ServiceName, float]:
        """Return what is awarded by now of the hour that lies at a time [MW]; 0 where its gate is open."""
        return {name: self._awarded_mw[name][service.present_hour(time_s)] for name, service in self._services.items()}

    def known_until_s(self, now_s: float) -> float:
        """Return the start of the first hour that a gate is open for [s]; infinity: all have closed."""
        return min((view_s for _, view_s in self._next_gates(now_s)), default=inf)

    def starts_s(self, now_s: float, until_s: float) -> list[float]:
        """Return when hours begin after now and before a time [s]."""
        edges_s = next((service.edges_s for service in self._services.values()), np.empty(0))
        return [float(edge_s) for edge_s in edges_s[(edges_s > now_s) & (edges_s < until_s)]]

    def next_gate_s(self, now_s: float) -> float:
        """Return when the next gate closes [s]; infinity: none does."""
        return min((gate_s for gate_s, _ in self._next_gates(now_s)), default=inf)

    def _next_gates(self, now_s: float) -> Iterator[tuple[float, float]]:
        """Yield the next gate of each service, and the start of its hour [s]."""
        for service in self._services.values():
            hour = service.next_hour(now_s)
            if hour is not None:
                yield float(service.gates_s[hour]), float(service.edges_s[hour])

    def _close_gates(self, name: ServiceName, service: OpenService) -> Generator[Event, Any, None]:
        for hour, gate_s in enumerate(service.gates_s.tolist()):
            if gate_s > 0.0:
                yield At(self._clock, gate_s)
                offered_mw = self._offered.get(name, 0.0)
                self._awarded_mw[name][hour] = min(offered_mw, float(service.most_mw[hour]))

    def _deliver(self, name: ServiceName, service: OpenService) -> Generator[Event, Any, None]:
        """Put each hour's award in force, and call its share while there is any."""
        share = service.conditions.called_fraction
        called_mw = award_mw = 0.0
        for hour, (from_s, to_s) in enumerate(pairwise(service.edges_s.tolist())):
            yield At(self._clock, from_s)
            if self._awarded_mw[name][hour] != award_mw:
                award_mw = self._awarded_mw[name][hour]
                self._award(name, award_mw)
            if award_mw > 0.0 or called_mw > 0.0:
                part = share.clip_time(from_s, to_s)
                for time_s, fraction in zip(part.time_s.tolist(), part.value.tolist(), strict=True):
                    if award_mw * fraction != called_mw:
                        yield At(self._clock, time_s)
                        called_mw = award_mw * fraction
                        self._call(name, called_mw)


def sold_services(courses: Courses, scenario: Scenario) -> dict[ServiceName, Sold]:
    """Return the services that are sold whatever the policy does; raise InputError as their files do."""
    span, market = scenario.span, scenario.market
    cooptimised_mw = cooptimised_offers(courses, scenario)
    found = {}
    for entry in market.ancillary:
        if entry.policy_up_to_mw is None:
            offer_mw = cooptimised_mw.get(entry.service)
            if offer_mw is None:
                offer_mw = entry.offered_mw(span)
            conditions = entry.conditions(span, market.rules, has_ai=bool(scenario.loads))
            found[entry.service] = entry.sold_at((offer_mw * conditions.bought).simplify(), conditions)
    return found


def open_services(courses: Courses, scenario: Scenario) -> dict[ServiceName, OpenService]:
    """Return the services whose amounts are left to the policy, by name; raise InputError as their files do.

    Capacity prices are published with the day-ahead prices of power; in a market without those, as by its
    defaults.
    """
    span, market, day_ahead = scenario.span, scenario.market, courses.day_ahead_usd_per_mwh
    delivered = None if day_ahead is None else day_ahead + market.supply.delivery(span)
    edges_s, known_until_s = hour_edges_s(span), published_until_s(scenario)
    return {
        entry.service: OpenService(
            entry, entry.conditions(span, market.rules, has_ai=bool(scenario.loads)), edges_s, delivered, known_until_s
        )
        for entry in market.ancillary
        if entry.policy_up_to_mw is not None
    }


def published_until_s(scenario: Scenario) -> Signal:
    """Return until when awards and prices of the day ahead are published at each moment [s]."""
    return (scenario.market.day_ahead or FixedDayAheadPrice()).known_until_s(scenario.span)


def cooptimised_offers(courses: Courses, scenario: Scenario) -> dict[ServiceName, Signal]:
    """Return what is offered of each service whose amount is left open, as steps by the hour [MW].

    Only what was known by the day-ahead gate goes in: day-ahead prices of energy and capacity, which the bids
    of a price taker meet whatever they are, and of the day before the hashprice and the limit, own generation
    on top of it.
    """
    entries = [entry for entry in scenario.market.ancillary if entry.cooptimised_up_to_mw is not None]
    if not entries:
        return {}
    edges_s = hour_edges_s(scenario.span)
    segment_mw = np.array([fleet.full_mw - fleet.minimum_mw for fleet in scenario.fleets])
    minimum_mw = sum(fleet.minimum_mw for fleet in scenario.fleets)
    room_mw = np.maximum(0.0, courses.limit_mw.at(_gates_s(edges_s)) - minimum_mw)
    reserves = tuple(_reserve(scenario.span, entry, edges_s) for entry in entries)
    available_mw = np.minimum(segment_mw.sum(), room_mw)
    sold_mw = best_offers(segment_mw, _margins(courses, scenario, edges_s), available_mw, reserves)
    return {
        entry.service: Signal.steps(edges_s[:-1], amount_mw, scenario.end_s).simplify()
        for entry, amount_mw in zip(entries, sold_mw, strict=True)
    }


def _gates_s(edges_s: FloatArray) -> FloatArray:
    """Return up to when what is known goes into the offer for each hour [s]; before the run: its start."""
    return np.maximum(edges_s[:-1] - GATE_S, 0.0)


def _margins(courses: Courses, scenario: Scenario, edges_s: FloatArray) -> FloatArray:
    """Return each fleet's margin by the hour, as known at the gate [USD/MWh], shape (fleets, hours)."""
    market, day_ahead = scenario.market, courses.day_ahead_usd_per_mwh
    if day_ahead is None:
        raise RuntimeError("a market with co-optimised offers has a day-ahead price")
    price = (day_ahead + market.supply.delivery(scenario.span)).means_over(edges_s)
    pool = market.bitcoin.paid_by()
    published = courses.hashprice_usd_per_ph_day.at(_gates_s(edges_s))
    hashprice = published * (1.0 - pool.stale_fraction)
    earned = [earned_usd_per_mwh(fleet, hashprice, pool.fee_fraction) for fleet in scenario.fleets]
    return np.array(earned) - price


def _reserve(span: Span, entry: AncillaryService, edges_s: FloatArray) -> ReserveProduct:
    signals = entry.price.signals(span)
    # an hour in which the service is not bought throughout sells nothing of it
    bought = signals.offered.means_over(edges_s) >= 1.0
    most_mw = np.where(bought, entry.cooptimised_up_to_mw or 0.0, 0.0)
    price = signals.day_ahead.means_over(edges_s)
    return ReserveProduct(price, most_mw, entry.called_fraction, downward=entry.downward)
