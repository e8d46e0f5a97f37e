from datetime import UTC, datetime

import numpy as np
import pytest

from sim.ai.demand import (
    adoption_ratio,
    client_dispersion,
    demand_at_hour,
    ou_kick,
    request_counts,
    utc_hour_of_week,
    weekly_profile,
)
from sim.rng import stream

HOURS = np.arange(168.0)


def utc_s(*when):
    return np.array([datetime(*when, tzinfo=UTC).timestamp()])


def test_week_is_five_weekdays_and_two_days_of_weekend():
    week = weekly_profile(tuple(range(24)), tuple(range(100, 124)))

    assert week.size == 168
    assert week[[0, 23, 24, 119, 120, 167]].tolist() == [0, 23, 0, 23, 100, 123]


@pytest.mark.parametrize(
    ("when", "hour_of_week"),
    [
        ((2024, 5, 13, 0, 30), 0.0),  # a Monday
        ((2024, 5, 14, 12, 30), 36.0),
        ((2024, 5, 19, 23, 30), 167.0),
        ((2024, 5, 13, 1, 0), 0.5),
        ((2024, 5, 12, 23, 45), 167.0 * 0.75),  # towards Monday's first hour, which is 0
        ((2024, 5, 13, 0, 0), 83.5),
        ((1969, 12, 29, 0, 30), 0.0),
    ],
)
def test_demand_at_a_time_lies_between_the_middles_of_hours(when, hour_of_week):
    assert demand_at_hour(HOURS, utc_hour_of_week(utc_s(*when)))[0] == pytest.approx(hour_of_week, abs=1e-6)


def test_mean_of_a_week_is_that_of_its_hours():
    hourly = weekly_profile(tuple(range(24)), (7,) * 24)
    minutes = 1800.0 + 60.0 * np.arange(7 * 24 * 60)

    assert demand_at_hour(hourly, utc_hour_of_week(minutes)).mean() == pytest.approx(hourly.mean(), rel=1e-12)


def test_two_half_steps_of_the_fluctuation_make_a_whole_one():
    """Decay multiplies, variances add: the step is exact for any length."""
    decay, sigma = 0.8, 0.05
    half = decay**0.5

    assert (half * ou_kick(half, sigma)) ** 2 + ou_kick(half, sigma) ** 2 == pytest.approx(ou_kick(decay, sigma) ** 2)


def test_fluctuation_keeps_its_long_run_spread():
    decay, sigma = 0.9, 0.2

    assert decay**2 * sigma**2 + ou_kick(decay, sigma) ** 2 == pytest.approx(sigma**2)


@pytest.mark.parametrize("dispersion", [1.0, 3.0, 150.0])
@pytest.mark.parametrize("mean_count", [2.0, 500.0])
def test_numbers_of_requests_have_their_mean_and_dispersion(mean_count, dispersion):
    size = 1_000_000  # few means of 2 with a dispersion of 150 are far above it

    counts = request_counts(np.full(size, mean_count), np.full(size, dispersion), stream(1, "users"))

    assert counts.tolist() == counts.round().tolist()
    assert counts.mean() == pytest.approx(mean_count, abs=4.0 * (dispersion * mean_count / size) ** 0.5)
    assert counts.var() / counts.mean() == pytest.approx(dispersion, rel=0.1)


def test_no_demand_makes_no_requests():
    assert request_counts(np.zeros(100), np.full(100, 12.0), stream(1, "users")).tolist() == [0.0] * 100


def test_a_large_client_adds_to_the_dispersion_in_proportion_to_traffic():
    assert client_dispersion(5.0, np.array([0.0, 100.0]), 0.5, 0.2).tolist() == [5.0, 6.0]


def test_adoption_is_half_at_its_midpoint_and_symmetric():
    assert adoption_ratio(7.0, 7.0, 3.0) == 0.5
    assert adoption_ratio(10.0, 7.0, 3.0) == pytest.approx(1.0 / (1.0 + np.exp(-1.0)))
    assert adoption_ratio(4.0, 7.0, 3.0) == pytest.approx(1.0 - adoption_ratio(10.0, 7.0, 3.0))
