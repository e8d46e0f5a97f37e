"""Variation of site power by time scale: what miners fix, what they cannot, what they make worse."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from sim.metrics.base import Metric
from sim.recording import Recording
from sim.signals import FloatArray, Signal
from sim.signals.breakpoints import SegmentBlock

SCALES_S: Final = (5.0, 60.0, 600.0)
"""Lengths that part one time scale from the next [s]; each holds the one before a whole number of times."""

AT_A_TIME: Final = 500
"""Longest blocks that are worked on at a time: a year needs the memory of a few days."""


class Variation(NamedTuple):
    """Root mean square of the variation of a power on each time scale [MW]."""

    below_5s: float
    from_5s_to_60s: float
    from_60s_to_600s: float
    above_600s: float


def variation(power: Signal) -> Variation:
    r"""Return the variation of a power by time scale.

    Parameters
    ----------
    power
        Power [MW].

    Returns
    -------
    Variation
        NaN in a run below 600 s; a rest at the end that fills no block of 600 s is left out.

    Notes
    -----
    With :math:`M_w` the mean over consecutive blocks of length w, from the start on, the power is

    .. math:: P = (P - M_5) + (M_5 - M_{60}) + (M_{60} - M_{600}) + (M_{600} - \bar P) + \bar P.

    As blocks nest, the parts are orthogonal: their mean squares add up to the variance, exactly. The mean
    square of P is the integral over its lines, and that of a part the difference of two mean squares. A swing
    of period T counts mostly on the scale that T / 2 lies in; where it falls among the blocks moves a little
    of it to the neighbours.

    Examples
    --------
    >>> swing = Signal.steps(np.arange(0.0, 1200.0, 30.0), np.tile([10.0, 20.0], 20), 1200.0)
    >>> [round(part, 9) for part in variation(swing)]
    [0.0, 5.0, 0.0, 0.0]
    """
    count = int(power.duration_s // SCALES_S[-1])
    if count == 0:
        return Variation(*[float("nan")] * (len(SCALES_S) + 1))
    whole = power.clip_time(power.start_s, power.start_s + count * SCALES_S[-1])
    mean_mw = whole.mean()
    of_means = np.sum([_squares_of_means(part, mean_mw) for part in _parts(whole)], axis=0) / count
    squares = [_mean_square(whole, mean_mw), *of_means.tolist(), 0.0]
    return Variation(*(float(np.sqrt(max(0.0, one - next_one))) for one, next_one in pairwise(squares)))


def _parts(power: Signal) -> Iterator[Signal]:
    """Yield the power in parts of some hundred longest blocks."""
    part_s = AT_A_TIME * SCALES_S[-1]
    for from_s in np.arange(power.start_s, power.end_s - 0.5 * SCALES_S[-1], part_s).tolist():
        yield power.clip_time(from_s, min(from_s + part_s, power.end_s))


def _squares_of_means(part: Signal, mean_mw: float) -> FloatArray:
    """Return the mean squares of block means by scale, times the number of longest blocks [MW²]."""
    count = round(part.duration_s / SCALES_S[0])
    edges_s = np.minimum(part.start_s + SCALES_S[0] * np.arange(count + 1), part.end_s)
    means_mw = part.means_over(edges_s) - mean_mw
    squares = [np.mean(means_mw**2)]
    for shorter_s, longer_s in pairwise(SCALES_S):
        means_mw = means_mw.reshape(-1, round(longer_s / shorter_s)).mean(axis=1)
        squares.append(np.mean(means_mw**2))
    return np.array(squares) * means_mw.size


def _mean_square(power: Signal, mean_mw: float) -> float:
    """Return the mean square of a power about a level [MW²]."""
    return sum(_square(block, mean_mw) for block in power.segments()) / power.duration_s


def _square(block: SegmentBlock, mean_mw: float) -> float:
    first, last = block.value - mean_mw, block.left_limit - mean_mw
    return float(np.sum(block.length_s * (first * first + first * last + last * last))) / 3.0


def site_variation(recording: Recording) -> Variation:
    """Return the variation of site power by time scale."""
    return variation(recording["site_power_mw"])


def _metric(name: str, summary: str, place: int) -> Metric:
    return Metric(
        f"residual_{name}_mw",
        f"Root mean square of the variation of site power {summary}",
        lambda r: r.once(site_variation)[place],
        compares=True,
    )


CATALOGUE = (
    _metric("below_5s", "within 5 s", 0),
    _metric("5s_to_60s", "on time scales of 5 to 60 s", 1),
    _metric("60s_to_600s", "on time scales of 1 to 10 min", 2),
    _metric("above_600s", "on time scales above 10 min", 3),
)
