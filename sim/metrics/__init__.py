"""Metrics: pure functions from a Recording to a number with a unit."""

from collections.abc import Mapping
from importlib import import_module

from sim.metrics.base import LoadMetric, Measurement, Metric
from sim.metrics.base import measure as _measure
from sim.metrics.coincident_peaks import peak_demands
from sim.metrics.demand import billed_months
from sim.metrics.give_way import names
from sim.recording import Recording
from sim.shipped import shipped

_MODULES = [import_module(f"sim.metrics.{name}") for name in shipped("sim.metrics", "modules.json")]
_EVERY: tuple[Metric | LoadMetric, ...] = (
    *(metric for module in _MODULES for metric in module.CATALOGUE),
    # how much work the run was; the same for the same scenario, on any machine
    Metric("event_count", lambda r: r.facts.run.event_count),
    Metric("settle_count", lambda r: r.facts.run.settle_count),
    Metric("decision_count", lambda r: r.facts.run.decision_count),
)
CATALOGUE = tuple(metric for metric in _EVERY if isinstance(metric, Metric))
"""Every metric of a run, in the order in which a table shows them; some only where the run has what it
needs."""
LOAD_CATALOGUE = tuple(metric for metric in _EVERY if isinstance(metric, LoadMetric))
"""Every metric that each load of a type has, each hall, fleet, service sold, month and coincident peak."""


def _of_each(kinds: Mapping[str, str]) -> tuple[Metric, ...]:
    """Return the metrics of what has some of its own, kind by name."""
    return tuple(metric.of(name) for name, kind in kinds.items() for metric in LOAD_CATALOGUE if metric.kind == kind)


def metrics_of(load_kinds: Mapping[str, str]) -> tuple[Metric, ...]:
    """Return the metrics of a run with these loads (type by name): its own, then those of each load."""
    return CATALOGUE + _of_each(load_kinds)


def measure(recording: Recording) -> Mapping[str, Measurement]:
    """Return every metric of the run, of each of its loads and of each of its months, by name."""
    months = _of_each({month.name: "month" for month in recording.once(billed_months)})
    peaks = _of_each({peak.name: "peak" for peak in recording.once(peak_demands)})
    flexible = _of_each(recording.once(names))
    return _measure(recording, metrics_of(recording.load_kinds) + months + peaks + flexible)


__all__ = ["CATALOGUE", "LOAD_CATALOGUE", "LoadMetric", "Measurement", "Metric", "measure", "metrics_of"]
