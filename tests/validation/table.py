"""``make validate``: every published number, ours, its deviation and tolerance; exit code 1 on a fault."""

import sys
from collections.abc import Mapping, Sequence
from math import inf, isnan
from typing import TextIO

from published import Band, PublishedCase, groups
from rich.console import Console
from rich.table import Table

WIDTH = 190
"""Least width of the table where the output is no terminal [characters]."""


def show(titled: Mapping[str, Sequence[PublishedCase]], out: TextIO) -> int:
    """Print the table and return how many cases do not agree."""
    console = Console(file=out, width=None if out.isatty() else WIDTH)
    table = Table("", "published", "ours", "unit", "deviation", "tolerance", "", "source", highlight=True)
    verdicts = []
    for title, cases in titled.items():
        table.add_section()
        table.add_row(f"[bold]{title}")
        for case in cases:
            ours, apart, verdict = judged(case)
            verdicts.append(verdict)
            name = f"  {case.name}{' (slow)' if case.slow else ''}"
            published = "" if isnan(case.published) else f"{case.published:.5g}"
            numbers = (published, ours, case.unit, apart, str(case.tolerance))
            table.add_row(name, *numbers, verdict, case.source)
    faults = sum(verdict.startswith("FAILED") for verdict in verdicts)
    skipped = sum(verdict.startswith("skipped") for verdict in verdicts)
    console.print(table)
    console.print(f"{len(verdicts)} published numbers: {faults} failed, {skipped} skipped")
    return faults


def judged(case: PublishedCase) -> tuple[str, str, str]:
    """Return our value, its deviation and the verdict, as text."""
    if case.missing:
        return "", "", f"skipped: {case.missing}"
    try:
        value = case.ours()
    except Exception as error:  # noqa: BLE001  # one broken case must not hide the others
        return "", "", f"FAILED: {type(error).__name__}: {error}"
    return f"{value:.5g}", deviation(case, value), "ok" if case.agrees(value) else "FAILED"


def deviation(case: PublishedCase, value: float) -> str:
    """Return how far a value is from the published one, as text; nothing where that is a bound."""
    if isinstance(case.tolerance, Band) and case.tolerance.high == inf:
        return ""
    return f"{(value / case.published - 1.0) * 100:+.2f} %" if case.published else f"{value:+.3g}"


if __name__ == "__main__":
    sys.exit(min(1, show(groups(), sys.stdout)))
