"""``make validate [ARGS=--json]``: every published number, ours, its kind, its deviation and tolerance.

The headline is the evidence alone: what agrees with a publication that nothing here was set from. Exit
code 1 on a fault.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import inf, isfinite, isnan
from typing import NamedTuple, TextIO

from published import Band, PublishedCase, groups
from rich.console import Console
from rich.table import Table

WIDTH = 200
"""Least width of the table where the output is no terminal [characters]."""
KINDS = {
    "evidence": "against a publication that nothing here was set from",
    "calibration": "against the record that a constant was set from",
    "identity": "formula against formula, or a file read back",
}


class Row(NamedTuple):
    """A case, and how it came out."""

    topic: str
    case: PublishedCase
    ours: float | None
    verdict: str


def rows(titled: Mapping[str, Sequence[PublishedCase]]) -> Iterator[Row]:
    """Work out every case."""
    for topic, cases in titled.items():
        yield from (Row(topic, case, *judged(case)) for case in cases)


def judged(case: PublishedCase) -> tuple[float | None, str]:
    """Return our value and the verdict."""
    if case.missing:
        return None, f"skipped: {case.missing}"
    try:
        value = case.ours()
    except Exception as error:  # noqa: BLE001  # one broken case must not hide the others
        return None, f"FAILED: {type(error).__name__}: {error}"
    return value, "ok" if case.agrees(value) else "FAILED"


def headline(found: Sequence[Row]) -> list[str]:
    """Return the counts by kind, the evidence first."""
    lines = []
    for kind, meaning in KINDS.items():
        verdicts = Counter(row.verdict.split(":")[0] for row in found if row.case.kind == kind)
        agree, failed, skipped = (verdicts[word] for word in ("ok", "FAILED", "skipped"))
        rest = f", {skipped} skipped" if skipped else ""
        lines.append(f"{kind}: {agree} of {agree + failed} agree{rest} ({meaning})")
    return lines


def show(found: Sequence[Row], out: TextIO) -> None:
    """Print the table and the headline."""
    console = Console(file=out, width=None if out.isatty() else WIDTH)
    columns = ("", "kind", "published", "ours", "unit", "deviation", "tolerance", "", "source")
    table = Table(*columns, highlight=True)
    topic = ""
    for row in found:
        if row.topic != topic:
            topic = row.topic
            table.add_section()
            table.add_row(f"[bold]{topic}")
        case, ours = row.case, "" if row.ours is None else f"{row.ours:.5g}"
        name = f"  {case.name}{' (slow)' if case.slow else ''}"
        published = "" if isnan(case.published) else f"{case.published:.5g}"
        numbers = (published, ours, case.unit, deviation(case, row.ours), str(case.tolerance))
        table.add_row(name, case.kind, *numbers, row.verdict, case.source)
    console.print(table)
    for line in headline(found):
        console.print(line, soft_wrap=True)


def deviation(case: PublishedCase, value: float | None) -> str:
    """Return how far a value is from the published one, as text; nothing where that is a bound."""
    if value is None or (isinstance(case.tolerance, Band) and case.tolerance.high == inf):
        return ""
    return f"{(value / case.published - 1.0) * 100:+.2f} %" if case.published else f"{value:+.3g}"


def as_json(found: Sequence[Row]) -> str:
    """Return the rows, and the headline."""
    return json.dumps({"headline": headline(found), "rows": [plain(row) for row in found]}, indent=1)


def plain(row: Row) -> dict[str, object]:
    """Return a row for a machine; a bound that is not there is null."""
    case = row.case
    low, high = (bound if isfinite(bound) else None for bound in case.tolerance.limits(case.published))
    return {
        "topic": row.topic,
        "name": case.name,
        "kind": case.kind,
        "published": None if isnan(case.published) else case.published,
        "ours": row.ours,
        "unit": case.unit,
        "low": low,
        "high": high,
        "verdict": row.verdict,
        "source": case.source,
    }


def main(arguments: Sequence[str]) -> int:
    """Print what was asked for; return how many cases do not agree, at most 1."""
    found = list(rows(groups()))
    if "--json" in arguments:
        sys.stdout.write(as_json(found) + "\n")
    else:
        show(found, sys.stdout)
    return int(any(row.verdict.startswith("FAILED") for row in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
