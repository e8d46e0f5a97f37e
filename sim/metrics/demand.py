r"""Demand: the highest interval means of grid import, month by month, and what they cost.

Notes
-----
The peak of a month is the highest mean of grid import over its whole intervals in the run. Billed is the
peak, or what the tariff bills at the least, or the ratchet's share of the highest peak of the eleven months
before, where one of them is higher. A month
that the run holds in part is charged for the part of its time that lies in the run: its peak is that of the
part.
"""

from functools import partial
from math import nan
from typing import NamedTuple

import numpy as np

from sim.market.demand_charge import BillingMonth, charge_usd, ratchet_mw, whole_intervals_s
from sim.metrics.base import LoadMetric, Metric
from sim.metrics.generation import import_mw
from sim.recording import Recording


class BilledMonth(NamedTuple):
    """A month of the bill as far as the run holds it."""

    name: str
    """Year and month: ``2024-07``."""
    peak_mw: float
    """Highest interval mean of grid import [MW]; NaN where the run holds no whole interval of it."""
    billed_mw: float
    """What is billed [MW]."""
    month_fraction: float
    """Share of the month that lies in the run."""
    charge_usd: float
    """What it costs [USD]."""


def billed_months(recording: Recording) -> tuple[BilledMonth, ...]:
    """Return the months of a run with a demand charge, in order; none where it has no demand charge."""
    charge = recording.facts.demand_charge
    if charge is None:
        return ()
    peaks_mw = [charge.previous_peak_mw]
    found = []
    for month in billing_months(recording):
        peak_mw = _peak_mw(recording, month, charge.interval_s)
        floor_mw = max(charge.minimum_mw or 0.0, ratchet_mw(charge.ratchet_fraction, peaks_mw))
        billed_mw = float(np.fmax(peak_mw, floor_mw))
        peaks_mw.append(float(np.fmax(peak_mw, 0.0)))
        fraction = month.share_fraction(recording.end_s)
        cost_usd = charge_usd(charge.usd_per_kw_month, billed_mw, fraction)
        found.append(BilledMonth(month.name, peak_mw, billed_mw, fraction, cost_usd))
    return tuple(found)


def billing_months(recording: Recording) -> list[BillingMonth]:
    """Return the calendar months that a run with a demand charge touches, in order."""
    months = sorted(recording.facts.billing_month.items())
    return [BillingMonth(name, span.start_s, span.end_s) for name, span in months]


def _peak_mw(recording: Recording, month: BillingMonth, interval_s: float) -> float:
    edges_s = np.array(whole_intervals_s(month, interval_s, recording.end_s))
    if edges_s.size < 2:  # noqa: PLR2004 -- two edges make an interval
        return float("nan")
    return float(import_mw(recording).integrals_over(edges_s).max() / interval_s)


def _collateral_usd(recording: Recording) -> float:
    return getattr(recording.facts.demand_charge, "collateral_usd", nan)


def _peak_in(recording: Recording, name: str) -> float:
    return next(month.peak_mw for month in recording.once(billed_months) if month.name == name)


_charged = partial(Metric, compares=True, needs="demand_charge.usd_per_kw_month")

CATALOGUE = (
    _charged("demand_charge_usd", lambda r: sum(month.charge_usd for month in r.once(billed_months))),
    _charged("billing_peak_mw", lambda r: np.fmax.reduce([month.peak_mw for month in r.once(billed_months)])),
    Metric("collateral_usd", _collateral_usd, needs="demand_charge.collateral_usd"),
    LoadMetric("demand.{month}.billing_peak_mw", _peak_in, compares=True),
)
