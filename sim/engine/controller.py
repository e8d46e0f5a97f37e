"""The site controller: sees what has been delivered, decides when to ask the policy, tells the executor."""

from collections.abc import Callable
from math import inf
from numbers import Real
from typing import Final, NamedTuple

from sim.clock import Alarm, Clock
from sim.engine.duties import Obligations
from sim.engine.forecasts import Forecaster
from sim.engine.frequency_loop import FrequencyLoop
from sim.engine.load_views import BatteryWatch, LoadWatch
from sim.engine.observation import Published
from sim.errors import HashballastError, PolicyError
from sim.mining.executor import Executor
from sim.policies import Decision, Observation, Policy
from sim.policies.soundness import Offers, is_power, sound_offers
from sim.recording import Track


class Turn:
    """Collects news, and has the clock settle once a decision may be made of it.

    Parameters
    ----------
    clock
        The clock.
    interval_s
        Two decisions are at least so far apart [s].
    is_urgent
        Whether somebody besides the policy (a duty, a relay) must see news at once.
    """

    def __init__(self, clock: Clock, interval_s: float, *, is_urgent: bool = False) -> None:
        self._clock = clock
        self._interval_s = interval_s
        self._is_urgent = is_urgent
        self._next_s = 0.0
        self.has_news = False
        """Whether something was published that no decision has seen."""

    def notice(self) -> None:
        """Take note that something was published: decide at the end of this instant, or of the interval."""
        self.has_news = True
        if self._is_urgent or self._clock.now >= self._next_s:
            self._clock.unsettled = True
        else:
            self._clock.turn_s = self._next_s

    def has_come(self, now_s: float) -> bool:
        """Return whether to decide now; where it is too early, the end of the interval is waited for."""
        if not self.has_news:
            return False
        if now_s >= self._next_s:
            self.has_news = False
            self._next_s = now_s + self._interval_s
            return True
        self._clock.turn_s = self._next_s
        return False


SOON_S: Final = 1e-3
"""A policy that asks to be woken within less [s] is counted; assumption: no site decides so often."""
MOST_SOON: Final = 1000
"""How often it may do so in a simulated second; assumption."""


class Senses(NamedTuple):
    """All through which a controller learns of its site."""

    published: Published
    """Holds all that has been delivered."""
    turn: Turn
    """Says when to decide."""
    forecaster: Forecaster | None = None
    """Makes the forecasts that the policy sees; None: nobody does."""
    frequency_loop: FrequencyLoop | None = None
    """Follows the grid's frequency; None: nobody does."""
    watch: LoadWatch | None = None
    """Shows the AI loads one by one; None: nobody does."""
    battery: BatteryWatch | None = None
    """Shows the battery; None: there is none."""


