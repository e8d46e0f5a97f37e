"""The answer to a scenario's question, from the metrics of a result alone."""

from collections.abc import Iterator, Mapping
from functools import partial
from re import Match
from typing import Any

from sim.report.format import NOT_ASSESSABLE, format_difference, format_percent, format_value
from sim.scenario.model import PLACEHOLDER

Metrics = Mapping[str, Mapping[str, Any]]
"""Metrics as ``metrics.json`` holds them."""


def answer(scenario: Mapping[str, Any], metrics: Metrics) -> str:
    """Return what a run says to its scenario's question; empty where the scenario asks for no answer.

    Parameters
    ----------
    scenario
        The resolved scenario, as ``scenario.yaml`` holds it.
    metrics
        The metrics, as ``metrics.json`` holds them.
    """
    return " ".join(_sentences(scenario.get("answer") or (), metrics))


def _sentences(sentences: Any, metrics: Metrics) -> Iterator[str]:
    for sentence in sentences:
        text = sentence["say"] if _holds(sentence.get("when"), metrics) else sentence.get("otherwise")
        if text:
            yield PLACEHOLDER.sub(partial(_figure, metrics), text)


def _holds(condition: Mapping[str, Any] | None, metrics: Metrics) -> bool:
    if condition is None:
        return True
    value = metrics.get(condition["metric"], {}).get("value")
    return value is not None and value > condition["above"]


def _figure(metrics: Metrics, place: Match[str]) -> str:
    name, which = place.groups()
    entry = metrics.get(name)
    if entry is None:
        return NOT_ASSESSABLE
    value, baseline, unit = entry["value"], entry.get("baseline"), entry["unit"]
    if which == "change":
        known = value is not None and baseline is not None
        return format_difference(value - baseline, unit) if known else NOT_ASSESSABLE
    shown = baseline if which == "without" else value
    in_percent = which == "percent" or name.endswith("_fraction")
    return format_percent(shown) if in_percent else format_value(shown, unit)
