"""Load factors by demand interval, and how wide power ranges but for its rarest values."""

from functools import partial
from typing import Final

import numpy as np

from sim.metrics.base import Metric
from sim.recording import Recording
from sim.signals.distribution import Distribution
from sim.units import SECONDS_PER_MINUTE

INTERVALS_MIN: Final = (15, 30, 60)
RARE_FRACTION: Final = 0.001
"""Share of the time that is left out at either end."""


def load_factor(recording: Recording, interval_s: float) -> float:
    """Return mean site power over the highest mean of an interval, counted from the run's start.

    A rest at the end that fills no interval is left out. NaN in a run below one, and where nothing is drawn.
    """
    site = recording["site_power_mw"]
    count = int(site.duration_s // interval_s)
    if count == 0:
        return float("nan")
    means_mw = site.means_over(site.start_s + interval_s * np.arange(count + 1))
    peak_mw = float(means_mw.max())
    return float(means_mw.mean()) / peak_mw if peak_mw > 0.0 else float("nan")


def common_range_mw(recording: Recording) -> float:
    """Return the range of site power without its highest and its lowest `RARE_FRACTION` of the time [MW]."""
    power = Distribution.of(recording["site_power_mw"])
    return power.quantile(1.0 - RARE_FRACTION) - power.quantile(RARE_FRACTION)


def range_of_limit(recording: Recording) -> float:
    """Return highest less lowest site power over the highest limit."""
    site = recording["site_power_mw"]
    return (site.maximum() - site.minimum()) / recording["limit_mw"].maximum()


CATALOGUE = (
    *(
        Metric(
            f"load_factor_{minutes}min_ratio",
            "1",
            f"Mean site power over its highest mean of {minutes} min",
            partial(load_factor, interval_s=minutes * SECONDS_PER_MINUTE),
            compares=True,
        )
        for minutes in INTERVALS_MIN
    ),
    Metric(
        "dynamic_range_fraction",
        "1",
        "Highest less lowest site power, as a share of the limit",
        range_of_limit,
        compares=True,
    ),
    Metric(
        "dynamic_range_common_mw",
        "MW",
        "Range of site power but for its highest and lowest 0.1 % of the time",
        common_range_mw,
        compares=True,
    ),
)
