"""What policies share that plan a horizon, do its first step, and plan anew."""

from abc import abstractmethod
from math import inf
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import Field

from sim.policies.base import Decision, Observation, PolicySpec
from sim.policies.dispatch import FloatArray, Horizon
from sim.policies.headroom import within_headroom
from sim.policies.outlook import Outlook, look_ahead
from sim.policies.periods import period_at, period_start_s
from sim.policies.price_threshold import Price, PriceThreshold
from sim.spec import NonNegative, Positive
from sim.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE

DIGITS: Final = 6
"""Digits of a plan in MW that count: a watt is above a solver's tolerance, and below anyone's notice."""


class PlanningSpec(PolicySpec):
    """Base of the policies that plan ahead: how far, how finely, how often, and what moving costs."""

    interval_min: Annotated[float, Field(ge=1.0, le=60.0)] = 5.0
    """Time between two plans [min]; a change of price is planned for at once."""
    horizon_h: Annotated[float, Field(ge=1.0, le=36.0)] = 6.0
    """How far a plan reaches [h]; not beyond what is forecast of the price. The default is an assumption."""
    step_min: Literal[5, 15] = 15
    """Length of a plan's steps [min], counted from the run's start."""
    deviation_h: NonNegative = 1.0
    """Time in which the difference between the price of now and its forecast is expected to fall to 1/e of
    itself [h]; 0: from the next step on the forecast is believed. The default is an assumption."""
    start_usd_per_mw: NonNegative = 1.7
    """What a rise by one MW costs [USD/MW]: the wear of waking machines, and mining lost while they boot. The
    default is wear alone, 285 machines that break once in 50,000 starts at 300 USD; unverified."""
    ramp_up_mw_per_min: Positive | None = None
    """Most that the target may rise [MW/min], as a mean from one plan to the next; left out: no limit."""
    ramp_down_mw_per_min: Positive | None = None
    """Most that a plan may lower the target [MW/min], as a mean from one plan to the next; left out: no
    limit. Where AI leaves no headroom the target falls at once all the same."""
    adder_usd_per_mwh: Price = 0.0
    """What delivery costs on top of the power price [USD/MWh]."""
    margin_mw: NonNegative = 0.0
    """Power kept free below the limit [MW]."""

    @property
    def couples(self) -> bool:
        """Whether what is best now depends on what is to come."""
        ramps = self.ramp_up_mw_per_min is not None or self.ramp_down_mw_per_min is not None
        return ramps or self.start_usd_per_mw > 0.0

    @property
    def interval_s(self) -> float:
        """Time between two plans [s]."""
        return self.interval_min * SECONDS_PER_MINUTE

    @property
    def step_s(self) -> float:
        """Length of a plan's steps [s]."""
        return self.step_min * SECONDS_PER_MINUTE

    def most_mw(self, elapsed_s: float) -> tuple[float, float]:
        """Return the most that the target may rise and fall in a time [MW]."""
        minutes = elapsed_s / SECONDS_PER_MINUTE
        up, down = self.ramp_up_mw_per_min, self.ramp_down_mw_per_min
        return inf if up is None else up * minutes, inf if down is None else down * minutes


class PlanningPolicy:
    """The policy in a run: the last plan's first step, and when and at what price it was made."""

    def __init__(self, spec: PlanningSpec) -> None:
        self._spec = spec
        self._threshold = PriceThreshold(
            type="price-threshold", adder_usd_per_mwh=spec.adder_usd_per_mwh, margin_mw=spec.margin_mw
        )
        self._made_for: tuple[int, float] | None = None
        self._made_s: float | None = None
        self._wanted_mw = 0.0

    def decide(self, observation: Observation) -> Decision:
        """Return the first step of the present plan, cut at the headroom less the margin."""
        spec = self._spec
        if not spec.couples:
            return self._threshold.decide(observation)
        interval = period_at(observation.time_s, spec.interval_s)
        if self._made_for != (interval, observation.price_usd_per_mwh):
            self._wanted_mw = self._plan_mw(observation)
            self._made_for = interval, observation.price_usd_per_mwh
            self._made_s = observation.time_s
        running = self._wanted_mw > sum(fleet.minimum_mw for fleet in observation.fleets)
        wake_at_s = period_start_s(interval + 1, spec.interval_s)
        reason = "plan" if running else "planned stop"
        return within_headroom(self._wanted_mw, reason, observation, spec.margin_mw, wake_at_s)

    @abstractmethod
    def first_step_mw(self, horizon: Horizon, outlook: Outlook) -> float:
        """Return the power above the fleets' minimum that the best plan begins with [MW]."""

    def _plan_mw(self, observation: Observation) -> float:
        """Return what a new plan begins with, as far as ramps let the target go [MW]."""
        spec = self._spec
        count = round(spec.horizon_h * SECONDS_PER_HOUR / spec.step_s)
        outlook = look_ahead(observation, spec.step_s, count, spec.deviation_h * SECONDS_PER_HOUR)
        horizon = self._horizon(observation, outlook)
        minimum_mw = sum(fleet.minimum_mw for fleet in observation.fleets)
        first_mw = round(self.first_step_mw(horizon, outlook), DIGITS)
        wanted_mw = minimum_mw + max(first_mw, 0.0)
        if self._made_s is None:
            return wanted_mw
        up_mw, down_mw = spec.most_mw(observation.time_s - self._made_s)
        stands_mw = max(observation.commanded_mw, minimum_mw)
        return min(max(wanted_mw, stands_mw - down_mw), stands_mw + up_mw)

    def _horizon(self, observation: Observation, outlook: Outlook) -> Horizon:
        """Return the programme's data; energy of the first step counts by its length."""
        spec, fleets = self._spec, observation.fleets
        minimum_mw = sum(fleet.minimum_mw for fleet in fleets)
        widths_mw = [max(min(fleet.rated_mw, fleet.available_mw) - fleet.minimum_mw, 0.0) for fleet in fleets]
        worth = np.array([[fleet.breakeven_usd_per_mwh] for fleet in fleets]).reshape(-1, 1)
        margin = worth - (outlook.price_usd_per_mwh + spec.adder_usd_per_mwh)
        margin[:, 0] *= outlook.first_share
        step_h = spec.step_s / SECONDS_PER_HOUR
        up_mw, down_mw = spec.most_mw(spec.step_s)
        stands_mw = max(observation.commanded_mw - minimum_mw, 0.0)
        return Horizon(
            step_h=step_h,
            segment_mw=np.array(widths_mw),
            margin_usd_per_mwh=margin,
            available_mw=np.maximum(outlook.headroom_mw - spec.margin_mw - minimum_mw, 0.0),
            ramp_up_mw=up_mw,
            ramp_down_mw=down_mw,
            start_usd_per_mw=spec.start_usd_per_mw,
            initial_mw=None if self._made_s is None else stands_mw,
            # no other dispatch could win back what a megawatt-hour beyond the headroom costs
            excess_usd_per_mwh=_more_than_all(margin, spec.start_usd_per_mw / step_h)
            if down_mw < inf
            else inf,
        )


def _more_than_all(margin_usd_per_mwh: FloatArray, start_usd_per_mwh: float) -> float:
    """Return more than any step of a plan can be worth to all others together [USD/MWh]."""
    count = margin_usd_per_mwh.shape[1]
    highest = float(np.max(np.abs(margin_usd_per_mwh), initial=0.0))
    return float(count + 1.0) * (highest + start_usd_per_mwh) + 1.0
