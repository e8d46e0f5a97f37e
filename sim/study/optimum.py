r"""What perfect foresight could earn on a run: bounds that no policy beats, and the yardstick below them.

AI does not know of the miners, so AI power and prices of any policy's run serve. Two bounds on the objective
of :mod:`sim.study.objective`:

- free: fleets go where they want at once. Where nothing couples the instants this is an exact integral
  (:mod:`sim.study.instants`); a demand charge couples those of a month, and a linear programme over the
  means of its intervals takes off what must be charged. The best terms of each step count: prices that
  change within a step at their best, and means for what is concave.
- limited: machines of cohorts also stand by while they sleep, and ramp at each start (`inertia_usd`).

Services that the policy offers add to both what offers with perfect foresight could bring
(:mod:`sim.study.offerable`); the yardstick sells nothing of them.

Both leave out what can only cost: latency, telemetry, failures, heat, wear, penalties of services. Means make
bounds, not guesses: with prices constant over a step, worth is concave in power, so the worth of the mean is
at least the mean worth; where prices change within a step the best of them count.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from math import inf, isnan, nan
from typing import Final, NamedTuple

import numpy as np

from sim.market.demand_charge import BillingMonth, charge_usd, whole_intervals_s
from sim.metrics.ancillary import revenue_usd, sold_services
from sim.metrics.demand import BilledMonth, billed_months, billing_months
from sim.metrics.power_cost import integral_at
from sim.mining.cohort.spec import CohortFleet
from sim.mining.fleet import FleetSpec
from sim.policies.programme import Horizon, PeakCharge, best_dispatch
from sim.recording import Recording
from sim.signals import FloatArray, Signal
from sim.signals.changes import one_within
from sim.study.instants import FleetPiece, MiningCurve, Setting, mining_curve, setting_of, worth
from sim.study.objective import demand_usd
from sim.study.offerable import offerables_of
from sim.units import SECONDS_PER_HOUR

CLOSE_USD: Final = 1e-6
"""A bound less than this above the yardstick leaves nothing to capture [USD]."""
CLOSE_RATIO: Final = 1e-3
"""Nor does one that is above it by less than this part of the bound: what latency costs is a multiple."""


class Benchmarks(NamedTuple):
    """What a policy's objective is measured against."""

    bound_usd: float
    """Most that any policy can reach: perfect foresight, free of the machines' inertia [USD]."""
    always_on_limited_usd: float
    """Objective of fleets that fill the limit at each instant, without latency or margin [USD]."""
    uncharged_usd: float = inf
    """The bound if no demand charge were due, and services needed no mining [USD]."""

    def limited_bound_usd(self, lost_usd: float) -> float:
        """Return the bound with the machines' inertia [USD]; NaN where that is not known.

        Inertia is taken from what could be had without a demand charge: both may take the same hours, so
        that what they take does not add up.

        Parameters
        ----------
        lost_usd
            What `inertia_usd` returns [USD].

        Examples
        --------
        >>> Benchmarks(110.0, 100.0, 130.0).limited_bound_usd(5.0)
        110.0
        >>> Benchmarks(110.0, 100.0, 130.0).limited_bound_usd(40.0)
        90.0
        """
        return nan if isnan(lost_usd) else min(self.bound_usd, self.uncharged_usd - lost_usd)

    def capture_ratio(self, objective_usd: float) -> float:
        r"""Return the share of what can be gained over filling the limit that a policy gains [1].

        Notes
        -----
        .. math:: \frac{V - V_{P0}}{V_{bound} - V_{P0}}

        One is perfect foresight; below zero is worse than to fill the limit whatever the price. NaN where
        nothing can be gained, or less than a thousandth of the bound.

        Examples
        --------
        >>> Benchmarks(110.0, 100.0).capture_ratio(108.0)
        0.8
        """
        gain_usd = self.bound_usd - self.always_on_limited_usd
        if gain_usd <= CLOSE_USD + CLOSE_RATIO * abs(self.bound_usd):
            return float("nan")
        return (objective_usd - self.always_on_limited_usd) / gain_usd


