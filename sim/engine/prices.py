"""What power and hash are worth to the site: recorded, and published as the run goes on."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from simpy import Event

from sim.clock import At, Clock, feed
from sim.engine.observation import Published
from sim.engine.recorder import Recorder
from sim.market.bill import Tariff, exported_mw, price_steps
from sim.market.moving_limit import LimitChange, MovingLimit, in_steps
from sim.market.supply import Contract
from sim.policies import FleetView
from sim.scenario.model import Scenario
from sim.signals import Signal


class Courses(NamedTuple):
    """How the limit and all prices go over a run, each read or drawn once."""

    generation_mw: Signal | None
    """Own generation behind the meter; None: there is none."""
    limit_mw: Signal
    """What the site may draw: its interconnection's limit, and its own generation on top."""
    connection: MovingLimit
    """The interconnection's limit alone, and when it moves."""
    real_time_usd_per_mwh: Signal
    published_usd_per_mwh: Signal
    """Real-time price as it is published."""
    day_ahead_usd_per_mwh: Signal | None
    """Day-ahead price; None: the market has none."""
    bitcoin: Mapping[str, Signal]
    """What mining is paid, by the names of the signals that are recorded."""
    hashprice_usd_per_ph_day: Signal
    """Hashprice as it is published."""


def courses_of(scenario: Scenario) -> Courses:
    """Return how limit and prices go over a run; raise InputError where a file does not serve it."""
    market, span = scenario.market, scenario.span
    connection = scenario.interconnection.moving(span)
    connection_mw = connection.in_force_mw
    generation_mw = None if market.generation is None else market.generation.signal(span)
    real_time, bitcoin = market.power.signal(span), market.bitcoin.signals(span)
    return Courses(
        generation_mw,
        connection_mw if generation_mw is None else connection_mw + generation_mw,
        connection,
        real_time,
        market.power.published(span, real_time),
        None if market.day_ahead is None else market.day_ahead.signal(span),
        bitcoin,
        market.bitcoin.published(span, bitcoin),
    )


class PowerPrices:
    """How the site buys its power: its limit, its prices, its contract, its own generation.

    Parameters
    ----------
    clock, recorder
        What the campus is made of.
    published
        Where everything is shown when it is published.
    courses
        How limit and prices go.
    scenario
        Whose market to open.
    """

    def __init__(
        self, clock: Clock, recorder: Recorder, published: Published, courses: Courses, scenario: Scenario
    ) -> None:
        self._clock = clock
        self._recorder = recorder
        self._published = published
        self._market = scenario.market
        delivery = scenario.market.supply.delivery_usd_per_mwh
        self._tariff = Tariff(0.0, delivery, 0.0, 0.0, "resale", 0.0, 0.0, 0.0)
        self._export_limit_mw = 0.0
        self._open_limit(courses)
        self._open_day_ahead(courses.day_ahead_usd_per_mwh, scenario)
        contract = self._open_supply(courses.day_ahead_usd_per_mwh, scenario.end_s)
        recorder.give("price_usd_per_mwh", courses.real_time_usd_per_mwh)
        feed(clock, courses.published_usd_per_mwh, self._set_real_time)
        if contract is not None and contract.settlement != "resale":
            feed(clock, contract.price_usd_per_mwh, self._set_block_price)

    def _open_limit(self, courses: Courses) -> None:
        spec = self._market.generation
        if spec is not None and courses.generation_mw is not None:
            self._recorder.give("generation_mw", courses.generation_mw)
            self._tariff = replace(self._tariff, generation_usd_per_mwh=spec.cost_usd_per_mwh)
            self._export_limit_mw = spec.export_limit_mw
            feed(self._clock, courses.generation_mw, self._set_generation)
        self._recorder.give("limit_mw", courses.limit_mw)
        feed(self._clock, in_steps(courses.limit_mw), self._published.figure("limit_mw"))
        for change in courses.connection.changes:
            self._clock.process(self._announce(change))

    def _announce(self, change: LimitChange) -> Generator[Event, Any, None]:
        yield At(self._clock, max(change.announced_at_s, self._clock.now))
        self._published.limit_changes = (*self._published.limit_changes, change)
        self._published.notice()
        yield At(self._clock, change.until_s)
        known = self._published.limit_changes
        self._published.limit_changes = tuple(other for other in known if other is not change)

    def _open_day_ahead(self, price: Signal | None, scenario: Scenario) -> None:
        spec = self._market.day_ahead
        if spec is not None and price is not None:
            self._recorder.give("price_day_ahead_usd_per_mwh", price)
            feed(self._clock, price, self._published.figure("day_ahead_usd_per_mwh"))
            until_s = spec.known_until_s(scenario.span)
            feed(self._clock, until_s, self._published.figure("day_ahead_until_s"))

    def _open_supply(self, day_ahead: Signal | None, end_s: float) -> Contract | None:
        contract = self._market.supply.contract(day_ahead, end_s)
        if contract is not None:
            self._recorder.give("contract_mw", contract.power_mw)
            self._recorder.give("contract_price_usd_per_mwh", contract.price_usd_per_mwh)
            power_mw = float(contract.power_mw.value[0])
            self._tariff = replace(self._tariff, contract_mw=power_mw, settlement=contract.settlement)
        return contract

    def _set_generation(self, generation_mw: float) -> None:
        self._value_power(replace(self._tariff, generation_mw=generation_mw))

    def _set_real_time(self, price_usd_per_mwh: float) -> None:
        self._value_power(replace(self._tariff, real_time_usd_per_mwh=price_usd_per_mwh))

    def _set_block_price(self, price_usd_per_mwh: float) -> None:
        self._value_power(replace(self._tariff, contract_usd_per_mwh=price_usd_per_mwh))

    def _value_power(self, tariff: Tariff[float]) -> None:
        price, cost = tariff.real_time_usd_per_mwh, tariff.generation_usd_per_mwh
        self._tariff = replace(tariff, exported_mw=exported_mw(price, cost, self._export_limit_mw))
        steps = price_steps(self._tariff)
        self._published.price_usd_per_mwh = steps[-1].price_usd_per_mwh
        self._published.price_steps = steps if len(steps) > 1 else ()
        self._published.notice()


def open_bitcoin(
    clock: Clock,
    recorder: Recorder,
    published: Published,
    views: Callable[[float], tuple[FleetView, ...]],
    courses: Courses,
) -> None:
    """Record what mining is paid, and publish hashprice with the fleets as a policy sees them at it.

    Parameters
    ----------
    clock, recorder
        What the campus is made of.
    published
        Where everything is shown when it is published.
    views
        Returns the fleets as a policy sees them, at a hashprice [USD/(PH/s)/d].
    courses
        How prices go.
    """
    for name, signal in courses.bitcoin.items():
        recorder.give(name, signal)

    def publish(hashprice_usd_per_ph_day: float) -> None:
        published.hashprice_usd_per_ph_day = hashprice_usd_per_ph_day
        published.fleets = views(hashprice_usd_per_ph_day)
        published.notice()

    feed(clock, courses.hashprice_usd_per_ph_day, publish)
