"""The metrics of a result as rows of a table, in groups."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import nan
from typing import Any, Final

from sim.metrics.base import headlines
from sim.report.format import DIMENSIONLESS, format_difference, format_value, words_of
from sim.shipped import shipped

OTHER: Final = "Other"


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric, ready to show."""

    name: str
    """Name in ``metrics.json``."""
    title: str
    """The name in words."""
    value: str
    """Value with unit."""
    baseline: str
    """The same for the site without mining; empty where that says nothing."""
    difference: str
    """Value less baseline; empty where there is none."""
    summary: str
    """What it is."""


@dataclass(frozen=True, slots=True)
class MetricGroup:
    """Rows that belong together."""

    title: str
    rows: tuple[MetricRow, ...]
    is_known: bool
    """Whether the run can tell any of them."""


def headline_rows(metrics: Mapping[str, Mapping[str, Any]]) -> tuple[MetricRow, ...]:
    """Return the metrics that a reader wants first.

    Parameters
    ----------
    metrics
        Value, unit, summary, and baseline where there is one, by name.
    """
    values = {name: _number(metric) for name, metric in metrics.items()}
    return tuple(_row(name, metrics[name]) for name in headlines(values))


def metric_groups(metrics: Mapping[str, Mapping[str, Any]]) -> tuple[MetricGroup, ...]:
    """Return every metric once, in groups; groups without metrics are left out.

    Parameters
    ----------
    metrics
        Value, unit, summary, and baseline where there is one, by name.

    Returns
    -------
    tuple of MetricGroup
        In the order of `beginnings`, then `OTHER`.
    """
    names: dict[str, list[str]] = {title: [] for title in (*beginnings(), OTHER)}
    for name in metrics:
        names[group_of(name)].append(name)
    return tuple(_group(title, found, metrics) for title, found in names.items() if found)


def _group(title: str, names: list[str], metrics: Mapping[str, Mapping[str, Any]]) -> MetricGroup:
    rows = tuple(_row(name, metrics[name]) for name in names)
    return MetricGroup(title, rows, is_known=any(metrics[name]["value"] is not None for name in names))


def _number(metric: Mapping[str, Any]) -> float:
    value = metric["value"]
    return nan if value is None else float(value)


def group_of(name: str) -> str:
    """Return the title of the group that a metric belongs to."""
    return next((title for title, ways in beginnings().items() if name.startswith(ways)), OTHER)


@cache
def beginnings() -> dict[str, tuple[str, ...]]:
    """Return what the names of each group's metrics begin with, by the group's title; the rest is `OTHER`."""
    return {title: tuple(ways) for title, ways in shipped("sim.report", "metric_groups.json").items()}


def _row(name: str, metric: Mapping[str, Any]) -> MetricRow:
    value, unit = metric["value"], metric.get("unit", DIMENSIONLESS)
    baseline, difference = "", ""
    if "baseline" in metric:
        baseline = format_value(metric["baseline"], unit)
        known = value is not None and metric["baseline"] is not None
        difference = format_difference(value - metric["baseline"], unit) if known else ""
    summary = str(metric.get("summary", ""))
    return MetricRow(name, words_of(name), format_value(value, unit), baseline, difference, summary)
