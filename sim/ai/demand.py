"""Demand for inference: its shape over the week, and the fluctuation that all users share.

The shapes are hour-of-day means, in UTC, of two Azure services in the week of 10 to 19 May 2024, over the
mean of their week. They were read off the figures of the data set's notebook; their weekly totals meet the
published numbers of requests within 0.6 %. Source: AzurePublicDataset, *LLM Inference Trace 2024*, Microsoft,
CC-BY 4.0. They stand in ``weekly_shapes.json`` beside this module.
"""

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.random import Generator

from sim.shipped import shipped
from sim.units import EPOCH_HOUR_OF_WEEK, HOURS_PER_WEEK, SECONDS_PER_HOUR, FloatArray

SHAPES: Final[Mapping[str, Mapping[str, list[float]]]] = shipped("sim.ai", "weekly_shapes.json")
"""Demand on a ``weekday``, Monday to Friday, and a day of the ``weekend``, by hour of the day in UTC
[mean of the week], by service."""


def weekly_profile(weekday: list[float], weekend: list[float]) -> FloatArray:
    """Return a week of hourly demand from a weekday and a day of the weekend.

    Parameters
    ----------
    weekday, weekend
        24 values each, by hour of the day in UTC, in any one unit.

    Returns
    -------
    numpy.ndarray
        168 values in the same unit, from Monday 00:00 UTC.

    Examples
    --------
    >>> round(float(weekly_profile(**SHAPES["azure-conversation"]).mean()), 3)
    1.0
    """
    return np.array(5 * weekday + 2 * weekend)


def utc_hour_of_week(utc_s: FloatArray) -> FloatArray:
    """Return hours since a Monday 00:00 UTC [h]; not cut to one week.

    Examples
    --------
    >>> (utc_hour_of_week(np.array([4 * 86_400.0, 0.0])) % 168.0).tolist()
    [0.0, 72.0]
    """
    return utc_s / SECONDS_PER_HOUR + EPOCH_HOUR_OF_WEEK


def demand_at_hour(hourly: FloatArray, hour_of_week: FloatArray) -> FloatArray:
    """Return the demand at some hours of the week, from a week of hourly means.

    Parameters
    ----------
    hourly
        168 values from Monday 00:00, in any unit.
    hour_of_week
        Hours since a Monday 00:00 of the same clock [h]; outside 0 to 168 the week repeats.

    Returns
    -------
    numpy.ndarray
        Demand at each hour, in the unit of ``hourly``.

    Notes
    -----
    An hour's value stands at its middle, lines join them, and the week repeats. The mean of a week and the
    highest hourly value are kept exactly; the mean of one hour moves to each neighbour's by an eighth of the
    difference.

    Examples
    --------
    >>> demand_at_hour(np.arange(168.0), np.array([12.5, 12.75 - 168.0])).tolist()
    [12.0, 12.25]
    """
    centres = np.arange(HOURS_PER_WEEK) + 0.5
    return np.interp(hour_of_week, centres, hourly, period=HOURS_PER_WEEK)


def ou_kick(decay: float, sigma: float) -> float:
    r"""Return the size of one random step of an Ornstein-Uhlenbeck process, exact for any step.

    Parameters
    ----------
    decay
        What is left of a value after a step: :math:`e^{-\Delta / \theta}` for a step :math:`\Delta` and a
        time constant :math:`\theta`; 0 to 1.
    sigma
        Standard deviation of the process in the long run.

    Returns
    -------
    float
        Standard deviation of one step, :math:`\sigma \sqrt{1 - a^2}`.

    Notes
    -----
    With a draw :math:`z` from the standard normal distribution: :math:`x' = a x + \sigma \sqrt{1 - a^2}\, z`.

    References
    ----------
    D. T. Gillespie, Phys. Rev. E 54 (1996), doi:10.1103/PhysRevE.54.2084.

    Examples
    --------
    >>> round(ou_kick(decay=0.6, sigma=0.1), 9)
    0.08
    """
    kick: float = sigma * (1.0 - decay * decay) ** 0.5
    return kick


def client_dispersion(
    dispersion: float, mean_count: FloatArray, top_client_fraction: float, top_client_sigma: float
) -> FloatArray:
    r"""Return variance over mean of the number of requests in a window, with one large client among many.

    Parameters
    ----------
    dispersion
        Variance over mean of the count without the large client, 1 for Poisson.
    mean_count
        Mean number of requests in the window.
    top_client_fraction
        Share of the requests that come from the large client, 0 to 1.
    top_client_sigma
        Coefficient of variation of that client's rate from window to window.

    Returns
    -------
    numpy.ndarray
        Variance over mean.

    Notes
    -----
    :math:`a' = a + \mu\,(s\,\sigma_s)^2`: the client's rate adds the variance :math:`(s \mu \sigma_s)^2`,
    which more traffic does not shrink against the mean.

    Examples
    --------
    >>> client_dispersion(12.0, np.array([100.0, 1000.0]), 0.3, 0.5).round(9).tolist()
    [14.25, 34.5]
    """
    return dispersion + mean_count * (top_client_fraction * top_client_sigma) ** 2


def request_counts(mean_count: FloatArray, dispersion: FloatArray, draws: Generator) -> FloatArray:
    r"""Return numbers of requests drawn about their means.

    Parameters
    ----------
    mean_count
        Means, not below 0, shape (n,).
    dispersion
        Variance over mean of each, from 1, shape (n,); 1 is Poisson.
    draws
        Random stream.

    Returns
    -------
    numpy.ndarray
        Whole numbers, shape (n,).

    Notes
    -----
    Negative binomial: a Poisson count whose mean is Gamma distributed, which many users who send bursts make.
    """
    excess = np.maximum(dispersion - 1.0, 1e-9)
    shape = np.maximum(mean_count, 1e-9) / excess
    return draws.poisson(draws.gamma(shape, excess)).astype(np.float64)


def adoption_ratio(time_d: float, midpoint_d: float, width_d: float) -> float:
    r"""Return how much of its final demand a service has reached.

    Parameters
    ----------
    time_d
        Time [d].
    midpoint_d
        Time at which it has reached half [d].
    width_d
        Time in which it grows from 0.5 to 0.73 [d], above 0.

    Returns
    -------
    float
        Demand over final demand, 0 to 1.

    Notes
    -----
    Logistic: :math:`A = 1 / (1 + e^{-(t - t_0) / w})`; as a hyperbolic tangent it cannot overflow.

    Examples
    --------
    >>> adoption_ratio(0.0, 0.0, 120.0), round(adoption_ratio(120.0, 0.0, 120.0), 3)
    (0.5, 0.731)
    """
    return 0.5 + 0.5 * math.tanh((time_d - midpoint_d) / (2.0 * width_d))
