r"""What a limit that moves takes from the miners: hours and energy below the highest limit so far.

Notes
-----
With the interconnection's limit :math:`L`, the highest it has been by now :math:`\hat L`, AI power :math:`A`
and the fleets' rated power :math:`R`, the energy curtailed is

.. math:: \int \min(R, (\hat L - A)^+) - \min(R, (L - A)^+) \,dt:

what the fleets could have filled and were not let, whatever the policy made of it. A site that is energised
in stages is not curtailed while its limit rises.
"""

from math import inf

import numpy as np

from sim.metrics.base import Metric
from sim.metrics.exceedance import TOLERANCE_MW
from sim.recording import Recording
from sim.signals import Signal
from sim.units import SECONDS_PER_HOUR


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


def curtailed_hours_h(recording: Recording) -> float:
    """Return for how long the limit was below the highest so far [h]."""
    return recording.once(shortfall_mw).time_above(TOLERANCE_MW) / SECONDS_PER_HOUR


def curtailed_energy_mwh(recording: Recording) -> float:
    """Return what the fleets could have filled and were not let [MWh]."""
    shortfall = recording.once(shortfall_mw)
    if shortfall.maximum() <= TOLERANCE_MW:
        return 0.0
    rated_mw = sum(recording.facts.fleet[name].rated_mw for name in recording.fleet_names)
    free = recording["limit_mw"] - recording["ai_power_mw"]
    had, has = ((signal.positive_part()).minimum_with(rated_mw) for signal in (free + shortfall, free))
    return (had - has).integral() / SECONDS_PER_HOUR


CATALOGUE = (
    Metric(
        "curtailed_hours_h",
        "Time in which the limit was below the highest that it had been",
        curtailed_hours_h,
    ),
    Metric(
        "curtailed_energy_mwh",
        "Energy that the fleets could have filled but for a limit that had been lowered",
        curtailed_energy_mwh,
    ),
)
