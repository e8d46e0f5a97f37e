"""What power and hash are worth to the site: recorded, metered, and published as the run goes on."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

from simpy import Event

from sim.clock import At, Clock, feed
from sim.engine.bus import Metered, drawn_mw
from sim.engine.observation import Published
from sim.engine.recorder import Recorder
from sim.grid.storage import Storage
from sim.market.bill import Tariff, exported_mw, price_steps
from sim.market.demand_charge import BillingMonth, DemandCharge, DemandTerms, whole_intervals_s
from sim.market.moving_limit import LimitChange, MovingLimit, in_steps
from sim.market.supply import Contract
from sim.policies import FleetView
from sim.scenario.model import Scenario
from sim.signals import Signal, total


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


class Core(NamedTuple):
    """What all parts of a campus share."""

    clock: Clock
    """The site's clock."""
    recorder: Recorder
    """Records what happens."""
    published: Published
    """Where everything is shown when it is published."""
    courses: Courses
    """How limit and prices go."""
    scenario: Scenario
    """Whose run it is."""


class PowerPrices:
    """How the site buys its power: its limit, its prices, its contract, its own generation.

    Parameters
    ----------
    core
        What the campus is made of.
    """

    def __init__(self, core: Core) -> None:
        self._clock, self._recorder, self._published, courses, scenario = core
        self._market = scenario.market
        self._tariff = Tariff(0.0, 0.0, 0.0, 0.0, "resale", 0.0, 0.0, 0.0)
        self._export_limit_mw = 0.0
        self._open_delivery(scenario.market.supply.delivery(scenario.span))
        self._open_limit(courses)
        self._open_day_ahead(courses.day_ahead_usd_per_mwh, scenario)
        contract = self._open_supply(courses.day_ahead_usd_per_mwh, scenario.end_s)
        self._recorder.give("price_usd_per_mwh", courses.real_time_usd_per_mwh)
        if scenario.market.carbon is not None:
            self._recorder.give("carbon_g_per_kwh", scenario.market.carbon.signal(scenario.span))
        feed(self._clock, courses.published_usd_per_mwh, self.real_time)
        if contract is not None and contract.settlement != "resale":
            feed(self._clock, contract.price_usd_per_mwh, partial(self._value_power, "contract_usd_per_mwh"))

    def real_time(self, usd_per_mwh: float) -> None:
        """Publish a real-time price [USD/MWh]."""
        self._value_power("real_time_usd_per_mwh", usd_per_mwh)

    def _open_delivery(self, price: Signal) -> None:
        feed(self._clock, price, partial(self._value_power, "wires_usd_per_mwh"))
        if price.time_s.size > 1:
            self._recorder.give("delivery_usd_per_mwh", price)

    def _open_limit(self, courses: Courses) -> None:
        spec = self._market.generation
        if spec is not None and courses.generation_mw is not None:
            self._recorder.give("generation_mw", courses.generation_mw)
            self._tariff = replace(self._tariff, generation_usd_per_mwh=spec.cost_usd_per_mwh)
            self._export_limit_mw = spec.export_limit_mw
            feed(self._clock, courses.generation_mw, partial(self._value_power, "generation_mw"))
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

    def _value_power(self, name: str, value: Any) -> None:
        """Take in a part of the tariff, by its name, and publish what power is worth."""
        tariff = replace(self._tariff, **{name: value})
        price, cost = tariff.real_time_usd_per_mwh, tariff.generation_usd_per_mwh
        self._tariff = replace(tariff, exported_mw=exported_mw(price, cost, self._export_limit_mw))
        steps = price_steps(self._tariff)
        self._published.price_usd_per_mwh = steps[-1].price_usd_per_mwh
        self._published.price_steps = steps if len(steps) > 1 else ()
        self._published.notice()


