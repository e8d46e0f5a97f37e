"""What the commands show on a terminal: tables on standard output, progress and remarks on standard error."""

import json
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.measure import Measurement as Width
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from sim.metrics import Measurement
from sim.metrics.headlines import HEADLINES, headlines
from sim.metrics.statement import statement
from sim.report.format import format_amount, format_value
from sim.result import Result, metrics_document
from sim.units import unit_of

if TYPE_CHECKING:
    from sim.dynamics import WindowComparison
    from sim.metrics.power_limits import LimitCheck
    from sim.report.stability import StabilitySection
    from sim.study.comparison import Comparison
    from sim.study.sweep import SweepOutcome
    from sim.study.tune import Tuned
    from sim.study.who_wins import Winners

SHOW_AFTER_S = 1.0
"""A progress bar appears once a command has taken this long."""
PLAIN_EVERY_S = 30.0
"""Without a terminal, progress is a plain line this often."""
SHOWN_OF_A_SWEEP = ("site_peak_mw", "soaked_fraction", "exceedance_s", "mining_margin_usd")
"""The metrics of a sweep that a terminal shows; its table holds all."""
SIDES = ("default", "tuned", "difference")
"""What a tuning shows of a metric."""
MOST_ROWS = 40
"""Rows of a sweep that a terminal shows."""
WIDTH_OF_A_FILE = 160
"""Columns of a table that goes to a file or a pipe, unless COLUMNS says another number."""
LEAST_TEXT = 24
"""A column of words is at least so wide, if any of its cells is [letters]."""
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
    return _Output(markup=False, width=None if is_narrow else WIDTH_OF_A_FILE)


def say(text: str) -> None:
    """Write a line to standard error."""
    sys.stderr.write(f"{text}\n")


