"""Another policy's target, but never above what orders leave, nor away from what reserves need."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from sim.grid.events import Order
from sim.mining.duties import ANCILLARY, ORDER, Duty, arbitrate, reserve_duty
from sim.policies.base import Awards, Decision, Observation, WrapperPolicy, WrapperSpec, reachable_mw
from sim.policies.ramp import earlier_s
from sim.spec import NonNegative

AHEAD: Final = ANCILLARY + 1
"""Priority of what nobody asks for yet, or any more: below all that binds."""


class CallObedience(WrapperSpec):
    r"""Let another policy decide, within what orders and reserves ask for, ahead of time and after.

    Notes
    -----
    The inner target is arbitrated (:func:`sim.mining.duties.arbitrate`) with, from the lowest priority on:

    - for `hold_s` after an order its cap, and for `lead_s` before what is sold changes, the bounds of what
      will be sold;
    - the bounds of what is sold now: at least :math:`P_{min}` and what must be able to fall, at most the room
      less what must be able to rise, where room is rated power within what AI leaves under the limit;
    - the cap of each order, from `lead_s` before it binds until it is over.

    Calls of reserves are not in it: a policy does not see them. The controller takes them off its target.
    """

    type: Literal["call-obedience"]
    lead_s: NonNegative = 120.0
    """How long before an order binds, or what is sold changes, the target is within it [s]; never before it
    is announced. Default: assumption, twice the controller's own lead."""
    hold_s: NonNegative = 0.0
    """How long after an order its cap is kept, as far as reserves let it [s]."""

    def start(self) -> "CallObediencePolicy":
        """Return a fresh policy for one run."""
        return CallObediencePolicy(self.inner.start(), self)


@dataclass(eq=False)
class CallObediencePolicy(WrapperPolicy[CallObedience]):
    """The policy in a run: the inner one, and the orders that are known or have not been over for long."""

    _orders: tuple[Order, ...] = field(default=(), init=False)

    def changed(self, wish: Decision, observation: Observation) -> Decision:
        """Return the inner decision, within all that is asked for."""
        self._remember(observation)
        obliged = arbitrate(reachable_mw(wish.target_mw, observation.fleets), self._duties(observation))
        wake_at_s = earlier_s(wish.wake_at_s, self._next_s(observation))
        if obliged.reason is None:
            return wish._replace(wake_at_s=wake_at_s)
        return wish._replace(target_mw=obliged.target_mw, reason=obliged.reason, wake_at_s=wake_at_s)

    def _remember(self, observation: Observation) -> None:
        known = dict.fromkeys((*self._orders, *observation.orders))
        self._orders = tuple(order for order in known if observation.time_s < order.until_s + self.spec.hold_s)

    def _duties(self, observation: Observation) -> Iterator[Duty]:
        now_s = observation.time_s
        yield _reserved(observation.awards_mw, observation)
        change = observation.next_awards
        if change is not None and now_s >= change.at_s - self.spec.lead_s:
            yield _reserved(change.awards_mw, observation)._replace(priority=AHEAD)
        for order in self._orders:
            if now_s >= order.binding_from_s - self.spec.lead_s:
                priority = ORDER if now_s < order.until_s else AHEAD
                yield Duty(priority, order.reason, cap_mw=order.fleet_cap_mw(observation.ai_power_mw))

    def _next_s(self, observation: Observation) -> float | None:
        """Return when the next lead or hold begins or ends [s]."""
        change = observation.next_awards
        times_s = [] if change is None else [change.at_s - self.spec.lead_s]
        for order in self._orders:
            times_s += [order.binding_from_s - self.spec.lead_s, order.until_s, order.until_s + self.spec.hold_s]
        return min((time_s for time_s in times_s if time_s > observation.time_s), default=None)


def _reserved(awards_mw: Awards, observation: Observation) -> Duty:
    """Return the bounds of what is sold, as the controller has them."""
    minimum_mw = sum(fleet.minimum_mw for fleet in observation.fleets)
    rated_mw = sum(fleet.rated_mw for fleet in observation.fleets)
    room_mw = min(rated_mw, max(minimum_mw, observation.headroom_mw))
    return reserve_duty(*awards_mw, minimum_mw, room_mw)
