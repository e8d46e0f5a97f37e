"""What the commands show on a terminal: tables on standard output, progress and remarks on standard error."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich import box
from rich.console import Console
from rich.measure import Measurement as Width
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from sim.errors import printable

SHOW_AFTER_S = 1.0
"""A progress bar appears once a command has taken this long."""
PLAIN_EVERY_S = 30.0
"""Without a terminal, progress is a plain line this often."""
WIDTH_OF_A_FILE = 160
"""Columns of a table that goes to a file or a pipe, unless COLUMNS says another number."""
LEAST_TEXT = 14
"""A column of words is at least so wide, if any of its cells is [letters]."""
LEAST_SENTENCE = 30
"""A column of sentences is left out where the terminal leaves it fewer letters."""
NOT_KNOWN = "n/a"
DIGITS = "+-0123456789"
"""What a number begins with."""


class _Output(Console):
    """Standard output; who stops reading it (``| head``) loses the rest of the table and nothing else."""

    def on_broken_pipe(self) -> None:
        """Write no more, and go on."""
        self.quiet = True
        _close_output()


def _close_output() -> None:
    """Let what is still written to standard output vanish, at the end of the program too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _console() -> Console:
    # a table for a file or a pipe is not cut to the width of a terminal that is not there
    is_narrow = sys.stdout.isatty() or "COLUMNS" in os.environ
    return _Output(markup=False, emoji=False, width=None if is_narrow else WIDTH_OF_A_FILE)


def say(text: str) -> None:
    """Write a line to standard error."""
    sys.stderr.write(f"{printable(text)}\n")


def print_json(document: Any) -> None:
    """Write a document to standard output as JSON."""
    try:
        sys.stdout.write(json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _close_output()


def print_text(text: str) -> None:
    """Write a paragraph to standard output, wrapped to the terminal, and a blank line."""
    console = _console()
    console.print(printable(text), "")
    console.file.flush()


def print_table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "", caption: str = "", has_text: bool = False
) -> None:
    """Write a table to standard output; where it is too wide, a row becomes lines of name and value.

    Nothing is ever cut: neither a name nor a number.

    Parameters
    ----------
    heads
        Names of the columns; the first column holds the names of the rows.
    rows
        Cells of each row.
    title, caption
        Lines above and below.
    has_text
        Whether the last column holds sentences, which are left out where the terminal is narrow.
    """
    console, rows = _console(), [[printable(cell) for cell in row] for row in rows]
    ways = [_wide(heads, rows)]
    if has_text:
        ways[0].columns[-1].min_width = LEAST_SENTENCE
        heads, rows = heads[:-1], [row[:-1] for row in rows]
        ways.append(_wide(heads, rows))
    ways.append(_wide(heads, rows, has_frame=False))
    table = next((way for way in ways if _fits(console, way)), None) or _long(heads, rows)
    table.title, table.caption = title or None, caption or None
    console.print(table)
    console.file.flush()


def _fits(console: Console, table: Table) -> bool:
    return Width.get(console, console.options.update(width=10_000), table).minimum <= console.width


def _wide(heads: Sequence[str], rows: Sequence[Sequence[str]], *, has_frame: bool = True) -> Table:
    """Return the table as it stands: words may go on in the next line, names of rows and numbers may not."""
    table = Table() if has_frame else Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for place, head in enumerate(heads):
        cells = [row[place] for row in rows]
        is_number = place > 0 and all(not cell or cell == NOT_KNOWN or cell[0] in DIGITS for cell in cells)
        longest = max((len(line) for cell in cells for line in cell.splitlines()), default=0)
        if is_number or place == 0:
            width = max(longest, len(head))
            table.add_column(head, justify="right" if is_number else "left", min_width=width, no_wrap=True)
        else:
            table.add_column(head, min_width=min(LEAST_TEXT, longest))
    for row in rows:
        table.add_row(*row)
    return table


def _long(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return the table transposed: below each row's name its cells, each beside its column's name."""
    table = Table(box=box.SIMPLE, show_header=False)
    table.add_column(overflow="fold")
    table.add_column(justify="right", overflow="fold")
    for name, *cells in rows:
        said = name if heads[0] == "metric" else f"{heads[0]}: {name}"
        table.add_row(Text(said, style="bold"), "")
        for head, cell in zip(heads[1:], cells, strict=True):
            if cell:
                table.add_row(f"  {head}", cell)
        table.add_section()
    return table


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[float], None]]:
    """Show progress on standard error: a bar on a terminal, else a plain line now and then.

    Yields
    ------
    callable
        To be told the share that is done, from 0 to 1.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _plain_progress(title)
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(printable(title), total=1.0, visible=False)
        started = time.monotonic()

        def tell(share: float) -> None:
            bar.update(task, completed=share, visible=time.monotonic() - started > SHOW_AFTER_S)

        yield tell


def _plain_progress(title: str) -> Callable[[float], None]:
    last = time.monotonic()

    def tell(share: float) -> None:
        nonlocal last
        if time.monotonic() - last > PLAIN_EVERY_S:
            last = time.monotonic()
            say(f"{title}: {share:.0%}")

    return tell
