r"""What standby and starts of machines must take from the free bound, with all prices known.

Notes
-----
Machines of a cohort are alike, so that those on at any time may be taken for the first of a row: each layer
of the row then switches for itself, where AI leaves it room. Over the stretches in which nothing changes, a
layer is on, worth its margin, or asleep, which costs standby; the best course is a dynamic programme of two
states. A start takes the ramp: where margin turns from :math:`-a` to :math:`b` the best moment for a ramp of
:math:`\tau` in which hash and power rise together still loses

.. math:: \frac{\tau}{2} \frac{a\,b}{a + b},

and :math:`\tau b / 2` where there was no room before. A layer asleep is credited with what others could make
of its room by their clock, and a layer counts as free where its lower edge is: both make it a bound.
Latency, boots and minimum times take nothing here.
"""

from collections.abc import Iterable
from functools import reduce
from math import inf, nan
from typing import Final

import numpy as np

from sim.metrics.power_cost import integral_at
from sim.mining.cohort.spec import CohortFleet
from sim.mining.fleet import FleetSpec
from sim.signals import FloatArray, Signal
from sim.signals.changes import one_within
from sim.study.instants import Setting
from sim.units import SECONDS_PER_HOUR

LAYERS: Final = 25
"""Layers that a cohort is cut into where AI may leave it less room than it has machines."""
IN_WORK: Final = 0.8
"""Share of the machines that work at the least [1]; assumption."""


def inertia_usd(setting: Setting, fleets: Iterable[FleetSpec]) -> float:
    """Return by how much standby and starts lower what mining can earn at the least [USD]; NaN: not known.

    Parameters
    ----------
    setting
        What the miners meet; must be plain.
    fleets
        What the scenario says of them: cohorts alone, and one only if AI may leave less than all can draw.
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
