"""The ancillary services that a site has sold: awards and calls as they come, and their duty."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from math import inf
from typing import Final

from sim.engine.clock import Clock
from sim.engine.feed import feed
from sim.engine.recorder import Recorder
from sim.market.ancillary import SERVED_FIRST, ServiceName, Sold
from sim.mining.duties import ANCILLARY, Duty
from sim.policies import Awards

REGULATION: Final = "regulation"
"""Reason of the duty that moves every few seconds."""
DOWNWARD: Final[ServiceName] = "regulation-down"
"""The one service whose call makes the fleets draw more."""


class Reserves:
    """What is sold now, what is called now.

    Parameters
    ----------
    clock, recorder
        What the campus is made of.
    sold
        The services that the site sells, over the run.
    notice
        Tells the controller that an award has changed.
    """

    def __init__(
        self,
        clock: Clock,
        recorder: Recorder,
        sold: Mapping[ServiceName, Sold],
        notice: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._notice = notice
        self._services = tuple(service for service in SERVED_FIRST if service in sold)
        self._award_mw = dict.fromkeys(self._services, 0.0)
        self._called_mw = dict.fromkeys(self._services, 0.0)
        self._base_mw: dict[ServiceName, float] = {}
        self._base = {name: recorder.track(f"ancillary.{name}.base_mw") for name in self._services}
        for service in self._services:
            self._open(recorder, service, sold[service])

    @property
    def awards_mw(self) -> Awards:
        """What is sold now, both ways [MW]."""
        up_mw, down_mw = self._both_ways(self._award_mw)
        return Awards(up_mw, down_mw)

    def duties(self, minimum_mw: float, room_mw: float) -> Iterator[Duty]:
        """Yield the bounds that keep what is sold deliverable, and what is called.

        Parameters
        ----------
        minimum_mw
            Power that the fleets draw at the least [MW].
        room_mw
            Power that they may draw at the most: rated power, within what AI leaves under the limit [MW].
        """
        up_mw, down_mw = self._both_ways(self._award_mw)
        called_up_mw, called_down_mw = self._both_ways(self._called_mw)
        regulated_mw = self._called_mw.get("regulation-up", 0.0)
        floor_mw = min(minimum_mw + up_mw, room_mw) if up_mw > 0.0 else 0.0
        cap_mw = max(minimum_mw, room_mw - down_mw) if down_mw > 0.0 else inf
        yield Duty(ANCILLARY, "reserves", floor_mw, cap_mw, called_up_mw - regulated_mw)
        yield Duty(ANCILLARY, REGULATION, called_mw=regulated_mw - called_down_mw)

    def record_base(self, now_s: float, base_mw: float) -> None:
        """Record what each service's delivery is measured from, given the power without any call [MW].

        The fastest service is served first: each is measured from what the fleets would draw if those before
        it were called, and it and those after it were not. A call the other way stands for both.
        """
        called_up_mw, called_down_mw = self._both_ways(self._called_mw)
        from_mw = base_mw + called_down_mw
        for service in self._services:
            if service == DOWNWARD:
                self._set_base(service, now_s, base_mw - called_up_mw)
            else:
                self._set_base(service, now_s, from_mw)
                from_mw -= self._called_mw[service]

    def _set_base(self, service: ServiceName, now_s: float, base_mw: float) -> None:
        if base_mw != self._base_mw.get(service):
            self._base_mw[service] = base_mw
            self._base[service].set(now_s, base_mw)

    def _open(self, recorder: Recorder, service: ServiceName, sold: Sold) -> None:
        name = f"ancillary.{service}"
        recorder.load_kinds[service] = "ancillary"
        recorder.give(f"{name}.award_mw", sold.award_mw)
        recorder.give(f"{name}.price_usd_per_mwh", sold.price_usd_per_mwh)
        recorder.give(f"{name}.shortfall_usd_per_mwh", sold.shortfall_usd_per_mwh)
        recorder.give(f"{name}.undelivered_usd_per_mwh", sold.undelivered_usd_per_mwh)
        recorder.give(f"{name}.deployed_mw", sold.called_mw)
        recorder.give(f"{name}.due_mw", sold.due_mw)
        recorder.give(f"{name}.hold_mw", sold.hold_mw)
        feed(self._clock, sold.award_mw, partial(self._set_award, service))
        feed(self._clock, sold.called_mw, partial(self._set_called, service))

    def _set_award(self, service: ServiceName, award_mw: float) -> None:
        self._award_mw[service] = award_mw
        self._notice()

    def _set_called(self, service: ServiceName, called_mw: float) -> None:
        # no news for the policy, which is asked about its wish: the duty takes the call off whatever that is
        self._called_mw[service] = called_mw
        self._clock.unsettled = True

    @staticmethod
    def _both_ways(power_mw: Mapping[ServiceName, float]) -> tuple[float, float]:
        """Return the sum over the services that make the fleets draw less, and that of the other one."""
        less_mw = sum(value for service, value in power_mw.items() if service != DOWNWARD)
        return less_mw, power_mw.get(DOWNWARD, 0.0)
