import numpy as np
import pytest
from pydantic import ValidationError

from sim.ai.cooling import AirCooling, LiquidCooling, cooling_ratio, lagging

UP_S, DOWN_S = 180.0, 900.0


def stepped(now_mw, target, length_s, step_s=0.01):
    """Solve the lag in small steps, choosing the time constant afresh at each."""
    q0, q1, q2 = target
    for number in range(round(length_s / step_s)):
        t = (number + 0.5) * step_s
        gap_mw = q0 + q1 * t + q2 * t * t - now_mw
        now_mw += step_s * gap_mw / (UP_S if gap_mw > 0.0 else DOWN_S)
    return now_mw


@pytest.mark.parametrize(
    ("now_mw", "target"),
    [
        (10.0, (5.0, 0.0, 0.0)),
        (5.0, (10.0, 0.0, 0.0)),
        (10.0, (10.0, 0.02, 0.0)),
        (10.0, (10.0, -0.02, 0.0)),
        (10.0, (12.0, 0.01, 1e-5)),
        (12.0, (10.0, -0.005, -1e-5)),
    ],
)
def test_lag_is_that_of_its_differential_equation(now_mw, target):
    solved = lagging(now_mw, target, UP_S, DOWN_S)

    assert solved.at_mw(0.0) == pytest.approx(now_mw, abs=1e-12)
    assert solved.at_mw(200.0) == pytest.approx(stepped(now_mw, target, 200.0), abs=1e-4)


def test_power_and_target_meet_when_they_are_said_to():
    falling_towards_a_rising_target = lagging(10.0, (5.0, 0.01, 0.0), UP_S, DOWN_S)

    after_s = falling_towards_a_rising_target.meets_after_s()

    assert falling_towards_a_rising_target.at_mw(after_s) == pytest.approx(5.0 + 0.01 * after_s, abs=1e-9)
    assert lagging(10.0, (5.0, -0.01, 0.0), UP_S, DOWN_S).meets_after_s() == np.inf


def test_stall_of_a_minute_hardly_shows_in_the_cooling():
    """IT falls by half for 60 s: cooling by 3 % with air, 14 % with liquid."""
    for cooling, falls_by in ((AirCooling(), 0.032), (LiquidCooling(), 0.142)):
        lag = lagging(1.0, (0.5, 0.0, 0.0), cooling.lag_up_s, cooling.lag_down_s)
        assert 1.0 - lag.at_mw(60.0) == pytest.approx(falls_by, abs=0.001)


def test_cooling_rises_between_free_cooling_and_design_temperature_alone():
    air = AirCooling()
    plant = (air.base_ratio, air.design_ratio, air.free_c, air.design_c)

    ratios = cooling_ratio(np.array([-20.0, 18.0, 19.0, 40.0, 55.0]), *plant)

    assert ratios.tolist() == pytest.approx([0.2, 0.2, 0.208, 0.376, 0.376])


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"design_c": 10.0}, "free_c is 18 °C; must be below design_c, 10 °C"),
        ({"design_ratio": 0.1}, "base_ratio is 0.2; must not be above design_ratio, 0.1"),
        ({"lag_up_s": 0.0}, "greater than or equal to 1"),
    ],
)
def test_impossible_plants_are_refused(keys, message):
    with pytest.raises(ValidationError, match=message):
        AirCooling(**keys)
