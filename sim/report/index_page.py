"""The page that lists what lies under ``results/``: runs, comparisons, studies; it needs no server."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from time import localtime, strftime
from typing import Any, Final

from sim.report.format import WORDINGS, format_value
from sim.report.static_page import embedded, own_file, rendered, security_policy
from sim.whole import write_whole

INDEX: Final = "index.html"
PAGES: Final[Mapping[str, str]] = WORDINGS["pages"]
"""Page of a folder, and what the folder holds."""
SHOWN: Final = ("site_peak_mw", "exceedance_s", "soaked_fraction", "mining_margin_usd", "ebitda_usd")
"""Metrics of a run in its row."""
HEADS: Final = (
    "Scenario",
    "What",
    "Written",
    "Days",
    "Seed",
    "Policy",
    "Peak",
    "Above the limit",
    "Soaked",
    "Mining margin",
    "EBITDA",
)
_KEPT: Final = re.compile(r'<script type="application/json" id="rows">(.*?)</script>', re.DOTALL)
_FIELD: Final = re.compile(r"^(days|seed): (.+)$|^policy:\n(?:  .*\n)*?  type: (.+)$", re.MULTILINE)

Row = dict[str, Any]
Cell = tuple[str, float | str | None]
"""What is shown, and what is sorted by."""


def write_index(results: Path) -> Path:
    """Write ``index.html`` into the folder of all results, and return it.

    What has not changed since the last time is taken from the page that is there, so that a thousand results
    cost no more than looking at their folders.

    Parameters
    ----------
    results
        The folder: ``<scenario>/<key>/`` below it.
    """
    known = _known(results / INDEX)
    rows = [_row(results, folder, page, known) for folder, page in _folders(results)]
    rows.sort(key=lambda row: -row["written_ns"])
    scripts = [own_file("tables.js")]
    policy = security_policy(scripts, pictures="")
    page = rendered("index.html.jinja", policy=policy, scripts=scripts, heads=HEADS, rows=rows, kept=embedded(rows))
    write_whole(results / INDEX, page)  # two runs that end together may both write: each writes it whole
    return results / INDEX


def _folders(results: Path) -> Iterator[tuple[Path, str]]:
    """Yield each folder with a page, and the page's name."""
    for above in sorted(path for path in results.iterdir() if path.is_dir()):
        for folder in sorted(above.iterdir()):
            page = next((name for name in PAGES if (folder / name).is_file()), None)
            if page is not None and not folder.name.startswith("."):
                yield folder, page


def _known(index: Path) -> dict[tuple[str, int], Row]:
    """Return the rows of the page that is there, by folder and time of writing."""
    try:
        found = _KEPT.search(index.read_text(encoding="utf-8"))
        rows = json.loads(found[1]) if found else []
        return {(row["page"], row["written_ns"]): row for row in rows}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _row(results: Path, folder: Path, page: str, known: Mapping[tuple[str, int], Row]) -> Row:
    path, written_ns = (folder / page).relative_to(results).as_posix(), (folder / page).stat().st_mtime_ns
    if (path, written_ns) in known:
        return known[path, written_ns]
    written = strftime("%Y-%m-%d %H:%M", localtime(written_ns / 1e9))
    name = folder.name if page == "study.html" else folder.parent.name
    cells: list[Cell] = [(text, text) for text in (name, PAGES[page], written)]
    with suppress(OSError, ValueError, KeyError, TypeError):  # what is no whole result is listed all the same
        if page == "report.html":
            cells += [*_run_facts(folder), *_metrics(folder)]
        elif page == "compare.html":
            cells += [*_comparison_facts(folder)]
    cells += [("", None)] * (len(HEADS) - len(cells))
    return {"page": path, "written_ns": written_ns, "cells": cells}


def _run_facts(folder: Path) -> Iterator[Cell]:
    """Yield days, seed and policy, as the scenario that we wrote ourselves has them."""
    found = {"days": "", "seed": "", "policy": ""}
    for name, value, policy in _FIELD.findall((folder / "scenario.yaml").read_text(encoding="utf-8")):
        found[name or "policy"] = value or policy
    for name in ("days", "seed"):
        yield f"{float(found[name]):g}", float(found[name])
    yield found["policy"], found["policy"]


def _comparison_facts(folder: Path) -> Iterator[Cell]:
    """Yield days, seeds and the best of the policies."""
    document = json.loads((folder / "compare.json").read_bytes())
    days, seeds = document["context"]["days"], document["seeds"]
    yield f"{days:g}", days
    yield (f"{seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else str(seeds[0])), seeds[0]
    best = f"{document['verdict']['best']}, best of {len(document['policies'])}"
    yield best, best


def _metrics(folder: Path) -> Iterator[Cell]:
    metrics = json.loads((folder / "metrics.json").read_bytes())
    for name in SHOWN:
        one = metrics.get(name, {"value": None, "unit": "1"})
        yield "" if one["value"] is None else format_value(one["value"], one["unit"]), one["value"]
