"""How fast the site moves: net ramps and rolling ranges over stated windows, exact at breakpoints."""

from collections.abc import Callable, Iterator
from typing import Final

from sim.metrics.base import Metric
from sim.recording import Recording
from sim.signals import Signal
from sim.units import SECONDS_PER_MINUTE

RAMP_WINDOWS_S: Final = (60.0, 300.0)
RANGE_WINDOWS_S: Final = (5.0, 15.0, 60.0)


def net_ramp_mw_per_min(recording: Recording, window_s: float, sign: float) -> float:
    r"""Return the largest net ramp of the site over a window [MW/min], up (sign 1) or down (sign -1).

    Notes
    -----
    .. math:: \max_{t \ge w} \; \pm \frac{P(t) - P(t - w)}{w} \cdot 60

    Only whole windows count; NaN where the run is shorter than one. Zero where the site never moves that way.
    """
    site = recording["site_power_mw"] * sign
    if window_s >= site.duration_s:
        return float("nan")
    largest_mw = max(part.net_change(window_s).maximum() for part in _parts(site, window_s))
    return max(0.0, largest_mw) / (window_s / SECONDS_PER_MINUTE)


def _parts(signal: Signal, window_s: float) -> Iterator[Signal]:
    """Cut a signal into parts that overlap by a window, so that a year needs the memory of a part alone."""
    for from_s, to_s in signal.spans_s():
        part = signal.clip_time(max(signal.start_s, from_s - window_s), to_s)
        if part.duration_s > window_s:
            yield part


def _ramp(window_s: float, sign: float) -> Callable[[Recording], float]:
    return lambda recording: net_ramp_mw_per_min(recording, window_s, sign)


def rolling_range_mw(recording: Recording, window_s: float) -> float:
    """Return the largest difference of site power within a window; in a shorter run, within the run [MW]."""
    site = recording["site_power_mw"]
    if window_s >= site.duration_s:
        return site.maximum() - site.minimum()
    return max(part.largest_range(window_s)[0] for part in _parts(site, window_s))


def _range(window_s: float) -> Callable[[Recording], float]:
    return lambda recording: rolling_range_mw(recording, window_s)


CATALOGUE = tuple(
    Metric(
        f"net_ramp_{word}_{window_s:.0f}s_mw_per_min",
        "MW/min",
        f"Steepest {word}ward net ramp of the site over {window_s:.0f} s",
        _ramp(window_s, sign),
        compares=True,
    )
    for window_s in RAMP_WINDOWS_S
    for word, sign in (("up", 1.0), ("down", -1.0))
) + tuple(
    Metric(
        f"rolling_range_{window_s:.0f}s_mw",
        "MW",
        f"Largest difference of site power within any {window_s:.0f} s",
        _range(window_s),
        compares=True,
    )
    for window_s in RANGE_WINDOWS_S
)
