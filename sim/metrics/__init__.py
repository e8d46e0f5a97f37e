"""Metrics: pure functions from a Recording to a number with a unit."""

from collections.abc import Mapping
from importlib import import_module

from sim.metrics import ancillary, coincident_peaks, demand, fleets, halls, inference, tenants, training
from sim.metrics.base import LoadMetric, Measurement, Metric
from sim.metrics.base import measure as _measure
from sim.recording import Recording
from sim.shipped import shipped

_OF_THE_SITE = [import_module(f"sim.metrics.{name}") for name in shipped("sim.metrics", "modules.json")]
"""The modules whose ``CATALOGUE`` is of the site, in the order in which a table shows them."""
_OF_THE_RUN = (
    Metric("event_count", "Events the simulation scheduled", lambda r: r.facts.run.event_count),
    Metric("settle_count", "Instants after which the site settled", lambda r: r.facts.run.settle_count),
    Metric("decision_count", "Decisions the policy made", lambda r: r.facts.run.decision_count),
)
"""How much work the run was; the same for the same scenario, on any machine."""
CATALOGUE: tuple[Metric, ...] = (
    *(metric for module in _OF_THE_SITE for metric in module.CATALOGUE),
    *_OF_THE_RUN,
)
"""Every metric of a run, in the order in which a table shows them; some only where the run has what it
needs."""
LOAD_CATALOGUE: tuple[LoadMetric, ...] = (
    *training.CATALOGUE,
    *inference.CATALOGUE,
    *tenants.CATALOGUE,
    *halls.CATALOGUE,
    *ancillary.CATALOGUE,
    *fleets.OF_EACH,
)
"""Every metric that loads of one kind, halls, services sold and fleets have."""


def metrics_of(load_kinds: Mapping[str, str]) -> tuple[Metric, ...]:
    """Return the metrics of a run with these loads (type by name): its own, then those of each load."""
    return CATALOGUE + tuple(
        metric.of(load)
        for load, kind in load_kinds.items()
        for metric in LOAD_CATALOGUE
        if metric.kind == kind
    )


def measure(recording: Recording) -> Mapping[str, Measurement]:
    """Return every metric of the run, of each of its loads and of each of its months, by name."""
    months = demand.month_metrics(recording) + coincident_peaks.peak_metrics(recording)
    return _measure(recording, metrics_of(recording.load_kinds) + months)


__all__ = ["CATALOGUE", "LOAD_CATALOGUE", "LoadMetric", "Measurement", "Metric", "measure", "metrics_of"]
