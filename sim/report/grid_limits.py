"""The site against utilities' limits, with its miners and without."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.grid.limits import LIMITS_VERSION, PowerLimit, published_limits
from sim.metrics.limit_check import LimitCheck, check_recording, coarse_traces
from sim.recording import Recording
from sim.report.format import NOT_ASSESSABLE, format_duration, format_value
from sim.report.local_time import LocalTime


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit, ready to show."""

    name: str
    rule: str
    """What is limited, in words."""
    source: str
    """Source, status and date."""
    allowed: str
    status: str
    worst: str
    margin: str
    when: str
    exceeded: str
    """How often and how long."""
    reason: str
    baseline_status: str
    """Status of the site without its miners."""
    baseline_worst: str


@dataclass(frozen=True, slots=True)
class GridSection:
    """All that the page says of the grid's limits."""

    version: str
    warnings: tuple[str, ...]
    limits: tuple[LimitRow, ...]


def grid_section(recording: Recording, scenario: Mapping[str, Any], clock: LocalTime) -> GridSection:
    """Return the section on the grid's limits.

    Parameters
    ----------
    recording
        The run.
    scenario
        The resolved scenario, as a result folder holds it; its own limits come after those that ship.
    clock
        The run's local time.

    Returns
    -------
    GridSection
        Rows of text.
    """
    with_miners, alone = checks_of(recording, scenario)
    return GridSection(
        LIMITS_VERSION,
        trace_warnings(recording),
        tuple(_limit_row(*pair, clock) for pair in zip(with_miners, alone, strict=True)),
    )


def checks_of(
    recording: Recording, scenario: Mapping[str, Any]
) -> tuple[tuple[LimitCheck, ...], tuple[LimitCheck, ...]]:
    """Return how the site of a run stands to all limits, with its miners and without."""
    own = (scenario.get("grid") or {}).get("limits", ())
    limits = (*published_limits(), *(PowerLimit.model_validate(dict(limit)) for limit in own))
    seed = int(scenario.get("seed", 1))
    with_miners = check_recording(recording, limits, seed)
    if not recording.fleet_names:
        return with_miners, with_miners
    return with_miners, check_recording(recording.without_mining(), limits, seed)


def trace_warnings(recording: Recording) -> tuple[str, ...]:
    """Return a line for each replayed trace that is too coarse to tell its peaks."""
    return tuple(
        f"The trace of load {name} has a row every {format_duration(spacing_s)}: if its rows are averages, "
        "they hide peaks, and short limits cannot be judged as kept."
        for name, spacing_s in coarse_traces(recording).items()
    )


def rule_text(rule: PowerLimit) -> str:
    """Return what a limit limits, in words."""
    band = "" if rule.band_hz is None else f" at {rule.band_hz[0]:g} to {rule.band_hz[1]:g} Hz"
    way = "" if rule.direction == "both" else f" {rule.direction}wards"
    share = "" if rule.quantile_fraction is None else f", {100.0 * rule.quantile_fraction:g} % of the time"
    return {
        "range": f"range within {rule.span_s:g} s{band}",
        "net-ramp": f"net ramp over {rule.span_s:g} s{way}{share}",
        "slope": f"slope of changes above {rule.change_mw or 0.0:g} MW",
        "band-amplitude": f"amplitude{band}",
        "line-amplitude": f"amplitude of oscillation{band}",
    }[rule.kind]


def status_text(check: LimitCheck) -> str:
    """Return a status in words."""
    return NOT_ASSESSABLE if check.status == "not_assessable" else check.status


def _limit_row(check: LimitCheck, alone: LimitCheck, clock: LocalTime) -> LimitRow:
    rule = check.rule
    return LimitRow(
        name=rule.name,
        rule=rule_text(rule),
        source=", ".join(part for part in (rule.source, rule.status, rule.date) if part),
        allowed=format_value(check.limit, rule.unit),
        status=status_text(check),
        worst=_known(check.worst, rule.unit),
        margin=_known(check.margin, rule.unit),
        when="" if math.isnan(check.t_worst_s) else clock.text(check.t_worst_s),
        exceeded=_exceeded(check),
        reason=check.reason,
        baseline_status=status_text(alone),
        baseline_worst=_known(alone.worst, rule.unit),
    )


def _known(value: float, unit: str) -> str:
    return "" if math.isnan(value) else format_value(value, unit)


def _exceeded(check: LimitCheck) -> str:
    if math.isnan(check.episodes) or check.episodes == 0.0:
        return ""
    return f"{check.episodes:,.0f} times, {format_duration(check.seconds)}"
