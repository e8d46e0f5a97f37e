"""What policies share that plan a horizon, do its first step, and plan anew."""

from abc import abstractmethod
from functools import lru_cache
from math import inf
from typing import Annotated, Final, Literal, NamedTuple

import numpy as np
from pydantic import Field

from sim.bitcoin import hashrate_ph_s
from sim.market.forecasts import Forecast
from sim.mining.worth import Piece, upper_edge
from sim.policies.base import Decision, FleetView, Observation, PolicySpec, within_headroom
from sim.policies.four_cp import PEAK_MONTHS
from sim.policies.outlook import Outlook, forecast_means, look_ahead, period_at, period_start_s
from sim.policies.price_threshold import Price, PriceThreshold
from sim.policies.programme import Horizon, PeakCharge
from sim.spec import Fraction, NonNegative, Positive
from sim.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE, FloatArray

ALPHA: Final = 0.97
"""Share of the highest load from which an hour may be the peak [1]; that of `four-cp`, an assumption."""


def has_peak_costs(observation: Observation) -> bool:
    """Return whether peaks cost anything that a plan can count."""
    coincident = observation.coincident_peak_usd_per_mw and observation.system_load_forecast
    return observation.demand_terms is not None or bool(coincident)


def demand_peak(observation: Observation, outlook: Outlook, minimum_mw: float) -> tuple[PeakCharge, ...]:
    r"""Return the demand charge as a plan bears it, on the fleets' power above their minimum; or none.

    Notes
    -----
    A demand charge falls on the highest power of a month, a plan reaches some hours ahead. What the month's
    peak rises by in the plan can be drawn for the rest of the month without further charge, so the plan bears
    the share of its length :math:`H` in the time left :math:`T`:

    .. math:: k = \kappa \min(1, H / T)

    for each MW above what is billed anyway: the peak so far, and the ratchet's share. That takes the rest of
    the month to be like the horizon, and knows nothing of peaks of AI alone beyond it.
    """
    terms = observation.demand_terms
    if terms is None:
        return ()
    steps, edges_s = len(outlook.price_usd_per_mwh), outlook.edges_s
    left_s = max(terms.until_s - float(edges_s[0]), float(edges_s[1] - edges_s[0]))
    share = min(1.0, float(edges_s[-1] - edges_s[0]) / left_s)
    floor_mw = max(observation.billing_peak_mw or 0.0, terms.floor_mw)
    other_mw = observation.limit_mw - outlook.headroom_mw + minimum_mw
    return (PeakCharge(np.arange(steps), other_mw, terms.usd_per_mw * share, floor_mw),)


def coincident_usd_per_mwh(observation: Observation, edges_s: FloatArray, chance: float) -> FloatArray:
    r"""Return what a MWh is expected to cost by being drawn at a coincident peak [USD/MWh], shape (steps,).

    Parameters
    ----------
    observation
        What is known now.
    edges_s
        Edges of the steps [s], shape (steps + 1,).
    chance
        Probability that an hour that may be the peak is the peak [1].

    Notes
    -----
    An hour may be the month's coincident peak if the system's load is forecast in it at :math:`\alpha` of the
    highest of the rest of the day and of the month so far, or more. With the chance :math:`q` that such an
    hour is the peak, of length :math:`h`, each MWh in it costs :math:`q\,\kappa_{CP} / h` on top. Of the
    1,111 hours of ERCOT's summers of 2020 to 2024 that are so by persistence at their start, with
    :math:`\alpha` = 0.97, 20 were peaks: 1.8 %.
    """
    forecast, month = observation.system_load_forecast, observation.local_month_count
    rate_usd_per_mw = observation.coincident_peak_usd_per_mw
    in_summer = month is not None and PEAK_MONTHS[0] <= month <= PEAK_MONTHS[-1]
    if forecast is None or not rate_usd_per_mw or not in_summer:
        return np.zeros(len(edges_s) - 1)
    load_mw = np.array(forecast.values)
    may_be = load_mw >= ALPHA * max(float(load_mw.max()), observation.system_peak_mw or 0.0)
    price = chance * rate_usd_per_mw / (forecast.step_s / SECONDS_PER_HOUR)
    costs = (price * may_be).tolist()
    # beyond the day nothing is forecast, and nothing is charged
    return forecast_means(Forecast(forecast.issued_s, forecast.start_s, forecast.step_s, (*costs, 0.0)), edges_s)


