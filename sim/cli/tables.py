"""What each command shows on a terminal: metrics, money, limits, comparisons, studies."""

import json
import math
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sim.cli.console import NOT_KNOWN, print_json, print_table, print_text, say
from sim.metrics import Measurement
from sim.metrics.accounts import statement
from sim.metrics.base import COMPARED, HEADLINES, headlines
from sim.metrics.certificate import certificate
from sim.recording import Recording
from sim.report.answer import answer
from sim.report.cautions import cautions
from sim.report.format import format_amount, format_value
from sim.report.frequency import remarks
from sim.report.grid_limits import trace_warnings
from sim.result import Result, metrics_document
from sim.tables.unit_words import shown
from sim.tables.view import FileView
from sim.units import FloatArray, unit_of

if TYPE_CHECKING:
    from sim.dynamics.comparison import WindowComparison
    from sim.metrics.power_limits import LimitCheck
    from sim.report.stability import StabilitySection
    from sim.study.comparison import Comparison
    from sim.study.sweep import SweepOutcome

SHOWN_OF_A_SWEEP = ("site_peak_mw", "soaked_fraction", "exceedance_s", "mining_margin_usd")
"""The metrics of a sweep that a terminal shows; its table holds all."""
SIDES = ("default", "tuned", "difference")
"""What a tuning shows of a metric."""
MOST_ROWS = 40
"""Rows of a sweep that a terminal shows."""


def print_run(result: Result, written: tuple[Path, bool] | None, *, as_json: bool, every: bool) -> None:
    """Write what a run gave, and where it lies and whether that is new: None: nowhere."""
    for caution in cautions(result.recording, result.scenario.model_dump(mode="json"), result.metrics):
        say(f"caution: {caution.text} (mend: {caution.field})")
    if as_json:
        print_json(metrics_document(result.metrics))
    else:
        print_answer(result)
        print_metrics(result, every=every)
        print_statement(result)
    for remark in (*certificate_lines(result.recording), *remarks(result.recording, result.metrics)):
        say(remark)
    for warning in trace_warnings(result.recording):
        say(f"warning: {warning}")
    if written is not None:
        folder, is_new = written
        say(f"page: {folder / 'report.html'} (open it in a browser)")
        say(f"result: {folder}" + ("" if is_new else " (as before: same scenario, same seed, same numbers)"))


def print_answer(result: Result) -> None:
    """Write the scenario's question and the run's answer to standard output; nothing without one."""
    text = answer(result.scenario.model_dump(mode="json"), metrics_document(result.metrics))
    for paragraph in (result.scenario.question.strip(), text) if text else ():
        print_text(paragraph)


def print_metrics(result: Result, *, every: bool = False) -> None:
    """Write the table of metrics to standard output: those to read first, or every one."""
    names = list(result.metrics if every else headlines(result.metrics))
    print_table(
        ("metric", "value", "without mining", "what it is"),
        [(name, *_measured(result.metrics[name])) for name in names],
        title=str(result.scenario),
        caption="" if every else f"{len(names)} of {len(result.metrics)} metrics; --all shows every one",
        has_text=True,
    )


def _measured(one: Measurement) -> tuple[str, ...]:
    baseline = "" if one.baseline is None else format_value(one.baseline, one.unit)
    return format_value(one, one.unit), baseline, one.summary


def print_statement(result: Result) -> None:
    """Write the profit and loss by segment to standard output."""
    rows = [
        (row.title, *map(format_amount, (row.revenue_usd, row.power_usd, row.other_usd, row.ebitda_usd)))
        for row in statement(result.recording)
    ]
    print_table(("segment", "revenue", "power", "other", "EBITDA"), rows, title="profit and loss [USD]")


def print_limits(checks: Sequence["LimitCheck"], alone: Sequence["LimitCheck"]) -> None:
    """Write how a site stands to limits to standard output, with its miners and without."""
    from sim.report.grid_limits import counts_text, exceeded_text, known, rule_text, status_text  # noqa: PLC0415  # see above

    rows = []
    for check, other in zip(checks, alone, strict=True):
        rule, verdict = check.rule, status_text(check)
        allowed, worst, baseline = (known(value, rule.unit) for value in (check.limit, check.worst, other.worst))
        without = ", ".join(filter(None, (status_text(other), baseline)))
        at = "" if math.isnan(check.t_worst_s) else f"at {check.t_worst_s:,.0f} s"
        when = "; ".join(filter(None, (at, exceeded_text(check))))
        law = " ".join(filter(None, (rule.region, rule.status)))
        rows.append((rule.name, law, rule_text(rule), allowed, verdict, worst, when, without, check.reason))
    heads = ("limit", "law", "what", "allowed", "verdict", "worst", "when, how often", "without mining", "why")
    print_table(heads, rows, caption=f"site: {counts_text(checks)}; without mining: {counts_text(alone)}")


