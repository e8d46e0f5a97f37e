"""The services that the policy offers: takes its offers, closes them at each gate, makes awards of them."""

from collections.abc import Callable, Generator, Iterator, Mapping
from math import inf
from typing import Any

import numpy as np
from simpy import Event

from sim.clock import At, Clock
from sim.errors import PolicyError
from sim.market.ancillary import ServiceName
from sim.market.gates import OpenService
from sim.policies import Awards, ServiceView
from sim.policies.soundness import Offers

Tell = Callable[[ServiceName, float], None]


class OfferDesk:
    """What stands offered, and what has been awarded of it.

    Parameters
    ----------
    clock
        The clock.
    services
        What the policy may offer, over the run.
    award, call
        Told what is sold and what is called of a service from now on [MW].
    """

    def __init__(
        self, clock: Clock, services: Mapping[ServiceName, OpenService], award: Tell, call: Tell
    ) -> None:
        self._clock = clock
        self._services = services
        self._award = award
        self._call = call
        self._offered: dict[str, float] = {}
        self._awarded_mw = {name: [0.0] * service.hour_count for name, service in services.items()}
        for name, service in services.items():
            award(name, 0.0)
            call(name, 0.0)
            clock.process(self._close_gates(name, service))
            clock.process(self._deliver(name, service))

    def take(self, offers: Offers) -> None:
        """Take what stands offered from now on, in place of what stood before.

        Raises
        ------
        PolicyError
            A service is not left to the policy.
        """
        for name, _ in offers:
            if name not in self._services:
                known = ", ".join(self._services) or "none"
                raise PolicyError(
                    f"the policy offers '{name}'; services with policy_up_to_mw in market.ancillary: {known}"
                )
        self._offered = dict(offers)

    def views(self, now_s: float, sold_at: Callable[[float], Awards]) -> tuple[ServiceView, ...]:
        """Return the services as the policy sees them now, each before its next gate.

        Parameters
        ----------
        now_s
            The time [s].
        sold_at
            Returns what is sold by now of the hour that begins at a time [s].
        """
        found = []
        for name, service in self._services.items():
            hour = service.next_hour(now_s)
            if hour is not None:
                hour_s = float(service.edges_s[hour])
                awarded_mw = tuple(self._awarded_mw[name][service.present_hour(now_s) : hour])
                entry, gate_s = service.entry, float(service.gates_s[hour])
                known = service.published(hour, now_s)
                found.append(
                    ServiceView(
                        name,
                        entry.downward,
                        gate_s,
                        hour_s,
                        *known,
                        entry.called_fraction,
                        awarded_mw,
                        sold_at(hour_s),
                    )
                )
        return tuple(found)

    def awarded_at(self, time_s: float) -> dict[ServiceName, float]:
        """Return what is awarded by now of the hour that lies at a time [MW]; 0 where its gate is open."""
        return {
            name: self._awarded_mw[name][service.present_hour(time_s)]
            for name, service in self._services.items()
        }

    def known_until_s(self, now_s: float) -> float:
        """Return the start of the first hour that a gate is open for [s]; infinity: all have closed."""
        return min((view_s for _, view_s in self._next_gates(now_s)), default=inf)

    def next_hour_s(self, now_s: float) -> float:
        """Return when the next hour begins [s]; infinity: none does, or nothing is left to the policy."""
        return min(
            (float(service.edges_s[service.present_hour(now_s) + 1]) for service in self._services.values()),
            default=inf,
        )

    def starts_s(self, now_s: float, until_s: float) -> list[float]:
        """Return when hours begin after now and before a time [s]."""
        edges_s = next((service.edges_s for service in self._services.values()), np.empty(0))
        return [float(edge_s) for edge_s in edges_s[(edges_s > now_s) & (edges_s < until_s)]]

    def next_gate_s(self, now_s: float) -> float:
        """Return when the next gate closes [s]; infinity: none does."""
        return min((gate_s for gate_s, _ in self._next_gates(now_s)), default=inf)

    def _next_gates(self, now_s: float) -> Iterator[tuple[float, float]]:
        """Yield the next gate of each service, and the start of its hour [s]."""
        for service in self._services.values():
            hour = service.next_hour(now_s)
            if hour is not None:
                yield float(service.gates_s[hour]), float(service.edges_s[hour])

    def _close_gates(self, name: ServiceName, service: OpenService) -> Generator[Event, Any, None]:
        for hour, gate_s in enumerate(service.gates_s.tolist()):
            if gate_s > 0.0:
                yield At(self._clock, gate_s)
                offered_mw = self._offered.get(name, 0.0)
                self._awarded_mw[name][hour] = min(offered_mw, float(service.most_mw[hour]))

    def _deliver(self, name: ServiceName, service: OpenService) -> Generator[Event, Any, None]:
        """Put each hour's award in force, and call its share while there is any."""
        share = service.conditions.called_fraction
        called_mw = award_mw = 0.0
        for hour, (from_s, to_s) in enumerate(
            zip(service.edges_s[:-1].tolist(), service.edges_s[1:].tolist(), strict=True)
        ):
            yield At(self._clock, from_s)
            if self._awarded_mw[name][hour] != award_mw:
                award_mw = self._awarded_mw[name][hour]
                self._award(name, award_mw)
            if award_mw > 0.0 or called_mw > 0.0:
                part = share.clip_time(from_s, to_s)
                for time_s, fraction in zip(part.time_s.tolist(), part.value.tolist(), strict=True):
                    if award_mw * fraction != called_mw:
                        yield At(self._clock, time_s)
                        called_mw = award_mw * fraction
                        self._call(name, called_mw)
