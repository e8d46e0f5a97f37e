"""Two metrics against each other over a study's combinations: a line for each choice, its values along it."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from markupsafe import Markup

from sim.report.format import words_of
from sim.report.static_page import Document
from sim.report.svg import NARROW_PX, Chart, Drawing, around, drawn, kind_of, legend

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


def trade_chart(document: Document, paths: Sequence[str], points: Sequence[Point], title: str) -> Drawing:
    """Return the chart that a study states, of at least one point."""
    lines = lines_of(paths, points)
    across, upwards = (
        around([getattr(point, side) for point in points], _name(document, side)) for side in ("x", "y")
    )

    def draw(width_px: int) -> Markup:
        chart = Chart(across, upwards, width_px, HEIGHT_PX)
        for number, line in enumerate(lines.points.values()):
            style, mark = kind_of(number)
            if lines.along is not None:
                chart.line([point.x for point in line], [point.y for point in line], style)
            for point in line:
                chart.point(point.x, point.y, style, mark, ", ".join(map(str, point.values)))
                if width_px > NARROW_PX:
                    chart.text(point.x, point.y, f"  {lines.label(point)}", style="beside")
        return chart.svg(title)

    note = "" if lines.along is None else f"At each point: {paths[lines.along]}."
    names = legend((kind_of(number)[0], name) for number, name in enumerate(lines.points) if name)
    return Drawing(title, note, drawn(draw), names)


def _name(document: Document, side: str) -> str:
    metric = document["figure"][side]
    unit = document["metrics"][metric]["unit"]
    return words_of(metric) if unit == "1" else f"{words_of(metric)} [{unit}]"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
