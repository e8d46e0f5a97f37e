"""The site against utilities' limits, with its miners and without, and what miners do on each time scale."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sim.grid.limits import LIMITS_VERSION, PowerLimit, published_limits
from sim.metrics.limit_check import LimitCheck, check_recording, coarse_traces
from sim.metrics.residual import site_variation
from sim.recording import Recording
from sim.report.format import NOT_ASSESSABLE, format_duration, format_percent, format_value
from sim.report.local_time import LocalTime

SCALES: Final = ("below 5 s", "5 to 60 s", "1 to 10 min", "above 10 min")
ALIKE_FRACTION: Final = 0.01
"""Variations that differ by no more than this count as alike."""


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
class ScaleRow:
    """What miners do to the variation on one time scale, ready to show."""

    scale: str
    site: str
    alone: str
    verdict: str


@dataclass(frozen=True, slots=True)
class GridSection:
    """All that the page says of the grid's limits."""

    version: str
    warnings: tuple[str, ...]
    limits: tuple[LimitRow, ...]
    scales: tuple[ScaleRow, ...]


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
        tuple(_scale_rows(recording)),
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


def _scale_rows(recording: Recording) -> list[ScaleRow]:
    site_mw = recording.once(site_variation)
    alone_mw = site_variation(recording.without_mining())
    return [
        ScaleRow(scale, format_value(ours, "MW"), format_value(theirs, "MW"), _verdict(ours, theirs))
        for scale, ours, theirs in zip(SCALES, site_mw, alone_mw, strict=True)
    ]


def _verdict(site_mw: float, alone_mw: float) -> str:
    """Return what miners made of a variation, in words."""
    if math.isnan(site_mw) or math.isnan(alone_mw):
        return NOT_ASSESSABLE
    if abs(site_mw - alone_mw) <= ALIKE_FRACTION * alone_mw:
        return "as without miners"
    if alone_mw == 0.0:
        return "made worse: there was none"
    share = format_percent(abs(site_mw - alone_mw) / alone_mw)
    return f"made worse by {share}" if site_mw > alone_mw else f"reduced by {share}"
