"""Charts of a comparison: who is beaten by none, what foresight leaves to gain, what moves how fast."""

from collections.abc import Iterator
from typing import Final

from sim.report.format import WORDINGS, format_value, words_of
from sim.report.static_page import Document, axis_title
from sim.report.svg import BarRow, Chart, ChartAxis, Curve, Drawing, around, bar_chart, kind_of, line_chart, names_axis

OUTSIDE: Final = 0.02
"""Part of an axis by which a point may lie beside it and still be drawn."""
LINES: Final[list[list[str]]] = WORDINGS["held_against"]
"""What objectives are measured against: metric, name, style."""
GAP: Final = "Bound less objective: "
"""What the summary of each part of the gap begins with."""


def pareto_charts(document: Document) -> Iterator[Drawing]:
    """Yield the objective against each cost of getting it; policies that none beats are filled."""
    view = document["pareto"]
    costs = [name for name, wanted in view["objectives"].items() if wanted == "less"]
    for cost in costs:
        if len({facts[cost] for facts in view["policies"].values()}) > 1:
            yield _pareto(document, view["policies"], cost)


def _pareto(document: Document, policies: Document, cost: str) -> Drawing:
    kept = [facts for facts in policies.values() if facts["non_dominated"]]
    # a hopeless policy would squeeze the others into a corner
    across = around([facts[cost] for facts in kept], axis_title(document, cost))
    upwards = around([facts["objective_usd"] for facts in kept], "Objective [USD]")
    outside = [
        name
        for name, facts in policies.items()
        if not (_is_inside(across, facts[cost]) and _is_inside(upwards, facts["objective_usd"]))
    ]

    def draw(chart: Chart) -> None:
        alike: dict[tuple[float, float], list[str]] = {}
        for number, (name, facts) in enumerate(policies.items()):
            style, mark = kind_of(number)
            if name not in outside:
                at = facts[cost], facts["objective_usd"]
                chart.point(*at, style if facts["non_dominated"] else f"{style} open", mark, name)
                alike.setdefault(at, []).append(name)
        for at, names in alike.items() if not chart.is_narrow else ():
            chart.text(*at, ", ".join(names), style="beside")

    note = "Filled: no other policy is at least as good in all objectives and better in one."
    note += f" Far outside, and left out: {', '.join(outside)}." if outside else ""
    title = f"Objective against {words_of(cost)[:1].lower()}{words_of(cost)[1:]}"
    names = [(kind_of(number)[0], name) for number, name in enumerate(policies)]
    return Drawing.of(title, note, (across, upwards), draw, names)


def _is_inside(axis: ChartAxis, value: float) -> bool:
    return -OUTSIDE <= axis.part(value) <= 1.0 + OUTSIDE


def uplift_chart(document: Document) -> Drawing | None:
    """Return what each policy reaches of the bound; None where no objective is known."""
    policies = {
        name: of["objective_usd"]
        for name, of in document["policies"].items()
        if of["objective_usd"]["mean"] is not None
    }
    if not policies:
        return None
    first = document["policies"][next(iter(policies))]
    lines = [
        (float(first[metric]["mean"]), title, style)
        for metric, title, style in LINES
        if first.get(metric, {}).get("mean") is not None
    ]
    means = [facts["mean"] for facts in policies.values()]
    reach = max(map(abs, [*(usd for usd, *_ in lines), max(means)]))
    low = max(min(0.0, *means), -0.3 * reach)  # what is far below zero is cut off
    across = ChartAxis("Objective [USD]", low, 1.05 * max([*means, *(usd for usd, *_ in lines), 0.0]) or 1.0)
    rows = []
    for place, (name, facts) in enumerate(policies.items()):
        (style, _), width = kind_of(place), facts["half_width"]
        text = format_value(facts["mean"], "USD") + (f" ± {format_value(width, 'USD')}" if width else "")
        bar = (0.0, max(facts["mean"], low), style if _keeps(document, name) else f"{style} faint", name)
        rows.append(BarRow(_standing(document, name), text, [bar]))
    note = "Mean objective and its 95 % interval; what is far below zero is cut off."
    return bar_chart("What is reached of what could be", note, across, rows, lines)


