"""Charts as SVG in the page itself: no script, sharp in print, in the page's colours."""

import base64
import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final, Self

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from sim.shipped import shipped

WIDE_PX: Final = 1000
NARROW_PX: Final = 400
"""Width of the drawing for a screen, and for a telephone."""
LEFT_PX: Final = 76
BARE_PX: Final = 24
"""Room on the left of a chart with names upwards, and without."""
LETTER_PX: Final = 5.4
RIGHT_PX: Final = 14
TOP_PX: Final = 12
HEIGHT_PX: Final = 320
"""Height of a chart, unless it needs another."""
ROW_PX: Final = 46
"""Height of a bar with its name above it."""
BOTTOM_PX: Final = 46
BESIDE_PX: Final = 10.0
BESIDE_UNTIL: Final = 0.7
"""What stands to the right of a mark, up to this part of an axis; beyond, to the left of it."""
_SHAPES: Final[dict[str, str]] = shipped("sim.report", "style.json")["marks"]
MARKS: Final = tuple(_SHAPES)
KIND_COUNT: Final = 8
"""Colours of policies and choices in the style sheet; more of them begin again, told apart by their marks."""


@dataclass(frozen=True, slots=True)
class ChartAxis:
    """One axis of a chart."""

    title: str
    low: float
    high: float
    is_log: bool = False
    marks: tuple[tuple[float, str], ...] = ()
    """Places and texts of its marks; none: round numbers."""
    linear_to: float = 0.0
    """Size up to which it is linear, and logarithmic both ways beyond; 0: linear throughout."""

    def part(self, value: float) -> float:
        """Return where a value lies, from 0 at the low end to 1."""
        if self.is_log:
            low, high = math.log10(self.low), math.log10(self.high)
            return (math.log10(max(value, 1e-300)) - low) / ((high - low) or 1.0)
        if self.linear_to:
            low, high, here = (math.asinh(one / self.linear_to) for one in (self.low, self.high, value))
            return (here - low) / ((high - low) or 1.0)
        return (value - self.low) / ((self.high - self.low) or 1.0)

    def shown(self, most: int) -> list[tuple[float, str]]:
        """Return places and texts of its marks, at most about so many where they are round numbers."""
        if self.marks:
            return list(self.marks)
        if self.is_log:
            first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
            step = max(1, math.ceil((last - first + 1) / most))
            return [(10.0**power, short_number(10.0**power)) for power in range(first, last + 1, step)]
        if self.linear_to:
            sizes = [self.linear_to * 10.0**power for power in range(8)]
            values = [*(-size for size in reversed(sizes)), 0.0, *sizes]
            return [(one, short_number(one)) for one in values if self.low <= one <= self.high]
        width = nice_step((self.high - self.low) / most)
        places = range(math.ceil(self.low / width - 1e-9), math.floor(self.high / width + 1e-9) + 1)
        return [(width * place, short_number(round(width * place, 12))) for place in places]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart with what stands around it."""

    title: str
    note: str
    drawing: Markup
    legend: str = ""

    @classmethod
    def of(
        cls,
        title: str,
        note: str,
        axes: tuple[ChartAxis, ChartAxis],
        draw: Callable[["Chart"], None],
        key: Iterable[tuple[str, str]] = (),
        height_px: int = HEIGHT_PX,
    ) -> Self:
        """Return a chart that is drawn twice, for a screen and for a telephone: the style sheet shows one.

        Parameters
        ----------
        title, note
            What it shows.
        axes
            Across and upwards.
        draw
            Told each chart, to draw into.
        key
            Style and name of each line of the legend.
        height_px
            Height of both drawings.
        """
        wide, narrow = (Chart(*axes, width_px, height_px) for width_px in (WIDE_PX, NARROW_PX))
        draw(wide)
        draw(narrow)
        label = f"{title}: {note}" if note else title
        both = f'<div class="wide">{wide.svg(label)}</div><div class="narrow">{narrow.svg(label)}</div>'
        return cls(title, note, Markup(both), legend(key))  # noqa: S704  # ours


def nice_step(least: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is not below a number.

    Examples
    --------
    >>> nice_step(0.3), nice_step(12.0), nice_step(0.0)
    (0.5, 20.0, 1.0)
    """
    if not least > 0.0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= least * (1.0 - 1e-9))


