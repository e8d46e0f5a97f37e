"""Power above the limit of the interconnection."""

from typing import Final

from sim.metrics.base import Metric
from sim.metrics.energy import energy_mwh
from sim.recording import Recording
from sim.signals import Signal

TOLERANCE_MW: Final = 1e-6
"""Excess up to one watt counts as none: a fleet that fills up to the limit exactly misses it by rounding."""


def excess_mw(recording: Recording) -> Signal:
    """Return site power less the limit; negative below it [MW]."""
    return recording["site_power_mw"] - recording["limit_mw"]


def _peak_mw(recording: Recording) -> float:
    peak_mw = excess_mw(recording).maximum()
    return peak_mw if peak_mw > TOLERANCE_MW else 0.0


def _energy_mwh(recording: Recording) -> float:
    excess = excess_mw(recording)
    return energy_mwh(excess.positive_part()) if excess.maximum() > TOLERANCE_MW else 0.0


CATALOGUE = (
    Metric(
        "exceedance_s",
        "s",
        "Time above the limit",
        lambda r: excess_mw(r).time_above(TOLERANCE_MW),
        compares=True,
    ),
    Metric("exceedance_mwh", "MWh", "Energy above the limit", _energy_mwh, compares=True),
    Metric("exceedance_peak_mw", "MW", "Largest excess above the limit", _peak_mw, compares=True),
    Metric(
        "exceedance_count",
        "1",
        "Times the limit was exceeded",
        lambda r: float(len(excess_mw(r).intervals_above(TOLERANCE_MW))),
        compares=True,
    ),
)
