r"""What a limit that moves takes from the miners: hours and energy below the highest limit so far.

Notes
-----
With the interconnection's limit :math:`L`, the highest it has been by now :math:`\hat L`, AI power :math:`A`
and the fleets' rated power :math:`R`, the energy curtailed is

.. math:: \int \min(R, (\hat L - A)^+) - \min(R, (L - A)^+) \,dt:

what the fleets could have filled and were not let, whatever the policy made of it. A site that is energised
in stages is not curtailed while its limit rises. Of several fleets each is taken to be filled in the order of
its energy for a hash, so that the worst give way first; what each lost adds up to the whole.
"""

from collections.abc import Iterator, Mapping
from math import fsum, inf, nan
from typing import NamedTuple

import numpy as np

from sim.market.calendar import month_edges_s
from sim.metrics.base import Metric
from sim.metrics.energy import energy_mwh, filled_mw
from sim.metrics.exceedance import excess_mw
from sim.recording import Recording
from sim.signals import Signal
from sim.signals.algebra import total
from sim.signals.changes import one_within
from sim.units import SECONDS_PER_HOUR, TOLERANCE_MW


def connection_mw(recording: Recording) -> Signal:
    """Return the limit of the interconnection, without own generation on top [MW]."""
    generation = recording.signals.get("generation_mw")
    return recording["limit_mw"] if generation is None else recording["limit_mw"] - generation


def highest_so_far_mw(limit_mw: Signal) -> Signal:
    """Return the highest value of a limit up to each moment [MW]."""
    columns = (limit_mw.time_s, limit_mw.value, limit_mw.slope_per_s)
    ends_s = [*limit_mw.time_s[1:].tolist(), limit_mw.end_s]
    rows: list[tuple[float, float, float]] = []
    highest = -inf
    for from_s, value, slope, until_s in zip(*(column.tolist() for column in columns), ends_s, strict=True):
        highest = max(highest, value)
        reached = value + slope * (until_s - from_s)
        rows.append((from_s, highest, slope if reached > highest == value else 0.0))
        if reached > highest > value:
            rows.append((from_s + (highest - value) / slope, highest, slope))
        highest = max(highest, reached)
    time_s, values, slopes_per_s = np.array(rows).T
    return Signal.from_breakpoints(time_s, values, slopes_per_s, limit_mw.end_s)


def shortfall_mw(recording: Recording) -> Signal:
    """Return by how much the limit is below the highest so far [MW]."""
    limit = connection_mw(recording)
    return highest_so_far_mw(limit) - limit


def lowered(recording: Recording) -> Signal:
    """Return 1 while the limit is below the highest so far, else zero [1]."""
    return one_within(recording.once(shortfall_mw).intervals_above(TOLERANCE_MW), recording.end_s)


def curtailed_hours_h(recording: Recording) -> float:
    """Return for how long the limit was below the highest so far [h]."""
    return recording.once(shortfall_mw).time_above(TOLERANCE_MW) / SECONDS_PER_HOUR


def curtailed_mw(recording: Recording) -> Mapping[str, Signal]:
    """Return what each fleet could have filled and was not let, the best machines first, by its name [MW]."""
    free = recording["limit_mw"] - recording["ai_power_mw"]
    could = filled_mw(recording, (free + recording.once(shortfall_mw)).positive_part())
    can = filled_mw(recording, free.positive_part())
    return {fleet: could[fleet] - can[fleet] for fleet in could}


def fleet_curtailed_energy_mwh(recording: Recording, fleet: str) -> float:
    """Return what a fleet could have filled and was not let [MWh]."""
    if recording.once(curtailed_hours_h) == 0.0:
        return 0.0
    return energy_mwh(recording.once(curtailed_mw)[fleet])


def curtailed_energy_mwh(recording: Recording) -> float:
    """Return what the fleets could have filled and were not let [MWh]."""
    return fsum(fleet_curtailed_energy_mwh(recording, fleet) for fleet in recording.fleet_names)


