"""Two metrics against each other over a study's combinations: a line for each choice, its values along it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.report.comparison_figures import KINDS, MARKS, new_figure
from sim.report.format import words_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Document = Mapping[str, Any]


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


def trade_figure(document: Document, paths: Sequence[str], points: Sequence[Point]) -> "Figure":
    """Draw the figure that a study states, of at least one point."""
    figure, (axis,) = new_figure(5.4)
    lines = lines_of(paths, points)
    for number, (title, line) in enumerate(lines.points.items()):
        _draw(axis, KINDS[number % len(KINDS)], MARKS[number % len(MARKS)], title, line, lines)
    for side, label in (("x", axis.set_xlabel), ("y", axis.set_ylabel)):
        metric = document["figure"][side]
        unit = document["metrics"][metric]["unit"]
        label(words_of(metric) if unit == "1" else f"{words_of(metric)} [{unit}]")
    axis.margins(0.08)
    if any(lines.points):
        figure.legend(loc="outside lower center", ncols=2, frameon=False)
    if lines.along is not None:
        axis.set_title(f"At each point: {paths[lines.along]}", fontsize=9.0, loc="left")
    return figure


def _draw(
    axis: "Axes", colour: str, mark: str, title: str, points: Sequence[Point], lines: TradeLines
) -> None:
    style = "" if lines.along is None else "-"
    xs, ys = [point.x for point in points], [point.y for point in points]
    axis.plot(xs, ys, color=colour, marker=mark, linestyle=style, label=title)
    for point in points:
        axis.annotate(
            lines.label(point),
            (point.x, point.y),
            xytext=(5.0, 5.0),
            textcoords="offset points",
            fontsize=8.0,
            color=colour,
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
