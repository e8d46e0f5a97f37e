"""The charts of a run page that need no script: carpets, duration curves, exceedances and dips, spectrum."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import numpy as np

from sim.metrics.dips import ai_dips
from sim.metrics.exceedance import CAUSES, episodes
from sim.recording import Recording
from sim.report.chart_data import drawn_mw, duration_curve
from sim.report.format import LocalTime, format_duration, format_value
from sim.report.svg import Chart, ChartAxis, Curve, Drawing, around, line_chart, png
from sim.shipped import shipped
from sim.signals import Signal
from sim.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, FloatArray

FINE_S: Final = 900.0
COARSE_S: Final = 3600.0
MOST_FINE_DAYS: Final = 92
"""Up to so many days a dot is a quarter of an hour; beyond, an hour."""
MOST_DAY_MARKS: Final = 14
PALETTE: Final = np.array(shipped("sim.report", "style.json")["viridis"], dtype=np.float64)
"""Viridis (S. van der Walt, N. Smith, 2015) at nine places: told apart with any colour vision, in grey."""


def carpet(signal: Signal, clock: LocalTime, title: str) -> Drawing:
    """Return the carpet of a signal.

    Parameters
    ----------
    signal
        Power [MW], from the start of the run.
    clock
        The run's local time.
    title
        What is shown.
    """
    means = cells(signal, clock)
    low, high = float(np.nanmin(means)), float(np.nanmax(means))
    picture = png(_coloured(means, low, high))
    days = means.shape[1]
    step = max(1, -(-days // MOST_DAY_MARKS))
    marks = [(day + 0.5, f"{clock.start + timedelta(days=day):%m-%d}") for day in range(0, days, step)]
    hours = tuple((float(hour), f"{hour}:00") for hour in range(0, 25, 6))
    axes = ChartAxis("Day", 0.0, float(days), marks=tuple(marks)), ChartAxis("", 0.0, 24.0, marks=hours)
    dark, bright = format_value(low, "MW"), format_value(high, "MW")
    note = f"Means of a quarter of an hour, or of an hour in a long run: dark {dark}, bright {bright}."
    return Drawing.of(title, note, axes, lambda chart: chart.image(picture), height_px=260)


def cells(signal: Signal, clock: LocalTime) -> FloatArray:
    """Return the means, shape (intervals of a day, days), the first hour lowest; NaN outside the run."""
    length_s = FINE_S if signal.duration_s <= MOST_FINE_DAYS * SECONDS_PER_DAY else COARSE_S
    start = clock.start
    into_day_s = (start - start.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
    first = int(into_day_s // length_s)
    last = np.ceil((into_day_s + signal.end_s) / length_s - 1e-9)
    edges_s = np.unique(np.clip(length_s * np.arange(first, last + 1) - into_day_s, 0.0, signal.end_s))
    of_day = int(SECONDS_PER_DAY / length_s)
    means = signal.means_over(edges_s)
    days = -(-(first + len(means)) // of_day)
    flat = np.full(days * of_day, np.nan)
    flat[first : first + len(means)] = means
    return flat.reshape(days, of_day).T[::-1]


def _coloured(cells: FloatArray, low: float, high: float) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    part = np.nan_to_num((cells - low) / ((high - low) or 1.0)) * (len(PALETTE) - 1)
    places = np.arange(len(PALETTE))
    channels = [np.interp(part, places, channel) for channel in PALETTE.T]
    opacity = np.where(np.isnan(cells), 0.0, 255.0)
    return np.asarray(np.rint(np.stack([*channels, opacity], axis=-1)), dtype=np.uint8)


HEIGHT_PX: Final = 340
MOST_POINTS: Final = 300
"""Most exceedances, and most dips, that a chart shows: the highest."""
MOST_ROWS: Final = 20
"""Times above the limit in the table."""
SKEWED_RATIO: Final = 20.0
LINEAR_TO_USD_PER_MWH: Final = 10.0
"""Where the highest price is so many times the mean, its axis is logarithmic beyond this [USD/MWh]."""
SHORTEST_S: Final = 0.1
"""What is shorter stands here on a logarithmic axis [s]."""


@dataclass(frozen=True, slots=True)
class Excursion:
    """One time above the limit, or one dip of AI power."""

    start_s: float
    length_s: float
    size_mw: float
    style: str
    what: str


def carpets(recording: Recording, clock: LocalTime) -> Iterator[Drawing]:
    """Yield the carpet of the site, and of what miners draw where there are any; none of less than a day."""
    if recording.end_s < SECONDS_PER_DAY:
        return
    named = [("Site power by day and hour", recording["site_power_mw"])]
    if recording.fleet_names:
        named.append(("Soaked power by day and hour", recording["fleet_power_mw"]))
    for title, signal in named:
        yield carpet(signal, clock, title)


def duration_charts(recording: Recording) -> Iterator[Drawing]:
    """Yield the duration curves: load, headroom, and price where there is one."""
    limit, site, ai = (recording[name] for name in ("limit_mw", "site_power_mw", "ai_power_mw"))
    hours = recording.end_s / SECONDS_PER_HOUR
    highest_mw = limit.maximum()
    load = [
        _of(site, "Site with mining", "fleet", hours),
        _of(ai, "AI alone", "ai", hours),
        Curve("Limit (highest)", "limit dash", [0.0, hours], [highest_mw, highest_mw]),
    ]
    yield _curves("Load duration", "For how many hours power is above a level.", "Power [MW]", load, hours)
    free = [
        _of(limit - ai, "Left by AI", "ai", hours),
        _of(limit - drawn_mw(recording), "Left by AI and miners", "fleet", hours),
        Curve("", "limit dash", [0.0, hours], [0.0, 0.0]),
    ]
    note = "How many megawatts are free for how many hours: what a fleet of a size could have drawn."
    yield _curves("Headroom duration", note, "Free under the limit [MW]", free, hours)
    price = recording.signals.get("price_usd_per_mwh")
    if price is not None:
        yield _price_duration(price, hours)


def _price_duration(price: Signal, hours: float) -> Drawing:
    """Return the price-duration curve; logarithmic both ways where few prices would flatten all others."""
    curve = _of(price, "Real-time price", "price", hours)
    upwards = around(curve.ys, "Price [USD/MWh]", from_zero=True)
    if max(abs(upwards.low), abs(upwards.high)) > SKEWED_RATIO * abs(price.mean()):
        low, high = (1.3 * bound for bound in (min(0.0, *curve.ys), max(0.0, *curve.ys)))
        upwards = replace(upwards, low=low, high=high, linear_to=LINEAR_TO_USD_PER_MWH)
    note = "For how many hours power costs more."
    return line_chart("Price duration", note, (ChartAxis("Hours", 0.0, hours), upwards), [curve], HEIGHT_PX)


def largest_exceedances(recording: Recording) -> list[tuple[float, float, tuple[str, ...]]]:
    """Return start and end [s] of the largest times above the limit, with length, size, energy and cause."""
    found = recording.once(episodes)
    rows = []
    for place in np.argsort(-found.peak_mw, kind="stable")[:MOST_ROWS].tolist():
        start_s, length_s = float(found.start_s[place]), float(found.duration_s[place])
        sizes = ((float(found.peak_mw[place]), "MW"), (float(found.energy_mwh[place]), "MWh"))
        words = (*(format_value(*size) for size in sizes), CAUSES[found.cause[place]])
        rows.append((start_s, start_s + length_s, (format_duration(length_s), *words)))
    return rows


def excursion_chart(recording: Recording, clock: LocalTime) -> Drawing | None:
    """Return every exceedance and dip by length and size; None where there is neither."""
    found, dips = recording.once(episodes), recording.once(ai_dips)
    points = [
        Excursion(start_s, length_s, size_mw, "limit", CAUSES[cause])
        for start_s, length_s, size_mw, cause in zip(
            *(array.tolist() for array in (found.start_s, found.duration_s, found.peak_mw)), found.cause, strict=True
        )
    ]
    falls = [Excursion(dip.start_s, dip.length_s, dip.depth_mw, "ai", "AI falls") for dip in dips]
    shown = [*_largest(falls), *_largest(points)]
    if not shown:
        return None
    lengths_s = [max(SHORTEST_S, one.length_s) for one in shown]
    across = ChartAxis("Length [s]", 0.8 * min(lengths_s), 1.25 * max(lengths_s), is_log=True)
    upwards = around([one.size_mw for one in shown], "Size [MW]", from_zero=True)

    def draw(chart: Chart) -> None:
        for length_s, one in zip(lengths_s, shown, strict=True):
            size, length = format_value(one.size_mw, "MW"), format_duration(one.length_s)
            title = "" if chart.is_narrow else f"{clock.text(one.start_s)}: {size} for {length}; {one.what}"
            chart.point(length_s, one.size_mw, f"{one.style} small", title=title)

    left_out = len(falls) + len(points) - len(shown)
    note = "Each time above the limit, and each dip of AI power; rest the pointer on one to see when and why."
    note += f" The {left_out:,} smallest are left out." if left_out else ""
    names = [("limit", f"above the limit ({len(points):,})"), ("ai", f"dip of AI power ({len(falls):,})")]
    return Drawing.of("Exceedances and dips", note, (across, upwards), draw, names, HEIGHT_PX)


def spectrum_chart(curves: Sequence[Mapping[str, Any]]) -> Drawing | None:
    """Return the power spectral densities; None where there are none."""
    styles = {"site": "fleet", "ai": "ai", "within": "limit"}
    lines = [Curve(one["title"], styles[one["name"]], one["frequency_hz"], one["density"]) for one in curves]
    if not lines:
        return None
    (low_hz, high_hz), (low, high) = (
        (min(map(min, side)), max(map(max, side)))
        for side in ([line.xs for line in lines], [line.ys for line in lines])
    )
    across = ChartAxis("Frequency [Hz]", low_hz, high_hz, is_log=True)
    upwards = ChartAxis("Density [MW²/Hz]", 0.5 * low, 2.0 * high, is_log=True)
    return line_chart("Spectrum", "", (across, upwards), lines, HEIGHT_PX)


def _largest(excursions: list[Excursion]) -> list[Excursion]:
    return sorted(excursions, key=lambda one: -one.size_mw)[:MOST_POINTS]


def _of(signal: Signal, title: str, style: str, hours: float) -> Curve:
    levels, shares = duration_curve(signal)
    return Curve(title, style, *_thinned(hours * shares, levels))


def _thinned(xs: FloatArray, ys: FloatArray) -> tuple[list[float], list[float]]:
    """Return a line without points that lie between two others of the same x."""
    same = (xs[1:-1] == xs[:-2]) & (xs[1:-1] == xs[2:])
    kept = [True, *(~same).tolist(), True] if len(xs) > 1 else [True]
    return xs[kept].tolist(), ys[kept].tolist()


def _curves(title: str, note: str, name: str, lines: Sequence[Curve], hours: float) -> Drawing:
    upwards = around([y for line in lines for y in line.ys], name, from_zero=True)
    return line_chart(title, note, (ChartAxis("Hours", 0.0, hours), upwards), lines, HEIGHT_PX)
