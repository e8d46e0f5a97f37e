"""What power is worth to the site as the run goes on: its prices, its contract, its own generation."""

from collections.abc import Callable
from functools import partial

from sim.engine.controller import Controller
from sim.engine.recorder import Recorder
from sim.market.marginal import NO_BLOCK, NO_PLANT, price_steps
from sim.market.supply import Contract
from sim.rng import stream
from sim.scenario.model import Scenario
from sim.signals import Signal

Publish = Callable[[Signal, Callable[[float], None]], None]
"""Tells each value of a step signal when it comes."""


class PowerDesk:
    """Records how the site buys its power, and keeps the controller's view of it up to date.

    Parameters
    ----------
    publish
        Tells the values of a signal as time goes on.
    recorder, controller
        What the campus is made of.
    scenario
        Whose market to open.
    """

    def __init__(
        self, publish: Publish, recorder: Recorder, controller: Controller, scenario: Scenario
    ) -> None:
        self._publish = publish
        self._recorder = recorder
        self._controller = controller
        self._scenario = scenario
        self._span = scenario.files, scenario.start_utc_s, scenario.end_s
        self._delivery_usd_per_mwh = scenario.market.supply.delivery_usd_per_mwh
        self._real_time_usd_per_mwh = 0.0
        self._block = NO_BLOCK
        self._plant = NO_PLANT
        self._open_limit()
        contract = self._open_supply(self._open_day_ahead())
        self._open_real_time()
        if contract is not None and contract.settlement != "resale":
            self._publish(contract.price_usd_per_mwh, self._set_block_price)

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
            self._publish(generation, self._set_generation)
            limit = limit + generation
        self._recorder.give("limit_mw", limit)
        self._publish(limit, self._set_limit)

    def _open_day_ahead(self) -> Signal | None:
        spec = self._scenario.market.day_ahead
        if spec is None:
            return None
        price = spec.signal(*self._span)
        self._recorder.give("price_day_ahead_usd_per_mwh", price)
        self._publish(price, partial(self._controller.show, "day_ahead_usd_per_mwh"))
        until = spec.known_until_s(self._scenario.start_utc_s, self._scenario.end_s)
        self._publish(until, partial(self._controller.show, "day_ahead_until_s"))
        return price

    def _open_supply(self, day_ahead: Signal | None) -> Contract | None:
        supply = self._scenario.market.supply
        contract = supply.contract(day_ahead, self._scenario.end_s)
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

    def _open_real_time(self) -> None:
        power, seed = self._scenario.market.power, self._scenario.seed
        self._recorder.give("price_usd_per_mwh", power.signal(*self._span, stream(seed, "market/power")))
        self._publish(power.published(*self._span, stream(seed, "market/power")), self._set_real_time)

    def _set_generation(self, generation_mw: float) -> None:
        self._plant = self._plant._replace(power_mw=generation_mw)
        self._value_power()

    def _set_limit(self, limit_mw: float) -> None:
        self._controller.limit_mw = limit_mw
        self._controller.notice()

    def _set_real_time(self, price_usd_per_mwh: float) -> None:
        self._real_time_usd_per_mwh = price_usd_per_mwh
        self._value_power()

    def _set_block_price(self, price_usd_per_mwh: float) -> None:
        self._block = self._block._replace(price_usd_per_mwh=price_usd_per_mwh)
        self._value_power()

    def _value_power(self) -> None:
        steps = price_steps(self._real_time_usd_per_mwh, self._delivery_usd_per_mwh, self._block, self._plant)
        self._controller.price_usd_per_mwh = steps[-1].price_usd_per_mwh
        self._controller.price_steps = steps if len(steps) > 1 else ()
        self._controller.notice()
