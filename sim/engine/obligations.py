"""What stands above the policy's wish: gathers the duties of a run, and has them arbitrated."""

from collections.abc import Callable
from functools import partial
from typing import Any

from sim.clock import Clock
from sim.engine.orders import OrderDesk
from sim.engine.recorder import Recorder
from sim.engine.reserves import REGULATION, Reserves
from sim.engine.site_power import SitePower
from sim.engine.trip import TripRelay
from sim.grid.orders import Order
from sim.mining.duties import Duty, arbitrate, without_calls
from sim.policies import Awards
from sim.policies.soundness import Offers
from sim.scenario.model import Scenario


class Obligations:
    """Orders, reserves sold, and the relay of one run.

    Parameters
    ----------
    clock, recorder
        What the campus is made of.
    site
        What the site draws.
    scenario
        What to build.
    notice
        Tells the controller that something was published.
    """

    def __init__(
        self,
        clock: Clock,
        recorder: Recorder,
        site: SitePower,
        scenario: Scenario,
        notice: Callable[[], None],
    ) -> None:
        self._minimum_mw = sum(fleet.minimum_mw for fleet in scenario.fleets)
        self._rated_mw = sum(fleet.full_mw for fleet in scenario.fleets)
        self._log = partial(recorder.log, "controller")
        self._track = recorder.track("fleet_obliged_mw")
        self._obliged_mw: float | None = None
        self._reason: str | None = None
        lead_s = scenario.controller.order_lead_s
        self._desk = OrderDesk(clock, recorder.log, scenario.orders(), lead_s, notice)
        self._reserves = Reserves(clock, recorder, scenario, notice)
        self._relay: TripRelay | None = None
        if scenario.interconnection.trip is not None:
            log = partial(recorder.log, "interconnection")
            self._relay = TripRelay(clock, site, scenario.interconnection.trip, log)

    @property
    def orders(self) -> tuple[Order, ...]:
        """Orders that have been announced and are not over."""
        return self._desk.known

    @property
    def awards_mw(self) -> Awards:
        """Reserves sold now [MW]."""
        return self._reserves.awards_mw

    def shown(self, now_s: float) -> dict[str, Any]:
        """Return what a policy sees of ancillary services besides present awards, by name."""
        return self._reserves.shown(now_s)

    def take_offers(self, offers: Offers) -> None:
        """Take what the policy offers from now on; raise PolicyError where that cannot be."""
        self._reserves.take(offers)

    def finish(self, end_s: float) -> None:
        """Record what is known of the services only once the run is over."""
        self._reserves.finish(end_s)

    def meet(self, now_s: float, wish_mw: float, ai_power_mw: float, limit_mw: float) -> float:
        """Return what the fleets are to draw for the policy's wish, and record it [MW].

        Parameters
        ----------
        now_s
            The time [s].
        wish_mw
            What the policy wants of all fleets together [MW]; what they cannot draw is cut off first.
        ai_power_mw
            AI power as telemetered [MW].
        limit_mw
            The limit in force [MW].
        """
        if self._relay is not None:
            self._relay.read(now_s, limit_mw)
        duties = self._duties(ai_power_mw, limit_mw)
        within_mw = self._within(wish_mw)
        told_mw, reason = arbitrate(within_mw, duties)
        obliged_mw = self._within(told_mw)
        uncalled_mw = self._within(arbitrate(within_mw, without_calls(duties)).target_mw)
        self._reserves.record_base(now_s, uncalled_mw)
        if obliged_mw != self._obliged_mw:
            self._obliged_mw = obliged_mw
            self._track.set(now_s, obliged_mw)
        self._tell(reason, obliged_mw)
        return obliged_mw

    def watch(self, now_s: float) -> None:
        """Look ahead, once the fleets have been told."""
        if self._relay is not None:
            self._relay.watch(now_s)

    def _tell(self, reason: str | None, obliged_mw: float) -> None:
        """Log what binds when it changes; regulation does so every few seconds, and stands in its signals."""
        if reason == REGULATION:
            reason = None
        if reason != self._reason:
            self._reason = reason
            self._log(f"duty: {reason or 'none'}", obliged_mw)

    def _within(self, power_mw: float) -> float:
        """Return the nearest power that the fleets can draw [MW]."""
        return min(max(power_mw, self._minimum_mw), self._rated_mw)

    def _duties(self, ai_power_mw: float, limit_mw: float) -> list[Duty]:
        room_mw = min(self._rated_mw, max(self._minimum_mw, limit_mw - ai_power_mw))
        duties = [*self._reserves.duties(self._minimum_mw, room_mw), *self._desk.duties(ai_power_mw)]
        return duties if self._relay is None else [*duties, *self._relay.duties()]


def has_obligations(scenario: Scenario) -> bool:
    """Return whether anything in a scenario may stand above its policy's wish."""
    return bool(scenario.interconnection.trip or scenario.orders() or scenario.market.ancillary)
