"""Regulation need: how far site power is from a base point that a scheduler would give it."""

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from sim.metrics.base import Metric
from sim.recording import Recording
from sim.signals import FloatArray, Signal
from sim.signals.distribution import Distribution
from sim.units import SECONDS_PER_HOUR

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


def persistence_mw(power: Signal, means_mw: FloatArray) -> Signal | None:
    """Return the base point that is the mean of the interval before, from the second interval on.

    None in a run shorter than two intervals; a rest at the end that fills no interval is left out.
    """
    if means_mw.size < 2:  # noqa: PLR2004  # one to learn from, one to judge
        return None
    starts_s = power.start_s + INTERVAL_S * np.arange(1, means_mw.size)
    return Signal.steps(starts_s, means_mw[:-1], float(starts_s[-1]) + INTERVAL_S)


def interpolation_mw(power: Signal, means_mw: FloatArray) -> Signal | None:
    """Return the base point that lies in a line between the means of intervals, each at its middle.

    It knows the coming interval, as a perfect schedule would. None in a run shorter than two intervals.
    """
    if means_mw.size < 2:  # noqa: PLR2004  # a line needs two points
        return None
    middles_s = power.start_s + INTERVAL_S * (np.arange(means_mw.size) + 0.5)
    return Signal.linear(middles_s, means_mw, float(middles_s[-1]))


def _site_means_mw(recording: Recording) -> FloatArray:
    """Return the mean of site power over each interval from the start on [MW]."""
    return recording["site_power_mw"].means_of_intervals(INTERVAL_S)


BaseRule = Callable[[Signal, FloatArray], Signal | None]
RULES: Final[dict[str, BaseRule]] = {"persistence": persistence_mw, "interpolation": interpolation_mw}
"""The rules by which a base point is set from power and its means over intervals [MW]."""


def regulation(recording: Recording, rule: str) -> Regulation:
    """Return how far site power is from its base point, under one of `RULES`; NaN in a run below 10 min."""
    power = recording["site_power_mw"]
    base = RULES[rule](power, recording.once(_site_means_mw))
    if base is None:
        return Regulation((float("nan"),) * len(QUANTILES), float("nan"))
    power = power.clip_time(base.start_s, base.end_s)
    widest_mw = power.maximum() - power.minimum() + base.maximum() - base.minimum()
    apart_mw = abs(power.mean() - base.mean()) + widest_mw
    errors, energy = Distribution(-apart_mw, apart_mw), 0.0
    for from_s, to_s in power.spans_s():
        error = power.clip_time(from_s, to_s) - base.clip_time(from_s, to_s)
        errors.add(error)
        energy += error.integral_of_magnitude()
    return Regulation(
        tuple(errors.quantile(share) for share in QUANTILES.values()), energy / SECONDS_PER_HOUR
    )


def _metrics(rule: str) -> tuple[Metric, ...]:
    measured: Callable[[Recording], Regulation] = partial(regulation, rule=rule)
    base = {
        "persistence": "the mean of the 5 min before",
        "interpolation": "the line between 5-min means",
    }[rule]
    shares = (
        Metric(
            f"regulation_{rule}_{word}_mw",
            f"Site power less {base}: not exceeded for {100.0 * share:g} % of the time",
            partial(_quantile, measured, place),
            compares=True,
        )
        for place, (word, share) in enumerate(QUANTILES.items())
    )
    energy = Metric(
        f"regulation_{rule}_mwh",
        f"Energy of the magnitude of site power less {base}",
        lambda r: r.once(measured).energy_mwh,
        compares=True,
    )
    return (*shares, energy)


def _quantile(measured: Callable[[Recording], Regulation], place: int, recording: Recording) -> float:
    return recording.once(measured).quantiles_mw[place]


CATALOGUE = tuple(metric for rule in RULES for metric in _metrics(rule))
