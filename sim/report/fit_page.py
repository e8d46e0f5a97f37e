"""The page of a fitted record: the part held back, what was generated in its place, and how near they are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from sim.report.format import format_percent, format_value
from sim.report.static_page import Document, PageTable, StaticPage
from sim.report.svg import ChartAxis, Curve, Drawing, around, line_chart
from sim.shipped import shipped
from sim.units import SECONDS_PER_DAY, FloatArray
from sim.whole import write_whole

MOST_POINTS: Final = 1200
"""Most points of a line; where a record has more rows, each is a mean."""
PERCENTS: Final = np.linspace(0.0, 100.0, 201)
KEY: Final = (("soft", "measured"), ("fleet", "generated"))
"""Style and name of both courses."""


def write_fit_report(document: Document, measured: FloatArray, made: FloatArray, folder: Path) -> None:
    """Write ``fit.html`` of a fit into its folder.

    Parameters
    ----------
    document
        What ``fit.json`` holds.
    measured, made
        The part held back, and what was generated in its place, one value a row, shape (n,).
    folder
        Existing folder to write into.
    """
    error = document["judged"]["energy_error_fraction"]
    page = StaticPage(
        title=f"{document['file']}, fitted as {document['fitted_as']}",
        facts=[
            ("Fitted on", f"{document['fitted_rows']:,} rows, {document['step_s']:g} s apart"),
            ("Judged on", f"the {document['judged_rows']:,} rows after them, which the fit has not seen"),
        ],
        verdict=[f"Generated over measured energy: {format_percent(1.0 + error)}.", *document["warnings"]],
        charts=list(_charts(document, (measured, made))),
        tables=[_table(document["judged"])],
    )
    write_whole(folder / "fit.html", page.html())


def _charts(document: Document, courses: tuple[FloatArray, FloatArray]) -> Iterator[Drawing]:
    unit = "MW" if document["kind"] == "load" else "requests/s"
    parts = [np.array_split(course, min(MOST_POINTS, course.size)) for course in courses]
    lines = [[float(part.mean()) for part in course] for course in parts]
    days = courses[0].size * document["step_s"] / SECONDS_PER_DAY
    spread = [np.percentile(course, 100.0 - PERCENTS).tolist() for course in courses]
    yield _chart("Both courses", "", ChartAxis("Days", 0.0, days), unit, lines)
    note = "For how much of the time a level is exceeded."
    yield _chart("Duration", note, ChartAxis("Share of the time [%]", 0.0, 100.0), unit, spread)


def _chart(title: str, note: str, across: ChartAxis, unit: str, lines: list[list[float]]) -> Drawing:
    upwards = around([value for line in lines for value in line], unit, from_zero=True)
    curves = [
        Curve(name, style, np.linspace(0.0, across.high, len(line)).tolist(), line)
        for (style, name), line in zip(KEY, lines, strict=True)
    ]
    return line_chart(title, note, (across, upwards), curves)


def _table(judged: Document) -> PageTable:
    """Return how near both are: what is known of each, then what is known of their difference."""
    words = shipped("sim.report", "fit_words.json")
    rows = [
        [f"{title}\n{name}", *(format_value(judged[f"{name}_{of}"]) for of in ("measured", "made"))]
        for name, title in words.items()
        if f"{name}_made" in judged
    ]
    rows += [[f"{words[name]}\n{name}", "", format_value(judged[name])] for name in ("energy_error_fraction", "ks")]
    return PageTable("How near it is", ["", *(name for _, name in KEY)], rows)
