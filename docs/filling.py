"""Pages that hold what a module of this folder makes: filled, or found stale."""

import sys
from collections.abc import Sequence
from pathlib import Path


def between(text: str, start: str, end: str, made: str) -> str:
    """Return a text with what was made between its first start and the end after it."""
    before, _, rest = text.partition(start)
    return before + start + made + end + rest.partition(end)[2]


def fill(page: Path, filled: str, module: str, arguments: Sequence[str]) -> None:
    """Write a page anew, or with ``--check`` leave with a message if it is stale."""
    if list(arguments) != ["--check"]:
        page.write_text(filled, encoding="utf-8", newline="\n")
    elif filled != page.read_text(encoding="utf-8"):
        sys.exit(f"{page.name} is stale, run python -m {module}")
