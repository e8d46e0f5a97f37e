"""How fast the site moves: net ramps and rolling ranges over stated windows, exact at breakpoints."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, NamedTuple

from sim.metrics.base import Metric
from sim.recording import Recording
from sim.signals import Signal
from sim.units import SECONDS_PER_MINUTE

RAMP_WINDOWS_S: Final = (60.0, 300.0)
RANGE_WINDOWS_S: Final = (5.0, 15.0, 60.0)


class NetRamps(NamedTuple):
    """The largest net ramps of the site over a window."""

    up: float
    """Upward [MW/min]."""
    down: float
    """Downward [MW/min], positive."""


def net_ramps_mw_per_min(recording: Recording, window_s: float) -> NetRamps:
    r"""Return the largest net ramps of the site over a window [MW/min].

    Notes
    -----
    .. math:: \max_{t \ge w} \; \pm \frac{P(t) - P(t - w)}{w} \cdot 60

    Only whole windows count; NaN where the run is no longer than one. Zero where it never moves that way.
    """
    site = recording["site_power_mw"]
    if window_s >= site.duration_s:
        return NetRamps(float("nan"), float("nan"))
    largest_mw = smallest_mw = 0.0
    for part in _parts(site, window_s):
        change = part.net_change(window_s)
        largest_mw, smallest_mw = max(largest_mw, change.maximum()), min(smallest_mw, change.minimum())
    minutes = window_s / SECONDS_PER_MINUTE
    return NetRamps(largest_mw / minutes, abs(smallest_mw) / minutes)


def rolling_range_mw(recording: Recording, window_s: float) -> float:
    """Return the largest difference of site power within a window; in a shorter run, within the run [MW]."""
    site = recording["site_power_mw"]
    if window_s >= site.duration_s:
        return site.maximum() - site.minimum()
    return max(part.largest_range(window_s)[0] for part in _parts(site, window_s))


def _parts(signal: Signal, window_s: float) -> Iterator[Signal]:
    """Cut a signal into parts that overlap by a window, so that a year needs the memory of a part alone."""
    for from_s, to_s in signal.spans_s():
        part = signal.clip_time(max(signal.start_s, from_s - window_s), to_s)
        if part.duration_s > window_s:
            yield part


def _ramp_metrics(window_s: float) -> tuple[Metric, Metric]:
    """Return the metrics of both ways, which are measured together."""
    both: Callable[[Recording], NetRamps] = partial(net_ramps_mw_per_min, window_s=window_s)

    def metric(word: str, measure: Callable[[Recording], float]) -> Metric:
        name = f"net_ramp_{word}_{window_s:.0f}s_mw_per_min"
        summary = f"Steepest {word}ward net ramp of the site over {window_s:.0f} s"
        return Metric(name, "MW/min", summary, measure, compares=True)

    return metric("up", lambda r: r.once(both).up), metric("down", lambda r: r.once(both).down)


def _range_metric(window_s: float) -> Metric:
    name = f"rolling_range_{window_s:.0f}s_mw"
    summary = f"Largest difference of site power within any {window_s:.0f} s"
    return Metric(name, "MW", summary, partial(rolling_range_mw, window_s=window_s), compares=True)


CATALOGUE = (
    *(metric for window_s in RAMP_WINDOWS_S for metric in _ramp_metrics(window_s)),
    *(_range_metric(window_s) for window_s in RANGE_WINDOWS_S),
)
