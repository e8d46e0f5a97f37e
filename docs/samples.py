"""Runs the commands that the documentation shows, and puts their real output into the pages.

A sample is a block that begins with ``<!-- sample: run replay-day | site_peak_mw exceedance_s -->``: the
arguments of the command, and the metrics whose lines are shown (none: all). It ends with ``<!-- end -->``.
A YAML block that begins with ``# scenarios/NAME.yaml`` is there for the page's commands to run.
``python -m docs.samples`` fills them all, and renews the pictures; ``--check`` fails if a sample is stale.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import wrap
from typing import Final

from sim.report.comparison_charts import uplift_chart
from sim.report.static_page import own_file
from sim.report.svg import Drawing

ROOT: Final = Path(__file__).parent.parent
SAMPLE: Final = re.compile(r"(<!-- sample: ([^|\n]+?)(?: \| ([^\n]*?))? -->\n)(.*?)(<!-- end -->)", re.DOTALL)
FILE: Final = re.compile(r"```yaml\n# (scenarios/[\w/-]+\.yaml)\n(.*?)```", re.DOTALL)
PICTURE: Final = ROOT / "docs" / "images" / "helios.png"
COMPARED: Final = "as-shipped follow-headroom:margin_mw=4 price-threshold always-on"
"""The policies of the README's comparison."""
CHART: Final = ROOT / "docs" / "images" / "comparison.svg"
STYLE: Final = re.compile(r"^(?::root \{.*?^\}|\.(?:drawn|k\d|ai|site)\b[^\n]*)$", re.DOTALL | re.MULTILINE)
"""The rules of the pages' style sheet that a chart by itself needs."""
WIDTH: Final = 118
NO_TERMINAL: Final = 160
"""Width at which a command wraps its texts where it writes to no terminal."""
FRAME: Final = tuple("┏┃┡│└")


def pages() -> list[Path]:
    """Return the pages that may hold samples."""
    here = (page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts)
    return [ROOT / "README.md", *sorted(here)]


def renewed(text: str) -> str:
    """Return a page with its samples filled anew."""
    files = tuple(FILE.findall(text))
    return SAMPLE.sub(lambda found: found[1] + _block(found[2], (found[3] or "").split(), files) + found[5], text)


def _block(command: str, metrics: list[str], files: tuple[tuple[str, str], ...]) -> str:
    lines = "\n".join(_shown(_output(command, files).splitlines(), metrics))
    return f"```text\n{lines}\n```\n"


@cache
def _output(command: str, files: tuple[tuple[str, str], ...]) -> str:
    """Return what a command says: the table, or else what it says on standard error."""
    with TemporaryDirectory() as folder:
        done = _run(command, Path(folder), files)
    return (done.stdout or done.stderr).rstrip()


def _run(command: str, folder: Path, files: tuple[tuple[str, str], ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder with the scenarios, and the files that a page tells its reader to write."""
    shutil.copytree(ROOT / "scenarios", folder / "scenarios")
    for name, content in files:
        (folder / name).write_text(content, encoding="utf-8")
    return subprocess.run(  # noqa: S603  # commands that our own pages show
        [sys.executable, "-m", "sim", *shlex.split(command)],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "COLUMNS"},
        capture_output=True,
        text=True,
        check=False,
    )


def _shown(lines: list[str], metrics: list[str]) -> Iterator[str]:
    """Yield the lines of the metrics named, those that go on below them, and their frame; cut to the page."""
    wanted = not metrics
    for line in _whole(lines):
        if not line.startswith(FRAME):
            yield from wrap(line.strip(), WIDTH)
            continue
        if metrics and line.startswith("│"):
            name = line[1:].split("│")[0].strip()
            wanted = name in metrics if name else wanted
        if wanted or not line.startswith("│"):
            yield _cut(line)
        if metrics and line.startswith("└"):
            return  # the metrics stand in the first table


def _whole(lines: list[str]) -> Iterator[str]:
    """Yield lines, those of one text put together again that did not fit where there is no terminal."""
    parts: list[str] = []
    for line in map(str.strip, lines):
        goes_on = bool(parts and line) and not line.startswith(FRAME) and not parts[-1].startswith(FRAME)
        if not goes_on or len(parts[-1]) + 1 + len(line.split()[0]) <= NO_TERMINAL:
            yield from [" ".join(parts)] if parts else []
            parts = []
        parts.append(line)
    yield " ".join(parts)


def _cut(line: str) -> str:
    """Return a line of a table without its last column where it is too wide."""
    ends = [place for place, letter in enumerate(line) if letter in "┓┃┩│┘┳╇┴"]
    return line[: max(end for end in ends if end < WIDTH) + 1] if ends else line


def write_pictures() -> None:
    """Renew the pictures of the README: the worst moment of the helios week, and a comparison."""
    with TemporaryDirectory() as folder:
        words = f'compare helios --replications 2 --policies "{COMPARED}" --out compared'
        _run(words, Path(folder)).check_returncode()
        document = json.loads((Path(folder) / "compared" / "compare.json").read_text(encoding="utf-8"))
        CHART.write_text(chart_alone(uplift_chart(document)), encoding="utf-8", newline="\n")
    with TemporaryDirectory() as folder:
        _run("run helios --out result --figures", Path(folder)).check_returncode()
        PICTURE.parent.mkdir(exist_ok=True)
        shutil.copyfile(Path(folder) / "result" / "figures" / "worst.png", PICTURE)


def chart_alone(drawing: Drawing) -> str:
    """Return the wide drawing of a page's chart as a picture of its own, on a light ground."""
    chart = drawing.drawing.partition('<div class="wide">')[2].partition("</div>")[0]
    rules = "\n".join(STYLE.findall(str(own_file("page.css"))))
    opening, _, rest = chart.partition(">")
    ground = 'xmlns="http://www.w3.org/2000/svg" style="background: #fff; font-family: sans-serif"'
    return f"{opening} {ground}><style>\n{rules}\n</style>\n{rest}\n"


def main(arguments: list[str]) -> None:
    """Fill the samples, or with ``--check`` fail if one is stale."""
    stale = []
    for page in pages():
        before = page.read_text(encoding="utf-8")
        after = renewed(before)
        if after != before:
            stale.append(page.relative_to(ROOT).as_posix())
            if arguments != ["--check"]:
                page.write_text(after, encoding="utf-8", newline="\n")
    if arguments != ["--check"]:
        write_pictures()
    elif stale:
        sys.exit(f"samples are stale, run python -m docs.samples: {', '.join(stale)}")


if __name__ == "__main__":
    main(sys.argv[1:])