def benchmarks(recording: Recording, fleets: Iterable[FleetSpec]) -> Benchmarks:
    """Return bound and yardstick of a run; the same for every policy.

    Parameters
    ----------
    recording
        A run under any policy, or a part of it.
    fleets
        What the scenario says of its fleets.

    Returns
    -------
    Benchmarks
        Both objectives [USD].
    """
    setting, curve = setting_of(recording), mining_curve(fleets)
    whole = worth(setting, curve, 0.0, recording.end_s, offerables_of(recording))
    anyway = [name for name in sold_services(recording) if name not in recording.facts.ancillary]
    services_usd = sum(revenue_usd(recording, service) for service in anyway)
    # a demand charge may be what keeps miners from where services pay: its part and theirs do not add up
    mined_usd = whole.best_usd - unavoidable_charge_usd(recording, setting, curve)
    best_usd = min(whole.best_usd + whole.offered_usd, mined_usd + whole.alone_usd)
    services_and_windfalls_usd = services_usd + sum(_windfall_usd(recording, service) for service in anyway)
    bound_usd = best_usd + services_and_windfalls_usd
    uncharged_usd = whole.best_usd + whole.alone_usd + services_and_windfalls_usd
    limited_usd = whole.limited_usd + services_usd - _charge_of_filling_usd(recording, setting, curve)
    return Benchmarks(max(bound_usd, limited_usd), limited_usd, uncharged_usd)


def _windfall_usd(recording: Recording, service: str) -> float:
    """Return the most that penalties below zero could bring: a buy-back at a negative price [USD]."""
    parts = (("hold_mw", "shortfall_usd_per_mwh"), ("due_mw", "undelivered_usd_per_mwh"))
    gained_usd_s = 0.0
    for power, price in parts:
        paid = (-recording[f"ancillary.{service}.{price}"]).positive_part()
        gained_usd_s += integral_at(recording[f"ancillary.{service}.{power}"], paid)
    return gained_usd_s / SECONDS_PER_HOUR


def _charge_of_filling_usd(recording: Recording, setting: Setting, curve: MiningCurve) -> float:
    """Return what filling the limit adds to the demand charge [USD]."""
    if not billed_months(recording):
        return 0.0
    free_mw = setting.limit_mw - setting.ai_mw
    fleet_mw = free_mw.maximum_with(curve.minimum_mw).minimum_with(curve.full_mw)
    filled = {**recording.signals, "site_power_mw": setting.ai_mw + fleet_mw}
    return demand_usd(replace(recording, signals=filled)) - demand_usd(recording.without_mining())


@dataclass(frozen=True)
class Bands:
    """What miners meet in each step, at its best, shape (steps,)."""

    earned_usd_per_ph_h: FloatArray
    """Most that a PH/s earns in an hour [USD]."""
    cost_usd_per_mwh: FloatArray
    """Least that a MWh costs, operations included [USD/MWh]."""
    available_mw: FloatArray
    """Mean of what AI leaves under the limit [MW]."""
    ai_mw: FloatArray
    """Mean AI power [MW]."""

    def margin_usd_per_mwh(self, piece: FleetPiece) -> FloatArray:
        """Return what a MWh earns beyond its cost, in a piece of a fleet's power [USD/MWh]."""
        earned = self.earned_usd_per_ph_h if piece.is_hash else 1.0
        return np.asarray(earned * piece.output_per_mw - self.cost_usd_per_mwh)


def bands(setting: Setting, edges_s: FloatArray) -> Bands:
    """Return the best terms in each step between edges [s]; for a setting that is plain."""
    *_, cost = setting.tariff.prices_usd_per_mwh
    free_mw = (setting.limit_mw - setting.ai_mw).positive_part()
    return Bands(
        setting.earned_usd_per_ph_h.maxima_over(edges_s),
        cost.minima_over(edges_s) + setting.operations_usd_per_mwh,
        np.maximum(free_mw.means_over(edges_s), 0.0),
        setting.ai_mw.means_over(edges_s),
    )


