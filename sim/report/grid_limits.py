"""The site against utilities' limits, with its miners and without."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sim.grid.limits import PowerLimit, published_limits
from sim.grid.ride_through import ENVELOPES, LAW
from sim.metrics.power_limits import DROPPED, LimitCheck, check_recording, limit_checks
from sim.metrics.resolution import coarse_traces
from sim.metrics.voltage import sags_judged
from sim.recording import Recording
from sim.report.format import NOT_ASSESSABLE, NOTES, WORDINGS, format_duration, format_value

EVERYWHERE: Final = "all"
"""Stands for every region."""


def checks_of(
    recording: Recording, scenario: Mapping[str, Any], region: str | None = None
) -> tuple[tuple[LimitCheck, ...], tuple[LimitCheck, ...]]:
    """Return how the site of a run stands to all limits, with its miners and without.

    Where the run has counted them, what it found then. A region takes the place of the scenario's; `EVERYWHERE`
    stands for all.
    """
    grid = scenario.get("grid") or {}
    of_run = grid.get("region")
    region = region or of_run
    own = (PowerLimit.model_validate(dict(limit)) for limit in grid.get("limits", ()))
    limits = (*published_limits(None if region == EVERYWHERE else region), *own)
    seed = int(scenario.get("seed", 1))

    def checks(site: Recording) -> tuple[LimitCheck, ...]:
        if region != of_run or not site.facts.grid.count_limits:
            return check_recording(site, limits, seed)
        # the numbers in a recording do not tell where a limit comes from
        named = {limit.name: limit for limit in limits}
        return tuple(replace(check, rule=named[check.rule.name]) for check in site.once(limit_checks))

    with_miners = checks(recording)
    if not recording.fleet_names:
        return with_miners, with_miners
    return with_miners, checks(recording.once(Recording.without_mining))


def trace_warnings(recording: Recording) -> tuple[str, ...]:
    """Return a line for each replayed trace that is too coarse to tell its peaks."""
    return tuple(
        NOTES["coarse_trace"].format(name=name, spacing=format_duration(spacing_s))
        for name, spacing_s in coarse_traces(recording).items()
    )


def ride_through_texts(recording: Recording) -> list[str]:
    """Return in words what the site did at voltage sags, with miners and without; nothing without sags."""
    (envelope,) = recording.facts.grid.envelope or (LAW,)
    texts = []
    for who, site in (("with miners", recording), ("without", recording.once(Recording.without_mining))):
        judged = site.once(sags_judged)
        if judged is not None:
            counts = Counter(event.verdict for event in judged)
            told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
            texts.append(f"Voltage sags by {envelope} ({ENVELOPES[envelope]['status']}), {who}: {told}.")
    return texts


def rule_text(rule: PowerLimit) -> str:
    """Return what a limit limits, in words."""
    band = "" if rule.band_hz is None else f" at {rule.band_hz[0]:g} to {rule.band_hz[1]:g} Hz"
    way = "" if rule.direction == "both" else f" {rule.direction}wards"
    share = "" if rule.quantile_fraction is None else f", {100.0 * rule.quantile_fraction:g} % of the time"
    text: str = WORDINGS["limits"][rule.kind]
    return text.format(span_s=rule.span_s, band=band, way=way, share=share, change_mw=rule.change_mw or 0.0)


def status_text(check: LimitCheck) -> str:
    """Return a status in words."""
    return NOT_ASSESSABLE if check.status == "not_assessable" else check.status


def counts_text(checks: Sequence[LimitCheck]) -> str:
    """Return how many limits have which verdict, by what they are in law; those dropped are left out.

    "in force: 3 fail, 2 pass; proposed: 1 fail".
    """
    found: dict[str, Counter[str]] = {}
    for check in checks:
        if check.status != DROPPED:
            found.setdefault(check.rule.status, Counter())[status_text(check)] += 1
    return "; ".join(
        f"{law}: " + ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
        for law, counts in sorted(found.items())
    )


def known(value: float, unit: str) -> str:
    """Return a value with its unit; empty where it is NaN."""
    return "" if math.isnan(value) else format_value(value, unit)


def exceeded_text(check: LimitCheck) -> str:
    """Return how often and how long a limit is exceeded; empty where it is not, or that is not counted."""
    if math.isnan(check.episodes) or check.episodes == 0.0:
        return ""
    often = "once" if check.episodes == 1.0 else f"{check.episodes:,.0f} times"
    return f"{often}, {format_duration(check.seconds)}"


def limit_document(check: LimitCheck, alone: LimitCheck) -> dict[str, Any]:
    """Return a limit and how the site stands to it, with its miners and without, as JSON holds it."""
    return {
        "limit": check.rule.model_dump(mode="json", exclude_none=True),
        "unit": check.rule.unit,
        "site": _standing(check),
        "without_mining": _standing(alone),
    }


def _standing(check: LimitCheck) -> dict[str, Any]:
    numbers = {
        "allowed": check.limit,
        "worst": check.worst,
        "margin": check.margin,
        "worst_at_s": check.t_worst_s,
        "episodes": check.episodes,
        "seconds": check.seconds,
    }
    told = {name: None if math.isnan(value) else value for name, value in numbers.items()}
    return {"status": check.status, **told, "reason": check.reason}
