"""The page of a comparison: one HTML file with its figures in it, which loads nothing and runs no script."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from sim.report.comparison_figures import write_comparison_figures, write_winner_figures
from sim.report.format import format_difference, format_value
from sim.report.static_page import figures_folder, pictures_of, static_page

CAPTIONS: Final = {
    "pareto.png": (
        "Objective against what it costs in ramps, energy above the limit and starts; filled: no other "
        "policy is at least as good in all and better in one"
    ),
    "uplift.png": "Objective of each policy, of fleets that fill the limit, and of perfect foresight",
    "winners.png": "Policy with the best mean objective; hatched: its lead is within the intervals",
}

Document = Mapping[str, Any]


def write_comparison_report(document: Document, folder: Path) -> None:
    """Write ``compare.html`` and ``figures/`` of a comparison into its folder, from its document."""
    figures = figures_folder(folder)
    names = write_comparison_figures(document, figures)
    head = ["metric", *document["policies"], *document["references"]]
    text = static_page(
        f"{document['scenario']}: policies compared",
        _comparison_notes(document),
        pictures_of(figures, names, CAPTIONS),
        (head, list(_comparison_rows(document))),
    )
    (folder / "compare.html").write_text(text, encoding="utf-8", newline="\n")


def write_winners_report(document: Document, folder: Path) -> None:
    """Write ``winners.html`` and ``figures/`` of a comparison over swept fields into its folder."""
    figures = figures_folder(folder)
    names = write_winner_figures(document, figures)
    head = [*(axis["path"] for axis in document["axes"]), "winner", "no significant difference to"]
    head += [f"{policy}: objective" for policy in document["policies"]]
    note = (
        f"Mean objective of {document['replications']} replications; a policy that keeps the limit comes "
        "before one that does not. A policy leads a cell where its paired "
        "differences to all others that do so too are above zero by simultaneous 95 % intervals (Bonferroni)."
    )
    text = static_page(
        f"{document['scenario']}: who wins when",
        [note],
        pictures_of(figures, names, CAPTIONS),
        (head, list(winner_rows(document))),
    )
    (folder / "winners.html").write_text(text, encoding="utf-8", newline="\n")


def winner_rows(document: Document) -> Iterator[list[str]]:
    """Yield a row of cells for each combination: values, winner, whom it does not surely beat, objectives."""
    for cell in document["cells"]:
        objectives = [format_value(cell["objective_usd"][name], "USD") for name in document["policies"]]
        ties = ", ".join(cell["no_significant_difference_to"])
        yield [*(str(value) for value in cell["values"]), cell["winner"], ties, *objectives]


def _comparison_notes(document: Document) -> list[str]:
    statistics, warm_up = document["statistics"], document["warm_up_d"]
    means = (
        f"Mean of {document['replications']} replications, then the paired difference to "
        f"{document['baseline']} with its 95 % interval and, in brackets, the half-width with which all "
        f"differences of the row hold together ({statistics['simultaneous']})."
    )
    ranks = (
        "Policies that keep the limit in every replication, as far as the site does without miners, rank "
        "first, by their mean objective; the others follow, those first that break least."
    )
    notes = [
        ranks,
        *standing_notes(document),
        means,
        "An interval that holds 0 does not tell two policies apart.",
    ]
    return [*notes, f"The first {warm_up:g} days of each run are left out."] if warm_up else notes


def standing_row(document: Document) -> list[str]:
    """Return the place of each policy among the compared, and whether it keeps the limit."""
    places = document["policies"].values()
    return [f"{of['rank']}{'' if of['feasible'] else ', breaks the limit'}" for of in places]


def standing_notes(document: Document) -> list[str]:
    """Return what stands below the line, with what it breaks; what would mend it where none is above."""
    broken = sorted(
        (of["rank"], policy, of["broken"])
        for policy, of in document["policies"].items()
        if not of["feasible"]
    )
    notes = [f"Below the line, {policy} breaks the limit {text}." for _, policy, text in broken]
    return [*notes, *([document["advice"]] if document["advice"] else [])]


def _comparison_rows(document: Document) -> Iterator[list[str]]:
    columns = {**document["policies"], **document["references"]}
    kept = ["" if of["feasible"] else "breaks the limit" for of in document["references"].values()]
    yield ["rank", *standing_row(document), *kept]
    for metric, facts in document["metrics"].items():
        yield [metric, *(_cell(column[metric], facts["unit"]) for column in columns.values())]


def _cell(figures: Document, unit: str) -> str:
    text, difference = format_value(figures["mean"], unit), figures.get("difference")
    if not difference or difference["mean"] is None:
        return text
    text += f"\n{format_difference(difference['mean'], unit)}"
    widths = [difference["half_width"], difference["half_width_simultaneous"]]
    if widths[0] is None or widths[1] is None:
        return text
    return f"{text} ± {format_value(widths[0], unit)} ({format_value(widths[1], unit)})"
