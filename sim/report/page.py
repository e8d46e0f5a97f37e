"""The page of a result: one HTML file that holds all it needs and may load nothing."""

import re
from collections.abc import Iterator, Mapping
from math import isnan, nan
from typing import Any, Final

from sim.facts import FleetFacts
from sim.frames import has_prices
from sim.grid.limits import LIMITS_VERSION
from sim.metrics import claim
from sim.metrics.accounts import statement
from sim.metrics.base import headlines
from sim.metrics.certificate import certificate
from sim.metrics.curtailment import compliance
from sim.metrics.ledger import ai_revenue_is_known, ledger
from sim.metrics.months import months
from sim.recording import Recording
from sim.report import grid_limits, run_charts
from sim.report.answer import answer
from sim.report.cautions import assumptions, cautions
from sim.report.chart_data import chart_data
from sim.report.decisions import event_counts, reason_shares
from sim.report.format import LocalTime, format_duration, format_number, format_value, grouped
from sim.report.frequency import frequency_section
from sim.report.money import dearest_hours, money_charts, price_text
from sim.report.stability import StabilitySection
from sim.report.static_page import embedded, own_file, rendered, security_policy
from sim.report.worst_windows import Moment
from sim.result import StoredResult
from sim.units import SECONDS_PER_YEAR

MOST_NAMES: Final = 12
"""Up to so many loads or fleets are named at the head of the page."""
NEARLY: Final = 0.95
"""Share of a year from which a run stands for one."""

CONTENTS: Final = "<!-- contents -->"
HEADING: Final = re.compile(r'<h2 id="([\w-]+)">([^<]+)</h2>')


def page(result: StoredResult, clock: LocalTime, moments: tuple[Moment, ...], stability: StabilitySection) -> str:
    """Return the page of a result.

    Parameters
    ----------
    result
        The result as read from its folder.
    clock
        Its local time.
    moments
        The moments to offer a close look at.
    stability
        How the site moves.

    Returns
    -------
    str
        The HTML text; its content security policy allows its own scripts alone, and no request.
    """
    recording = result.recording
    scripts = [own_file(name) for name in ("uplot.min.js", "layers.js", "page.js")]
    known = known_values(result.metrics)
    data = chart_data(recording, clock, moments)
    excursions = filter(None, [run_charts.excursion_chart(recording, clock)])
    text = rendered(
        "page.html.jinja",
        clock=clock,
        policy=security_policy(scripts, pictures="img-src data: blob:; "),
        chart_style=own_file("uplot.min.css"),
        scripts=scripts,
        data=embedded(data),
        name=_text(result.scenario, "name"),
        question=_text(result.scenario, "question"),
        answer=answer(result.scenario, result.metrics),
        facts=list(_facts(result, clock)),
        cautions=cautions(recording, result.scenario, known),
        recording=recording,
        limit_mw=recording["limit_mw"].maximum(),
        has_fleets=bool(recording.fleet_names),
        has_price=has_prices(recording),
        is_binned=data["power"]["kind"] != "exact",
        moments=moments,
        metrics=result.metrics,
        known=known,
        alone=known_values(result.metrics, "baseline"),
        headlines=headlines({name: known.get(name, nan) for name in result.metrics}),
        groups=grouped(result.metrics),
        certificate=recording.once(certificate),
        claim=claim,
        compliance=[
            (*row[:2], *("" if isnan(cell) else format_number(cell) for cell in row[2:]))
            for row in recording.once(compliance)
        ],
        **(_money(recording) if has_prices(recording) else {}),
        grid=grid_limits,
        limits_version=LIMITS_VERSION,
        limit_checks=list(zip(*grid_limits.checks_of(recording, result.scenario), strict=True)),
        frequency=frequency_section(recording, known),
        stability=stability,
        charts=[*run_charts.carpets(recording, clock), *run_charts.duration_charts(recording), *excursions],
        exceedances=run_charts.largest_exceedances(recording),
        spectrum=run_charts.spectrum_chart(stability.curves),
        assumptions=assumptions(result.scenario),
        reasons=reason_shares(recording),
        events=event_counts(recording),
        provenance=list(_provenance(result.provenance)),
        command=_command(result.provenance),
    )
    return text.replace(CONTENTS, _contents(text), 1)


