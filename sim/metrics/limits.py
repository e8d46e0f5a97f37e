"""Power above the limit of the interconnection."""

from dataclasses import dataclass
from typing import Final

from sim.metrics.base import Metric
from sim.recording import Recording
from sim.signals import Signal
from sim.units import SECONDS_PER_HOUR

TOLERANCE_MW: Final = 1e-6
"""Excess up to one watt counts as none: a fleet that fills up to the limit exactly misses it by rounding."""


@dataclass(frozen=True, slots=True)
class Exceedance:
    """What a run drew above its limit."""

    time_s: float
    """Time above the limit [s]."""
    energy_mwh: float
    """Energy above the limit [MWh]."""
    peak_mw: float
    """Largest excess [MW]."""
    count: int
    """Number of times the limit was exceeded."""


def excess_mw(recording: Recording) -> Signal:
    """Return site power less the limit; negative below it [MW]."""
    return recording["site_power_mw"] - recording["limit_mw"]


def exceedance(recording: Recording) -> Exceedance:
    """Return what the site drew above its limit; nothing where it never exceeds it by more than a watt."""
    excess = excess_mw(recording)
    peak_mw = excess.maximum()
    if peak_mw <= TOLERANCE_MW:
        return Exceedance(0.0, 0.0, 0.0, 0)
    return Exceedance(
        time_s=excess.time_above(TOLERANCE_MW),
        energy_mwh=excess.integral_above(0.0) / SECONDS_PER_HOUR,
        peak_mw=peak_mw,
        count=len(excess.intervals_above(TOLERANCE_MW)),
    )


CATALOGUE = (
    Metric(
        "exceedance_s",
        "s",
        "Time above the limit",
        lambda r: r.once(exceedance).time_s,
        compares=True,
    ),
    Metric(
        "exceedance_mwh",
        "MWh",
        "Energy above the limit",
        lambda r: r.once(exceedance).energy_mwh,
        compares=True,
    ),
    Metric(
        "exceedance_peak_mw",
        "MW",
        "Largest excess above the limit",
        lambda r: r.once(exceedance).peak_mw,
        compares=True,
    ),
    Metric(
        "exceedance_count",
        "1",
        "Times the limit was exceeded",
        lambda r: float(r.once(exceedance).count),
        compares=True,
    ),
)