class Controller:
    """Reacts once an instant to what changed outside: AI power, limit, price, its own wish to be woken.

    It never reacts to its fleets' echo. Duties (orders, reserves sold, a trip) stand above what the policy
    wants, and are seen to at once.

    Parameters
    ----------
    clock
        The clock.
    senses
        Through which it learns of its site.
    policy
        Asked for every decision.
    duties
        What stands above the policy's wish; None: nothing does.
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
        senses: Senses,
        policy: Policy,
        duties: Obligations | None,
        executor: Executor,
        target: Track,
        log: Callable[[str, float], None],
    ) -> None:
        self.decision_count = 0
        self._clock = clock
        self._published, self._turn, self._forecaster, self._frequency_loop = senses[:4]
        self._watch, self._battery = senses.watch, senses.battery
        self._decide_by_policy = policy.decide
        self._duties = duties
        self._executor = executor
        self._record_target = target.set
        self._log = log
        self._target_mw: float | None = None
        self._obliged_mw: float | None = None
        self._reason = ""
        self._offers: Offers = ()
        self._off: tuple[str, ...] = ()
        self._soon_since_s, self._soon_count = -inf, 0
        self._wake = Alarm(clock, self._turn.notice)
        asked = (self._forecaster, self._battery, duties)
        self._asks_first = any(one is not None for one in asked)
        self._is_alone = duties is None and self._frequency_loop is None

    def settle(self) -> None:
        """React to all that this instant has brought; called once, after the last change."""
        now_s = self._clock.now
        if self._is_alone:
            if self._turn.has_come(now_s):
                self._decide(now_s)
            return
        if self._frequency_loop is not None:
            self._read_frequency(self._frequency_loop, now_s)
        if self._turn.has_come(now_s):
            self._decide(now_s)
        if self._duties is not None and self._target_mw is not None:
            self._oblige(self._duties, now_s, self._target_mw)
        if self._frequency_loop is not None:
            self._frequency_loop.watch(now_s)

    def _read_frequency(self, loop: FrequencyLoop, now_s: float) -> None:
        if loop.read(now_s):
            self._turn.has_news = True
        if self._turn.has_news:
            self._published.frequency_hz = loop.report()

    def _decide(self, now_s: float) -> None:
        self.decision_count += 1
        seen = self._published
        if self._watch is not None:
            seen.loads = self._watch.seen(now_s)
        if self._asks_first:
            self._ask(seen, now_s)
        decision = self._answer(seen.observe(now_s, self._executor.commanded_mw), now_s)
        target_mw, reason, wake_at_s, offers, off = decision
        if type(offers) is not tuple or offers != self._offers:  # a list may have changed in place
            self._offer(now_s, offers)
        if off != self._off:
            self._off = tuple(off)
            self._executor.supply_all_but(self._off)
        if target_mw != self._target_mw or not self._executor.has_followed():
            self._follow(now_s, target_mw)
        if reason != self._reason:
            self._say(reason, target_mw, now_s)
        if wake_at_s is not None or self._wake.due_s < inf:
            self._wake.set(inf if wake_at_s is None else self._later(wake_at_s, now_s))

    def _answer(self, observation: Observation, now_s: float) -> Decision:
        """Return what the policy answers; what it raises is told as the policy's."""
        try:
            decision: object = self._decide_by_policy(observation)
        except HashballastError:
            raise
        except Exception as error:
            raise PolicyError(f"the policy raised {type(error).__name__} at {now_s:g} s: {error}") from error
        if not isinstance(decision, Decision) or decision.target_mw is None:
            raise PolicyError(
                f"the policy must answer with a Decision that has a target, got {decision!r} at {now_s:g} s"
            )
        return decision

    def _say(self, reason: str, target_mw: float, now_s: float) -> None:
        if not isinstance(reason, str):
            raise PolicyError(f"the policy's reason is {reason!r} at {now_s:g} s; must be text")
        self._reason = reason
        self._log(f"decision: {reason}", target_mw)

    def _ask(self, seen: Published, now_s: float) -> None:
        """Take in what is only made when it is asked for."""
        seen.forget_what_is_over(now_s)
        if self._battery is not None:
            seen.battery = self._battery.seen(now_s)
        if self._forecaster is not None:
            issued = self._forecaster.issue(now_s, seen.ai_power_mw, seen.notices)
            if issued is not None:
                seen.price_forecast, seen.ai_forecast, seen.system_load_forecast = issued
        if self._duties is not None:
            reserves = self._duties.reserves
            seen.orders, seen.awards_mw = self._duties.desk.known, reserves.awards_mw
            seen.services, seen.next_awards = reserves.shown(now_s)

    def _follow(self, now_s: float, target_mw: float) -> None:
        if not is_power(target_mw):
            raise PolicyError(
                f"the policy's target is {target_mw!r} MW at {now_s:g} s; must be 0 MW or more, and finite"
            )
        self._target_mw = target_mw
        self._record_target(now_s, target_mw)
        if self._duties is None:
            self._executor.follow(target_mw)

    def _offer(self, now_s: float, said: Offers) -> None:
        offers = sound_offers(said, f" at {now_s:g} s")
        if offers == self._offers:
            return
        if self._duties is None:
            raise PolicyError(f"the policy offers '{offers[0][0]}'; the site has no market.ancillary to offer it in")
        self._duties.reserves.desk.take(offers)
        self._offers = offers

    def _oblige(self, duties: Obligations, now_s: float, target_mw: float) -> None:
        """Tell the fleets what duties leave of the policy's target; not bound to the policy's interval."""
        obliged_mw = duties.meet(now_s, target_mw, self._published.ai_power_mw, self._published.limit_mw)
        if obliged_mw != self._obliged_mw or not self._executor.has_followed():
            self._obliged_mw = obliged_mw
            self._executor.follow(obliged_mw)
        duties.watch(now_s)

    def _later(self, wake_at_s: float, now_s: float) -> float:
        # nearly always a float, of which an abstract class takes five times as long to ask
        if not ((type(wake_at_s) is float or isinstance(wake_at_s, Real)) and wake_at_s > now_s):
            raise PolicyError(f"the policy asks to be woken at {wake_at_s!r} s; must be after now, {now_s:g} s")
        if wake_at_s - now_s < SOON_S:
            self._count_soon(now_s)
        return wake_at_s

    def _count_soon(self, now_s: float) -> None:
        """Refuse a policy that is awake all the time, and time hardly goes on."""
        if now_s - self._soon_since_s >= 1.0:
            self._soon_since_s, self._soon_count = now_s, 0
        self._soon_count += 1
        if self._soon_count > MOST_SOON:
            raise PolicyError(
                f"the policy asked to be woken within {SOON_S:g} s of a decision more than {MOST_SOON} times "
                f"in the second up to {now_s:g} s; must ask for later"
            )
