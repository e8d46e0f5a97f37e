from datetime import UTC, datetime

import numpy as np
import pytest

from sim.ai.demand import demand_at, ou_kick, ou_step, volatility_cv, weekly_profile

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
    assert demand_at(HOURS, utc_s(*when))[0] == pytest.approx(hour_of_week, abs=1e-6)


def test_mean_of_a_week_is_that_of_its_hours():
    hourly = weekly_profile(tuple(range(24)), (7,) * 24)
    minutes = 1800.0 + 60.0 * np.arange(7 * 24 * 60)

    assert demand_at(hourly, minutes).mean() == pytest.approx(hourly.mean(), rel=1e-12)


def test_two_half_steps_of_the_fluctuation_make_a_whole_one():
    """Decay multiplies, variances add: the step is exact for any length."""
    decay, sigma = 0.8, 0.05
    half = decay**0.5

    assert ou_step(ou_step(1.0, half, 0.0, 0.0), half, 0.0, 0.0) == pytest.approx(decay)
    assert (half * ou_kick(half, sigma)) ** 2 + ou_kick(half, sigma) ** 2 == pytest.approx(
        ou_kick(decay, sigma) ** 2
    )


def test_fluctuation_keeps_its_long_run_spread():
    decay, sigma = 0.9, 0.2

    assert decay**2 * sigma**2 + ou_kick(decay, sigma) ** 2 == pytest.approx(sigma**2)


def test_volatility_falls_with_traffic_to_the_common_part():
    assert volatility_cv(1.0, 100.0, 0.0) == pytest.approx(0.1)  # Poisson
    assert volatility_cv(12.0, 1e12, 0.05) == pytest.approx(0.05)
    assert volatility_cv(9.0, 1.0, 4.0) == pytest.approx(5.0)