def at_minimum_usd(curve: MiningCurve, terms: Bands, step_h: float) -> float:
    """Return the most that the fleets' minimum is worth over steps of a length [h] in all [USD]."""
    earned = terms.earned_usd_per_ph_h * curve.miners.minimum_output + curve.others.minimum_output
    return float(np.sum(earned - terms.cost_usd_per_mwh * curve.minimum_mw)) * step_h


# -- demand charges -----------------------------------------------------------------------------------------


def unavoidable_charge_usd(recording: Recording, setting: Setting, curve: MiningCurve) -> float:
    """Return the least by which the demand charge lowers the best worth of the instants [USD]; 0 where it is not known.

    Parameters
    ----------
    recording
        The run.
    setting
        What its miners meet; nothing is known of one that is not plain.
    curve
        What they can hash.

    Notes
    -----
    In each month the steps are the intervals whose means are billed, in which nothing else couples them. The
    ratchet counts with the peaks of AI alone: those with miners are higher and can only cost more.
    """
    if not billed_months(recording) or not setting.is_plain:
        return 0.0
    alone = billed_months(recording.without_mining())
    return sum(
        _of_month(recording, setting, curve, month, billed)
        for month, billed in zip(billing_months(recording), alone, strict=True)
    )


def _of_month(
    recording: Recording, setting: Setting, curve: MiningCurve, month: BillingMonth, alone: BilledMonth
) -> float:
    charge = recording.facts.demand_charge
    if charge is None:
        return 0.0
    interval_s = charge.interval_s
    edges_s = np.array(whole_intervals_s(month, interval_s, recording.end_s))
    if edges_s.size < 2:  # noqa: PLR2004 -- two edges make an interval
        return 0.0
    rate = charge_usd(charge.usd_per_kw_month, 1.0, alone.month_fraction)
    terms = bands(setting, edges_s)
    best = best_dispatch(_horizon(curve, terms, interval_s, (rate, alone.billed_mw), setting.penalty_usd_per_mwh))
    best_usd = best.value_usd + at_minimum_usd(curve, terms, interval_s / SECONDS_PER_HOUR)
    free_usd = worth(setting, curve, float(edges_s[0]), float(edges_s[-1])).best_usd
    return max(0.0, free_usd - best_usd)


def _horizon(
    curve: MiningCurve, terms: Bands, interval_s: float, charge: tuple[float, float], penalty: float
) -> Horizon:
    """Return the intervals of a month, with the charge on their peak: its rate, and what is billed anyway."""
    margins = [terms.margin_usd_per_mwh(piece) for piece in curve.pieces]
    return Horizon(
        interval_s / SECONDS_PER_HOUR,
        np.array([piece.width_mw for piece in curve.pieces]),
        np.array(margins),
        np.maximum(terms.available_mw - curve.minimum_mw, 0.0),
        peaks=(PeakCharge(np.arange(len(terms.ai_mw)), terms.ai_mw + curve.minimum_mw, *charge),),
        excess_usd_per_mwh=penalty,
    )


LAYERS: Final = 25
"""Layers that a cohort is cut into where AI may leave it less room than it has machines."""
IN_WORK: Final = 0.8
"""Share of the machines that work at the least [1]; assumption."""


