"""How fast the site moves: net ramps, rolling ranges and large moves, exact at breakpoints."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from sim.metrics.base import Metric, numbers_of
from sim.metrics.dips import DEPTH_FRACTION_OF_LIMIT, DEPTH_TEXT
from sim.recording import Recording
from sim.signals import Signal
from sim.signals.changes import Changes, changes
from sim.signals.distribution import Distribution
from sim.signals.screening import largest_range, with_window
from sim.signals.windows import change_segments
from sim.units import SECONDS_PER_MINUTE

WINDOWS_S: Final = (1.0, 5.0, 15.0, 60.0, 300.0, 600.0)
"""The windows over which ramps and ranges are told [s]."""
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


def net_ramps_mw_per_min(recording: Recording, window_s: float) -> NetRamps | None:
    r"""Return the net ramps of the site over a window [MW/min].

    Notes
    -----
    .. math:: \pm \frac{P(t) - P(t - w)}{w} \cdot 60, \qquad t \ge w

    Only whole windows count; None where the run is no longer than one. Zero where it never moves that way.
    The largest are exact; quantiles are over time, by `sim.signals.distribution.Distribution`: off by less
    than the site's range over 16,000, without any sampling in time.
    """
    site = recording["site_power_mw"]
    if window_s >= site.duration_s:
        return None
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


def _of_window(window_s: float) -> Iterator[Metric]:
    """Yield the net ramps of both ways, which are measured together."""
    both: Callable[[Recording], NetRamps | None] = partial(net_ramps_mw_per_min, window_s=window_s)
    words = {"window": f"{window_s:.0f}"}
    ramps = numbers_of(both, compares=True, words=words)
    yield ramps("net_ramp_up_{window}s_mw_per_min", lambda found: found.up)
    yield ramps("net_ramp_down_{window}s_mw_per_min", lambda found: found.down)
    for place in range(len(QUANTILES)):
        yield from _of_quantile(both, words, place)


def _of_quantile(
    both: Callable[[Recording], NetRamps | None], words: Mapping[str, str], place: int
) -> Iterator[Metric]:
    percent = f"{100.0 * QUANTILES[place]:.0f}"
    ramps = numbers_of(both, compares=True, words={**words, "percent": percent})
    yield ramps("net_ramp_up_{window}s_p{percent}_mw_per_min", lambda found: found.up_quantiles[place])
    yield ramps("net_ramp_down_{window}s_p{percent}_mw_per_min", lambda found: found.down_quantiles[place])


def _range_metric(window_s: float) -> Metric:
    measure = partial(rolling_range_mw, window_s=window_s)
    return Metric("rolling_range_{window}s_mw", measure, compares=True, words={"window": f"{window_s:.0f}"})


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


_of_moves = numbers_of(large_changes, compares=True, words={"depth": DEPTH_TEXT})

CATALOGUE = (
    *(metric for window_s in WINDOWS_S for metric in _of_window(window_s)),
    *map(_range_metric, WINDOWS_S),
    _of_moves("large_change_count", lambda moves: moves.size.size),
    _of_moves("large_change_jump_count", lambda moves: int(np.sum(moves.length_s == 0.0))),
    _of_moves("large_change_steepest_mw_per_s", _steepest_mw_per_s),
)
