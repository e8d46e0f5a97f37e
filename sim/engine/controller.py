"""The site controller: sees what has been delivered, asks the policy, tells the executor."""

from collections.abc import Callable
from functools import partial
from math import inf, nextafter
from numbers import Real
from typing import Any

from simpy import Event

from sim.ai.notice import Notice
from sim.clock import Alarm, Clock
from sim.engine.bus import Bus
from sim.engine.duties import Obligations
from sim.engine.forecasts import Forecaster
from sim.engine.frequency_loop import FrequencyLoop
from sim.errors import PolicyError
from sim.grid.orders import Order
from sim.market.marginal import PriceStep, price_at_usd_per_mwh
from sim.mining.executor import Executor
from sim.policies import Awards, Decision, FleetView, Observation, Policy
from sim.policies.soundness import Offers, is_power, sound_offers
from sim.recording import Track
from sim.scenario.controller import ControllerSpec


class Controller:
    """Reacts once an instant to what changed outside: AI power, limit, price, its own wish to be woken.

    It never reacts to its fleets' echo. AI power reaches it after the telemetry delay; while it moves
    gradually, whenever it has moved by the deadband. Two decisions are at least the minimum interval apart.
    Duties (orders, reserves sold, a trip) stand above what the policy wants, and are seen to at once.

    Parameters
    ----------
    clock, bus
        The clock, and the bus whose power telemetry reports.
    spec
        Delay, interval, deadband.
    policy
        Asked for every decision.
    executor
        Follows the target.
    target
        Track on which the target is recorded [MW].
    log
        Records the reason of a decision when it differs from the one before.
    """

    def __init__(
        self,
        clock: Clock,
        bus: Bus,
        spec: ControllerSpec,
        policy: Policy,
        executor: Executor,
        target: Track,
        log: Callable[[str, float], None],
    ) -> None:
        self.limit_mw = inf
        self.price_usd_per_mwh = 0.0
        self.price_steps: tuple[PriceStep, ...] = ()
        """Prices by site power, in place of the one price, where it depends on it."""
        self.market_view: dict[str, Any] = {}
        """What only some scenarios publish, by its name in the observation."""
        self.hashprice_usd_per_ph_day = 0.0
        self.fleets: tuple[FleetView, ...] = ()
        self.decision_count = 0
        self.obligations: Obligations | None = None
        """What stands above the policy's wish; None: nothing does."""
        self.frequency_loop: FrequencyLoop | None = None
        """Follows the grid's frequency; None: nobody does."""
        self.forecaster: Forecaster | None = None
        """Makes the forecasts that the policy sees; None: nobody does."""
        self._notices: tuple[Notice, ...] = ()
        self._clock = clock
        self._bus = bus
        self._delay_s = spec.telemetry_delay_s
        self._interval_s = spec.minimum_interval_s
        self._deadband_mw = spec.telemetry_deadband_mw
        self._scan_s = spec.telemetry_scan_s
        self._decide_by_policy = policy.decide
        self._executor = executor
        self._record_target = target.set
        self._log = log
        self._metered_mw: float | None = None
        self._ai_power_mw = 0.0
        self._news = False
        self._target_mw: float | None = None
        self._obliged_mw: float | None = None
        self._reason = ""
        self._offers: Offers = ()
        self._next_decision_s = 0.0
        self._meter = Alarm(clock, self._read_meter)
        self._turn = Alarm(clock, self._take_turn)
        self._wake = Alarm(clock, self.notice)

    def notice(self) -> None:
        """Take note that something was published: decide at the end of this instant."""
        self._news = True
        self._clock.unsettled = True

    def show(self, name: str, value: float) -> None:
        """Put what a market has published before the policy, by its name in the observation."""
        self.market_view[name] = value
        self.notice()

    def announce(self, notice: Notice) -> None:
        """Take a tenant's notice, and decide at the end of this instant."""
        self._notices = (*self._notices, notice)
        self.notice()

    def settle(self) -> None:
        """React to all that this instant has brought; called once, after the last change."""
        now_s = self._clock.now
        if self._bus.restated:
            self._report(now_s)
        if self.frequency_loop is not None:
            self._read_frequency(self.frequency_loop, now_s)
        if self._news:
            if now_s >= self._next_decision_s:
                self._decide(now_s)
            else:
                self._turn.set(self._next_decision_s)
        if self.obligations is not None and self._target_mw is not None:
            self._oblige(self.obligations, now_s, self._target_mw)
        if self.frequency_loop is not None:
            self.frequency_loop.watch(now_s)

    def _read_frequency(self, loop: FrequencyLoop, now_s: float) -> None:
        due = loop.read(now_s)
        if due or self._news:
            self.market_view["frequency_hz"] = loop.report()
        self._news = self._news or due

    def _take_turn(self) -> None:
        self._clock.unsettled = True

    def _read_meter(self) -> None:
        self._bus.restated = True
        self._clock.unsettled = True

    def _report(self, now_s: float) -> None:
        self._bus.restated = False
        power_mw, slope_mw_per_s = self._bus.power(now_s)
        if slope_mw_per_s != 0.0 or self._meter.due_s < inf:
            self._meter.set(self._next_reading_s(now_s, slope_mw_per_s))
        if power_mw == self._metered_mw:
            return
        # The site stood like this before the run began, so its first telemetry is already there.
        steady = self._metered_mw is None
        self._metered_mw = power_mw
        if steady or self._delay_s == 0.0:
            self._ai_power_mw = power_mw
            self._news = True
        else:
            self._clock.timeout(self._delay_s).callbacks.append(partial(self._receive, power_mw))

    def _next_reading_s(self, now_s: float, slope_mw_per_s: float) -> float:
        if slope_mw_per_s == 0.0:
            return inf
        # a slope too steep for the clock is read at its next step, not at this instant again and again
        wait_s = max(self._deadband_mw / abs(slope_mw_per_s), self._scan_s)
        return max(now_s + wait_s, nextafter(now_s, inf))

    def _receive(self, power_mw: float, _: Event) -> None:
        self._ai_power_mw = power_mw
        self.notice()

    def _decide(self, now_s: float) -> None:
        self._news = False
        self._next_decision_s = now_s + self._interval_s
        self.decision_count += 1
        self._look_around(now_s)
        steps = self.price_steps
        commanded_mw = self._executor.commanded_mw
        price = self.price_usd_per_mwh
        if steps:
            price = price_at_usd_per_mwh(steps, self._ai_power_mw + commanded_mw)
        observation = Observation(
            now_s,
            self._ai_power_mw,
            self.limit_mw,
            price,
            self.hashprice_usd_per_ph_day,
            commanded_mw,
            self.fleets,
            self._notices,
            steps,
            *self._obligations_seen(),
        )
        if self.market_view:  # few markets publish more than prices
            observation = observation._replace(**self.market_view)
        decision: object = self._decide_by_policy(observation)
        if not isinstance(decision, Decision) or decision.target_mw is None:
            raise PolicyError(
                f"the policy must answer with a Decision that has a target, got {decision!r} at {now_s:g} s"
            )
        target_mw, reason, wake_at_s, offers = decision
        if type(offers) is not tuple or offers != self._offers:  # a list may have changed in place
            self._offer(now_s, offers)
        if target_mw != self._target_mw or not self._executor.has_followed():
            self._follow(now_s, target_mw)
        if reason != self._reason:
            self._reason = reason
            self._log(f"decision: {reason}", target_mw)
        if wake_at_s is not None or self._wake.due_s < inf:
            self._wake.set(inf if wake_at_s is None else self._later(wake_at_s, now_s))

    def _look_around(self, now_s: float) -> None:
        """Drop the notices that are over, and take in what is only made when it is asked for."""
        if self._notices:
            self._notices = tuple(
                notice for notice in self._notices if max(notice.at_s, notice.until_s) >= now_s
            )
        if self.forecaster is not None:
            self.market_view |= self.forecaster.issue(now_s, self._ai_power_mw, self._notices)
        if self.obligations is not None:
            self.market_view |= self.obligations.shown(now_s)

    def _follow(self, now_s: float, target_mw: float) -> None:
        if not is_power(target_mw):
            raise PolicyError(
                f"the policy's target is {target_mw!r} MW at {now_s:g} s; must be 0 MW or more, and finite"
            )
        self._target_mw = target_mw
        self._record_target(now_s, target_mw)
        if self.obligations is None:
            self._executor.follow(target_mw)

    def _offer(self, now_s: float, said: Offers) -> None:
        offers = sound_offers(said, f" at {now_s:g} s")
        if offers == self._offers:
            return
        if self.obligations is None:
            raise PolicyError(
                f"the policy offers '{offers[0][0]}'; the site has no market.ancillary to offer it in"
            )
        self.obligations.take_offers(offers)
        self._offers = offers

    def _oblige(self, obligations: Obligations, now_s: float, target_mw: float) -> None:
        """Tell the fleets what duties leave of the policy's target; not bound to the policy's interval."""
        obliged_mw = obligations.meet(now_s, target_mw, self._ai_power_mw, self.limit_mw)
        if obliged_mw != self._obliged_mw:
            self._obliged_mw = obliged_mw
            self._executor.follow(obliged_mw)
        obligations.watch(now_s)

    def _obligations_seen(self) -> tuple[tuple[Order, ...], Awards]:
        if self.obligations is None:
            return (), Awards()
        return self.obligations.orders, self.obligations.awards_mw

    @staticmethod
    def _later(wake_at_s: float, now_s: float) -> float:
        if not (isinstance(wake_at_s, Real) and wake_at_s > now_s):
            raise PolicyError(
                f"the policy asks to be woken at {wake_at_s!r} s; must be after now, {now_s:g} s"
            )
        return wake_at_s
