"""Mine where power costs less than mining earns: at full power, by the clock, or as a guard."""

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Annotated, Final, Literal

from pydantic import Field

from sim.bitcoin import hashrate_ph_s
from sim.policies.base import (
    Decision,
    FleetView,
    Observation,
    StatelessPolicy,
    WrapperPolicy,
    WrapperSpec,
    running_mw,
    within_headroom,
)
from sim.policies.ramp import earlier_s
from sim.spec import NonNegative, Positive
from sim.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE

Price = Annotated[float, Field(ge=-1e6, le=1e6)]


def stop_price_usd_per_mwh(fleet: FleetView, threshold_usd_per_mwh: float | None) -> float:
    """Return the price from which a fleet stops: a threshold, or without one its break-even price [USD/MWh]."""
    return fleet.breakeven_usd_per_mwh if threshold_usd_per_mwh is None else threshold_usd_per_mwh


class PriceThreshold(StatelessPolicy):
    r"""Run each fleet while power costs less than a threshold, within the headroom.

    Notes
    -----
    Fleet :math:`g` runs if :math:`\pi + a < b_g`, with power price :math:`\pi`, adder :math:`a`, and
    :math:`b_g` the threshold or, without one, the fleet's own break-even price. The sum is cut at
    :math:`L - m - P^{AI}`.

    Where the price depends on site power (own generation, a contract that is not resold), the fleets draw the
    power :math:`x` with the largest margin, which lies where a price step or a fleet ends:

    .. math:: \max_x \; \sum_g b_g x_g - a x - \int_{P^{AI}}^{P^{AI}+x} \pi(P)\,dP
    """

    type: Literal["price-threshold"]
    threshold_usd_per_mwh: Price | None = None
    """Price at and above which mining stops [USD/MWh]; left out: each fleet's break-even price."""
    adder_usd_per_mwh: Price = 0.0
    """What delivery costs on top of the power price [USD/MWh]."""
    margin_mw: NonNegative = 0.0
    """Power kept free below the limit [MW]."""

    def decide(self, observation: Observation) -> Decision:
        """Return the power that pays, cut at the headroom less the margin."""
        if observation.price_steps:
            return self._decide_by_steps(observation)
        delivered = observation.price_usd_per_mwh + self.adder_usd_per_mwh
        paying_mw = sum(
            min(fleet.rated_mw, fleet.available_mw)
            for fleet in observation.fleets
            if delivered < stop_price_usd_per_mwh(fleet, self.threshold_usd_per_mwh)
        )
        if paying_mw == 0.0:
            return Decision(0.0, "price above threshold")
        return within_headroom(paying_mw, "price", observation, self.margin_mw)

    def _decide_by_steps(self, observation: Observation) -> Decision:
        free_mw = max(0.0, observation.headroom_mw - self.margin_mw)
        rated_mw = sum(fleet.rated_mw for fleet in observation.fleets)
        most_mw = min(free_mw, rated_mw)
        edges_mw = [step.up_to_mw - observation.ai_power_mw for step in observation.price_steps]
        edges_mw += accumulate(fleet.rated_mw for fleet in observation.fleets)
        choices_mw = [0.0, *sorted(edge_mw for edge_mw in edges_mw if 0.0 < edge_mw < most_mw), most_mw]
        # of equal margins the first, lowest power: what earns nothing is not mined
        best_mw = max(choices_mw, key=lambda power_mw: self._margin_usd_per_h(observation, power_mw))
        if best_mw == 0.0:
            return Decision(0.0, "price above threshold" if most_mw > 0.0 else "no headroom")
        return Decision(best_mw, "headroom" if best_mw == free_mw < rated_mw else "price")

    def _margin_usd_per_h(self, observation: Observation, power_mw: float) -> float:
        """Return what mining with so much power earns in an hour, less what the power costs [USD/h]."""
        margin, left_mw = -self.adder_usd_per_mwh * power_mw, power_mw
        for fleet in observation.fleets:
            share_mw = min(left_mw, fleet.rated_mw)
            margin += share_mw * stop_price_usd_per_mwh(fleet, self.threshold_usd_per_mwh)
            left_mw -= share_mw
        at_mw, top_mw = observation.ai_power_mw, observation.ai_power_mw + power_mw
        for step in observation.price_steps:
            width_mw = max(0.0, min(top_mw, step.up_to_mw) - at_mw)
            margin -= width_mw * step.price_usd_per_mwh
            at_mw += width_mw
        return margin


