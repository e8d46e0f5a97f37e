"""Two metrics against each other over a study's combinations: a line for each choice, its values along it."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sim.report.format import words_of
from sim.report.static_page import Document
from sim.report.svg import Chart, Drawing, around, kind_of

HEIGHT_PX: Final = 420


class Point(NamedTuple):
    """What a combination of values gave."""

    values: tuple[Any, ...]
    """Its value on each axis."""
    x: float
    y: float


class TradeLines(NamedTuple):
    """Points joined where they differ in one axis alone."""

    along: int | None
    """The axis along the lines; None: there is none, and the points stand alone."""
    points: dict[str, list[Point]]
    """The points of each line, by what they have in common, as far as others differ in it."""

    def label(self, point: Point) -> str:
        """Return the value at a point of the axis along the lines; empty where there is none."""
        return "" if self.along is None else f"{point.values[self.along]:g}"


def lines_of(paths: Sequence[str], points: Sequence[Point]) -> TradeLines:
    """Return the lines: along the last axis of numbers with several values, one for each choice of the rest.

    Parameters
    ----------
    paths
        The axes, shape (axes,).
    points
        The points, in the order of the study.
    """
    varied = [place for place in range(len(paths)) if len({point.values[place] for point in points}) > 1]
    numeric = [place for place in varied if all(_is_number(point.values[place]) for point in points)]
    along = numeric[-1] if numeric else None
    groups: dict[str, list[Point]] = {}
    for point in points:
        rest = (f"{paths[place]} = {point.values[place]}" for place in varied if place != along)
        groups.setdefault(", ".join(rest), []).append(point)
    return TradeLines(along, groups)


def trade_chart(
    names: tuple[str, str],
    paths: Sequence[str],
    points: Sequence[Point],
    title: str,
    *,
    is_labelled: bool = True,
) -> Drawing:
    """Return two things against each other, of at least one point.

    Parameters
    ----------
    names
        Titles of the axes, across and upwards.
    paths, points
        As `lines_of`.
    title
        What the chart shows.
    is_labelled
        Whether each point has the value of the axis along its line beside it.
    """
    lines = lines_of(paths, points)
    across = around([point.x for point in points], names[0])
    upwards = around([point.y for point in points], names[1])

    def draw(chart: Chart) -> None:
        for number, line in enumerate(lines.points.values()):
            style, mark = kind_of(number)
            if lines.along is not None:
                chart.line([point.x for point in line], [point.y for point in line], style)
            for point in line:
                chart.point(point.x, point.y, style, mark, ", ".join(map(str, point.values)))
                if is_labelled and not chart.is_narrow:
                    chart.text(point.x, point.y, lines.label(point), style="beside")

    note = f"At each point: {paths[lines.along]}." if is_labelled and lines.along is not None else ""
    key = [(kind_of(number)[0], name) for number, name in enumerate(lines.points) if name]
    return Drawing.of(title, note, (across, upwards), HEIGHT_PX, draw, key)


def axis_title(document: Document, metric: str) -> str:
    """Return a metric in words, with its unit."""
    unit = document["metrics"][metric]["unit"]
    return words_of(metric) if unit == "1" else f"{words_of(metric).removesuffix(f' {unit}')} [{unit}]"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
