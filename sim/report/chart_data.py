"""What the page's charts draw from: breakpoints where few, else extremes and means of bins; durations."""

import base64
import zlib
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from sim.recording import Recording
from sim.report.format import LocalTime
from sim.report.worst_windows import Moment
from sim.shipped import shipped
from sim.signals import FloatArray, Signal, total
from sim.signals.distribution import LEVELS, Distribution

NICE_WIDTHS_S: Final[list[float]] = shipped("sim.report", "style.json")["bin_widths_s"]
"""Widths of bins that people can name [s]; not half a day, where day and night take turns."""


def bin_edges_s(end_s: float, most: int, start_s: float = 0.0) -> FloatArray:
    """Return the edges of at most so many bins of a nice width.

    Parameters
    ----------
    end_s
        End of the last bin [s], above the start.
    most
        Most bins there may be, at least 1.
    start_s
        Start of the first bin [s].

    Returns
    -------
    FloatArray
        Edges [s], equally far apart but for the last, which may be nearer.

    Examples
    --------
    >>> bin_edges_s(100.0, 4).tolist()
    [0.0, 30.0, 60.0, 90.0, 100.0]
    """
    least_s = (end_s - start_s) / most
    width_s = next((width_s for width_s in NICE_WIDTHS_S if width_s >= least_s), least_s)
    inner = np.arange(start_s, end_s - 1e-6 * width_s, width_s)
    return np.append(inner, end_s)


MOST_BREAKPOINTS: Final = 60_000
"""Up to so many breakpoints of site power the page holds them all."""
MOST_BINS: Final = 530_000
"""Beyond, it holds at most so many bins: a year in minutes."""
BREAKPOINTS_PER_BIN: Final = 3
"""And so few that a bin stands for this many breakpoints, as it takes their place."""
EXACT_DIGITS: Final = 6
BIN_DIGITS: Final = 5
TIME_STEP_S: Final = 0.001
"""Resolution of times [s]."""


def chart_data(recording: Recording, clock: LocalTime, moments: tuple[Moment, ...]) -> dict[str, Any]:
    """Return everything the page's script draws, as JSON-ready values.

    Parameters
    ----------
    recording
        The run.
    clock
        Its local time.
    moments
        The windows to offer; where the whole run is binned, each comes with its breakpoints.

    Returns
    -------
    dict
        ``start_ms``, ``end_s``, ``offset``, ``power``, ``price`` and ``moments``.
    """
    power = power_channels(recording)
    whole = _layer(power)
    exact = whole["kind"] == "exact"
    price = recording.signals.get("price_usd_per_mwh")
    return {
        "start_ms": clock.start_ms,
        "end_s": recording.end_s,
        "offset": clock.offset,
        "power": whole,
        "price": None if price is None else _layer({"price": price}),
        "moments": [
            {
                "title": moment.title,
                "from_s": moment.from_s,
                "to_s": moment.to_s,
                "power": None if exact else _exact(window_of(power, moment)),
            }
            for moment in moments
        ],
    }


def power_channels(recording: Recording) -> dict[str, Signal]:
    """Return what the power chart shows: AI, site, limit, and what exceeds it [MW].

    Parameters
    ----------
    recording
        The run.

    Returns
    -------
    dict
        Signals by channel: ``ai``, ``site``, ``limit``, ``over``; before a battery also ``drawn``, what AI
        and fleets draw together.
    """
    site, limit = recording["site_power_mw"], recording["limit_mw"]
    excess = site - limit
    over = Signal.constant(0.0, excess.end_s, excess.start_s)  # as it mostly is
    if excess.maximum() > 0.0:
        over = excess.positive_part().simplify()
    channels = {"ai": recording["ai_power_mw"], "site": site, "limit": limit, "over": over}
    if "battery_power_mw" in recording.signals:
        channels["drawn"] = drawn_mw(recording)
    return channels


def drawn_mw(recording: Recording) -> Signal:
    """Return what AI and fleets draw together [MW]: site power, but for a battery."""
    if "battery_power_mw" not in recording.signals:
        return recording["site_power_mw"]
    return total([recording["ai_power_mw"], recording["fleet_power_mw"]])


def window_of(channels: Mapping[str, Signal], moment: Moment) -> dict[str, Signal]:
    """Return the channels in the window of a moment."""
    return {name: signal.clip_time(moment.from_s, moment.to_s) for name, signal in channels.items()}


def _layer(channels: Mapping[str, Signal]) -> dict[str, Any]:
    """Return the channels exactly, or binned where they have too many breakpoints."""
    most = max(signal.time_s.size for signal in channels.values())
    return _exact(channels) if most <= MOST_BREAKPOINTS else _binned(channels)


def _exact(channels: Mapping[str, Signal]) -> dict[str, Any]:
    """Return the channels on common segments: value at each start, and limit at each end."""
    end_s = next(iter(channels.values())).end_s
    times_s = np.unique(np.concatenate([signal.time_s for signal in channels.values()]))
    packed: dict[str, Any] = {"kind": "exact", "end_s": end_s, "time_s": pack(times_s, TIME_STEP_S), "channels": {}}
    step = step_for(_largest(channels), EXACT_DIGITS)
    for name, signal in channels.items():
        split = signal.split_at(times_s)
        packed["channels"][name] = {"from": pack(split.value, step), "to": pack(split.left_limits(), step)}
    return packed


