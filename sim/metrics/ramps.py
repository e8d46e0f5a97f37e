"""How fast the site moves: net ramps, rolling ranges and large moves, exact at breakpoints."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from sim.metrics.base import Metric, compared
from sim.metrics.dips import DEPTH_FRACTION_OF_LIMIT, DEPTH_TEXT
from sim.recording import Recording
from sim.signals import Signal
from sim.signals.changes import Changes, changes
from sim.signals.distribution import Distribution
from sim.signals.screening import largest_range, with_window
from sim.signals.windows import change_segments
from sim.units import SECONDS_PER_MINUTE

RAMP_WINDOWS_S: Final = (1.0, 5.0, 15.0, 60.0, 300.0, 600.0)
RANGE_WINDOWS_S: Final = (1.0, 5.0, 15.0, 60.0, 300.0, 600.0)
QUANTILES: Final = (0.95, 0.99)
"""Shares of the time in which a ramp is no steeper than its quantile."""


class NetRamps(NamedTuple):
    """The net ramps of the site over a window."""

    up: float
    """The largest upward [MW/min]."""
    down: float
    """The largest downward [MW/min], positive."""
    up_quantiles: tuple[float, ...]
    """Upward ramps that are not exceeded for `QUANTILES` of the time [MW/min]."""
    down_quantiles: tuple[float, ...]
    """The same downward [MW/min], positive."""


def net_ramps_mw_per_min(recording: Recording, window_s: float) -> NetRamps:
    r"""Return the net ramps of the site over a window [MW/min].

    Notes
    -----
    .. math:: \pm \frac{P(t) - P(t - w)}{w} \cdot 60, \qquad t \ge w

    Only whole windows count; NaN where the run is no longer than one. Zero where it never moves that way. The
    largest are exact; quantiles are over time, by `sim.signals.distribution.Distribution`: off by less than
    the site's range over 16,000, without any sampling in time.
    """
    site = recording["site_power_mw"]
    if window_s >= site.duration_s:
        unknown = float("nan")
        return NetRamps(unknown, unknown, (unknown,) * len(QUANTILES), (unknown,) * len(QUANTILES))
    widest_mw = site.maximum() - site.minimum()
    changes = Distribution(-widest_mw, widest_mw)
    largest_mw = smallest_mw = 0.0
    for part in parts_with_window(site, window_s):
        change = change_segments(part, window_s)
        changes.add_segments(change)
        for ends_mw in (change.value, change.left_limit):
            largest_mw = max(largest_mw, float(ends_mw.max(initial=0.0)))
            smallest_mw = min(smallest_mw, float(ends_mw.min(initial=0.0)))
    minutes = window_s / SECONDS_PER_MINUTE
    return NetRamps(
        largest_mw / minutes,
        abs(smallest_mw) / minutes,
        tuple(max(0.0, changes.quantile(share)) / minutes for share in QUANTILES),
        tuple(max(0.0, -changes.quantile(1.0 - share)) / minutes for share in QUANTILES),
    )


def rolling_range_mw(recording: Recording, window_s: float) -> float:
    """Return the largest difference of site power within a window; in a shorter run, within the run [MW]."""
    return largest_range(recording["site_power_mw"], window_s)[0]


def parts_with_window(signal: Signal, window_s: float) -> Iterator[Signal]:
    """Cut a signal into parts that overlap by a window, so that a year needs the memory of a part alone."""
    for span_s in signal.spans_s():
        part = with_window(signal, window_s, span_s)
        if part.duration_s > window_s:
            yield part


def _ramp_metrics(window_s: float) -> Iterator[Metric]:
    """Yield the metrics of both ways, which are measured together."""
    both: Callable[[Recording], NetRamps] = partial(net_ramps_mw_per_min, window_s=window_s)

    def metric(ending: str, summary: str, pick: Callable[[NetRamps], float]) -> Metric:
        return compared(f"net_ramp_{ending}_mw_per_min", summary, both, pick)

    over = f"over {window_s:.0f} s"
    yield metric(f"up_{window_s:.0f}s", f"Steepest upward net ramp of the site {over}", lambda n: n.up)
    yield metric(f"down_{window_s:.0f}s", f"Steepest downward net ramp of the site {over}", lambda n: n.down)
    for place, share in enumerate(QUANTILES):
        percent = f"{100.0 * share:.0f}"
        kept = f"net ramp of the site {over} that is not exceeded for {percent} % of the time"
        yield metric(f"up_{window_s:.0f}s_p{percent}", f"Upward {kept}", partial(_up_quantile, place))
        yield metric(f"down_{window_s:.0f}s_p{percent}", f"Downward {kept}", partial(_down_quantile, place))


def _up_quantile(place: int, ramps: NetRamps) -> float:
    return ramps.up_quantiles[place]


def _down_quantile(place: int, ramps: NetRamps) -> float:
    return ramps.down_quantiles[place]


def _range_metric(window_s: float) -> Metric:
    name = f"rolling_range_{window_s:.0f}s_mw"
    summary = f"Largest difference of site power within any {window_s:.0f} s"
    return Metric(name, summary, partial(rolling_range_mw, window_s=window_s), compares=True)


LARGE_FRACTION_OF_LIMIT: Final = DEPTH_FRACTION_OF_LIMIT
"""A move of more than this share of the limit is large; assumption, as for dips."""


def large_changes(recording: Recording) -> Changes:
    """Return the large moves of site power; a move goes one way without standing still."""
    size_mw = LARGE_FRACTION_OF_LIMIT * recording["limit_mw"].maximum()
    return changes(recording["site_power_mw"], above=size_mw)


def _steepest_mw_per_s(moves: Changes) -> float:
    """Return the steepest mean slope of the moves that take time [MW/s]; NaN where none does."""
    takes_time = moves.length_s > 0.0
    slopes = np.abs(moves.size[takes_time]) / moves.length_s[takes_time]
    return float(slopes.max()) if slopes.size else float("nan")


CATALOGUE = (
    *(metric for window_s in RAMP_WINDOWS_S for metric in _ramp_metrics(window_s)),
    *(_range_metric(window_s) for window_s in RANGE_WINDOWS_S),
    compared(
        "large_change_count",
        f"Moves of site power one way by more than {DEPTH_TEXT}",
        large_changes,
        lambda moves: moves.size.size,
    ),
    compared(
        "large_change_jump_count",
        "Those of them that take no time: the model knows no slope of theirs",
        large_changes,
        lambda moves: float(np.count_nonzero(moves.length_s == 0.0)),
    ),
    compared(
        "large_change_steepest_mw_per_s",
        "Steepest mean slope of those that take time",
        large_changes,
        _steepest_mw_per_s,
    ),
)
