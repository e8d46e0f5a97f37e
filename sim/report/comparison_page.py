"""The page of a comparison: verdict in words, a row for each policy, charts, every metric by topic."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from sim.metrics.base import COMPARED, HEADLINES
from sim.report.comparison_charts import duration_chart, gap_chart, pareto_charts, scale_chart, uplift_chart
from sim.report.format import NOISE_RATIO, NOTES, format_difference, format_value, grouped
from sim.report.static_page import Document, PageTable, StaticPage, axis_title
from sim.whole import write_whole

OF_A_POLICY: Final = (
    "objective_usd",
    "uplift_capture",
    "soaked_fraction",
    "exceedance_mwh",
    "exceedance_count",
    "worst_ramp_60s_mw_per_min",
    "fleet_start_count",
    "mining_margin_usd",
)
"""Metrics in the row of a policy, where the runs have them."""


def write_comparison_report(document: Document, folder: Path) -> None:
    """Write ``compare.html`` of a comparison into its folder, from its document."""
    charts = [uplift_chart(document), gap_chart(document), *pareto_charts(document)]
    charts += [scale_chart(document), duration_chart(document)]
    page = StaticPage(
        title=f"{document['scenario']}: policies compared",
        lead=document["context"].get("question", ""),
        facts=list(_facts(document)),
        verdict=list(verdict_sentences(document)),
        charts=[chart for chart in charts if chart is not None],
        tables=list(_tables(document)),
    )
    write_whole(folder / "compare.html", page.html())


# -- in words -----------------------------------------------------------------------------------------------


def _facts(document: Document) -> Iterator[tuple[str, str]]:
    context, seeds = document["context"], document["seeds"]
    if context:
        yield "Period", f"{context['days']:g} days from {context['start']}"
        if context["limit_mw"] is not None:
            yield "Limit", format_value(context["limit_mw"], "MW")
        yield "Power price", context["power"].removeprefix("type ") or "as by default"
    runs = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}"
    yield "Runs", f"{len(seeds)} of each policy, {runs}, the same for all"
    if document["warm_up_d"]:
        yield "Left out", f"the first {document['warm_up_d']:g} days of each run"


def verdict_sentences(document: Document) -> Iterator[str]:
    """Yield the verdict: who keeps the limit, who is best and by how much, who did the same."""
    policies, verdict = document["policies"], document["verdict"]
    kept = [name for name, of in policies.items() if of["feasible"]]
    best = verdict["best"]
    worth = format_value(policies[best]["objective_usd"]["mean"], "USD")
    why = f"with an objective of {worth}" if kept else f"as it breaks least; its objective is {worth}"
    yield f"{best} ranks first, {why}."
    yield from _lead(verdict)
    if len(kept) == len(policies):
        yield "Every policy keeps the limit."
    elif kept:
        yield f"The limit is kept by {_listed(kept)}."
    else:
        yield "No policy keeps the limit."
    for alike in _alike(verdict["same"]):
        yield f"{_listed(alike)} did the same in every run."
    yield from standing_notes(document)


def _alike(pairs: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the policies that did the same, group by group."""
    groups: list[list[str]] = []
    for one, other in pairs:
        group = next((group for group in groups if one in group or other in group), None)
        if group is None:
            groups.append([one, other])
        else:
            group += [name for name in (one, other) if name not in group]
    return groups


def _lead(verdict: Document) -> Iterator[str]:
    lead = verdict["lead"]
    if lead is None or lead["mean"] is None or {verdict["best"], lead["over"]} in map(set, verdict["same"]):
        return
    text = f"It earns {format_difference(lead['mean'], 'USD')} compared with {lead['over']}"
    if lead["half_width"] is None:
        yield f"{text}, in one run: how sure that is needs replications."
    elif abs(lead["mean"]) > lead["half_width"]:
        yield f"{text}, ± {format_value(lead['half_width'], 'USD')} with 95 % confidence."
    else:
        width = format_value(lead["half_width"], "USD")
        yield f"{text}, within the interval of ± {width}: these runs do not tell them apart."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def standing_row(document: Document) -> list[str]:
    """Return the place of each policy among the compared, and whether it keeps the limit."""
    places = document["policies"].values()
    return [f"{of['rank']}{'' if of['feasible'] else ', breaks the limit'}" for of in places]


