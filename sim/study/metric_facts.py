"""What the metrics of a scenario's runs are called, and mean, before any of them has run."""

from collections.abc import Mapping
from typing import Any

from sim.metrics import metrics_of


def metric_facts(scenario: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return unit and summary of every metric that runs of a scenario may have, by name."""
    kinds = {hall["name"]: "hall" for hall in scenario.get("halls", ())}
    kinds |= {load["name"]: load["type"] for load in scenario.get("loads", ())}
    kinds |= {fleet["name"]: "fleet" for fleet in scenario.get("fleets", ())}
    sold = scenario.get("market", {}).get("ancillary", ())
    kinds |= {entry["service"]: "ancillary" for entry in sold}
    return {metric.name: {"unit": metric.unit, "summary": metric.summary} for metric in metrics_of(kinds)}
