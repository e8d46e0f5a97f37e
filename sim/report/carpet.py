"""Carpets: a signal's mean by day and time of day, a dot for each interval."""

from datetime import timedelta
from typing import Final

import numpy as np
from markupsafe import Markup

from sim.report.format import format_value
from sim.report.local_time import LocalTime
from sim.report.svg import NARROW_PX, Chart, ChartAxis, drawn, png
from sim.signals import Signal
from sim.units import SECONDS_PER_DAY, FloatArray

FINE_S: Final = 900.0
COARSE_S: Final = 3600.0
MOST_FINE_DAYS: Final = 92
"""Up to so many days a dot is a quarter of an hour; beyond, an hour."""
MOST_DAY_MARKS: Final = 14
PALETTE: Final = (
    (68, 1, 84), (71, 44, 122), (59, 81, 139), (44, 113, 142), (33, 144, 141),
    (39, 173, 129), (92, 200, 99), (170, 220, 50), (253, 231, 37),
)  # fmt: skip
"""Viridis (S. van der Walt, N. Smith, 2015) at nine places: told apart with any colour vision, in grey."""


def carpet(signal: Signal, clock: LocalTime, label: str) -> tuple[Markup, tuple[str, str]]:
    """Return the carpet of a signal, and its lowest and highest mean in words.

    Parameters
    ----------
    signal
        Power [MW], from the start of the run.
    clock
        The run's local time.
    label
        What is shown.
    """
    means = cells(signal, clock)
    low, high = float(np.nanmin(means)), float(np.nanmax(means))
    picture = png(_coloured(means, low, high))
    days = means.shape[1]
    step = max(1, -(-days // MOST_DAY_MARKS))
    marks = [(day + 0.5, f"{clock.start + timedelta(days=day):%m-%d}") for day in range(0, days, step)]

    def draw(width_px: int) -> Markup:
        shown = tuple(marks if width_px > NARROW_PX else marks[::4])
        upwards = tuple((float(hour), f"{hour}:00") for hour in range(0, 25, 6))
        along = ChartAxis("Day", 0.0, float(days), marks=shown)
        chart = Chart(along, ChartAxis("", 0.0, 24.0, marks=upwards), width_px, 260)
        chart.image(picture)
        return chart.svg(label)

    return drawn(draw), (format_value(low, "MW"), format_value(high, "MW"))


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


def _coloured(
    cells: FloatArray, low: float, high: float
) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    part = np.nan_to_num((cells - low) / ((high - low) or 1.0)) * (len(PALETTE) - 1)
    places = np.arange(len(PALETTE))
    channels = [np.interp(part, places, [colour[one] for colour in PALETTE]) for one in range(3)]
    opacity = np.where(np.isnan(cells), 0.0, 255.0)
    return np.asarray(np.rint(np.stack([*channels, opacity], axis=-1)), dtype=np.uint8)
