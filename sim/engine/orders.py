"""Brings the grid operator's orders: announces each, and makes it a duty while it binds."""

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

from simpy import Event

from sim.clock import At, Clock
from sim.grid.orders import Order
from sim.mining.duties import ORDER, Duty


class OrderDesk:
    """The orders of one run.

    Parameters
    ----------
    clock
        The clock.
    log
        Records what happens to an order: source, kind, cap [MW].
    orders
        The orders that bind the site.
    lead_s
        How long before an order binds the fleets are brought to its cap [s].
    notice
        Tells the controller that something was published.
    """

    def __init__(
        self,
        clock: Clock,
        log: Callable[[str, str, float], None],
        orders: Iterable[Order],
        lead_s: float,
        notice: Callable[[], None],
    ) -> None:
        self.known: tuple[Order, ...] = ()
        """What has been announced and is not over, in the order in which it was announced."""
        self._kept: tuple[Order, ...] = ()
        self._clock = clock
        self._log = log
        self._lead_s = lead_s
        self._notice = notice
        for number, order in enumerate(orders, start=1):
            if order.until_s > clock.now:
                clock.process(self._course(f"order.{number}", order))

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