def inertia_usd(setting: Setting, fleets: Iterable[FleetSpec]) -> float:
    r"""Return by how much standby and starts lower what mining can earn at the least [USD]; NaN: not known.

    Parameters
    ----------
    setting
        What the miners meet; must be plain.
    fleets
        What the scenario says of them: cohorts alone, and one only if AI may leave less than all can draw.

    Notes
    -----
    Machines of a cohort are alike, so that those on at any time may be taken for the first of a row: each
    layer of the row then switches for itself, where AI leaves it room. Over the stretches in which nothing
    changes, a layer is on, worth its margin, or asleep, which costs standby; the best course is a dynamic
    programme of two states. A start takes the ramp: where margin turns from :math:`-a` to :math:`b` the best
    moment for a ramp of :math:`\tau` in which hash and power rise together still loses

    .. math:: \frac{\tau}{2} \frac{a\,b}{a + b},

    and :math:`\tau b / 2` where there was no room before. A layer asleep is credited with what others could
    make of its room by their clock, and a layer counts as free where its lower edge is: both make it a bound.
    Latency, boots and minimum times take nothing here.
    """
    fleets = tuple(fleets)
    cohorts = [fleet for fleet in fleets if isinstance(fleet, CohortFleet)]
    room = setting.limit_mw - setting.ai_mw
    is_bound = room.minimum() < sum(fleet.full_mw for fleet in fleets)
    if not cohorts or len(cohorts) < len(fleets) or not setting.is_plain or (is_bound and len(fleets) > 1):
        return nan
    *_, price = setting.tariff.prices_usd_per_mwh
    cost = price + setting.operations_usd_per_mwh
    return sum(_lost_usd(setting, cost, cohort, room, LAYERS if is_bound else 1) for cohort in cohorts)


def _lost_usd(setting: Setting, cost: Signal, cohort: CohortFleet, room: Signal, layers: int) -> float:
    first, *above = cohort.worth.pieces
    margin = setting.earned_usd_per_ph_h * first.output_per_mw - cost
    spare = cost * 0.0
    if above:
        spare = (setting.earned_usd_per_ph_h * above[0].output_per_mw - cost).positive_part()
    standby = cohort.minimum_mw / first.width_mw
    asleep = (cost * -standby).positive_part()
    if not cohort.breaker:
        asleep = asleep - cost.positive_part() * (IN_WORK * standby)
    paid = margin.positive_part()
    width_mw, lost_usd = first.width_mw / layers, 0.0
    for layer in range(layers):
        left = room - layer * width_mw
        is_open = one_within(left.intervals_above(0.0), room.end_s)
        free_usd = integral_at(left.positive_part().minimum_with(width_mw), paid) / SECONDS_PER_HOUR
        best_usd = width_mw * _best_usd(cohort, margin, spare, asleep, is_open)
        lost_usd += max(0.0, free_usd - best_usd)
    return lost_usd


def _best_usd(cohort: CohortFleet, margin: Signal, spare: Signal, asleep: Signal, is_open: Signal) -> float:
    """Return the most that a megawatt of a layer is worth [USD/MW]."""
    signals = (margin, spare, asleep, is_open)
    times_s: FloatArray = reduce(np.union1d, [signal.time_s for signal in signals])
    on, others, stood, free = (signal.at(times_s) for signal in signals)
    hours = np.diff(times_s, append=margin.end_s) / SECONDS_PER_HOUR
    least = IN_WORK * cohort.lowest_mw / cohort.worth.pieces[0].width_mw
    on = np.where(free > 0.0, np.where(on < 0.0, least * on, on), -inf)
    off = others * free + stood
    before, after = (off - on)[:-1], (on - off)[1:]
    ramp_h = cohort.times.ramp_up_s * cohort.lowest_clock / 2.0 / SECONDS_PER_HOUR
    with np.errstate(invalid="ignore", divide="ignore"):
        lost = ramp_h * np.where(before == inf, after, before * after / (before + after))
    starts = np.where((before > 0.0) & (after > 0.0), lost, 0.0).tolist()
    best_on = best_off = 0.0
    for start, gain, rest in zip([0.0, *starts], (on * hours).tolist(), (off * hours).tolist(), strict=True):
        best_on, best_off = max(best_on, best_off - start) + gain, max(best_on, best_off) + rest
    return max(best_on, best_off)
