"""What an agent sees: an observation as a vector of scaled numbers."""

import math
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.policies import FleetView, Observation
from sim.shipped import shipped
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


MEASURES: Final[Mapping[str, Callable[[View], float]]] = {
    "ai_power": lambda v: v.seen.ai_power_mw / v.limit_mw,
    "headroom": lambda v: v.seen.headroom_mw / v.limit_mw,
    "commanded": lambda v: v.seen.commanded_mw / v.rated_mw,
    "available": lambda v: _available_mw(v.seen.fleets) / v.rated_mw,
    "price": lambda v: _price(v.seen.price_usd_per_mwh),
    "day_ahead": lambda v: _price(v.seen.day_ahead_usd_per_mwh),
    "breakeven": lambda v: _price(_best(v.seen.fleets)),
    "day_sine": lambda v: math.sin(math.tau * v.day_fraction),
    "day_cosine": lambda v: math.cos(math.tau * v.day_fraction),
    "notice_time": _notice_h,
    "notice_change": lambda v: _notice_mw(v) / v.limit_mw,
    "order_cap": lambda v: _cap_mw(v) / v.rated_mw,
    "award_up": lambda v: v.seen.awards_mw.up_mw / v.rated_mw,
    "award_down": lambda v: v.seen.awards_mw.down_mw / v.rated_mw,
}
"""How each number of the vector is had."""
FEATURES: Final = tuple(
    Feature(name, **told, measure=MEASURES[name])
    for name, told in shipped("sim.learning", "features.json").items()
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
