r"""Coincident peaks: what the site drew at them, what that costs, and what avoiding them cost.

Notes
-----
Demand at a peak is the mean grid import over its interval. This year's charge is that on the average of the
year before, for the part of a year of 365 days that the run lasts; the average of this year's demands, or the
least that is billed, is what next year pays. A peak outside the run leaves its demand, and the average, not
assessable.

A false alarm is time under a decision for the reason "coincident peak" outside the real peaks. Its lost
margin is that of the power by which the fleets, filled in merit order up to what AI leaves under the limit,
exceed what they drew; at the real-time price.
"""

from functools import partial
from math import nan
from typing import NamedTuple

import numpy as np

from sim.facts import FourCpFacts
from sim.market.four_cp import peak_rate_usd_per_mw
from sim.metrics.base import LoadMetric, Metric
from sim.metrics.energy import filled_mw
from sim.metrics.generation import import_mw
from sim.metrics.mining import earned_usd_per_mwh
from sim.metrics.power_cost import integral_at
from sim.policies.four_cp import REASON
from sim.recording import Recording
from sim.signals import FloatArray, Signal
from sim.signals.changes import one_within
from sim.units import KW_PER_MW, SECONDS_PER_HOUR, SECONDS_PER_YEAR


class PeakDemand(NamedTuple):
    """What the site drew at a coincident peak."""

    name: str
    """Year and month: ``2024-08``."""
    start_s: float
    """When the peak's interval begins [s]; may lie outside the run."""
    end_s: float
    """When it ends [s]."""
    demand_mw: float
    """Mean grid import over it [MW]; NaN where the run does not hold it."""


def peak_demands(recording: Recording) -> tuple[PeakDemand, ...]:
    """Return the peaks that are known, of the years that the run touches, in order."""
    four_cp = recording.facts.four_cp
    found = []
    for name, span in sorted(four_cp.peak.items()) if four_cp is not None else ():
        inside = span.start_s >= 0.0 and span.end_s <= recording.end_s
        demand_mw = import_mw(recording).clip_time(span.start_s, span.end_s).mean() if inside else nan
        found.append(PeakDemand(name, span.start_s, span.end_s, demand_mw))
    return tuple(found)


def average_mw(recording: Recording) -> float:
    """Return the mean demand at the four peaks of the last year whose peaks the run holds [MW], else NaN."""
    years: dict[str, list[float]] = {}
    for peak in recording.once(peak_demands):
        years.setdefault(peak.name.partition("-")[0], []).append(peak.demand_mw)
    whole = [
        float(np.mean(demands))
        for demands in years.values()
        if len(demands) == peaks_count(recording) and np.isfinite(demands).all()
    ]
    return whole[-1] if whole else nan


def peaks_count(recording: Recording) -> int:
    """Return how many peaks a year's charge rests on [1]; that of ERCOT where there is none."""
    return (recording.facts.four_cp or FourCpFacts()).peaks_count


def rate_usd_per_mw_year(recording: Recording) -> float:
    """Return what a MW of the average costs a year [USD/MW/year]; 0 where peaks are not charged for."""
    four_cp = recording.facts.four_cp
    return 0.0 if four_cp is None else four_cp.rate_usd_per_kw_year * KW_PER_MW


def usd_per_peak_mw(recording: Recording) -> float:
    """Return what a MW at one coincident peak costs at the least in the year after [USD/MW]; 0: no charge.

    Where a minimum is billed a MW at a peak may cost nothing.
    """
    four_cp = recording.facts.four_cp
    if four_cp is None or four_cp.minimum_mw:
        return 0.0
    return peak_rate_usd_per_mw(four_cp.rate_usd_per_kw_year, four_cp.peaks_count)


def this_years_charge_usd(recording: Recording) -> float:
    """Return the charge on the average of the year before, for as long as the run lasts [USD]."""
    four_cp, years = recording.facts.four_cp, recording.end_s / SECONDS_PER_YEAR
    previous_mw = nan if four_cp is None else four_cp.billed_mw(four_cp.previous_average_mw)
    return rate_usd_per_mw_year(recording) * previous_mw * years


def alarms_s(recording: Recording) -> FloatArray:
    """Return the intervals in which a decision stood for the reason "coincident peak" [s], shape (n, 2)."""
    decided = recording.events.where(lambda source, kind: (source, kind[:10]) == ("controller", "decision: "))
    is_alarm = [kind == f"decision: {REASON}" for _, kind in decided.all_words()]
    edges_s = np.append(decided.time_s, recording.end_s)
    return np.column_stack([edges_s[:-1], edges_s[1:]])[is_alarm]


def false_alarm(recording: Recording) -> Signal | None:
    """Return one where a decision stood for a coincident peak that was none, else zero [1].

    None where not all peaks are known.
    """
    four_cp = recording.facts.four_cp
    if four_cp is None or four_cp.unknown_count > 0:
        return None
    alarm = one_within(alarms_s(recording), recording.end_s)
    real = [(peak.start_s, peak.end_s) for peak in recording.once(peak_demands)]
    held = [span for span in real if span[1] > 0.0 and span[0] < recording.end_s]
    return (alarm - one_within(np.array(held).reshape(-1, 2), recording.end_s)).positive_part()


def _false_alarm_h(recording: Recording) -> float:
    alarm = recording.once(false_alarm)
    return nan if alarm is None else alarm.integral() / SECONDS_PER_HOUR


def _lost_margin_usd(recording: Recording) -> float:
    alarm = recording.once(false_alarm)
    if alarm is None or alarm.maximum() == 0.0:
        return nan if alarm is None else 0.0
    lost_usd, free = 0.0, (recording["limit_mw"] - recording["ai_power_mw"]).positive_part()
    for name, share in filled_mw(recording, free).items():
        unused = (share - recording[f"fleet.{name}.power_mw"]).positive_part()
        margin = earned_usd_per_mwh(recording, name) - recording["price_usd_per_mwh"]
        lost_usd += integral_at(unused * alarm, margin)
    return lost_usd / SECONDS_PER_HOUR


def _avoided_count(recording: Recording) -> float:
    alarms = alarms_s(recording)
    return sum(
        bool(np.any((alarms[:, 0] <= peak.start_s) & (alarms[:, 1] >= peak.end_s)))
        for peak in recording.once(peak_demands)
        if np.isfinite(peak.demand_mw)
    )


def _next_charge_usd(recording: Recording) -> float:
    billed_mw = (recording.facts.four_cp or FourCpFacts()).billed_mw(average_mw(recording))
    return rate_usd_per_mw_year(recording) * billed_mw


def _demand_at(recording: Recording, name: str) -> float:
    return next(peak.demand_mw for peak in recording.once(peak_demands) if peak.name == name)


_charged = partial(Metric, needs="four_cp.rate_usd_per_kw_year")

CATALOGUE = (
    _charged("four_cp_average_mw", average_mw, compares=True),
    _charged("four_cp_charge_usd", this_years_charge_usd),
    _charged("four_cp_next_charge_usd", _next_charge_usd, compares=True),
    _charged("four_cp_avoided_count", _avoided_count),
    _charged("four_cp_false_alarm_h", _false_alarm_h),
    _charged("four_cp_lost_margin_usd", _lost_margin_usd),
    LoadMetric("four_cp.{peak}.demand_mw", _demand_at, compares=True),
)
