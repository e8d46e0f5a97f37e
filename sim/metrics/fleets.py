"""What a run asks of the machines: starts and cycles."""

from typing import Final

import numpy as np

from sim.metrics.base import Metric
from sim.recording import Recording
from sim.signals import Signal

RUNNING_MW: Final = 1e-6
"""A fleet runs when it draws more than a watt above its minimum."""


def start_count(power_mw: Signal, minimum_mw: float) -> int:
    """Return how often a fleet went from its minimum to more; running from the beginning is no start."""
    running = power_mw.intervals_above(minimum_mw + RUNNING_MW)
    return int(np.count_nonzero(running[:, 0] > power_mw.start_s))


def rise_mw(power_mw: Signal) -> float:
    """Return the sum of all rises of a power signal [MW]."""
    ends = power_mw.left_limits()
    jumps = power_mw.value[1:] - ends[:-1]
    return float(np.maximum(jumps, 0.0).sum() + np.maximum(ends - power_mw.value, 0.0).sum())


def _starts(recording: Recording) -> float:
    return float(
        sum(
            start_count(recording[f"fleet.{name}.power_mw"], recording.constants[f"fleet.{name}.minimum_mw"])
            for name in recording.fleet_names
        )
    )


def _cycles(recording: Recording) -> float:
    rated_mw = sum(recording.constants[f"fleet.{name}.rated_mw"] for name in recording.fleet_names)
    rises_mw = sum(rise_mw(recording[f"fleet.{name}.power_mw"]) for name in recording.fleet_names)
    return rises_mw / rated_mw if rated_mw > 0.0 else float("nan")


def _machine_starts(recording: Recording) -> float:
    counts = [recording.constants.get(f"fleet.{name}.start_count") for name in recording.fleet_names]
    known = [count for count in counts if count is not None]
    return float(sum(known)) if known else float("nan")


CATALOGUE = (
    Metric("fleet_start_count", "1", "Times a fleet went from its minimum power to more", _starts),
    Metric(
        "fleet_machine_start_count", "1", "Machines woken in all cohorts, each time counted", _machine_starts
    ),
    Metric("fleet_cycle_count", "1", "Sum of all rises of fleet power, in units of rated power", _cycles),
)
