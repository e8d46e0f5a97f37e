"""The page of a study: who wins where, and a table of what its combinations gave, which a script draws."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from markupsafe import Markup

from sim.report.format import NOISE_RATIO, NOTES, format_value, words_of
from sim.report.static_page import Document, PageTable, StaticPage, axis_title
from sim.report.svg import Chart, Drawing, kind_of, names_axis
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

    def half_width(self, metric: str) -> float | None:
        """Return half the width of the mean's 95 % interval, by Student's t; None where one cannot tell."""
        from scipy.special import stdtrit  # noqa: PLC0415  # slow to import, and one replication needs none of it

        known = self._known(metric)
        if len(known) < 2:  # noqa: PLR2004  # two at least have a deviation
            return None
        deviation = float(np.std(known, ddof=1))
        if deviation <= NOISE_RATIO * max(map(abs, known)):
            return 0.0
        return float(stdtrit(len(known) - 1, 0.975)) * deviation / math.sqrt(len(known))

    def _known(self, metric: str) -> list[float]:
        """Return a metric of each run; nothing where one cannot tell."""
        known = [row[metric] for row in self.rows if row.get(metric) is not None]
        return known if len(known) == len(self.rows) else []


def write_study_report(folder: Path) -> Path:
    """Write ``study.html`` into a study's folder, from what a sweep left there; return it."""
    from pyarrow import parquet  # noqa: PLC0415  # slow to import

    document = json.loads((folder / "study.json").read_bytes())
    rows = parquet.ParquetFile(folder / "runs.parquet").read().to_pylist()
    axes = {axis["path"]: axis["values"] for axis in document["axes"] if axis["path"] != "seed"}
    paths = [path for path in axes if len({row[path] for row in rows}) > 1]
    found = list(combinations(paths, rows))
    winners = document.get("winners")
    page = StaticPage(
        title=document["name"],
        lead=document["question"] or "",
        facts=[(path, said(rows[0][path])) for path in axes if path not in paths and rows],
        verdict=[*_notes(document, found), *_best(document, paths, found)],
        charts=[winner_map(winners)] if winners else [],
        tables=[_table(document, paths, found), *([winner_table(winners)] if winners else [])],
        is_sortable=True,
    )
    write_whole(folder / PAGE, page.html())
    return folder / PAGE


def said(value: Any) -> str:
    """Return a value of an axis as a study file has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def combinations(paths: Sequence[str], rows: Sequence[RunOfSweep]) -> Iterator[Combination]:
    """Yield the combinations of values in the order of the rows, with their runs that are done."""
    groups: dict[tuple[Any, ...], list[RunOfSweep]] = {}
    for row in rows:
        groups.setdefault(tuple(row[path] for path in paths), [])
        if row["done"]:
            groups[tuple(row[path] for path in paths)].append(row)
    for values, group in groups.items():
        yield Combination(values, tuple(group))


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
        if not kept:
            least = min(done, key=lambda one: one.mean("exceedance_s") or math.inf)
            above = format_value(least.mean("exceedance_s"), "s")
            yield f"{_named(paths, least)} is above it for the shortest time: {above}."
    earned = [(one.mean(money), one) for one in kept] if money is not None else []
    ranked = sorted(((usd, one) for usd, one in earned if usd is not None), key=lambda pair: -pair[0])
    if money is not None and len(ranked) > 1:
        usd, best = ranked[0]
        width = best.half_width(money)
        amount = format_value(usd, facts[money]["unit"])
        amount += "" if width is None else f" ± {format_value(width, facts[money]['unit'])}"
        yield f"Of those, {_named(paths, best)} earns most: {words_of(money)} is {amount}."


def _named(paths: Sequence[str], one: Combination) -> str:
    return ", ".join(f"{path} = {said(value)}" for path, value in zip(paths, one.values, strict=True))


def _table(document: Document, paths: Sequence[str], found: Sequence[Combination]) -> PageTable:
    facts, figure = document["metrics"], document.get("figure") or {}
    shown = [
        name
        for name in dict.fromkeys([*figure.values(), *SHOWN, *SHOWN_IF_ANY])
        if name in facts and (name not in SHOWN_IF_ANY or any(one.mean(name) for one in found))
    ]
    shares = QUANTILES if any(len(one.rows) > 1 for one in found) else {}
    rows = []
    for one in found:
        cells = [said(value) for value in one.values]
        for name in shown:
            width = one.half_width(name)
            cells.append(format_value(one.mean(name)) + ("" if width is None else f"\n± {format_value(width)}"))
            cells += [format_value(one.quantile(name, share)) for share in shares.values()]
        rows.append([*cells, Markup(" ").join(map(_link, one.rows))])
    titles = {name: axis_title(document, name) for name in shown}
    heads = [head for title in titles.values() for head in (title, *(f"{title} {share}" for share in shares))]
    note = "Means; below them their 95 % interval. A run's own metrics stand in the file that its link opens."
    drawn = tuple(titles.get(name, name) for name in figure.values())
    return PageTable("Every combination", [*paths, *heads, "Runs"], rows, note, axis_count=len(paths), figure=drawn)


def _link(row: RunOfSweep) -> Markup:
    key = row["run_key"]
    return Markup('<a href="runs/{}/{}.json">seed {}</a>').format(key[:2], key, row["seed"])


# -- who wins where -----------------------------------------------------------------------------------------

CELL_PX: Final = 64


def winner_map(document: Document) -> Drawing:
    """Return the map; faint where the winner's lead is within the intervals."""
    across, *more = document["axes"]
    down: Document = more[0] if more else {"path": "", "values": [""]}
    policies = document["policies"]
    columns, rows = len(across["values"]), len(down["values"])
    axes = names_axis(map(said, across["values"]), across["path"]), names_axis(map(said, down["values"]), down["path"])

    def draw(chart: Chart) -> None:
        for number, cell in enumerate(document["cells"]):
            column, row = divmod(number, rows)
            style, _ = kind_of(policies.index(cell["winner"]))
            tied = bool(cell["no_significant_difference_to"])
            corners = (column + 0.02, row + 0.03), (column + 0.98, row + 0.97)
            title = f"{cell['winner']}{': no significant difference' if tied else ''}"
            chart.bar(*corners, f"{style}{' faint' if tied else ''}", title)
            if chart.width_px // columns > 9 * len(cell["winner"]):
                chart.text(column + 0.5, row + 0.5, cell["winner"], "middle", "strong")

    note = "Best mean of those that keep the limit, else of all; faint: its lead is within the intervals."
    names = [(kind_of(number)[0], name) for number, name in enumerate(policies)]
    return Drawing.of("Who wins where", note, axes, draw, names, 60 + CELL_PX * rows)


def winner_table(document: Document) -> PageTable:
    """Return the same as a table."""
    note = NOTES["winners"].format(metric=document["metric"], replications=document["replications"])
    return PageTable("Who wins where", winner_heads(document), list(winner_rows(document)), note)


def winner_heads(document: Document) -> list[str]:
    """Return the heads of `winner_rows`."""
    paths = [axis["path"] for axis in document["axes"]]
    return [*paths, "winner", "no significant difference to", *document["policies"]]


def winner_rows(document: Document) -> Iterator[list[str]]:
    """Yield a row of cells for each combination: values, winner, whom it does not surely beat, money."""
    for cell in document["cells"]:
        money = [format_value(cell[document["metric"]][name], "USD") for name in document["policies"]]
        ties = ", ".join(cell["no_significant_difference_to"])
        yield [*(said(value) for value in cell["values"]), cell["winner"], ties, *money]
