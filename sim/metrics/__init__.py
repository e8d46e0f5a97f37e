"""Metrics: pure functions from a Recording to a number with a unit."""

from collections.abc import Mapping

from sim.metrics import dips, economics, energy, fleets, limits, ramps, run
from sim.metrics.base import Measurement, Metric
from sim.metrics.base import measure as _measure
from sim.recording import Recording

CATALOGUE: tuple[Metric, ...] = tuple(
    metric for module in (energy, limits, ramps, dips, fleets, economics, run) for metric in module.CATALOGUE
)
"""Every metric, in the order in which a table shows them."""


def measure(recording: Recording) -> Mapping[str, Measurement]:
    """Return every metric of the catalogue, by name."""
    return _measure(recording, CATALOGUE)


__all__ = ["CATALOGUE", "Measurement", "Metric", "measure"]
