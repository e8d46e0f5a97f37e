"""The windows of a run that are worth a dynamic study: around its largest quick swings of power."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.signals import Signal

BLOCK_S: Final = 5.0
"""A swing is taken over two consecutive blocks of this length [s]: within the 5 s of utilities' limits or up
to twice that (assumption)."""
BEFORE_S: Final = 30.0
"""A window begins this long before its swing [s]."""
AFTER_S: Final = 120.0
"""And ends this long after it [s]: primary response is over by then."""
LEAST_MW: Final = 1e-3
"""Swings below this are none [MW]."""


@dataclass(frozen=True, slots=True)
class StudyWindow:
    """A part of a run for a dynamic study."""

    at_s: float
    """When its swing happens, to `BLOCK_S` [s]."""
    swing_mw: float
    """Highest less lowest power within ten seconds there [MW]."""
    from_s: float
    """Start [s]."""
    to_s: float
    """End [s]."""


def worst_windows(power_mw: Signal, count: int) -> tuple[StudyWindow, ...]:
    """Return windows around the largest quick swings of a power.

    Parameters
    ----------
    power_mw
        The power [MW].
    count
        Most windows to return, above 0.

    Returns
    -------
    tuple of StudyWindow
        The largest swing first; no window overlaps another. Empty where power does not move.

    Examples
    --------
    >>> power = Signal.steps([0.0, 600.0, 660.0], [100.0, 40.0, 100.0], 3600.0)
    >>> [(window.swing_mw, window.from_s, window.to_s) for window in worst_windows(power, 3)]
    [(60.0, 570.0, 720.0)]
    """
    edges_s = np.append(np.arange(power_mw.start_s, power_mw.end_s, BLOCK_S), power_mw.end_s)
    highest, lowest = power_mw.maxima_over(edges_s), power_mw.minima_over(edges_s)
    swings = np.maximum(highest, np.append(highest[:1], highest[:-1])) - np.minimum(
        lowest, np.append(lowest[:1], lowest[:-1])
    )
    found: list[StudyWindow] = []
    # a swing across two blocks is seen in the second, and one within a block in it and in the next
    for place in np.argsort(-swings, kind="stable").tolist():
        if len(found) == count or swings[place] <= LEAST_MW:
            break
        at_s = float(edges_s[place])
        window = StudyWindow(
            at_s,
            float(swings[place]),
            max(power_mw.start_s, at_s - BEFORE_S),
            min(power_mw.end_s, at_s + AFTER_S),
        )
        if all(window.to_s <= other.from_s or window.from_s >= other.to_s for other in found):
            found.append(window)
    return tuple(found)
