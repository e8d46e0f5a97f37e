"""The page of the claims: what each says, whether it is so, and what was measured of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.report.format import NOT_ASSESSABLE, format_value, words_of
from sim.report.static_page import PageTable, StaticPage
from sim.units import unit_of
from sim.whole import write_whole


def write_claims_page(rows: Sequence[Mapping[str, Any]], folder: Path, *, quick: bool) -> Path:
    """Write ``claims.html`` into a folder; return it.

    Parameters
    ----------
    rows
        The claims as `sim.study.claims.judge_all` has judged them.
    folder
        Where to; it exists.
    quick
        Whether runs were shortened.
    """
    counts = Counter(row["verdict"] for row in rows)
    told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    summary = [(f"{row['id']}: {row['claim']}", row["verdict"]) for row in rows]
    page = StaticPage(
        title="Claims about miners beside AI",
        lead="Which of them are so, where, and on what do they hang?",
        facts=[("Claims", f"{len(rows)}: {told}"), ("Runs", "shortened, with fewer seeds" if quick else "whole")],
        verdict=[f"{row['id']}, {row['verdict']}: {row['condition']}" for row in rows],
        tables=[
            PageTable("Claims", ("claim", "verdict"), summary),
            *(_measured(row) for row in rows),
        ],
    )
    write_whole(folder / "claims.html", page.html())
    return folder / "claims.html"


def _measured(row: Mapping[str, Any]) -> PageTable:
    """Return what was measured of a claim, and of which runs."""
    figures = [
        (words_of(name), NOT_ASSESSABLE if value is None else format_value(value, unit_of(name) or "1"))
        for name, value in row["measured"].items()
    ]
    return PageTable(f"{row['id']}: {row['verdict']}", ("measured", "value"), figures, note=row["claim"], is_open=False)
