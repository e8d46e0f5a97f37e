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
    before_mw, risen_mw = power_mw.value[:1], 0.0
    for block in power_mw.segments():
        jumps = block.value - np.append(before_mw, block.left_limit[:-1])
        lines = block.left_limit - block.value
        risen_mw += float(np.maximum(jumps, 0.0).sum() + np.maximum(lines, 0.0).sum())
        before_mw = block.left_limit[-1:]
    return risen_mw


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