def late_s(recording: Recording) -> float:
    """Return the longest time from when the limit fell until the site was below it [s].

    On a ramp it falls all the time, and each excess counts from its own start.
    """
    limit, longest_s = connection_mw(recording), 0.0
    falls = limit.slope_per_s < 0.0
    until_s = np.where(falls, np.append(limit.time_s[1:], limit.end_s), limit.time_s)
    falls[1:] |= limit.value[1:] < limit.left_limits()[:-1]
    above_s = excess_mw(recording).intervals_above(TOLERANCE_MW) if falls.any() else np.empty((0, 2))
    for fell_s, over_s in zip(limit.time_s[falls].tolist(), until_s[falls].tolist(), strict=True):
        met_s = above_s[(above_s[:, 0] <= over_s) & (above_s[:, 1] > fell_s)]
        lengths_s = met_s[:, 1] - np.maximum(met_s[:, 0], fell_s)
        longest_s = max(longest_s, float(lengths_s.max(initial=0.0)))
    return longest_s


def kept_fraction(recording: Recording) -> float:
    """Return for which share of the time below the highest so far the limit was kept [1]; NaN without any."""
    hours_h = recording.once(curtailed_hours_h)
    if hours_h == 0.0:
        return nan
    above = excess_mw(recording).positive_part() * recording.once(lowered)
    return 1.0 - above.time_above(TOLERANCE_MW) / SECONDS_PER_HOUR / hours_h


class ComplianceRow(NamedTuple):
    """What a limit that was lowered took in a month, of a fleet, or left AI above it."""

    kind: str
    """``month``, ``fleet`` or ``ai``."""
    name: str
    """Which: ``2026-07``, ``miners``, ``load.training``."""
    lowered_h: float
    """Time below the highest so far [h]; NaN for a fleet or a load."""
    curtailed_mwh: float
    """What the fleets, or this one, could have filled and were not let [MWh]; NaN for a load."""
    above_limit_mwh: float
    """Energy above the lowered limit: of the site; of AI what it drew alone, by its loads' shares of
    AI energy [MWh]."""


def compliance(recording: Recording) -> tuple[ComplianceRow, ...]:
    """Return when a lowered limit took what, and who gave way; nothing where it was never lowered."""
    if recording.once(curtailed_hours_h) == 0.0:
        return ()
    offset_s = recording.facts.run.utc_offset_s or 0.0
    names, edges_s = month_edges_s(recording.start_utc_s, recording.end_s, offset_s)
    low, nothing = recording.once(lowered), Signal.constant(0.0, recording.end_s)
    taken = total([nothing, *recording.once(curtailed_mw).values()])
    above = excess_mw(recording).positive_part() * low
    above = above if above.maximum() > TOLERANCE_MW else nothing  # not the noise of a sum
    columns = [signal.integrals_over(edges_s) / SECONDS_PER_HOUR for signal in (low, taken, above)]
    months = [
        ComplianceRow("month", name, *row)
        for name, *row in zip(names, *(column.tolist() for column in columns), strict=True)
    ]
    fleets = [
        ComplianceRow("fleet", name, nan, fleet_curtailed_energy_mwh(recording, name), nan)
        for name in recording.fleet_names
    ]
    return (*months, *fleets, *_ai_rows(recording))


def _ai_rows(recording: Recording) -> Iterator[ComplianceRow]:
    """Yield what AI alone drew above a lowered limit, shared by what its parts drew meanwhile."""
    ai = recording["ai_power_mw"]
    above = (ai - recording["limit_mw"]).positive_part() * recording.once(lowered)
    spans_s = above.intervals_above(TOLERANCE_MW)
    edges_s = np.unique(np.concatenate([[0.0, recording.end_s], *spans_s]))
    energies, drawn = above.integrals_over(edges_s), ai.integrals_over(edges_s)
    for part in recording.ai_parts:
        share = recording[f"{part}.power_mw"].integrals_over(edges_s) / np.where(drawn > 0.0, drawn, 1.0)
        yield ComplianceRow("ai", part, nan, nan, float(share @ energies) / SECONDS_PER_HOUR)


CATALOGUE = (
    Metric("curtailed_hours_h", curtailed_hours_h),
    Metric("curtailed_energy_mwh", curtailed_energy_mwh),
    Metric("limit_late_s", late_s),
    Metric("limit_kept_fraction", kept_fraction),
)
