"""What power and hash are worth to the site: recorded, and published as the run goes on."""

from collections.abc import Callable

from sim.clock import Clock, feed
from sim.engine.observation import Published
from sim.engine.recorder import Recorder
from sim.market.marginal import NO_BLOCK, NO_PLANT, price_steps
from sim.market.supply import Contract
from sim.policies import FleetView
from sim.rng import stream
from sim.scenario.model import Scenario
from sim.signals import Signal


class PowerPrices:
    """How the site buys its power: its limit, its prices, its contract, its own generation.

    Parameters
    ----------
    clock, recorder
        What the campus is made of.
    published
        Where everything is shown when it is published.
    scenario
        Whose market to open.
    """

    def __init__(self, clock: Clock, recorder: Recorder, published: Published, scenario: Scenario) -> None:
        self._clock = clock
        self._recorder = recorder
        self._published = published
        self._scenario = scenario
        self._span = scenario.files, scenario.start_utc_s, scenario.end_s
        self._delivery_usd_per_mwh = scenario.market.supply.delivery_usd_per_mwh
        self._present_usd_per_mwh = 0.0
        self._block = NO_BLOCK
        self._plant = NO_PLANT
        self._open_limit()
        self.day_ahead_usd_per_mwh = self._open_day_ahead()
        """Day-ahead price, as recorded; None: the market has none."""
        contract = self._open_supply(self.day_ahead_usd_per_mwh)
        self.real_time_usd_per_mwh = self._open_real_time()
        """Real-time price, as recorded."""
        if contract is not None and contract.settlement != "resale":
            feed(clock, contract.price_usd_per_mwh, self._set_block_price)

    def _open_limit(self) -> None:
        limit = Signal.constant(self._scenario.interconnection.limit_mw, self._scenario.end_s)
        spec = self._scenario.market.generation
        if spec is not None:
            generation = spec.signal(*self._span, stream(self._scenario.seed, "market/generation"))
            self._recorder.give("generation_mw", generation)
            self._recorder.constant("generation.cost_usd_per_mwh", spec.cost_usd_per_mwh)
            self._recorder.constant("generation.export_limit_mw", spec.export_limit_mw)
            self._plant = self._plant._replace(
                cost_usd_per_mwh=spec.cost_usd_per_mwh, export_limit_mw=spec.export_limit_mw
            )
            feed(self._clock, generation, self._set_generation)
            limit = limit + generation
        self._recorder.give("limit_mw", limit)
        feed(self._clock, limit, self._published.figure("limit_mw"))

    def _open_day_ahead(self) -> Signal | None:
        spec = self._scenario.market.day_ahead
        if spec is None:
            return None
        price = spec.signal(*self._span)
        self._recorder.give("price_day_ahead_usd_per_mwh", price)
        feed(self._clock, price, self._published.figure("day_ahead_usd_per_mwh"))
        until = spec.known_until_s(self._scenario.start_utc_s, self._scenario.end_s)
        feed(self._clock, until, self._published.figure("day_ahead_until_s"))
        return price

    def _open_supply(self, day_ahead: Signal | None) -> Contract | None:
        contract = self._scenario.market.supply.contract(day_ahead, self._scenario.end_s)
        if contract is not None:
            self._recorder.give("contract_mw", contract.power_mw)
            self._recorder.give("contract_price_usd_per_mwh", contract.price_usd_per_mwh)
            self._recorder.constant("supply.resale", float(contract.settlement == "resale"))
            self._recorder.constant("supply.as_consumed", float(contract.settlement == "as-consumed"))
            power_mw = float(contract.power_mw.value[0])
            self._block = self._block._replace(power_mw=power_mw, settlement=contract.settlement)
        if self._delivery_usd_per_mwh:
            self._recorder.constant("supply.delivery_usd_per_mwh", self._delivery_usd_per_mwh)
        return contract

    def _open_real_time(self) -> Signal:
        power, seed = self._scenario.market.power, self._scenario.seed
        price = power.signal(*self._span, stream(seed, "market/power"))
        self._recorder.give("price_usd_per_mwh", price)
        feed(self._clock, power.published(*self._span, stream(seed, "market/power")), self._set_real_time)
        return price

    def _set_generation(self, generation_mw: float) -> None:
        self._plant = self._plant._replace(power_mw=generation_mw)
        self._value_power()

    def _set_real_time(self, price_usd_per_mwh: float) -> None:
        self._present_usd_per_mwh = price_usd_per_mwh
        self._value_power()

    def _set_block_price(self, price_usd_per_mwh: float) -> None:
        self._block = self._block._replace(price_usd_per_mwh=price_usd_per_mwh)
        self._value_power()

    def _value_power(self) -> None:
        steps = price_steps(self._present_usd_per_mwh, self._delivery_usd_per_mwh, self._block, self._plant)
        self._published.price_usd_per_mwh = steps[-1].price_usd_per_mwh
        self._published.price_steps = steps if len(steps) > 1 else ()
        self._published.notice()


def open_bitcoin(
    clock: Clock,
    recorder: Recorder,
    published: Published,
    views: Callable[[float], tuple[FleetView, ...]],
    scenario: Scenario,
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
    scenario
        Whose market to open.
    """
    bitcoin, seed = scenario.market.bitcoin, scenario.seed
    span = scenario.files, scenario.start_utc_s, scenario.end_s
    for name, signal in bitcoin.signals(*span, stream(seed, "market/bitcoin")).items():
        recorder.give(name, signal)
    pool = bitcoin.paid_by()
    recorder.constant("pool_fee_fraction", pool.fee_fraction)
    recorder.constant("stale_fraction", pool.stale_fraction)

    def publish(hashprice_usd_per_ph_day: float) -> None:
        published.hashprice_usd_per_ph_day = hashprice_usd_per_ph_day
        published.fleets = views(hashprice_usd_per_ph_day)
        published.notice()

    feed(clock, bitcoin.published(*span, stream(seed, "market/bitcoin")), publish)