class PartialPower(StatelessPolicy):
    r"""Choose for each fleet the level of its clock that earns most after power, within the headroom.

    Notes
    -----
    Of the levels :math:`(P_i, H_i)` of fleet :math:`g`, and of standing at its minimum power without a hash,

    .. math:: \max_i \; v_g H_i - (\pi + a) P_i, \qquad v_g = b_g\,e_g / 1000,

    with power price :math:`\pi`, adder :math:`a`, break-even price :math:`b_g` at rated power, efficiency
    :math:`e_g`, and :math:`v_g` what one PH/s earns in an hour after the pool fee. Of two levels that earn
    the same the lower is taken. A fleet without levels is on or off. As power is convex over clock, a price
    below break-even may already ask for less than full clock. The sum is cut at :math:`L - m - P^{AI}`.

    The executor hands the sum down the merit order: of several fleets the most efficient gets its full power
    before the next gets any, so that levels are kept as a sum and not fleet by fleet.

    References
    ----------
    Foreman, support.foreman.mn (a strike for each model of machine, "Price Response Plus"); LuxOS,
    docs.luxor.tech/firmware/features (profiles: steps of clock and voltage).
    """

    type: Literal["partial-power"]
    adder_usd_per_mwh: Price = 0.0
    """What delivery costs on top of the power price [USD/MWh]."""
    margin_mw: NonNegative = 0.0
    """Power kept free below the limit [MW]."""

    def decide(self, observation: Observation) -> Decision:
        """Return the power of the best levels, cut at the headroom less the margin."""
        delivered = observation.price_usd_per_mwh + self.adder_usd_per_mwh
        chosen_mw = [best_level_mw(fleet, delivered) for fleet in observation.fleets]
        fleets = observation.fleets
        if all(mw <= fleet.minimum_mw for mw, fleet in zip(chosen_mw, fleets, strict=True)):
            return Decision(0.0, "price above break-even")
        full = all(mw >= fleet.rated_mw for mw, fleet in zip(chosen_mw, fleets, strict=True))
        reason = "price" if full else "partial power"
        return within_headroom(sum(chosen_mw), reason, observation, self.margin_mw)


def best_level_mw(fleet: FleetView, delivered_usd_per_mwh: float) -> float:
    """Return the power of the level at which a fleet earns most after power [MW].

    Parameters
    ----------
    fleet
        The fleet, with its levels; without any it is on or off.
    delivered_usd_per_mwh
        Price of power as delivered [USD/MWh].

    Examples
    --------
    >>> fleet = FleetView("miners", 0.0, 10.0, 20.0, 100.0, levels=((5.0, 300.0), (10.0, 500.0)))
    >>> [best_level_mw(fleet, price) for price in (50.0, 90.0, 130.0)]
    [10.0, 5.0, 0.0]
    """
    breakeven = fleet.breakeven_usd_per_mwh
    if not fleet.levels:  # the watts of its minimum earn as all others do
        return fleet.rated_mw if breakeven > delivered_usd_per_mwh else fleet.minimum_mw
    usd_per_ph_h = breakeven / hashrate_ph_s(1.0, fleet.efficiency_j_per_th)
    _, lowest_mw = max(
        (usd_per_ph_h * ph_s - delivered_usd_per_mwh * power_mw, -power_mw)
        for power_mw, ph_s in ((fleet.minimum_mw, 0.0), *fleet.levels)
    )
    return -lowest_mw


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
            # the most that it misses while it comes back: it is paid, and power costs nothing
            left_usd = fleet.breakeven_usd_per_mwh * fleet.rated_mw * fleet.return_s / SECONDS_PER_HOUR
            if fleet.name in before_usd:
                left_usd = before_usd[fleet.name] - spent_usd_per_mw * fleet.minimum_mw
            self._left_usd[fleet.name] = left_usd
            usd_per_h = usd_per_mwh * fleet.minimum_mw
            if left_usd > SPENT_USD and usd_per_h > 0.0:
                due_s = earlier_s(due_s, observation.time_s + left_usd / usd_per_h * SECONDS_PER_HOUR)
        return tuple(name for name, usd in self._left_usd.items() if usd <= SPENT_USD), due_s


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
        return PriceGuardPolicy(self.inner.start(), self)


@dataclass(eq=False)
class PriceGuardPolicy(WrapperPolicy[PriceGuard]):
    """The policy in a run, around the inner one."""

    _cap_mw: float | None = field(default=None, init=False)
    _last_s: float = field(default=0.0, init=False)
    _standby: Standby = field(default_factory=Standby, init=False)

    def changed(self, wish: Decision, observation: Observation) -> Decision:
        """Return the inner decision, cut at the fleets that pay."""
        delivered = observation.price_usd_per_mwh + self.spec.adder_usd_per_mwh
        threshold = self.spec.threshold_usd_per_mwh
        pay = [delivered < stop_price_usd_per_mwh(fleet, threshold) for fleet in observation.fleets]
        paying_mw = running_mw(observation.fleets, pay) if any(pay) else 0.0
        cap_mw, wake_s = self._capped(paying_mw, wish.target_mw, observation.time_s)
        if wish.target_mw > cap_mw and (wake_s is not None or not all(pay)):
            wish = wish._replace(target_mw=cap_mw, reason="price above threshold")
        off, due_s = self._standby.off(observation, delivered, pay)
        wake_s = earlier_s(due_s, wake_s)
        if wake_s is None and not off:
            return wish
        off = tuple(dict.fromkeys((*wish.off, *off)))
        return wish._replace(wake_at_s=earlier_s(wish.wake_at_s, wake_s), off=off)

    def _capped(self, paying_mw: float, wish_mw: float, now_s: float) -> tuple[float, float | None]:
        """Return the cap on its way to what pays [MW], and when to move it on [s]; None: it is there."""
        rate_mw_per_min = self.spec.ramp_mw_per_min
        if rate_mw_per_min is None or self._cap_mw is None:
            self._cap_mw, self._last_s = paying_mw, now_s
            return paying_mw, None
        # from what is mined, not from a cap that nobody felt
        before_mw = min(self._cap_mw, wish_mw) if paying_mw < self._cap_mw else self._cap_mw
        moved_mw = rate_mw_per_min / SECONDS_PER_MINUTE * min(now_s - self._last_s, STEP_S)
        self._cap_mw = min(max(paying_mw, before_mw - moved_mw), before_mw + moved_mw)
        self._last_s = now_s
        return self._cap_mw, None if self._cap_mw == paying_mw else now_s + STEP_S
