"""The ancillary services that a site has sold: awards and calls as they come, and their duty."""

from collections.abc import Iterator, Mapping
from functools import partial
from math import inf
from typing import Final

from sim.clock import feed
from sim.engine.offers import OfferDesk, open_services, published_until_s, sold_services
from sim.engine.prices import Core
from sim.market.ancillary import SERVED_FIRST, Sold
from sim.market.calls import DOWNWARD, ServiceName
from sim.mining.duties import ANCILLARY, Duty, reserve_duty
from sim.policies import AwardChange, Awards, ServiceView
from sim.signals import Signal

REGULATION: Final = "regulation"
"""Reason of the duty that moves every few seconds."""


ServicesShown = tuple[tuple[ServiceView, ...], AwardChange | None]
"""What a policy sees besides present awards: services whose amount is left to it, and the next change of what
is sold, None where none is known."""


class SoldReserves:
    """What is sold now, what is called now.

    Parameters
    ----------
    core
        What the campus is made of.
    """

    def __init__(self, core: Core) -> None:
        self._clock, self._recorder, published, courses, scenario = core
        self._notice = published.notice
        self._sold = sold_services(courses, scenario)
        self._open = open_services(courses, scenario)
        self._services = tuple(name for name in SERVED_FIRST if name in {**self._sold, **self._open})
        self._award_mw = dict.fromkeys(self._services, 0.0)
        self._called_mw = dict.fromkeys(self._services, 0.0)
        self._base_mw: dict[ServiceName, float] = {}
        self._base = {name: self._recorder.track(f"ancillary.{name}.base_mw") for name in self._services}
        self._published_until_s = published_until_s(scenario)
        self._shown: ServicesShown = ((), None)
        self._shown_until_s = -inf
        for service in self._services:
            self._recorder.load_kinds[service] = "ancillary"
            if service in self._sold:
                self._open_sold(service, self._sold[service])
            else:
                self._open_to_policy(service)
        self.desk = OfferDesk(self._clock, self._open, self._set_live_award, self._set_called)
        """Takes what the policy offers."""

    @property
    def awards_mw(self) -> Awards:
        """What is sold now, both ways [MW]."""
        return Awards(*self._both_ways(self._award_mw))

    def shown(self, now_s: float) -> ServicesShown:
        """Return what a policy sees of services besides present awards."""
        if now_s >= self._shown_until_s and self._services:
            self._shown = self.desk.views(now_s, self._sold_at), self._next_change(now_s)
            self._shown_until_s = self._next_news_s(now_s)
        return self._shown

    def duties(self, minimum_mw: float, room_mw: float) -> Iterator[Duty]:
        """Yield the bounds that keep what is sold deliverable, and what is called.

        Parameters
        ----------
        minimum_mw
            Power that the fleets draw at the least [MW].
        room_mw
            Power that they may draw at the most: rated power, within what AI leaves under the limit [MW].
        """
        called_up_mw, called_down_mw = self._both_ways(self._called_mw)
        regulated_mw = self._called_mw.get("regulation-up", 0.0)
        held = reserve_duty(*self._both_ways(self._award_mw), minimum_mw, room_mw)
        yield held._replace(called_mw=called_up_mw - regulated_mw)
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

    def finish(self, end_s: float) -> None:
        """Record what follows from the awards that the policy came to, by the rules of all others."""
        for name, service in self._open.items():
            award_mw = self._recorder.track(f"ancillary.{name}.award_mw").power_between(0.0, end_s).simplify()
            self._give(name, service.entry.sold_at(award_mw, service.conditions))

    def _set_base(self, service: ServiceName, now_s: float, base_mw: float) -> None:
        if base_mw != self._base_mw.get(service):
            self._base_mw[service] = base_mw
            self._base[service].set(now_s, base_mw)

    def _open_sold(self, service: ServiceName, sold: Sold) -> None:
        self._recorder.give(f"ancillary.{service}.award_mw", sold.award_mw)
        self._give(service, sold)
        feed(self._clock, sold.award_mw, partial(self._set_award, service))
        feed(self._clock, sold.called_mw, partial(self._set_called, service))

    def _open_to_policy(self, service: ServiceName) -> None:
        """Record what the market makes of a service that the policy offers, whatever it offers."""
        conditions = self._open[service].conditions
        for what in ("called_fraction", "price_usd_per_mwh", "shortfall_usd_per_mwh"):
            self._recorder.give(f"ancillary.{service}.{what}", getattr(conditions, what))

    def _give(self, service: ServiceName, sold: Sold) -> None:
        name = f"ancillary.{service}"
        self._recorder.give(f"{name}.price_usd_per_mwh", sold.price_usd_per_mwh)
        self._recorder.give(f"{name}.shortfall_usd_per_mwh", sold.shortfall_usd_per_mwh)
        self._recorder.give(f"{name}.undelivered_usd_per_mwh", sold.undelivered_usd_per_mwh)
        self._recorder.give(f"{name}.deployed_mw", sold.called_mw)
        self._recorder.give(f"{name}.due_mw", sold.due_mw)
        self._recorder.give(f"{name}.hold_mw", sold.hold_mw)

    def _set_live_award(self, service: ServiceName, award_mw: float) -> None:
        self._recorder.track(f"ancillary.{service}.award_mw").set(self._clock.now, award_mw)
        self._set_award(service, award_mw)

    def _set_award(self, service: ServiceName, award_mw: float) -> None:
        self._award_mw[service] = award_mw
        self._shown_until_s = -inf
        self._notice()

    def _set_called(self, service: ServiceName, called_mw: float) -> None:
        # no news for the policy, which is asked about its wish: the duty takes the call off whatever that is
        self._called_mw[service] = called_mw
        self._clock.unsettled = True

    def _sold_at(self, time_s: float) -> Awards:
        """Return what is sold by now of a time that is to come [s]."""
        known_mw: dict[ServiceName, float] = {
            name: float(sold.award_mw.at(time_s)) for name, sold in self._sold.items()
        }
        return Awards(*self._both_ways({**known_mw, **self.desk.awarded_at(time_s)}))

    def _next_change(self, now_s: float) -> AwardChange | None:
        """Return when what is sold changes next, of what is published by now."""
        until_s = min(float(self._published_until_s.at(now_s)), self.desk.known_until_s(now_s))
        times_s = {_next_s(sold.award_mw, now_s) for sold in self._sold.values()}
        times_s.update(self.desk.starts_s(now_s, until_s))
        for time_s in sorted(times_s):
            if time_s < until_s and self._sold_at(time_s) != self.awards_mw:
                return AwardChange(time_s, self._sold_at(time_s))
        return None

    def _next_news_s(self, now_s: float) -> float:
        """Return until when what is shown stays, unless an award changes [s]."""
        publication_s = _next_s(self._published_until_s, now_s)
        return min([*self.desk.starts_s(now_s, inf), self.desk.next_gate_s(now_s), publication_s])

    @staticmethod
    def _both_ways(power_mw: Mapping[ServiceName, float]) -> tuple[float, float]:
        """Return the sum over the services that make the fleets draw less, and that of the other one."""
        less_mw = sum(value for service, value in power_mw.items() if service != DOWNWARD)
        return less_mw, power_mw.get(DOWNWARD, 0.0)


def _next_s(signal: Signal, now_s: float) -> float:
    """Return when a step signal changes next [s]; infinity: it does not."""
    place = int(signal.time_s.searchsorted(now_s, side="right"))
    return float(signal.time_s[place]) if place < len(signal.time_s) else inf