def _contents(text: str) -> str:
    """Return links to all sections of the page, whose headings are our own words."""
    links = (f'<li><a href="#{anchor}">{title}</a></li>' for anchor, title in HEADING.findall(text))
    return "\n".join(links)


def known_values(metrics: Mapping[str, Mapping[str, Any]], key: str = "value") -> dict[str, float]:
    """Return the values, or baselines, of the metrics that the run can tell, by name."""
    return {name: float(entry[key]) for name, entry in metrics.items() if entry.get(key) is not None}


def _money(recording: Recording) -> dict[str, Any]:
    """Return what the page says of the money."""
    return {
        "is_leased": ai_revenue_is_known(recording),
        "is_a_year": recording.end_s >= NEARLY * SECONDS_PER_YEAR,
        "length": format_duration(recording.end_s),
        "segments": recording.once(statement),
        "months": recording.once(months),
        "ledger": recording.once(ledger),
        "price_of": price_text,
        "dearest_hours": dearest_hours(recording),
        "money_charts": list(money_charts(recording)),
    }


# -- text ---------------------------------------------------------------------------------------------------


def _text(scenario: Mapping[str, Any], key: str) -> str:
    return str(scenario.get(key, ""))


def _facts(result: StoredResult, clock: LocalTime) -> Iterator[tuple[str, str]]:
    """Yield what was run, as term and text."""
    recording, scenario = result.recording, result.scenario
    length = format_duration(recording.end_s)
    yield "Period", f"{clock.text(0.0)} to {clock.text(recording.end_s)}, {clock.offset} ({length})"
    yield "Limit", _limit_text(recording)
    yield "Policy", _policy_text(scenario.get("policy"))
    yield "AI loads", _names(recording.load_names) or "none"
    yield "Fleets", _names(tuple(_fleet_text(recording, name) for name in recording.fleet_names)) or "none"
    yield "Seed", _text(scenario, "seed")


def _limit_text(recording: Recording) -> str:
    limit = recording["limit_mw"]
    low, high = limit.minimum(), limit.maximum()
    highest = format_value(high, "MW")
    return highest if low == high else f"{format_value(low, 'MW')} to {highest}"


def _policy_text(policy: Any) -> str:
    """Return the policy's type, and its settings behind."""
    if not isinstance(policy, Mapping):
        return "none" if policy is None else str(policy)
    rest = {key: value for key, value in policy.items() if key not in ("type", "inner") and value is not None}
    settings = ", ".join(f"{key} = {value}" for key, value in rest.items())
    around = f" around {_policy_text(policy['inner'])}" if "inner" in policy else ""
    return f"{policy.get('type', '')}{f' ({settings})' if settings else ''}{around}"


def _names(names: tuple[str, ...]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _fleet_text(recording: Recording, name: str) -> str:
    fleet = recording.facts.fleet.get(name, FleetFacts())
    stated = ((fleet.rated_mw, "MW"), (fleet.efficiency_j_per_th, "J/TH"))
    parts = [format_value(value, unit) for value, unit in stated if not isnan(value)]
    return f"{name} ({', '.join(parts)})" if parts else name


def _provenance(provenance: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Yield every entry as term and text; of nested ones the path."""
    for key, value in provenance.items():
        # below the top stand names of files and libraries, which are left as they are
        term = f"{above}{key}" if above else key.replace("_", " ")
        if isinstance(value, Mapping):
            yield from _provenance(value, f"{term} · ")
        else:
            yield term, str(value)


def _command(provenance: Mapping[str, Any]) -> str:
    data = " --data FOLDER_OF_THE_INPUT_FILES" if provenance.get("inputs_sha256") else ""
    return f"hashballast run scenario.yaml{data} --out again"
