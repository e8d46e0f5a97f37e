"""How much work the run was; the same for the same scenario, on any machine."""

from sim.metrics.base import Metric

CATALOGUE = (
    Metric("event_count", "1", "Events the simulation scheduled", lambda r: r.constants["run.event_count"]),
    Metric(
        "settle_count",
        "1",
        "Instants after which the site settled",
        lambda r: r.constants["run.settle_count"],
    ),
    Metric("decision_count", "1", "Decisions the policy made", lambda r: r.constants["run.decision_count"]),
)