def print_json(document: Any) -> None:
    """Write a document to standard output as JSON."""
    try:
        sys.stdout.write(json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _close_output()


def print_table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str = "",
    caption: str = "",
    has_text: bool = False,
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
    console, rows = _console(), list(rows)
    ways = [_wide(heads, rows)]
    if has_text:
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
        table.add_row(Text(name, style="bold"), "")
        for head, cell in zip(heads[1:], cells, strict=True):
            if cell:
                table.add_row(f"  {head}", cell)
        table.add_section()
    return table


def print_metrics_json(metrics: Mapping[str, Measurement]) -> None:
    """Write metrics to standard output as ``metrics.json`` holds them."""
    print_json(metrics_document(metrics))


def print_metrics(result: Result, *, every: bool = False) -> None:
    """Write the table of metrics to standard output: those to read first, or every one."""
    scenario, names = result.scenario, list(result.metrics if every else headlines(result.metrics))
    print_table(
        ("metric", "value", "without mining", "what it is"),
        [_metric_row(name, result.metrics[name]) for name in names],
        title=f"{scenario.name}: {scenario.days:g} days from {scenario.start.isoformat()}, "
        f"seed {scenario.seed}, policy {scenario.policy.type}",
        caption="" if every else f"{len(names)} of {len(result.metrics)} metrics; --all shows every one",
        has_text=True,
    )


def _metric_row(name: str, measured: Measurement) -> tuple[str, ...]:
    baseline = "" if measured.baseline is None else format_value(measured.baseline, measured.unit)
    return name, format_value(measured, measured.unit), baseline, measured.summary


def print_statement(result: Result) -> None:
    """Write the profit and loss by segment to standard output."""
    rows = [
        (row.title, *map(format_amount, (row.revenue_usd, row.power_usd, row.other_usd, row.ebitda_usd)))
        for row in statement(result.recording)
    ]
    print_table(("segment", "revenue", "power", "other", "EBITDA"), rows, title="profit and loss [USD]")


def print_limits(checks: Sequence["LimitCheck"], alone: Sequence["LimitCheck"]) -> None:
    """Write how a site stands to limits to standard output, with its miners and without."""
    from sim.report.grid_limits import exceeded_text, known, rule_text, status_text  # noqa: PLC0415  # see above

    rows, counts = [], []
    for check, other in zip(checks, alone, strict=True):
        values = [check.limit, check.worst, other.worst]
        allowed, worst, baseline = (known(value, check.rule.unit) for value in values)
        without = ", ".join(part for part in (status_text(other), baseline) if part)
        cells = (known(check.t_worst_s, "1"), exceeded_text(check), without, check.reason)
        rows.append((check.rule.name, rule_text(check.rule), allowed, status_text(check), worst, *cells))
    for words, group in (("site", checks), ("without mining", alone)):
        found = Counter(status_text(check) for check in group)
        line = ", ".join(f"{count} {status}" for status, count in sorted(found.items()))
        counts.append(f"{words}: {line}")
    heads = ("limit", "what", "allowed", "status", "worst", "at [s]", "exceeded", "without mining", "why")
    print_table(heads, rows, caption="; ".join(counts))


def print_limits_json(checks: Sequence["LimitCheck"], alone: Sequence["LimitCheck"]) -> None:
    """Write the same as JSON: a list of limits, null for what this run cannot tell."""
    from sim.report.grid_limits import limit_document  # noqa: PLC0415  # no other command needs it

    print_json([limit_document(*pair) for pair in zip(checks, alone, strict=True)])


def print_stability(section: "StabilitySection") -> None:
    """Write dips, variation by time scale and spectrum by band to standard output."""
    tables: tuple[tuple[str, tuple[str, ...], list[tuple[str, ...]]], ...] = (
        (
            "deepest dips of AI power",
            ("when", "depth", "from, to", "length", "energy not drawn", "fall"),
            [(dip.when, dip.depth, dip.levels, dip.length, dip.energy, dip.fall) for dip in section.dips],
        ),
        (
            "variation of power by time scale (root mean square)",
            ("time scale", "AI alone", "site", "fixed", "left", "made worse", "miners"),
            [
                (row.scale, row.alone, row.site, row.fixed, row.left, row.worse, row.verdict)
                for row in section.scales
            ],
        ),
        (
            "spectrum by band",
            ("band", "told from", "site, rms", "AI alone, rms", "largest line", "share of what is seen"),
            [
                (band.band, band.source, band.site, band.alone, band.line, band.share)
                for band in section.bands
            ],
        ),
    )
    for title, heads, rows in tables:
        if rows:
            print_table(heads, rows, title=title)


def print_dynamics(comparisons: Sequence["WindowComparison"]) -> None:
    """Write how ANDES and the SFR model see the worst windows to standard output."""
    from sim.dynamics.comparison import LABEL  # noqa: PLC0415  # no other command needs it

    heads = (
        "window",
        "swing",
        "system",
        "SFR peak",
        "ANDES peak",
        "worst machine",
        "SFR is off by",
        "remark",
    )
    rows = [
        (
            f"{each.window.from_s:,.0f} to {each.window.to_s:,.0f} s",
            format_value(each.window.swing_mw, "MW"),
            each.system.title,
            format_value(each.sfr_peak_mhz, "mHz"),
            format_value(each.andes_peak_mhz, "mHz"),
            format_value(each.andes_worst_machine_mhz, "mHz"),
            "" if math.isnan(each.sfr_off_by_ratio) else f"{100.0 * each.sfr_off_by_ratio:+.1f} %",
            each.andes.failure,
        )
        for each in comparisons
    ]
    print_table(heads, rows, title=f"largest deviation of frequency: {LABEL}")


def print_comparison(comparison: "Comparison", *, as_json: bool) -> None:
    """Write a comparison to standard output: each policy's mean, and its paired difference to the first."""
    document = comparison.document()
    if as_json:
        print_json(document)
        return
    from sim.study.compared_run import FACTS  # noqa: PLC0415  # no other command needs it

    policies, facts = document["policies"], document["metrics"]
    first = {*FACTS, *HEADLINES}
    rows = [
        (metric, *(_compared(policy[metric], facts[metric]["unit"]) for policy in policies.values()))
        for metric in facts
        if metric in first and any(policy[metric]["mean"] is not None for policy in policies.values())
    ]
    print_table(
        ("metric", *policies),
        rows,
        title=f"{document['scenario']}: mean of {document['replications']} runs, then the paired difference "
        f"to {next(iter(policies))} with its 95 % interval",
        caption=f"{len(rows)} of {len(facts)} metrics; the page and compare.json hold all",
    )


def print_winners(winners: "Winners", *, as_json: bool) -> None:
    """Write who wins in each cell to standard output."""
    from sim.report.comparison_page import winner_rows  # noqa: PLC0415  # no other command needs it

    document = winners.document()
    if as_json:
        print_json(document)
        return
    heads = [*(axis["path"] for axis in document["axes"]), "winner", "no significant difference to"]
    title = f"{document['scenario']}: mean objective of {document['replications']} runs, and who wins"
    print_table([*heads, *document["policies"]], winner_rows(document), title=title)


def _compared(figures: Mapping[str, Any], unit: str) -> str:
    mean, difference = figures["mean"], figures.get("difference")
    text = NOT_KNOWN if mean is None else format_value(mean, unit)
    if not difference or difference["mean"] is None:
        return text
    sign = "+" if difference["mean"] >= 0.0 else "-"
    text += f"\n{sign}{format_value(abs(difference['mean']), unit)}"
    half_width = difference["half_width"]
    return text if half_width is None else f"{text} ± {format_value(half_width, unit)}"


def print_tuning(tuned: "Tuned") -> None:
    """Write tuned against default to standard output, and the tuned values to standard error."""
    document = tuned.document
    for verdict in document["verdicts"]:
        title = f"{document['scenario']}, {document['policy']}: {verdict['where']}"
        rows = []
        for metric in ("objective", *SHOWN_OF_A_SWEEP):
            figures, unit = verdict["metrics"][metric], document["metrics"][metric]["unit"]
            rows.append((metric, *(_estimated(figures[side], unit) for side in SIDES)))
        runs = f"({len(verdict['seeds'])} runs), paired difference with 95 % interval"
        print_table(("metric", *SIDES), rows, title=f"{title} {runs}")
    say(f"tuned: {json.dumps(document['tuned']['values'])} (trial {document['tuned']['trial']})")
    say(f"result: {tuned.folder / 'tune.json'}")


def _estimated(figures: Mapping[str, Any], unit: str) -> str:
    if figures["mean"] is None:
        return NOT_KNOWN
    text = format_value(figures["mean"], unit)
    return text if figures["half_width"] is None else f"{text} ± {format_value(figures['half_width'], unit)}"


def print_sweep(outcome: "SweepOutcome", axes: Sequence[str]) -> None:
    """Write a table of the first runs to standard output, and what failed and was done to standard error."""
    from sim.study.table import read_table  # noqa: PLC0415  # no other command needs studies

    rows = read_table(outcome.folder)
    cells = [
        (
            *(str(row[axis]) for axis in axes),
            *(format_value(row[name], unit_of(name) or "1") for name in SHOWN_OF_A_SWEEP),
        )
        for row in rows[:MOST_ROWS]
    ]
    print_table(
        (*axes, *SHOWN_OF_A_SWEEP),
        cells,
        title=f"{outcome.folder.name}: {len(rows)} runs",
        caption=f"the first {MOST_ROWS} of them" if len(rows) > MOST_ROWS else "",
    )
    for failure in outcome.failures:
        say(f"failed: {failure.label}: {failure.reason}")
    say(
        f"{outcome.done_count} runs done, {outcome.skipped_count} of them before; "
        f"{outcome.failed_count} failed; every metric of each: {outcome.folder / 'runs.parquet'}"
    )


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
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=1.0, visible=False)
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
