"""What an agent sees: an observation as a vector of scaled numbers."""

import math
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.policies import FleetView, Observation
from sim.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

PRICE_SCALE_USD_PER_MWH: Final = 100.0
"""Price that counts as one [USD/MWh]."""


class View(NamedTuple):
    """An observation, with what does not change in it reckoned once."""

    seen: Observation
    rated_mw: float
    """Rated power of all fleets together, above 0 [MW]."""
    limit_mw: float
    """The limit, above 0 [MW]."""
    day_fraction: float
    """Share of the day that has passed, on a clock with the scenario's own offset [1]."""


class Feature(NamedTuple):
    """One number of the vector."""

    name: str
    low: float
    """Least value; what is below is cut."""
    high: float
    """Greatest value; what is above is cut."""
    summary: str
    """What it is, in one line."""
    measure: Callable[[View], float]


def _price(usd_per_mwh: float | None) -> float:
    return 0.0 if usd_per_mwh is None else usd_per_mwh / PRICE_SCALE_USD_PER_MWH


def _best(fleets: tuple[FleetView, ...]) -> float:
    return max((fleet.breakeven_usd_per_mwh for fleet in fleets), default=0.0)


def _available_mw(fleets: tuple[FleetView, ...]) -> float:
    return sum(min(fleet.available_mw, fleet.rated_mw) for fleet in fleets)


def _notice_h(view: View) -> float:
    """Return how long until the first change that tenants have announced; an hour where there is none [h]."""
    waits_s = (notice.at_s - view.seen.time_s for notice in view.seen.notices)
    return min((wait_s for wait_s in waits_s if wait_s >= 0.0), default=SECONDS_PER_HOUR) / SECONDS_PER_HOUR


def _notice_mw(view: View) -> float:
    """Return the change of AI power that is announced first [MW]."""
    coming = [notice for notice in view.seen.notices if notice.at_s >= view.seen.time_s]
    return min(coming, key=lambda notice: notice.at_s).change_mw if coming else 0.0


def _cap_mw(view: View) -> float:
    """Return the least that an order leaves the fleets, or will leave them [MW]."""
    caps_mw = (order.fleet_cap_mw(view.seen.ai_power_mw) for order in view.seen.orders)
    return min(caps_mw, default=view.rated_mw)


FEATURES: Final[tuple[Feature, ...]] = (
    Feature(
        "ai_power",
        0.0,
        10.0,
        "AI power as telemetered, over the limit",
        lambda v: v.seen.ai_power_mw / v.limit_mw,
    ),
    Feature(
        "headroom",
        -10.0,
        1.0,
        "limit less AI power, over the limit",
        lambda v: v.seen.headroom_mw / v.limit_mw,
    ),
    Feature(
        "commanded",
        0.0,
        1.0,
        "what the fleets were last told to draw, over their rated power",
        lambda v: v.seen.commanded_mw / v.rated_mw,
    ),
    Feature(
        "available",
        0.0,
        1.0,
        "what the fleets can draw now, over their rated power",
        lambda v: _available_mw(v.seen.fleets) / v.rated_mw,
    ),
    Feature(
        "price",
        -10.0,
        100.0,
        "power price as published, in 100 USD/MWh",
        lambda v: _price(v.seen.price_usd_per_mwh),
    ),
    Feature(
        "day_ahead",
        -10.0,
        100.0,
        "day-ahead price of this hour, in 100 USD/MWh; 0: none",
        lambda v: _price(v.seen.day_ahead_usd_per_mwh),
    ),
    Feature(
        "breakeven",
        0.0,
        100.0,
        "break-even price of the best fleet, in 100 USD/MWh",
        lambda v: _price(_best(v.seen.fleets)),
    ),
    Feature(
        "day_sine",
        -1.0,
        1.0,
        "sine of the time of day, on a clock with the scenario's own offset",
        lambda v: math.sin(math.tau * v.day_fraction),
    ),
    Feature("day_cosine", -1.0, 1.0, "cosine of the same", lambda v: math.cos(math.tau * v.day_fraction)),
    Feature(
        "notice_time",
        0.0,
        1.0,
        "hours until the first change that tenants announced; 1: none",
        _notice_h,
    ),
    Feature(
        "notice_change",
        -1.0,
        1.0,
        "that change of AI power, over the limit",
        lambda v: _notice_mw(v) / v.limit_mw,
    ),
    Feature(
        "order_cap",
        0.0,
        1.0,
        "least that an announced order leaves the fleets, over their rated power",
        lambda v: _cap_mw(v) / v.rated_mw,
    ),
    Feature(
        "award_up",
        0.0,
        1.0,
        "reserve sold that makes them draw less, over their rated power",
        lambda v: v.seen.awards_mw.up_mw / v.rated_mw,
    ),
    Feature(
        "award_down",
        0.0,
        1.0,
        "reserve sold that makes them draw more, over their rated power",
        lambda v: v.seen.awards_mw.down_mw / v.rated_mw,
    ),
)
"""The vector, in its order."""


def features(observation: Observation, local_start_s: float = 0.0) -> NDArray[np.float32]:
    """Return an observation as the vector of `FEATURES`.

    Parameters
    ----------
    observation
        What is known now.
    local_start_s
        Time of day at which the run began, on a clock with the scenario's own offset [s].

    Returns
    -------
    ndarray
        Shape (14,), each number within its bounds.

    Examples
    --------
    150 MW of AI under 200 MW, at a quarter past midnight:

    >>> seen = Observation(900.0, 150.0, 200.0, 40.0, 50.0, 30.0, (FleetView("m", 0.0, 60.0, 17.5, 119.0),))
    >>> [round(float(number), 2) for number in features(seen)[:8]]
    [0.75, 0.25, 0.5, 1.0, 0.4, 0.0, 1.19, 0.07]
    """
    rated_mw = sum(fleet.rated_mw for fleet in observation.fleets) or 1.0
    day_fraction = ((local_start_s + observation.time_s) / SECONDS_PER_DAY) % 1.0
    view = View(observation, rated_mw, observation.limit_mw or 1.0, day_fraction)
    values = [min(max(feature.measure(view), feature.low), feature.high) for feature in FEATURES]
    return np.array(values, dtype=np.float32)
