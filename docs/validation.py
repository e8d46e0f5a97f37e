"""Writes the page of published numbers: the rows of ``make validate``, by topic.

``python -m docs.validation`` writes it; ``--check`` fails if it is stale. Rows whose data do not ship with
the project are kept as they stand where the data are missing.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from itertools import groupby
from math import isnan
from operator import attrgetter
from pathlib import Path
from typing import Final

from docs.filling import fill
from docs.spec_fields import cell

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "validation.md"
MARKS: Final = re.compile(r"(<!-- numbers -->\n)(.*)(<!-- end -->)", re.DOTALL)
HEAD: Final = f"| number | published | ours | unit | deviation | tolerance | kind | source |\n{'|---' * 8}|\n"
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("", "validation", "validation/models")]

from published import groups  # noqa: E402  # the registry of the tests
from table import Row, deviation, headline, rows  # noqa: E402


def filled(text: str) -> str:
    """Return the page with its tables filled anew."""
    found = list(rows(groups()))
    before = {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("| ")}
    said = "".join(f"- {line}\n" for line in headline(found))
    topics = groupby(found, key=attrgetter("topic"))
    made = "".join(f"\n## {topic}\n\n{HEAD}{''.join(_lines(each, before))}" for topic, each in topics)
    return MARKS.sub(lambda marks: f"{marks[1]}{said}{made}\n{marks[3]}", text)


def _lines(found: Iterator[Row], before: Mapping[str, str]) -> Iterator[str]:
    for row in found:
        case, name = row.case, cell(row.case.name)
        if row.ours is None and case.missing and name in before:
            yield before[name] + "\n"
            continue
        if row.ours is None or row.verdict != "ok":
            sys.exit(f"{case.name}: {row.verdict}")
        published = "" if isnan(case.published) else f"{case.published:.5g}"
        ours = (f"{row.ours:.5g}", case.unit, deviation(case, row.ours), str(case.tolerance))
        yield f"| {' | '.join((name, published, *ours, case.kind, cell(case.source)))} |\n"


def main(arguments: list[str]) -> None:
    """Fill the tables, or with ``--check`` fail if they are stale."""
    fill(PAGE, filled(PAGE.read_text(encoding="utf-8")), "docs.validation", arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