def standing_notes(document: Document) -> list[str]:
    """Return what stands below the line, with what it breaks; what would mend it where none is above."""
    broken = sorted(
        (of["rank"], policy, of["broken"]) for policy, of in document["policies"].items() if not of["feasible"]
    )
    notes = [f"Below the line, {policy} breaks the limit {text}." for _, policy, text in broken]
    return [*notes, *([document["advice"]] if document["advice"] else [])]


# -- tables -------------------------------------------------------------------------------------------------


def _tables(document: Document) -> Iterator[PageTable]:
    yield _of_policies(document)
    differing = [name for name in document["metrics"] if _differs(document, name)]
    main = [name for name in differing if name in {*HEADLINES, *COMPARED}]
    simultaneous = document["statistics"]["simultaneous"]
    note = NOTES["differences"].format(baseline=document["baseline"], simultaneous=simultaneous)
    yield _of_metrics(document, "What differs, the main metrics", main, note)
    for title, names in grouped(document["metrics"]).items():
        yield _of_metrics(document, title, names, is_open=False)


def _of_policies(document: Document) -> PageTable:
    policies = document["policies"].values()
    metrics = [
        name
        for name in OF_A_POLICY
        if name in document["metrics"] and any(of[name]["mean"] is not None for of in policies)
    ]
    head = ["Policy", "Place", "Keeps the limit"]
    head += [axis_title(document, name) for name in metrics]
    ranked = sorted(document["policies"].items(), key=lambda pair: pair[1]["rank"])
    named = [
        *((name, str(of["rank"]), of) for name, of in ranked),
        *((f"{name}\nreference", "", of) for name, of in document["references"].items()),
    ]
    rows = [
        [name, place, "yes" if of["feasible"] else "no", *(_mean(document, of, one) for one in metrics)]
        for name, place, of in named
    ]
    return PageTable("Policies", head, rows, NOTES["policies"])


def _of_metrics(
    document: Document, title: str, names: Sequence[str], note: str = "", *, is_open: bool = True
) -> PageTable:
    columns = {**document["policies"], **document["references"]}
    rows = [
        [f"{axis_title(document, name)}\n{name}", *(_cell(document, of[name], name) for of in columns.values())]
        for name in names
    ]
    return PageTable(title, ["Metric", *columns], rows, note, is_open)


def _mean(document: Document, of: Document, name: str) -> str:
    figures = of[name]
    text, width = format_value(figures["mean"]), figures["half_width"]
    is_noise = width is None or _is_noise(document, width, name)
    return text if is_noise else f"{text}\n± {format_value(width)}"


def _cell(document: Document, figures: Document, name: str) -> str:
    text, difference = format_value(figures["mean"]), figures.get("difference")
    if not difference or difference["mean"] is None:
        return text
    if _is_noise(document, difference["mean"], name) and _is_noise(document, difference["half_width"], name):
        return f"{text}\nsame"
    text += f"\n{format_difference(difference['mean'])}"
    width = difference["half_width"]
    return text if width is None else f"{text} ± {format_value(0.0 if _is_noise(document, width, name) else width)}"


def _differs(document: Document, name: str) -> bool:
    differences = (of[name].get("difference") for of in document["policies"].values())
    return any(
        one is not None and one["mean"] is not None and not _is_noise(document, one["mean"], name)
        for one in differences
    )


def _is_noise(document: Document, value: float | None, name: str) -> bool:
    """Tell whether a difference, or the width of an interval, is rounding against what differs."""
    means = (of[name]["mean"] for of in document["policies"].values())
    largest = max((abs(mean) for mean in means if mean is not None), default=0.0)
    return abs(value or 0.0) <= NOISE_RATIO * largest
