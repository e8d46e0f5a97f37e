"""Dips of AI power: sudden falls, how deep, how long, and what AI did not draw in them."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.metrics.base import Metric
from sim.recording import Recording
from sim.signals import FloatArray, Signal
from sim.signals.screening import spans_of_range_above, with_window
from sim.units import SECONDS_PER_HOUR

EDGE_S: Final = 60.0
"""A dip falls within this time [s] (assumption: a checkpoint stall or a failure falls in seconds, the day's
course in hours)."""
DEPTH_FRACTION_OF_LIMIT: Final = 0.05
"""A dip falls by more than this share of the interconnection's limit (assumption)."""
ROUNDING_MW: Final = 1e-6
"""Power this little below a level counts as at it."""
LONGEST_S: Final = 21_600.0
"""After this time the lower level counts as the new normal [s]; assumption: beyond most manual restarts."""


@dataclass(frozen=True, slots=True)
class Dip:
    """One dip of AI power."""

    start_s: float
    """When AI power had fallen by the depth that makes a dip [s]."""
    end_s: float
    """When it was back within that depth [s]."""
    reference_mw: float
    """The level it fell from [MW]."""
    lowest_mw: float
    """The lowest it reached [MW]."""
    energy_mwh: float
    """Energy not drawn, against the level before [MWh]."""
    fall_s: float = 0.0
    """Time from leaving the level before to `start_s` [s], at most the edge; 0 where it jumps."""

    @property
    def depth_mw(self) -> float:
        """How far it falls [MW]."""
        return self.reference_mw - self.lowest_mw

    @property
    def length_s(self) -> float:
        """How long it lasts [s]."""
        return self.end_s - self.start_s


def dips(
    power_mw: Signal, depth_mw: float, edge_s: float = EDGE_S, longest_s: float = LONGEST_S
) -> tuple[Dip, ...]:
    """Find the dips of a power signal.

    A dip begins where power stands more than ``depth_mw`` below its highest of the last ``edge_s``, and ends
    where it is back within ``depth_mw`` of that level, or after ``longest_s``, when the lower level counts as
    the new normal. The slow course of a day is no dip.

    Parameters
    ----------
    power_mw
        Power [MW].
    depth_mw
        Least depth of a dip [MW], above 0.
    edge_s
        Time within which it falls [s], above 0.
    longest_s
        Time after which it is one no more [s], above 0.

    Returns
    -------
    tuple of Dip
        In order of time.

    Examples
    --------
    >>> power = Signal.steps([0.0, 600.0, 960.0], [100.0, 40.0, 100.0], 3600.0)
    >>> [(dip.start_s, dip.end_s, dip.energy_mwh) for dip in dips(power, 10.0)]
    [(600.0, 960.0, 6.0)]
    """
    starts_s, references_mw = _falls(power_mw, depth_mw, edge_s)
    recovery = _Recovery(power_mw)
    found: list[tuple[float, float, float]] = []
    for start_s, reference_mw in zip(starts_s.tolist(), references_mw.tolist(), strict=True):
        if not found or start_s >= found[-1][1]:
            latest_s = min(start_s + longest_s, power_mw.end_s)
            found.append((start_s, recovery.time_s(start_s, reference_mw - depth_mw, latest_s), reference_mw))
    return _measured(power_mw, found, edge_s)


def _falls(power_mw: Signal, depth_mw: float, edge_s: float) -> tuple[FloatArray, FloatArray]:
    """Return when power begins to stand below its highest of the last edge by a depth [s], and that [MW]."""
    starts_s, references_mw, until_s = [np.empty(0)], [np.empty(0)], -np.inf
    for span_s in spans_of_range_above(power_mw, edge_s, depth_mw):
        part = with_window(power_mw, edge_s, span_s)
        highest_mw = part.rolling_maximum(edge_s)
        low_s = (highest_mw - part).intervals_above(depth_mw)
        # what lies before the span is cut off, and what began in the span before is there already
        low_s = low_s[(low_s[:, 1] > span_s[0]) & (low_s[:, 0] > until_s)]
        starts_s.append(low_s[:, 0])
        references_mw.append(highest_mw.at(low_s[:, 0]))
        until_s = float(low_s[-1, 1]) if low_s.size else until_s
    return np.concatenate(starts_s), np.concatenate(references_mw)


