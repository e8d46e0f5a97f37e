"""Variation of site power by time scale, and from a base point: what miners fix, cannot, make worse.

Regulation need is how far site power is from a base point that a scheduler would give it.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from sim.metrics.base import Metric, numbers_of
from sim.recording import Recording
from sim.signals import FloatArray, Signal
from sim.signals.breakpoints import SegmentBlock
from sim.signals.distribution import Distribution
from sim.units import SECONDS_PER_HOUR

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


# -- regulation -------------------------------------------------------------------------------------------

INTERVAL_S: Final = 300.0
"""Dispatch interval [s]."""
QUANTILES: Final = {"p005": 0.005, "p025": 0.025, "p975": 0.975, "p995": 0.995}
"""Quantiles over time, by what a metric's name calls them, in thousandths."""


class Regulation(NamedTuple):
    """Site power less its base point."""

    quantiles_mw: tuple[float, ...]
    """Quantiles over time [MW], as `QUANTILES` lists them; above 0 where the site draws more than its
    base."""
    energy_mwh: float
    """Energy of its magnitude [MWh]."""


def persistence_mw(power: Signal, means_mw: FloatArray) -> Signal:
    """Return the base point that is the mean of the interval before, from the second of two intervals on.

    A rest at the end that fills no interval is left out.
    """
    starts_s = power.start_s + INTERVAL_S * np.arange(1, means_mw.size)
    return Signal.steps(starts_s, means_mw[:-1], float(starts_s[-1]) + INTERVAL_S)


def interpolation_mw(power: Signal, means_mw: FloatArray) -> Signal:
    """Return the base point that lies in a line between the means of intervals, each at its middle.

    It knows the coming interval, as a perfect schedule would. There must be two at least.
    """
    middles_s = power.start_s + INTERVAL_S * (np.arange(means_mw.size) + 0.5)
    return Signal.linear(middles_s, means_mw, float(middles_s[-1]))


def _site_means_mw(recording: Recording) -> FloatArray:
    """Return the mean of site power over each interval from the start on [MW]."""
    return recording["site_power_mw"].means_of_intervals(INTERVAL_S)


BaseRule = Callable[[Signal, FloatArray], Signal]
RULES: Final[dict[str, tuple[BaseRule, str]]] = {
    "persistence": (persistence_mw, "the mean of the 5 min before"),
    "interpolation": (interpolation_mw, "the line between 5-min means"),
}
"""The rules by which a base point is set from power and its means over intervals [MW], and their words."""


def regulation(recording: Recording, rule: str) -> Regulation | None:
    """Return how far site power is from its base point, by a rule of `RULES`; None in a run below 10 min."""
    power, means_mw = recording["site_power_mw"], recording.once(_site_means_mw)
    if means_mw.size < 2:  # noqa: PLR2004  # one to learn from, one to judge
        return None
    base_mw, _ = RULES[rule]
    base = base_mw(power, means_mw)
    power = power.clip_time(base.start_s, base.end_s)
    widest_mw = power.maximum() - power.minimum() + base.maximum() - base.minimum()
    apart_mw = abs(power.mean() - base.mean()) + widest_mw
    errors, energy = Distribution(-apart_mw, apart_mw), 0.0
    for from_s, to_s in power.spans_s():
        error = power.clip_time(from_s, to_s) - base.clip_time(from_s, to_s)
        errors.add(error)
        energy += error.integral_of_magnitude()
    return Regulation(tuple(errors.quantile(share) for share in QUANTILES.values()), energy / SECONDS_PER_HOUR)


# -- catalogue --------------------------------------------------------------------------------------------


def _of_rule(rule: str) -> Iterator[Metric]:
    """Yield the metrics of a rule's base point, which are measured together."""
    measured: Callable[[Recording], Regulation | None] = partial(regulation, rule=rule)
    words = {"rule": rule, "base": RULES[rule][1]}
    for place, (quantile, share) in enumerate(QUANTILES.items()):
        told = words | {"quantile": quantile, "percent": f"{100.0 * share:g}"}
        number = partial(_quantile, place)
        yield numbers_of(measured, compares=True, words=told)("regulation_{rule}_{quantile}_mw", number)
    of_all = numbers_of(measured, compares=True, words=words)
    yield of_all("regulation_{rule}_mwh", lambda found: found.energy_mwh)


def _quantile(place: int, found: Regulation) -> float:
    return found.quantiles_mw[place]


_of_scales = numbers_of(site_variation, compares=True)

CATALOGUE = (
    _of_scales("residual_below_5s_mw", lambda found: found.below_5s),
    _of_scales("residual_5s_to_60s_mw", lambda found: found.from_5s_to_60s),
    _of_scales("residual_60s_to_600s_mw", lambda found: found.from_60s_to_600s),
    _of_scales("residual_above_600s_mw", lambda found: found.above_600s),
    *(metric for rule in RULES for metric in _of_rule(rule)),
)
