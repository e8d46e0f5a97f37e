"""The page of a study: its figure, where it states one, and a table of what its combinations gave."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from sim.report.format import format_value, words_of
from sim.report.static_page import Document, PageTable, StaticPage
from sim.report.svg import Drawing
from sim.report.trade_chart import Point, axis_title, lines_of, trade_chart
from sim.whole import write_whole

PAGE: Final = "study.html"
SHOWN: Final = ("site_peak_mw", "soaked_fraction", "exceedance_s", "exceedance_mwh", "mining_margin_usd")
"""Metrics in the table, after those of the figure."""
SHOWN_IF_ANY: Final = ("curtailed_hours_h", "curtailed_energy_mwh", "incremental_ebitda_usd")
"""Metrics in the table where one of them is not zero."""
MONEY: Final = ("incremental_ebitda_usd", "mining_margin_usd")
"""By what combinations that keep the limit are ranked: the first that is known."""
QUANTILES: Final = {"P50": 0.5, "P90": 0.9}
"""What the table says of replications beside their mean."""

RunOfSweep = Mapping[str, Any]


class Combination(NamedTuple):
    """The runs of one combination of values."""

    values: tuple[Any, ...]
    """Its value on each axis, but for the seed."""
    rows: tuple[RunOfSweep, ...]
    """Its runs that are done."""

    def mean(self, metric: str) -> float | None:
        """Return the mean of a metric over the runs; None where one cannot tell."""
        known = self._known(metric)
        return sum(known) / len(known) if known else None

    def quantile(self, metric: str, fraction: float) -> float | None:
        """Return a quantile of a metric over the runs; None where one cannot tell."""
        known = self._known(metric)
        return float(np.quantile(known, fraction)) if known else None

    def _known(self, metric: str) -> list[float]:
        """Return a metric of each run; nothing where one cannot tell."""
        known = [row[metric] for row in self.rows if row.get(metric) is not None]
        return known if len(known) == len(self.rows) else []


def write_study_report(folder: Path) -> Path:
    """Write ``study.html`` and its figure into a study's folder, from what a sweep left there; return it."""
    from pyarrow import parquet  # noqa: PLC0415  # slow to import

    document = json.loads((folder / "study.json").read_bytes())
    rows = parquet.ParquetFile(folder / "runs.parquet").read().to_pylist()
    paths = [axis["path"] for axis in document["axes"] if axis["path"] != "seed"]
    found = list(combinations(paths, rows))
    head, cells = _table(document, paths, found)
    page = StaticPage(
        title=document["name"],
        lead=document["question"] or "",
        verdict=[*_notes(document, found), *_best(document, paths, found)],
        charts=list(_charts(document, paths, found)),
        tables=[PageTable("Every combination", head, cells)],
        is_sortable=True,
        axis_count=len(paths),
    )
    write_whole(folder / PAGE, page.html())
    return folder / PAGE


def combinations(paths: Sequence[str], rows: Sequence[RunOfSweep]) -> Iterator[Combination]:
    """Yield the combinations of values in the order of the rows, with their runs that are done."""
    groups: dict[tuple[Any, ...], list[RunOfSweep]] = {}
    for row in rows:
        groups.setdefault(tuple(row[path] for path in paths), [])
        if row["done"]:
            groups[tuple(row[path] for path in paths)].append(row)
    for values, group in groups.items():
        yield Combination(values, tuple(group))


def _charts(document: Document, paths: Sequence[str], found: Sequence[Combination]) -> Iterator[Drawing]:
    """Yield the study's figure, where it states one, and how metrics answer the last axis of numbers."""
    figure, facts = document.get("figure"), document["metrics"]
    if figure is not None:
        points = _known((one.values, one.mean(figure["x"]), one.mean(figure["y"])) for one in found)
        across = words_of(figure["x"])
        title = f"{words_of(figure['y'])} against {across[:1].lower()}{across[1:]}"
        names = axis_title(document, figure["x"]), axis_title(document, figure["y"])
        yield from ([trade_chart(names, paths, points, title)] if points else [])
    along = lines_of(paths, [Point(one.values, 0.0, 0.0) for one in found]).along
    for metric in SHOWN if along is not None else ():
        if metric in facts:
            points = _known((one.values, one.values[along or 0], one.mean(metric)) for one in found)
            names = paths[along or 0], axis_title(document, metric)
            if len({point.y for point in points}) > 1:
                title = f"{words_of(metric)} by {paths[along or 0]}"
                yield trade_chart(names, paths, points, title, is_labelled=False)


def _known(triples: Iterable[tuple[tuple[Any, ...], float | None, float | None]]) -> list[Point]:
    return [Point(values, x, y) for values, x, y in triples if x is not None and y is not None]


def _notes(document: Document, found: Sequence[Combination]) -> list[str]:
    counts = {len(one.rows) for one in found}
    notes = [f"Scenario {document['scenario']['name']}; {document['run_count']} runs."]
    if counts != {1}:
        notes.append(f"Means of up to {max(counts)} replications.")
    return notes


def _best(document: Document, paths: Sequence[str], found: Sequence[Combination]) -> Iterator[str]:
    """Yield which combinations keep the limit, and which of them earns most."""
    facts = document["metrics"]
    money = next((name for name in MONEY if name in facts), None)
    done = [one for one in found if one.rows and one.mean("exceedance_s") is not None]
    kept = [one for one in done if one.mean("exceedance_s") == 0.0]
    if len(done) > 1:
        yield f"{len(kept) or 'None'} of {len(done)} combinations kept the limit in every run."
    ranked = sorted(_known((one.values, one.mean(money or ""), 0.0) for one in kept), key=lambda one: -one.x)
    if money is not None and len(ranked) > 1:
        values = ", ".join(f"{path} = {value}" for path, value in zip(paths, ranked[0].values, strict=True))
        amount = format_value(ranked[0].x, facts[money]["unit"])
        yield f"Of those, {values} earns most: {words_of(money)} is {amount}."


def _table(
    document: Document, paths: Sequence[str], found: Sequence[Combination]
) -> tuple[list[str], list[list[str]]]:
    facts = document["metrics"]
    wanted = [*(document.get("figure") or {}).values(), *SHOWN, *SHOWN_IF_ANY]
    shown = [
        name
        for name in dict.fromkeys(wanted)
        if name in facts and (name not in SHOWN_IF_ANY or any(one.mean(name) for one in found))
    ]
    shares = QUANTILES if any(len(one.rows) > 1 for one in found) else {}
    rows = []
    for one in found:
        cells = [str(value) for value in one.values]
        for name in shown:
            numbers = [one.mean(name), *(one.quantile(name, share) for share in shares.values())]
            cells += [format_value(number, facts[name]["unit"]) for number in numbers]
        rows.append(cells)
    heads = [head for name in shown for head in (name, *(f"{name} {quantile}" for quantile in shares))]
    return [*paths, *heads], rows
