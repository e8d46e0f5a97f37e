"""What policies share that plan a horizon, do its first step, and plan anew."""

from abc import abstractmethod
from math import inf
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import Field

from sim.policies.base import Decision, Observation, PolicySpec, within_headroom
from sim.policies.outlook import Outlook, look_ahead, period_at, period_start_s
from sim.policies.peak_costs import coincident_usd_per_mwh, demand_peak, has_peak_costs
from sim.policies.price_threshold import Price, PriceThreshold
from sim.policies.programme import Horizon, PeakCharge
from sim.policies.segments import segments_of
from sim.spec import Fraction, NonNegative, Positive
from sim.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE, FloatArray

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

    counts_peaks: bool = True
    """Whether a plan counts what peaks cost: the demand charge where the market has one, and hours that may
    be coincident peaks where it has those and forecasts the system's load."""
    peak_chance_fraction: Fraction = 0.02
    """Probability that an hour whose load is forecast near the month's highest is the month's coincident peak
    [1]; the default is what was found on ERCOT's summers of 2020 to 2024, 20 peaks in 1,111 such hours."""

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
        self._peak_mw = inf

    def decide(self, observation: Observation) -> Decision:
        """Return the first step of the present plan, cut at the headroom less the margin and its peak."""
        spec = self._spec
        if not (spec.couples or self._counts_peaks(observation)):
            return self._threshold.decide(observation)
        interval = period_at(observation.time_s, spec.interval_s)
        if self._made_for != (interval, observation.price_usd_per_mwh):
            self._wanted_mw = self._plan_mw(observation)
            self._made_for = interval, observation.price_usd_per_mwh
            self._made_s = observation.time_s
        minimum_mw = sum(fleet.minimum_mw for fleet in observation.fleets)
        wanted_mw = min(self._wanted_mw, max(self._peak_mw - observation.ai_power_mw, minimum_mw))
        wake_at_s = period_start_s(interval + 1, spec.interval_s)
        reason = "plan" if wanted_mw > minimum_mw else "planned stop"
        return within_headroom(wanted_mw, reason, observation, spec.margin_mw, wake_at_s)

    def _counts_peaks(self, observation: Observation) -> bool:
        """Return whether the plan counts what peaks cost; not where the price depends on site power."""
        return self._spec.counts_peaks and not observation.price_steps and has_peak_costs(observation)

    @abstractmethod
    def best_mw(self, horizon: Horizon, outlook: Outlook) -> FloatArray:
        """Return the best plan's power above the fleets' minimum [MW], shape (steps,)."""

    def _plan_mw(self, observation: Observation) -> float:
        """Return what a new plan begins with, as far as ramps let the target go [MW]."""
        spec = self._spec
        count = round(spec.horizon_h * SECONDS_PER_HOUR / spec.step_s)
        outlook = look_ahead(observation, spec.step_s, count, spec.deviation_h * SECONDS_PER_HOUR)
        horizon = self._horizon(observation, outlook)
        minimum_mw = sum(fleet.minimum_mw for fleet in observation.fleets)
        best_mw = self.best_mw(horizon, outlook)
        self._peak_mw = max((peak.met_mw(best_mw) for peak in horizon.peaks), default=inf)
        wanted_mw = minimum_mw + max(round(float(best_mw[0]), DIGITS), 0.0)
        if self._made_s is None:
            return wanted_mw
        up_mw, down_mw = spec.most_mw(observation.time_s - self._made_s)
        stands_mw = max(observation.commanded_mw, minimum_mw)
        return min(max(wanted_mw, stands_mw - down_mw), stands_mw + up_mw)

    def _horizon(self, observation: Observation, outlook: Outlook) -> Horizon:
        """Return the programme's data; energy of the first step counts by its length."""
        spec, fleets = self._spec, observation.fleets
        minimum_mw = sum(fleet.minimum_mw for fleet in fleets)
        segments = segments_of(fleets)
        cost = outlook.price_usd_per_mwh + spec.adder_usd_per_mwh
        peaks: tuple[PeakCharge, ...] = ()
        if self._counts_peaks(observation):
            cost = cost + coincident_usd_per_mwh(observation, outlook.edges_s, spec.peak_chance_fraction)
            peaks = demand_peak(observation, outlook, minimum_mw)
        margin = segments.breakeven_usd_per_mwh[:, None] - cost
        margin[:, 0] *= outlook.first_share
        step_h = spec.step_s / SECONDS_PER_HOUR
        up_mw, down_mw = spec.most_mw(spec.step_s)
        # of what fleets were told to draw, machines in repair draw nothing, and no ramp can hold them to it
        stands_mw = min(max(observation.commanded_mw - minimum_mw, 0.0), float(np.sum(segments.width_mw)))
        return Horizon(
            step_h=step_h,
            segment_mw=segments.width_mw,
            margin_usd_per_mwh=margin,
            available_mw=np.maximum(outlook.headroom_mw - spec.margin_mw - minimum_mw, 0.0),
            ramp_up_mw=up_mw,
            ramp_down_mw=down_mw,
            start_usd_per_mw=spec.start_usd_per_mw,
            initial_mw=None if self._made_s is None else stands_mw,
            peaks=peaks,
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