def short_number(value: float) -> str:
    """Return a number in thousands or millions from there on.

    Examples
    --------
    >>> short_number(1_250_000.0), short_number(-40_000.0), short_number(0.5), short_number(1e-7)
    ('1.25M', '-40k', '0.5', '1e-07')
    """
    size, letter = next(((s, c) for s, c in ((1e6, "M"), (1e4, "k")) if abs(value) >= s), (1.0, ""))
    if letter == "k":
        size = 1e3
    return f"{value / size:.6g}{letter}"


def around(values: Iterable[float], title: str, *, from_zero: bool = False) -> ChartAxis:
    """Return an axis that holds all values, with a little room."""
    known = [value for value in values if math.isfinite(value)] or [0.0]
    low, high = min(known), max(known)
    if from_zero:
        low, high = min(0.0, low), max(0.0, high)
    room = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    starts_at_zero, ends_at_zero = from_zero and low == 0.0, from_zero and high == 0.0 > low
    return ChartAxis(title, low if starts_at_zero else low - room, high if ends_at_zero else high + room)


class Chart:
    """One chart with two axes; what is drawn later covers what was drawn before.

    Parameters
    ----------
    x, y
        The axes.
    width_px, height_px
        Size of the drawing; it is scaled to the page.
    """

    def __init__(self, x: ChartAxis, y: ChartAxis, width_px: int, height_px: int) -> None:
        self._x, self._y = x, y
        self.width_px, self._height = width_px, height_px
        left_px = LEFT_PX if y.title or any(text for _, text in y.shown(1)) else BARE_PX
        self._box = (left_px, TOP_PX, width_px - RIGHT_PX, height_px - BOTTOM_PX)
        self._parts: list[str] = []
        self._draw_axes()

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point lies in the drawing."""
        left, top, right, bottom = self._box
        return left + (right - left) * self._x.part(x), bottom - (bottom - top) * self._y.part(y)

    def line(self, xs: Sequence[float], ys: Sequence[float], style: str) -> None:
        """Draw a line in the colour of a class of the style sheet, ``ai``; ``dash`` behind it dashes it."""
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(self.place, xs, ys))
        self._parts.append(f'<polyline class="line {style}" points="{points}"/>')

    def bar(self, low: tuple[float, float], high: tuple[float, float], style: str, title: str = "") -> None:
        """Fill the rectangle between two corners."""
        (left, bottom), (right, top) = self.place(*low), self.place(*high)
        left, right, top, bottom = *sorted((left, right)), *sorted((top, bottom))
        size = f'width="{right - left:.1f}" height="{bottom - top:.1f}"'
        self._parts.append(f'<rect class="fill {style}" x="{left:.1f}" y="{top:.1f}" {size}>{_title(title)}</rect>')

    def point(self, x: float, y: float, style: str, mark: str = "circle", title: str = "") -> None:
        """Draw a mark at a point."""
        at = " ".join(f"{one:.1f}" for one in self.place(x, y))
        self._parts.append(f'<g class="mark {style}" transform="translate({at})">{_title(title)}{_SHAPES[mark]}</g>')

    def text(self, x: float, y: float, text: str, anchor: str = "start", style: str = "") -> None:
        """Write at a point; with the style ``beside`` beside its mark, where there is room."""
        left, top = self.place(x, y)
        if style == "beside":
            is_left = self._x.part(x) < BESIDE_UNTIL
            left, anchor = (left + BESIDE_PX, "start") if is_left else (left - BESIDE_PX, "end")
        self._write(f'class="{style}" x="{left:.1f}" y="{top:.1f}" dy="0.35em"', text, anchor)

    def image(self, picture: bytes) -> None:
        """Fill the chart with a PNG picture, each of its dots a rectangle."""
        left, top, right, bottom = self._box
        data = base64.b64encode(picture).decode("ascii")
        self._parts.append(
            f'<image x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" '
            f'preserveAspectRatio="none" style="image-rendering: pixelated" '
            f'href="data:image/png;base64,{data}"/>'
        )

    @property
    def is_narrow(self) -> bool:
        """Whether it is for a telephone."""
        return self.width_px == NARROW_PX

    def svg(self, label: str) -> Markup:
        """Return the drawing, with what it shows in words."""
        head = f'<svg class="drawn" viewBox="0 0 {self.width_px} {self._height}" role="img"'
        body = "".join(self._parts)
        return Markup(f'{head} aria-label="{escape(label)}">{body}</svg>')  # noqa: S704  # texts are escaped

    def _draw_axes(self) -> None:
        left, top, right, bottom = self._box
        marks = self._x.shown(max(3, (right - left) // 110))
        if self._x.marks:  # of names no more than there is room for
            name_px = LETTER_PX * max(len(text) for _, text in marks) + 6.0
            marks = marks[:: math.ceil(name_px * len(marks) / (right - left))]
        for value, text in marks:
            x, _ = self.place(value, self._y.low)
            self._parts.append(f'<path class="grid" d="M{x:.1f} {top}V{bottom}"/>')
            self._write(f'x="{x:.1f}" y="{bottom + 17}"', text)
        for value, text in self._y.shown(max(3, (bottom - top) // 50)):
            _, y = self.place(self._x.low, value)
            self._parts.append(f'<path class="grid" d="M{left} {y:.1f}H{right}"/>')
            self._write(f'x="{left - 8}" y="{y:.1f}" dy="0.35em"', text, "end")
        middle = 0.5 * (left + right)
        self._write(f'class="name" x="{middle:.1f}" y="{bottom + 38}"', self._x.title)
        turned = f"translate(16 {0.5 * (top + bottom):.1f}) rotate(-90)"
        self._write(f'class="name" transform="{turned}"', self._y.title)

    def _write(self, where: str, text: str, anchor: str = "middle") -> None:
        self._parts.append(f'<text {where} text-anchor="{anchor}">{escape(text)}</text>')


def kind_of(number: int) -> tuple[str, str]:
    """Return the class of the style sheet, and the mark, of one of several policies or choices."""
    return f"k{number % KIND_COUNT}", MARKS[number % len(MARKS)]


def _title(text: str) -> str:
    return f"<title>{escape(text)}</title>" if text else ""


@dataclass(frozen=True, slots=True)
class BarRow:
    """A row of bars with its name above."""

    name: str
    text: str
    """What stands behind the name on a screen."""
    bars: Sequence[tuple[float, float, str, str]]
    """Start and end of each bar, its style, and what is said of it; a later one covers those before."""


def bar_chart(
    title: str,
    note: str,
    across: ChartAxis,
    rows: Sequence[BarRow],
    lines: Sequence[tuple[float, str, str]] = (),
    key: Sequence[tuple[str, str]] = (),
) -> Drawing:
    """Return rows of bars, and lines down all of them: place, name and style."""

    def draw(chart: Chart) -> None:
        for place, row in enumerate(rows):
            top = float(len(rows) - place)
            for start, end, style, said in row.bars:
                chart.bar((start, top - 0.95), (end, top - 0.5), style, said)
            text = row.name if chart.is_narrow or not row.text else f"{row.name}: {row.text}"
            chart.text(across.low, top - 0.27, text, style="strong")
        for value, _, style in lines:
            chart.line([value, value], [0.0, float(len(rows))], style)

    upwards = ChartAxis("", 0.0, float(len(rows)), marks=((0.0, ""),))
    names = [*key, *((style, name) for _, name, style in lines)]
    return Drawing.of(title, note, (across, upwards), draw, names, 60 + ROW_PX * len(rows))


@dataclass(frozen=True, slots=True)
class Curve:
    """A line of a chart."""

    title: str
    """What the legend calls it; empty: it is not named there."""
    style: str
    """Class of the style sheet."""
    xs: Sequence[float]
    ys: Sequence[float]


def line_chart(
    title: str, note: str, axes: tuple[ChartAxis, ChartAxis], lines: Sequence[Curve], height_px: int = HEIGHT_PX
) -> Drawing:
    """Return a chart of lines, with their legend."""

    def draw(chart: Chart) -> None:
        for line in lines:
            chart.line(line.xs, line.ys, line.style)

    names = [(line.style, line.title) for line in lines if line.title]
    return Drawing.of(title, note, axes, draw, names, height_px)


def names_axis(names: Iterable[str], title: str = "") -> ChartAxis:
    """Return an axis on which each name has a width of one."""
    marks = tuple((place + 0.5, name) for place, name in enumerate(names))
    return ChartAxis(title, 0.0, float(len(marks)), marks=marks)


def legend(entries: Iterable[tuple[str, str]]) -> Markup:
    """Return a legend: the style and the name of each line; nothing where there is none."""
    items = "".join(f'<li><span class="swatch {style}"></span>{escape(name)}</li>' for style, name in entries)
    return Markup(f'<ul class="legend">{items}</ul>' if items else "")  # noqa: S704  # names are escaped


def png(colours: NDArray[np.uint8]) -> bytes:
    """Return a picture as PNG.

    Parameters
    ----------
    colours
        Red, green, blue and opacity of each dot, shape (rows, columns, 4).
    """
    picture = io.BytesIO()
    Image.fromarray(colours).save(picture, "png", optimize=True)
    return picture.getvalue()