def _measured(power_mw: Signal, found: list[tuple[float, float, float]], edge_s: float) -> tuple[Dip, ...]:
    """Return the dips with their lowest power and the energy that was not drawn."""
    if not found:
        return ()
    edges_s = np.unique([time_s for start_s, end_s, _ in found for time_s in (start_s, end_s)])
    bins = np.searchsorted(edges_s, [start_s for start_s, _, _ in found])
    falls_s = _falls_s(power_mw, found, edge_s)
    drawn_mwh = power_mw.integrals_over(edges_s)[bins] / SECONDS_PER_HOUR
    lowest_mw = power_mw.minima_over(edges_s)[bins]
    return tuple(
        Dip(
            start_s,
            end_s,
            reference_mw,
            lowest,
            reference_mw * (end_s - start_s) / SECONDS_PER_HOUR - drawn,
            fall_s,
        )
        for (start_s, end_s, reference_mw), lowest, drawn, fall_s in zip(
            found, lowest_mw.tolist(), drawn_mwh.tolist(), falls_s, strict=True
        )
    )


def _falls_s(power_mw: Signal, found: list[tuple[float, float, float]], edge_s: float) -> list[float]:
    """Return how long each fall takes from where power was last at its highest [s]."""
    # as memory views: they give plain floats one by one, and copy nothing
    times_s, values, ends_mw = power_mw.time_s.data, power_mw.value.data, power_mw.left_limits().data
    falls_s = []
    for start_s, _, reference_mw in found:
        level = reference_mw - ROUNDING_MW
        position = bisect_right(times_s, start_s) - 1
        while position > 0 and max(values[position], ends_mw[position - 1]) < level:
            position -= 1
        # where the level before was passed on a slope, it is the one of `edge_s` ago
        falls_s.append(min(float(start_s - times_s[position]), edge_s))
    return falls_s


class _Recovery:
    """Finds when a signal is back at a level; a dip is short, so it looks segment by segment."""

    def __init__(self, power_mw: Signal) -> None:
        self._end_s = power_mw.end_s
        # as memory views: they give plain floats one by one, and copy nothing
        self._time_s = power_mw.time_s.data
        self._value = power_mw.value.data
        self._slope = power_mw.slope_per_s.data

    def time_s(self, start_s: float, level: float, latest_s: float) -> float:
        """Return when the signal, below the level at ``start_s``, is back at it, or else ``latest_s``."""
        position = bisect_right(self._time_s, start_s) - 1
        while position < len(self._time_s) and self._time_s[position] < latest_s:
            back_s = self._back_within(position, start_s, level)
            if back_s is not None:
                return min(back_s, latest_s)
            position += 1
        return latest_s

    def _back_within(self, position: int, start_s: float, level: float) -> float | None:
        from_s, slope = self._time_s[position], self._slope[position]
        if self._value[position] >= level and from_s > start_s:
            return float(from_s)
        next_s = self._time_s[position + 1] if position + 1 < len(self._time_s) else self._end_s
        if slope > 0.0:
            reached_s = float(from_s + (level - self._value[position]) / slope)
            if start_s < reached_s < next_s:
                return reached_s
        return None


def depth_mw(recording: Recording) -> float:
    """Return the least depth of what counts as a dip in this run [MW]."""
    return DEPTH_FRACTION_OF_LIMIT * recording["limit_mw"].maximum()


def ai_dips(recording: Recording) -> tuple[Dip, ...]:
    """Return the dips of all AI power together."""
    return dips(recording["ai_power_mw"], depth_mw(recording))


def _of_dips(name: str, unit: str, summary: str, pick: Callable[[Sequence[Dip]], float]) -> Metric:
    """Return a metric of a run's dips; NaN where there is none."""

    def measure(recording: Recording) -> float:
        found = recording.once(ai_dips)
        return pick(found) if found else float("nan")

    return Metric(name, unit, summary, measure)


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


CATALOGUE = (
    Metric(
        "dip_count",
        "1",
        "Times AI power fell by more than 5 % of the limit within a minute",
        lambda r: float(len(r.once(ai_dips))),
    ),
    Metric(
        "dip_energy_mwh",
        "MWh",
        "Energy AI did not draw in its dips, against the level before each",
        lambda r: sum((dip.energy_mwh for dip in r.once(ai_dips)), 0.0),
    ),
    _of_dips(
        "dip_depth_max_mw",
        "MW",
        "Depth of the deepest dip of AI power",
        lambda dips: max(dip.depth_mw for dip in dips),
    ),
    _of_dips(
        "dip_depth_mean_mw",
        "MW",
        "Mean depth of the dips of AI power",
        lambda dips: _mean(dip.depth_mw for dip in dips),
    ),
    _of_dips(
        "dip_length_max_s",
        "s",
        "Length of the longest dip of AI power",
        lambda dips: max(dip.length_s for dip in dips),
    ),
    _of_dips(
        "dip_length_mean_s",
        "s",
        "Mean length of the dips of AI power",
        lambda dips: _mean(dip.length_s for dip in dips),
    ),
    _of_dips(
        "dip_fall_min_s",
        "s",
        "Shortest time in which a dip of AI power falls by 5 % of the limit; 0 where it jumps",
        lambda dips: min(dip.fall_s for dip in dips),
    ),
)
