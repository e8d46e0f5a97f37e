"""The result in four plain sentences, from its metrics alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sim.report.format import NOT_ASSESSABLE, format_difference, format_duration, format_percent, format_value

Tone = Literal["good", "bad", "plain"]


@dataclass(frozen=True, slots=True)
class VerdictCard:
    """One card at the head of the page."""

    question: str
    answer: str
    detail: str
    tone: Tone


Metrics = Mapping[str, Mapping[str, Any]]


def verdicts(metrics: Metrics, limit_mw: float, fleet_count: int) -> tuple[VerdictCard, ...]:
    """Return what an interconnection engineer asks first, with the answers.

    Parameters
    ----------
    metrics
        The metrics of the result, by name.
    limit_mw
        Highest limit of the interconnection in the run [MW].
    fleet_count
        Number of fleets.

    Returns
    -------
    tuple of VerdictCard
        Limit, peak, idle power, mining margin.
    """
    return (
        _limit(metrics),
        _peak(metrics, limit_mw),
        _soak(metrics, fleet_count),
        _margin(metrics, fleet_count),
    )


def _value(metrics: Metrics, name: str, key: str = "value") -> float | None:
    found = metrics.get(name, {}).get(key)
    return None if found is None else float(found)


def _limit(metrics: Metrics) -> VerdictCard:
    question = "Was the limit kept?"
    over_s = _value(metrics, "exceedance_s")
    if over_s is None:
        return VerdictCard(question, NOT_ASSESSABLE, "", "plain")
    alone_s = _value(metrics, "exceedance_s", "baseline")
    alone = "" if alone_s is None else f" AI alone: {format_duration(alone_s) if alone_s else 'never above'}."
    if over_s == 0.0:
        return VerdictCard(question, "Yes", f"Site power never exceeds the limit.{alone}", "good")
    count = format_value(_value(metrics, "exceedance_count"))
    energy = format_value(_value(metrics, "exceedance_mwh"), "MWh")
    times = "once" if count == "1" else f"{count} times"
    detail = f"Above the limit {times}, for {format_duration(over_s)} in all, {energy}.{alone}"
    return VerdictCard(question, "No", detail, "bad")


def _peak(metrics: Metrics, limit_mw: float) -> VerdictCard:
    question = "How high is the peak?"
    peak_mw = _value(metrics, "site_peak_mw")
    if peak_mw is None:
        return VerdictCard(question, NOT_ASSESSABLE, "", "plain")
    alone_mw = _value(metrics, "site_peak_mw", "baseline")
    alone = "" if alone_mw is None else f" AI alone peaks at {format_value(alone_mw, 'MW')}."
    share = format_percent(peak_mw / limit_mw) if limit_mw > 0.0 else NOT_ASSESSABLE
    detail = f"{share} of the limit of {format_value(limit_mw, 'MW')}.{alone}"
    return VerdictCard(question, format_value(peak_mw, "MW"), detail, "plain")


def _soak(metrics: Metrics, fleet_count: int) -> VerdictCard:
    question = "How much idle power is put to use?"
    if not fleet_count:
        return VerdictCard(question, "No fleet", "Nothing soaks what AI leaves free.", "plain")
    fraction = _value(metrics, "soaked_fraction")
    soaked = format_value(_value(metrics, "soaked_energy_mwh"), "MWh")
    idle = format_value(_value(metrics, "idle_energy_mwh"), "MWh")
    detail = f"Miners draw {soaked} of the {idle} that AI leaves free under the limit."
    return VerdictCard(question, format_percent(fraction), detail, "plain")


def _margin(metrics: Metrics, fleet_count: int) -> VerdictCard:
    question = "What does mining add?"
    if not fleet_count:
        return VerdictCard(question, "No fleet", "Nothing is mined.", "plain")
    added_usd = _value(metrics, "incremental_ebitda_usd")
    if added_usd is None:
        return VerdictCard(question, NOT_ASSESSABLE, "", "plain")
    revenue = format_value(_value(metrics, "mining_revenue_usd"), "USD")
    cost = format_value(_value(metrics, "fleet_power_cost_usd"), "USD")
    detail = (
        f"EBITDA with miners less that without: {revenue} of revenue less {cost} for power, operations, wear "
        "and what miners add to charges on peaks; equipment not counted."
    )
    tone: Tone = "good" if added_usd >= 0.0 else "bad"
    return VerdictCard(question, format_difference(added_usd, "USD"), detail, tone)
