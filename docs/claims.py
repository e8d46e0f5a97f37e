"""Runs what the claims need, and puts the table of what came out into its page.

``python -m docs.claims`` fills the table, in some four minutes; ``--check`` fails if it is stale.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import wrap
from typing import Any, Final

from docs.filling import between, fill
from sim.report.format import format_value
from sim.study.claims import judge_all, read_claims
from sim.units import unit_of

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs" / "explanation" / "claims.md"
WIDTH: Final = 118
START, END = "<!-- table -->\n", "<!-- end -->"


def rows(*, quick: bool = False) -> list[dict[str, Any]]:
    """Return a row for each claim, its runs done anew."""
    with TemporaryDirectory() as folder:
        return judge_all(
            read_claims(),
            lambda name: ROOT / "scenarios" / f"{name}.yaml",
            Path(folder),
            quick=quick,
            workers=2,
        )


def table(found: Sequence[Mapping[str, Any]]) -> str:
    """Return a section for each claim: claim, verdict, condition, what was measured."""
    return "\n".join(_section(row) for row in found)


def _section(row: Mapping[str, Any]) -> str:
    figures = [f"| `{name}` | {format_value(value, unit_of(name) or '1')} |" for name, value in row["measured"].items()]
    words = (f"*{row['claim']}*", row["condition"])
    said = [line for text in words for line in (*wrap(text, WIDTH), "")]
    lines = [f"## {row['id']}: {row['verdict']}", "", *said]
    return "\n".join([*lines, "| measured | |", "|---|--:|", *figures, ""])


def main(arguments: Sequence[str]) -> None:
    """Fill the table, or with ``--check`` fail if it is stale."""
    text = PAGE.read_text(encoding="utf-8")
    fill(PAGE, between(text, START, END, table(rows())), "docs.claims", arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
