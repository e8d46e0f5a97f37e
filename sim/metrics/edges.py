"""Large moves of site power: how many, how steep."""

from collections.abc import Callable
from typing import Final

import numpy as np

from sim.metrics.base import Metric
from sim.recording import Recording
from sim.signals.changes import Changes, changes

LARGE_FRACTION_OF_LIMIT: Final = 0.05
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


def _metric(name: str, unit: str, summary: str, pick: Callable[[Changes], float]) -> Metric:
    return Metric(name, unit, summary, lambda r: pick(r.once(large_changes)), compares=True)


CATALOGUE = (
    _metric(
        "large_change_count",
        "1",
        "Moves of site power one way by more than 5 % of the limit",
        lambda moves: float(moves.size.size),
    ),
    _metric(
        "large_change_jump_count",
        "1",
        "Those of them that take no time: the model knows no slope of theirs",
        lambda moves: float(np.count_nonzero(moves.length_s == 0.0)),
    ),
    _metric(
        "large_change_steepest_mw_per_s",
        "MW/s",
        "Steepest mean slope of those that take time",
        _steepest_mw_per_s,
    ),
)