def print_stability(section: "StabilitySection") -> None:
    """Write dips, variation by time scale and spectrum by band to standard output."""
    dips = ("when", "depth", "from, to", "length", "energy not drawn", "fall")
    scales = ("time scale", "AI alone", "site", "fixed", "left", "made worse", "miners")
    bands = ("band", "told from", "site, rms", "AI alone, rms", "largest line", "share of what is seen")
    for title, heads, rows in (
        ("deepest dips of AI power", dips, [cells for _, _, cells in section.dips]),
        ("variation of power by time scale (root mean square)", scales, [cells for cells, _ in section.scales]),
        ("spectrum by band", bands, section.bands),
    ):
        if rows:
            print_table(heads, rows, title=title)


def print_dynamics(comparisons: Sequence["WindowComparison"]) -> None:
    """Write how ANDES and the SFR model see the worst windows to standard output."""
    from sim.dynamics.comparison import LABEL  # noqa: PLC0415  # no other command needs it

    heads = ("window", "swing", "system", "SFR peak", "ANDES peak", "worst machine", "SFR is off by", "remark")
    rows = []
    for each in comparisons:
        window, numbers = each.window, each.numbers
        when, swing = f"{window.from_s:,.0f} to {window.to_s:,.0f} s", format_value(window.swing_mw, "MW")
        names = ("sfr_peak_mhz", "andes_peak_mhz", "andes_worst_machine_mhz")
        off = 100.0 * numbers["sfr_off_by_ratio"]
        off_by = "" if math.isnan(off) else f"{off:+.1f} %"
        peaks = (format_value(numbers[name], "mHz") for name in names)
        rows.append((when, swing, each.system.title, *peaks, off_by, each.andes.failure))
    print_table(heads, rows, title=f"largest deviation of frequency: {LABEL}")


def print_comparison(comparison: "Comparison", *, as_json: bool) -> None:
    """Write a comparison to standard output: each policy's mean, and its paired difference to the first."""
    document = comparison.document()
    if as_json:
        print_json(document)
        return
    from sim.report.comparison_page import standing_notes, standing_row  # noqa: PLC0415  # see below

    policies, facts = document["policies"], document["metrics"]
    first = {*COMPARED, *HEADLINES}
    rows = [
        (metric, *(_compared(policy[metric], facts[metric]["unit"]) for policy in policies.values()))
        for metric in facts
        if metric in first and any(policy[metric]["mean"] is not None for policy in policies.values())
    ]
    print_table(
        ("metric", *policies),
        [("rank", *standing_row(document)), *rows],
        title=f"{document['scenario']}: mean of {document['replications']} runs, then the paired difference "
        f"to {next(iter(policies))} with its 95 % interval",
        caption=f"{len(rows)} of {len(facts)} metrics; the page and compare.json hold all",
    )
    for note in standing_notes(document):
        say(note)


def print_winners(folder: Path, *, as_json: bool) -> None:
    """Write who wins in each cell of a study to standard output."""
    from sim.report.study_page import winner_heads, winner_rows  # noqa: PLC0415  # no other command needs it
    from sim.study.table import described  # noqa: PLC0415  # see above

    study = described(folder)
    document = study["winners"]
    if as_json or document is None:
        print_json(document)
        return
    title = f"{study['name']}: mean {document['metric']} of {document['replications']} runs, and who wins"
    print_table(winner_heads(document), winner_rows(document), title=title)


def _compared(figures: Mapping[str, Any], unit: str) -> str:
    mean, difference = figures["mean"], figures.get("difference")
    text = NOT_KNOWN if mean is None else format_value(mean, unit)
    if not difference or difference["mean"] is None:
        return text
    sign = "+" if difference["mean"] >= 0.0 else "-"
    text += f"\n{sign}{format_value(abs(difference['mean']), unit)}"
    half_width = difference["half_width"]
    return text if half_width is None else f"{text} ± {format_value(half_width, unit)}"


def print_tuning(folder: Path, document: Mapping[str, Any]) -> None:
    """Write tuned against default to standard output, and the tuned values to standard error."""
    for verdict in document["verdicts"]:
        title = f"{document['scenario']}, {document['policy']}: {verdict['where']}"
        rows = []
        for metric in ("objective", *SHOWN_OF_A_SWEEP):
            figures, unit = verdict["metrics"][metric], document["metrics"][metric]["unit"]
            rows.append((metric, *(_estimated(figures[side], unit) for side in SIDES)))
        runs = f"({len(verdict['seeds'])} runs), paired difference with 95 % interval"
        print_table(("metric", *SIDES), rows, title=f"{title} {runs}")
    say(f"tuned: {json.dumps(document['tuned']['values'])} (trial {document['tuned']['trial']})")
    say(f"result: {folder / 'tune.json'}")


def _estimated(figures: Mapping[str, Any], unit: str) -> str:
    if figures["mean"] is None:
        return NOT_KNOWN
    text = format_value(figures["mean"], unit)
    return text if figures["half_width"] is None else f"{text} ± {format_value(figures['half_width'], unit)}"


def print_sweep(outcome: "SweepOutcome", axes: Sequence[str] | None) -> None:
    """Write a table of the first runs to standard output, and what failed and was done to standard error.

    A part of a study, without axes, has no table yet.
    """
    if axes is not None:
        _print_runs(outcome, axes)
    for failure in outcome.failures:
        say(f"failed: {failure.run}: {failure.reason}")
    rest = outcome.folder / "runs.parquet"
    say(
        f"{outcome.done_count} runs done, {outcome.skipped_count} of them before; "
        f"{len(outcome.failures)} failed; every metric of each: "
        f"{f'hashballast study collect {outcome.folder}' if axes is None else rest}"
    )