class FleetSegments(NamedTuple):
    """The segments of all fleets' power above their minimum."""

    width_mw: FloatArray
    """Width of each [MW], shape (segments,)."""
    breakeven_usd_per_mwh: FloatArray
    """What a megawatt-hour in it earns [USD/MWh], shape (segments,)."""


def segments_of(fleets: tuple[FleetView, ...]) -> FleetSegments:
    r"""Return the segments of fleets as they stand: power that a fleet cannot draw now is left out.

    Notes
    -----
    A fleet with clock levels :math:`(P_i, H_i)` earns :math:`v H` at power :math:`P`: the upper hull of its
    levels and of standing at its minimum without a hash. Each straight piece is a segment, worth

    .. math:: b_s = v \, \frac{H_{i+1} - H_i}{P_{i+1} - P_i}

    a megawatt-hour, with what a PH/s earns in an hour :math:`v`. As power is convex over clock, the first,
    up to the most efficient level, is worth most. A fleet without levels is one, worth its break-even.

    Examples
    --------
    Half of the power mines three fifths of the hashes, so that the second half earns less:

    >>> fleet = FleetView("miners", 0.0, 10.0, 20.0, 100.0, levels=((5.0, 300.0), (10.0, 500.0)))
    >>> segments_of((fleet,)).breakeven_usd_per_mwh.tolist()
    [120.0, 80.0]
    """
    pieces = [piece for fleet in fleets for piece in _pieces(fleet)]
    widths_mw, worth = zip(*pieces, strict=True) if pieces else ((), ())
    return FleetSegments(np.array(widths_mw, dtype=np.float64), np.array(worth, dtype=np.float64))


def _pieces(fleet: FleetView) -> list[Piece]:
    """Return a fleet's segments with their worth [USD/MWh], as far as it can draw power now."""
    most_mw = min(fleet.rated_mw, fleet.available_mw)
    if not fleet.levels:
        return [Piece(max(most_mw - fleet.minimum_mw, 0.0), fleet.breakeven_usd_per_mwh)]
    usd_per_ph_h = fleet.breakeven_usd_per_mwh / hashrate_ph_s(1.0, fleet.efficiency_j_per_th)
    found, left_mw = [], most_mw - fleet.minimum_mw
    for width_mw, ph_s_per_mw in _edge(fleet.minimum_mw, fleet.levels):
        found.append(Piece(max(min(width_mw, left_mw), 0.0), usd_per_ph_h * ph_s_per_mw))
        left_mw -= width_mw
    return found


@lru_cache(maxsize=256)
def _edge(minimum_mw: float, levels: tuple[tuple[float, float], ...]) -> tuple[Piece, ...]:
    """Return the upper edge of a fleet's levels, from the minimum without a hash on."""
    return upper_edge(((minimum_mw, 0.0), *levels))


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
            excess_usd_per_mwh=_more_than_all(margin, spec.start_usd_per_mw / step_h) if down_mw < inf else inf,
        )


def _more_than_all(margin_usd_per_mwh: FloatArray, start_usd_per_mwh: float) -> float:
    """Return more than any step of a plan can be worth to all others together [USD/MWh]."""
    count = margin_usd_per_mwh.shape[1]
    highest = float(np.max(np.abs(margin_usd_per_mwh), initial=0.0))
    return float(count + 1.0) * (highest + start_usd_per_mwh) + 1.0
