"""What the commands show on a terminal: tables on standard output, progress and remarks on standard error."""

import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

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
MOST_ROWS = 40
"""Rows of a sweep that a terminal shows."""


def say(text: str) -> None:
    """Write a line to standard error."""
    sys.stderr.write(f"{text}\n")


def print_json(document: Any) -> None:
    """Write a document to standard output as JSON."""
    sys.stdout.write(json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def print_metrics_json(metrics: Mapping[str, Measurement]) -> None:
    """Write metrics to standard output as ``metrics.json`` holds them."""
    print_json(metrics_document(metrics))


def print_metrics(result: Result, *, every: bool = False) -> None:
    """Write the table of metrics to standard output: those to read first, or every one."""
    scenario = result.scenario
    table = Table(
        title=f"{scenario.name}: {scenario.days:g} days from {scenario.start.isoformat()}, "
        f"seed {scenario.seed}, policy {scenario.policy.type}"
    )
    table.add_column("metric", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("without mining", justify="right", no_wrap=True)
    table.add_column("what it is")
    for name in result.metrics if every else headlines(result.metrics):
        measurement = result.metrics[name]
        baseline = (
            "" if measurement.baseline is None else format_value(measurement.baseline, measurement.unit)
        )
        table.add_row(name, format_value(measurement, measurement.unit), baseline, measurement.summary)
    if not every:
        table.caption = f"{table.row_count} of {len(result.metrics)} metrics; --all shows every one"
    _console().print(table)


def print_statement(result: Result) -> None:
    """Write the profit and loss by segment to standard output."""
    table = Table(title="profit and loss [USD]")
    table.add_column("segment", no_wrap=True)
    for name in ("revenue", "power", "other", "EBITDA"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in statement(result.recording):
        amounts = (row.revenue_usd, row.power_usd, row.other_usd, row.ebitda_usd)
        table.add_row(row.title, *(format_amount(amount) for amount in amounts))
    _console().print(table)


def print_limits(checks: Sequence["LimitCheck"], alone: Sequence["LimitCheck"]) -> None:
    """Write how a site stands to limits to standard output, with its miners and without."""
    from sim.report.grid_limits import exceeded_text, known, rule_text, status_text  # noqa: PLC0415  # see above

    heads = ("limit", "what", "allowed", "status", "worst", "at [s]", "exceeded", "without mining", "why")
    table = Table(*heads)
    for check, other in zip(checks, alone, strict=True):
        values = [check.limit, check.worst, other.worst]
        allowed, worst, baseline = (known(value, check.rule.unit) for value in values)
        without = ", ".join(part for part in (status_text(other), baseline) if part)
        cells = (known(check.t_worst_s, "1"), exceeded_text(check), without, check.reason)
        table.add_row(check.rule.name, rule_text(check.rule), allowed, status_text(check), worst, *cells)
    for words, group in (("site", checks), ("without mining", alone)):
        counts = Counter(status_text(check) for check in group)
        line = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
        table.caption = f"{table.caption}; {words}: {line}" if table.caption else f"{words}: {line}"
    _console().print(table)


def print_limits_json(checks: Sequence["LimitCheck"], alone: Sequence["LimitCheck"]) -> None:
    """Write the same as JSON: a list of limits, null for what this run cannot tell."""
    from sim.report.grid_limits import limit_document  # noqa: PLC0415  # no other command needs it

    print_json([limit_document(*pair) for pair in zip(checks, alone, strict=True)])


def print_stability(section: "StabilitySection") -> None:
    """Write dips, variation by time scale and spectrum by band to standard output."""
    dips = Table(
        "when", "depth", "from, to", "length", "energy not drawn", "fall", title="deepest dips of AI power"
    )
    for dip in section.dips:
        dips.add_row(dip.when, dip.depth, dip.levels, dip.length, dip.energy, dip.fall)
    scales = Table("time scale", "AI alone", "site", "fixed", "left", "made worse", "miners")
    scales.title = "variation of power by time scale (root mean square)"
    for row in section.scales:
        scales.add_row(row.scale, row.alone, row.site, row.fixed, row.left, row.worse, row.verdict)
    spectrum = Table(
        "band", "told from", "site, rms", "AI alone, rms", "largest line", "share of what is seen"
    )
    spectrum.title = "spectrum by band"
    for band in section.bands:
        spectrum.add_row(band.band, band.source, band.site, band.alone, band.line, band.share)
    for table in (dips, scales, spectrum):
        if table.rows:
            _console().print(table)


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
    table = Table(*heads, title=f"largest deviation of frequency: {LABEL}")
    for each in comparisons:
        off = each.sfr_off_by_ratio
        table.add_row(
            f"{each.window.from_s:,.0f} to {each.window.to_s:,.0f} s",
            format_value(each.window.swing_mw, "MW"),
            each.system.title,
            format_value(each.sfr_peak_mhz, "mHz"),
            format_value(each.andes_peak_mhz, "mHz"),
            format_value(each.andes_worst_machine_mhz, "mHz"),
            "" if math.isnan(off) else f"{100.0 * off:+.1f} %",
            each.andes.failure,
        )
    _console().print(table)


def print_comparison(comparison: "Comparison", *, as_json: bool) -> None:
    """Write a comparison to standard output: each policy's mean, and its paired difference to the first."""
    document = comparison.document()
    if as_json:
        print_json(document)
        return
    from sim.study.compared_run import FACTS  # noqa: PLC0415  # no other command needs it

    names = list(document["policies"])
    title = f"{document['scenario']}: mean of {document['replications']} runs, then the paired difference to"
    table = Table(title=f"{title} {names[0]} with its 95 % interval")
    table.add_column("metric", no_wrap=True)
    for name in names:
        table.add_column(name, justify="right")
    shown = [
        metric
        for metric in document["metrics"]
        if metric in {*FACTS, *HEADLINES}
        and any(document["policies"][name][metric]["mean"] is not None for name in names)
    ]
    for metric in shown:
        unit = document["metrics"][metric]["unit"]
        cells = [_compared(document["policies"][name][metric], unit) for name in names]
        table.add_row(metric, *cells)
    table.caption = f"{len(shown)} of {len(document['metrics'])} metrics; the page and compare.json hold all"
    _console().print(table)


def print_winners(winners: "Winners", *, as_json: bool) -> None:
    """Write who wins in each cell to standard output."""
    from sim.report.comparison_page import winner_rows  # noqa: PLC0415  # no other command needs it

    document = winners.document()
    if as_json:
        print_json(document)
        return
    heads = [*(axis["path"] for axis in document["axes"]), "winner", "no significant difference to"]
    title = f"{document['scenario']}: mean objective of {document['replications']} runs, and who wins"
    table = Table(*heads, *document["policies"], title=title)
    for row in winner_rows(document):
        table.add_row(*row)
    _console().print(table)


def _compared(figures: Mapping[str, Any], unit: str) -> str:
    mean, difference = figures["mean"], figures.get("difference")
    text = "n/a" if mean is None else format_value(mean, unit)
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
        table = Table(
            "metric", title=f"{title} ({len(verdict['seeds'])} runs), paired difference with 95 % interval"
        )
        for name in ("default", "tuned", "difference"):
            table.add_column(name, justify="right")
        for metric in ("objective", *SHOWN_OF_A_SWEEP):
            figures, unit = verdict["metrics"][metric], document["metrics"][metric]["unit"]
            table.add_row(
                metric, *(_estimated(figures[name], unit) for name in ("default", "tuned", "difference"))
            )
        _console().print(table)
    say(f"tuned: {json.dumps(document['tuned']['values'])} (trial {document['tuned']['trial']})")
    say(f"result: {tuned.folder / 'tune.json'}")


def _estimated(figures: Mapping[str, Any], unit: str) -> str:
    if figures["mean"] is None:
        return "n/a"
    text = format_value(figures["mean"], unit)
    return text if figures["half_width"] is None else f"{text} ± {format_value(figures['half_width'], unit)}"


def print_sweep(outcome: "SweepOutcome", axes: Sequence[str]) -> None:
    """Write a table of the first runs to standard output, and what failed and was done to standard error."""
    from sim.study.table import read_table  # noqa: PLC0415  # no other command needs studies

    rows = read_table(outcome.folder)
    table = Table(*axes, *SHOWN_OF_A_SWEEP, title=f"{outcome.folder.name}: {len(rows)} runs")
    for row in rows[:MOST_ROWS]:
        values = [format_value(row[name], unit_of(name) or "1") for name in SHOWN_OF_A_SWEEP]
        table.add_row(*(str(row[axis]) for axis in axes), *values)
    if len(rows) > MOST_ROWS:
        table.add_row("...")
    _console().print(table)
    for failure in outcome.failures:
        say(f"failed: {failure.label}: {failure.reason}")
    say(
        f"{outcome.done_count} runs done, {outcome.skipped_count} of them before; "
        f"{outcome.failed_count} failed; every metric of each: {outcome.folder / 'runs.parquet'}"
    )


def _console() -> Console:
    # A table for a file or a pipe is not cut to the width of a terminal that is not there.
    return Console() if sys.stdout.isatty() else Console(width=160)


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