def _print_runs(outcome: "SweepOutcome", axes: Sequence[str]) -> None:
    from sim.study.table import TABLE, stream_rows  # noqa: PLC0415  # no other command needs studies

    count = outcome.done_count + len(outcome.failures)
    cells = [
        (
            *(str(row[axis]) for axis in axes),
            *(format_value(row[name], unit_of(name) or "1") for name in SHOWN_OF_A_SWEEP),
        )
        for row in islice(stream_rows(outcome.folder / TABLE), MOST_ROWS)
    ]
    print_table(
        (*axes, *SHOWN_OF_A_SWEEP),
        cells,
        title=f"{outcome.folder.name}: {count} runs",
        caption=f"the first {MOST_ROWS} of them" if count > MOST_ROWS else "",
    )


_BARS: Final = "▁▂▃▄▅▆▇█"
_WIDTH: Final = 60


def document_of(view: FileView) -> dict[str, Any]:
    """Return what is understood of a file as plain data."""
    return {
        "file": view.file,
        "kind": view.kind,
        "rows": view.row_count,
        "columns": list(view.columns),
        "shape": view.shape or None,
        **{name: value for name, value in view.facts.items() if value is not None},
        "said": {name: list(value) if isinstance(value, tuple) else value for name, value in view.said.items()},
        "guessed": list(view.guessed),
        "faults": list(map(str, view.faults)),
        "yaml": view.lines(),
    }


def show_view(view: FileView) -> None:
    """Print what is understood of a file: a table, a small plot, and the lines to paste."""
    from rich.console import Console  # noqa: PLC0415  # slow to import
    from rich.table import Table  # noqa: PLC0415  # see above
    from rich.text import Text  # noqa: PLC0415  # see above

    console = Console(highlight=False)
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in _rows(view):
        table.add_row(name, Text(value))
    console.print(table)
    if view.values.size > 1:
        console.print(Text(bars(view.values)))
    console.print()
    console.print(Text(view.lines()))


def _rows(view: FileView) -> list[tuple[str, str]]:
    facts = view.facts
    unit = shown(facts.get("unit", "")) if facts.get("unit") else ""
    rows = [
        ("file", f"{view.file}: {view.row_count:,} rows; {', '.join(view.columns[:8])}"),
        ("kind", view.kind + (f" ({view.shape})" if view.shape else "")),
    ]
    if "counts" in facts:
        zone = f", local time of {facts['time_zone']}" if facts.get("time_zone") else ""
        rows.append(("time", f"{facts['time_column']}, {facts['counts']}{zone}"))
        rows.append(("cover", f"{facts['first']} to {facts['end']}, {facts['length_d']:.4g} days"))
        pace = "a row every" if facts["is_regular"] else "no regular spacing, usually"
        rows.append(("spacing", f"{pace} {facts['spacing_s']:g} s"))
        rows.append(("holes", f"{facts['holes_count']}, {facts['filled_s']:g} s filled"))
        rows.append(("duplicates", str(facts["duplicates_count"])))
    if "mean" in facts:
        told = "" if facts.get("is_unit_told", True) else ", a guess: nothing tells the unit"
        rows.append(("value", f"{facts['column']} [{unit or '1'}{told}]"))
        rows.append(("range", f"{facts['minimum']:.6g}, mean {facts['mean']:.6g}, {facts['maximum']:.6g}"))
    if "energy_mwh" in facts:
        rows.append(("energy", f"{facts['energy_mwh']:,.6g} MWh"))
    if facts.get("rows_without_answer_count"):
        rows.append(("failed", f"{facts['rows_without_answer_count']:,} rows without an answer are left out"))
    return rows


def bars(values: FloatArray) -> str:
    """Return values as a row of bars, each the mean of its part.

    Examples
    --------
    >>> bars(np.array([0.0, 1.0, 2.0, 4.0]))
    '▁▃▅█'
    """
    parts = np.array_split(values[np.isfinite(values)], min(_WIDTH, values.size))
    means = np.array([part.mean() for part in parts if part.size])
    low, high = means.min(), means.max()
    if high <= low:
        return _BARS[0] * means.size
    steps = np.round((means - low) / (high - low) * (len(_BARS) - 1)).astype(int)
    return "".join(_BARS[step] for step in steps)


def certificate_lines(recording: Recording) -> list[str]:
    """Return what a terminal says of the claim; nothing where no policy claims it."""
    found = recording.once(certificate)
    if found is None:
        return []
    holds = "certificate: holds; by what the loads state and announce, the limit could not be exceeded"
    told = [("does not hold", each) for each in found.breaks] + [("fell back", each) for each in found.strains]
    lines = [
        f"certificate: {what}; {each.what}, first at {each.at_s:.1f} s, by up to {each.by_mw:.3g} MW"
        for what, each in told
    ]
    return [holds, *lines] if found.holds else lines
