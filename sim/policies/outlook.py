"""What a policy believes of the steps ahead: periods of equal length, and prices and headroom as forecast."""

from math import floor
from typing import NamedTuple

import numpy as np

from sim.market.forecasts import Forecast
from sim.policies.base import Observation
from sim.units import FloatArray


def period_start_s(number: int, period_s: float, offset_s: float = 0.0) -> float:
    """Return when a period begins [s]; period 0 begins at the offset."""
    return offset_s + number * period_s


def period_at(time_s: float, period_s: float, offset_s: float = 0.0) -> int:
    """Return the number of the period that a time lies in, by `period_start_s` to the last bit.

    Parameters
    ----------
    time_s
        The time, from the run's start [s].
    period_s
        Length of a period [s], above 0.
    offset_s
        Start of period 0 [s].

    Returns
    -------
    int
        The largest number whose period has begun; below 0 before the offset.

    Examples
    --------
    >>> period_at(899.9, 300.0), period_at(900.0, 300.0), period_at(959.9, 300.0, offset_s=60.0)
    (2, 3, 2)
    """
    number = floor((time_s - offset_s) / period_s)
    # the quotient is rounded, and so may stand on the wrong side of a start
    if period_start_s(number + 1, period_s, offset_s) <= time_s:
        return number + 1
    return number - 1 if period_start_s(number, period_s, offset_s) > time_s else number


class Outlook(NamedTuple):
    """Price and headroom of the steps ahead; the first is what is left of the step that now lies in."""

    first: int
    """Number of the first step, counted from the run's start."""
    step_s: float
    """Length of a whole step [s]."""
    edges_s: FloatArray
    """Now, and the later edges of the steps [s], shape (n + 1,)."""
    price_usd_per_mwh: FloatArray
    """Mean price of each step [USD/MWh], shape (n,); in the first, the price of now."""
    headroom_mw: FloatArray
    """Limit less AI power, mean of each step [MW], shape (n,); in the first, the headroom of now."""

    @property
    def first_share(self) -> float:
        """Length of the first step over that of the others, above 0 and at most 1 [1]."""
        return float((self.edges_s[1] - self.edges_s[0]) / self.step_s)


def look_ahead(observation: Observation, step_s: float, count: int, deviation_s: float = 0.0) -> Outlook:
    r"""Return what is believed of so many steps, or of fewer where the price is not forecast so far.

    What is not forecast at all stays as it is now. By how much the price of now is off its forecast, fades
    with :math:`e^{-\tau/T}` at the middle of each later step.

    Parameters
    ----------
    observation
        What is known now.
    step_s
        Length of a step [s]; steps are counted from the run's start.
    count
        Number of steps, at least 1.
    deviation_s
        Time constant of what the price of now is off its forecast [s]; 0: nothing of it stays.
    """
    now_s, forecast = observation.time_s, observation.price_forecast
    first = period_at(now_s, step_s)
    edges_s = np.array([now_s, *(period_start_s(first + step, step_s) for step in range(1, count + 1))])
    if forecast is not None:
        reached = int(np.searchsorted(edges_s, forecast.end_s, side="right"))
        edges_s = edges_s[: max(reached, 2)]
    prices = _means(forecast, edges_s, observation.price_usd_per_mwh)
    if forecast is not None and deviation_s > 0.0:
        off = observation.price_usd_per_mwh - forecast_means(forecast, edges_s[:2])
        after_s = 0.5 * (edges_s[1:-1] + edges_s[2:]) - now_s
        prices[1:] += off * np.exp(-after_s / deviation_s)
    ai_mw = _means(observation.ai_forecast, edges_s, observation.ai_power_mw)
    return Outlook(first, step_s, edges_s, prices, observation.limit_mw - ai_mw)


def _means(forecast: Forecast | None, edges_s: FloatArray, now: float) -> FloatArray:
    """Return the mean of a forecast in each step, its last value held; in the first step the value of now."""
    means = np.full(len(edges_s) - 1, now)
    if forecast is not None and len(means) > 1:
        means[1:] = forecast_means(forecast, edges_s[1:])
    return means


def forecast_means(forecast: Forecast, edges_s: FloatArray) -> FloatArray:
    """Return the mean of a forecast between edges; its first and last value are held beyond it.

    Examples
    --------
    >>> forecast = Forecast(0.0, 0.0, 900.0, (20.0, 40.0, 90.0))
    >>> forecast_means(forecast, np.array([450.0, 1350.0, 2250.0, 4050.0])).tolist()
    [30.0, 65.0, 90.0]
    """
    grid_s = forecast.start_s + forecast.step_s * np.arange(len(forecast.values) + 1.0)
    grid_s[0], grid_s[-1] = min(grid_s[0], edges_s[0]), max(grid_s[-1], edges_s[-1])
    integral = np.concatenate([[0.0], np.cumsum(np.diff(grid_s) * forecast.values)])
    return np.asarray(np.diff(np.interp(edges_s, grid_s, integral)) / np.diff(edges_s))