def gap_chart(document: Document) -> Drawing | None:
    """Return what lies between each policy and perfect foresight, by cause; None where that is not known."""
    causes = [name for name in document["metrics"] if name.startswith("gap_")]
    rows = []
    for name, of in document["policies"].items():
        sizes = [of[cause]["mean"] for cause in causes]
        if None not in sizes:
            edges = {True: 0.0, False: 0.0}  # what a policy lost lies to the right of zero, what it won to the left
            bars = []
            for number, (cause, usd) in enumerate(zip(causes, sizes, strict=True)):
                start = edges[usd > 0.0]
                edges[usd > 0.0] += usd
                bars.append((start, start + usd, kind_of(number)[0], f"{cause}: {format_value(usd, 'USD')}"))
            text = f"{format_value(sum(sizes), 'USD')} in all"
            rows.append(BarRow(_standing(document, name), text, bars))
    if not rows:
        return None
    ends = [edge for row in rows for bar in row.bars for edge in bar[:2]]
    key = [
        (kind_of(number)[0], document["metrics"][cause]["summary"].removeprefix(GAP))
        for number, cause in enumerate(causes)
    ]
    note = "Bound less objective. Left of zero is what the bound may not do, such as power above the limit."
    axis = around(ends, "Less than perfect foresight [USD]", from_zero=True)
    return bar_chart("What keeps each policy from it", note, axis, rows, key=key)


def _keeps(document: Document, policy: str) -> bool:
    return bool(document["policies"][policy]["feasible"])


def _standing(document: Document, policy: str) -> str:
    """Return a policy's name, and that it breaks the limit where it does."""
    return policy if _keeps(document, policy) else f"{policy}, breaks the limit"


def _known_means(document: Document, metrics: list[str]) -> dict[str, list[float]]:
    """Return the means of some metrics by policy and reference, of those for which all of them are known."""
    columns = {**document["policies"], **document["references"]}
    means = {name: [of[metric]["mean"] for metric in metrics] for name, of in columns.items() if metrics}
    return {name: values for name, values in means.items() if None not in values}


def duration_chart(document: Document) -> Drawing | None:
    """Return the load-duration curve of the site under each policy; None where the runs do not tell."""
    levels = [name for name in document["metrics"] if name.startswith("duration_")]
    curves = _known_means(document, levels)
    if not curves:
        return None
    shares = [100.0 - float(level.removeprefix("duration_p").removesuffix("_mw")) for level in levels]
    limit_mw = document["context"].get("limit_mw")
    lines = [Curve(name, kind_of(number)[0], shares, ys) for number, (name, ys) in enumerate(curves.items())]
    if limit_mw is not None:
        lines.append(Curve("Limit", "limit dash", [0.0, 100.0], [limit_mw, limit_mw]))
    upwards = around([mw for line in lines for mw in line.ys], "Power of the site [MW]")
    note = "For how much of the time the site is above a level, mean of the runs."
    return line_chart("Load duration", note, (ChartAxis("Share of the time [%]", 0.0, 100.0), upwards), lines)


def scale_chart(document: Document) -> Drawing | None:
    """Return the variation that each policy leaves on each time scale; None where the runs do not tell."""
    scales = [
        name
        for name in document["metrics"]
        if name.startswith("residual_") and name.endswith("_mw") and "alone" not in name
    ]
    shown = _known_means(document, scales)
    if not shown:
        return None
    across = names_axis(words_of(scale).removeprefix("Residual ") for scale in scales)
    upwards = around([mw for values in shown.values() for mw in values], "Left [MW, rms]", from_zero=True)
    width = 0.84 / len(shown)

    def draw(chart: Chart) -> None:
        for number, (name, values) in enumerate(shown.items()):
            for place, mw in enumerate(values):
                left = place + 0.08 + width * number
                title = f"{name}: {format_value(mw, 'MW')}"
                chart.bar((left, 0.0), (left + 0.92 * width, mw), kind_of(number)[0], title)

    names = [(kind_of(number)[0], name) for number, name in enumerate(shown)]
    note = "Root mean square of what is left at the site."
    return Drawing.of("What moves, by time scale", note, (across, upwards), draw, names)