def open_bitcoin(core: Core, views: Callable[[float], tuple[FleetView, ...]]) -> None:
    """Record what mining is paid, and publish hashprice with the fleets as a policy sees them at it.

    Parameters
    ----------
    core
        What the campus is made of.
    views
        Returns the fleets as a policy sees them, at a hashprice [USD/(PH/s)/d].
    """
    published, courses = core.published, core.courses
    for name, signal in courses.bitcoin.items():
        core.recorder.give(name, signal)

    def publish(hashprice_usd_per_ph_day: float) -> None:
        published.hashprice_usd_per_ph_day = hashprice_usd_per_ph_day
        published.fleets = views(hashprice_usd_per_ph_day)
        published.notice()

    feed(core.clock, courses.hashprice_usd_per_ph_day, publish)


@dataclass(eq=False)
class DemandMeter:
    """Keeps the highest interval mean of the billing month so far; costs one event an interval."""

    clock: Clock
    """The clock."""
    parts: Sequence[Metered]
    """All that draws power at the site."""
    generation: Signal | None
    """Own generation behind the meter [MW]; None where there is none."""
    tell: Callable[[float], None]
    """Told the month's peak so far when an interval ends, and zero when a month begins [MW]."""
    log: Callable[[str, float], None]
    """Records each month's peak when the month ends."""
    storage: Storage | None = None
    """A fresh battery that the meter sees the site behind; None where there is none."""

    def __post_init__(self) -> None:
        """Begin with nothing done yet."""
        self._followed_s = 0.0

    def read(
        self,
        months: Sequence[BillingMonth],
        spec: DemandCharge,
        end_s: float,
        tell_terms: Callable[[DemandTerms], None],
    ) -> Generator[Event, Any, None]:
        """Read every whole interval of the run's months, and tell each month's terms when it begins."""
        peaks_mw: list[float] = []
        for month in months:
            peak_mw = 0.0
            self.tell(peak_mw)
            tell_terms(spec.terms(month, end_s, peaks_mw))
            for from_s, to_s in pairwise(whole_intervals_s(month, spec.interval_s, end_s)):
                yield At(self.clock, to_s)
                peak_mw = max(peak_mw, self.mean_import_mw(from_s, to_s))
                self.tell(peak_mw)
            peaks_mw.append(peak_mw)
            if month.end_s <= end_s:
                self.log("billing peak", peak_mw)

    def mean_import_mw(self, from_s: float, to_s: float) -> float:
        """Return the mean of what the site took from the grid between two times in the past [s]."""
        if self.generation is None and self.storage is None:
            return sum(part.power_between(from_s, to_s).integral() for part in self.parts) / (to_s - from_s)
        drawn = self._site_mw(from_s, to_s)
        if self.generation is not None:
            drawn = (drawn - self.generation.clip_time(from_s, to_s)).positive_part()
        return drawn.integral() / (to_s - from_s)

    def _site_mw(self, from_s: float, to_s: float) -> Signal:
        """Return what the site drew between two times in the past [MW], its battery included."""
        if self.storage is None:
            return drawn_mw(self.parts, from_s, to_s)
        # what the battery does now follows from all that it did, also outside whole intervals
        site = drawn_mw(self.parts, self._followed_s, to_s)
        self._followed_s = to_s
        return total([site, self.storage.follow(site).battery_mw]).clip_time(from_s, to_s)


def open_demand_meter(core: Core, parts: Sequence[Metered], spec: DemandCharge) -> None:
    """Read the meter of a demand charge: no news, but seen at the next decision.

    Parameters
    ----------
    core
        What the campus is made of.
    parts
        All that draws power at the site.
    spec
        What the scenario says of the charge.
    """
    clock, recorder, published, _, scenario = core
    months = spec.months(scenario.span)
    meter = DemandMeter(
        clock,
        parts,
        recorder.given("generation_mw"),
        partial(setattr, published, "billing_peak_mw"),
        partial(recorder.log, "meter"),
        None if scenario.storage is None else Storage(scenario.storage, recorder.given("limit_mw")),
    )
    clock.process(meter.read(months, spec, scenario.end_s, partial(setattr, published, "demand_terms")))