def _binned(channels: Mapping[str, Signal]) -> dict[str, Any]:
    """Return extremes and means of the channels in bins of one width."""
    end_s = next(iter(channels.values())).end_s
    breakpoints = max(signal.time_s.size for signal in channels.values())
    edges_s = bin_edges_s(end_s, min(MOST_BINS, breakpoints // BREAKPOINTS_PER_BIN))
    width_s = float(edges_s[1])
    packed: dict[str, Any] = {"kind": "bins", "end_s": end_s, "width_s": width_s, "channels": {}}
    step = step_for(_largest(channels), BIN_DIGITS)
    for name, signal in channels.items():
        packed["channels"][name] = _packed_envelope(signal, edges_s, step)
    return packed


def _packed_envelope(signal: Signal, edges_s: FloatArray, step: float) -> dict[str, Any]:
    """Return extremes and mean of a signal in each bin, minima rounded down and maxima up."""
    return {
        "minimum": pack(signal.minima_over(edges_s), step, np.floor),
        "mean": pack(signal.means_over(edges_s), step),
        "maximum": pack(signal.maxima_over(edges_s), step, np.ceil),
    }


def _largest(channels: Mapping[str, Signal]) -> float:
    return max(max(abs(signal.minimum()), abs(signal.maximum())) for signal in channels.values())


LARGEST_CODE: Final = 2**52
"""A code must fit the whole numbers that a browser counts exactly."""


def pack(values: FloatArray, step: float, rounding: np.ufunc = np.rint) -> dict[str, Any]:
    """Return an array as whole multiples of a step, packed as text.

    The differences between neighbours are folded to whole numbers from 0 (0, -1, 1, -2 become 0, 1, 2, 3)
    and stored lowest bytes first, then the next, so that the mostly empty high bytes deflate to nothing.

    Parameters
    ----------
    values
        The values [value], shape (n,).
    step
        Resolution [value], above 0.
    rounding
        ``np.floor`` for minima and ``np.ceil`` for maxima, so that an envelope never shrinks.

    Returns
    -------
    dict
        ``count``, ``step``, ``bytes`` (per value) and ``data``.

    Raises
    ------
    ValueError
        A value is more than about 1e15 steps from the one before.
    """
    # a value that is a multiple but for rounding must not move by a whole step
    multiples = rounding(np.round(values / step, 6))
    differences = np.diff(multiples, prepend=0.0)
    if np.any(np.abs(differences) > LARGEST_CODE):
        raise ValueError(f"values are too far apart for a resolution of {step:g}")
    whole = differences.astype(np.int64)
    codes = np.where(whole < 0, -2 * whole - 1, 2 * whole).astype("<u8")
    byte_count = max(1, (int(codes.max(initial=0)).bit_length() + 7) // 8)
    planes = codes.view(np.uint8).reshape(-1, 8)[:, :byte_count].T
    data = base64.b64encode(zlib.compress(planes.tobytes(), 6)).decode("ascii")
    return {"count": int(values.size), "step": step, "bytes": byte_count, "data": data}


def step_for(largest: float, digits: int) -> float:
    """Return the resolution that keeps so many significant digits of the largest value.

    Parameters
    ----------
    largest
        Largest magnitude to be packed [value].
    digits
        Significant digits.

    Returns
    -------
    float
        A power of ten [value].

    Examples
    --------
    >>> step_for(420.0, 5), step_for(0.0, 5)
    (0.01, 0.0001)
    """
    exponent = int(np.floor(np.log10(largest))) if largest > 0.0 else 0
    return float(f"1e{exponent - digits + 1}")


LEVEL_COUNT: Final = 200
"""Levels that are evenly spaced, and as many at which values crowd."""


def duration_curve(signal: Signal) -> tuple[FloatArray, FloatArray]:
    """Return levels from a signal's minimum to its maximum, and the share of the time above each.

    Parameters
    ----------
    signal
        The signal [value].

    Returns
    -------
    tuple of FloatArray
        Levels [value] and shares, shape (n,); the minimum stands first with share 1. A value at which the
        signal stands still counts at the next level that a `Distribution` knows.
    """
    low, high = signal.minimum(), signal.maximum()
    if low == high:
        return np.array([low, low]), np.array([1.0, 0.0])
    time_s = Distribution.of(signal).time_s
    even = np.linspace(0.0, LEVELS - 1.0, LEVEL_COUNT).astype(np.int64)
    # levels at which values crowd, too, and those just below: few high ones must not hide how the others run
    crowded = np.searchsorted(time_s, np.linspace(0.0, time_s[-1], LEVEL_COUNT))
    places = np.unique(np.clip(np.concatenate([even, crowded, crowded - 1]), 0, LEVELS - 1))
    shares = np.clip(1.0 - time_s[places] / time_s[-1], 0.0, 1.0)
    return np.append(low, np.linspace(low, high, LEVELS)[places]), np.append(1.0, shares)
