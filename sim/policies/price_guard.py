"""Another policy's target, but nothing while power costs too much."""

from collections.abc import Collection
from typing import Final, Literal

from sim.policies.base import Decision, FleetView, Observation, Policy, WrapperSpec
from sim.policies.price_threshold import Price, pays
from sim.policies.ramp import earlier_s
from sim.spec import Positive
from sim.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE

SPENT_USD: Final = 0.01
"""What is left to spend on standby counts as nothing below this [USD]."""


class Standby:
    """Reckons what the standby of each fleet that does not pay has cost since it last paid."""

    def __init__(self) -> None:
        self._left_usd: dict[str, float] = {}
        self._asked_s = self._usd_per_mwh = 0.0

    def off(
        self, observation: Observation, usd_per_mwh: float, pay: Collection[bool]
    ) -> tuple[tuple[str, ...], float | None]:
        """Return the fleets to be off, and when the next one will have spent enough [s].

        Parameters
        ----------
        observation
            What is known.
        usd_per_mwh
            Price of power, delivery included [USD/MWh].
        pay
            Whether each fleet pays at that price.
        """
        if all(pay):
            self._left_usd = {}
            return (), None
        passed_h = (observation.time_s - self._asked_s) / SECONDS_PER_HOUR
        spent_usd_per_mw = max(0.0, self._usd_per_mwh) * passed_h
        self._usd_per_mwh, self._asked_s = usd_per_mwh, observation.time_s
        is_reserve = any(observation.awards_mw) or observation.next_awards is not None
        before_usd, self._left_usd = self._left_usd, {}
        due_s: float | None = None
        for fleet, mines in zip(observation.fleets, pay, strict=True):
            if fleet.return_s is None or mines or is_reserve:
                continue
            left_usd = _return_usd(fleet)
            if fleet.name in before_usd:
                left_usd = before_usd[fleet.name] - spent_usd_per_mw * fleet.minimum_mw
            self._left_usd[fleet.name] = left_usd
            usd_per_h = usd_per_mwh * fleet.minimum_mw
            if left_usd > SPENT_USD and usd_per_h > 0.0:
                due_s = earlier_s(due_s, observation.time_s + left_usd / usd_per_h * SECONDS_PER_HOUR)
        return tuple(name for name, usd in self._left_usd.items() if usd <= SPENT_USD), due_s


def _return_usd(fleet: FleetView) -> float:
    """Return the most that a fleet misses while it comes back [USD]: it is paid, and power costs nothing."""
    return fleet.breakeven_usd_per_mwh * fleet.rated_mw * (fleet.return_s or 0.0) / SECONDS_PER_HOUR


STEP_S: Final = 10.0
"""Time between two steps of the guard's ramp [s]; assumption."""


class PriceGuard(WrapperSpec):
    r"""Let another policy decide, unless power costs more than mining earns.

    Notes
    -----
    With a threshold: no mining while :math:`\pi + a` is at or above it. Without one: no more than the rated
    power of the fleets whose break-even price is above :math:`\pi + a`; the least efficient stop first. The
    inner policy is asked all the time, so that what it remembers stays true.
    """

    type: Literal["price-guard"]
    threshold_usd_per_mwh: Price | None = None
    """Price at and above which mining stops [USD/MWh]; left out: each fleet's break-even price."""
    adder_usd_per_mwh: Price = 0.0
    """What delivery costs on top of the power price [USD/MWh]."""
    ramp_mw_per_min: Positive | None = None
    """How fast the guard takes the miners down and gives them back [MW/min]; left out: at once. The inner
    policy may ask for less at any moment: what it holds, it holds."""

    def start(self) -> "PriceGuardPolicy":
        """Return a fresh policy for one run."""
        return PriceGuardPolicy(
            self.inner.start(), self.threshold_usd_per_mwh, self.adder_usd_per_mwh, self.ramp_mw_per_min
        )


class PriceGuardPolicy:
    """The policy in a run, around the inner one.

    Parameters
    ----------
    inner
        The policy that is asked first; any one.
    threshold_usd_per_mwh
        Price at and above which mining stops [USD/MWh]; None: each fleet's break-even price.
    adder_usd_per_mwh
        What delivery costs on top of the power price [USD/MWh].
    ramp_mw_per_min
        How fast the cap that it sets moves [MW/min]; None: at once.
    """

    def __init__(
        self,
        inner: Policy,
        threshold_usd_per_mwh: float | None,
        adder_usd_per_mwh: float,
        ramp_mw_per_min: float | None = None,
    ) -> None:
        self._inner = inner
        self._threshold = threshold_usd_per_mwh
        self._adder = adder_usd_per_mwh
        self._ramp_mw_per_s = None if ramp_mw_per_min is None else ramp_mw_per_min / SECONDS_PER_MINUTE
        self._cap_mw: float | None = None
        self._last_s = 0.0
        self._standby = Standby()

    def decide(self, observation: Observation) -> Decision:
        """Return the inner decision, cut at the fleets that pay."""
        wish = self._inner.decide(observation)
        delivered = observation.price_usd_per_mwh + self._adder
        pay = [pays(fleet, delivered, self._threshold) for fleet in observation.fleets]
        paying_mw = 0.0
        if any(pay):
            paying_mw = sum(
                fleet.rated_mw if runs else fleet.minimum_mw
                for fleet, runs in zip(observation.fleets, pay, strict=True)
            )
        cap_mw, wake_s = self._capped(paying_mw, wish.target_mw, observation.time_s)
        if wish.target_mw > cap_mw and (wake_s is not None or not all(pay)):
            wish = wish._replace(target_mw=cap_mw, reason="price above threshold")
        off, due_s = self._standby.off(observation, delivered, pay)
        wake_s = earlier_s(due_s, wake_s)
        if wake_s is None and not off:
            return wish
        return wish._replace(wake_at_s=earlier_s(wish.wake_at_s, wake_s), off=off)

    def _capped(self, paying_mw: float, wish_mw: float, now_s: float) -> tuple[float, float | None]:
        """Return the cap on its way to what pays [MW], and when to move it on [s]; None: it is there."""
        if self._ramp_mw_per_s is None or self._cap_mw is None:
            self._cap_mw, self._last_s = paying_mw, now_s
            return paying_mw, None
        # from what is mined, not from a cap that nobody felt
        before_mw = min(self._cap_mw, wish_mw) if paying_mw < self._cap_mw else self._cap_mw
        moved_mw = self._ramp_mw_per_s * min(now_s - self._last_s, STEP_S)
        self._cap_mw = min(max(paying_mw, before_mw - moved_mw), before_mw + moved_mw)
        self._last_s = now_s
        return self._cap_mw, None if self._cap_mw == paying_mw else now_s + STEP_S
