from math import inf

import pytest

from sim.ai.power_path import PowerPath, Smoothing


def way(path, until_s=inf):
    """Follow a path; return time, power and slope of each piece."""
    pieces = [(path.since_s, path.power_mw, path.slope_mw_per_s)]
    while path.next_s < until_s:
        path.advance()
        pieces.append((path.since_s, path.power_mw, path.slope_mw_per_s))
    return pieces


def standing_at(path, level_mw):
    path.start(0.0, level_mw)
    return path


def test_power_falls_at_once_and_95_percent_is_back_in_the_stated_time():
    path = standing_at(PowerPath(1.9), 100.0)
    path.turn(10.0, 50.0)
    assert way(path) == [(10.0, 50.0, 0.0)]
    path.turn(20.0, 100.0)
    assert way(path) == [(20.0, 50.0, pytest.approx(25.0)), (22.0, 100.0, 0.0)]


def test_95_percent_of_a_fall_is_done_in_its_stated_time():
    path = standing_at(PowerPath(1.9, 0.95), 100.0)
    path.turn(10.0, 50.0)
    assert way(path) == [(10.0, 100.0, pytest.approx(-50.0)), (11.0, 50.0, 0.0)]


def test_without_a_time_power_steps_back():
    path = standing_at(PowerPath(0.0), 50.0)
    path.turn(10.0, 100.0)
    assert way(path) == [(10.0, 100.0, 0.0)]


def test_a_turn_within_a_ramp_goes_on_from_where_power_is():
    path = standing_at(PowerPath(9.5), 0.0)
    path.turn(0.0, 100.0)
    path.turn(4.0, 20.0)
    assert way(path) == [(4.0, 20.0, 0.0)]
    path.turn(5.0, 20.0)
    path.turn(6.0, 100.0)
    path.turn(11.0, 100.0)
    assert way(path)[0] == (11.0, pytest.approx(60.0), pytest.approx(4.0))


def test_smoothed_power_moves_at_its_rates_and_waits_before_it_stops():
    path = standing_at(PowerPath(2.0, ramp_up_mw_per_s=5.0, ramp_down_mw_per_s=4.0, stop_delay_s=10.0), 100.0)
    path.turn(0.0, 60.0)
    assert way(path) == [(0.0, 100.0, -4.0), (10.0, 60.0, 0.0)]
    path.turn(20.0, 100.0)
    assert way(path) == [(20.0, 60.0, 5.0), (28.0, 100.0, 0.0)]
    path.turn(30.0, 20.0, stops=True)
    assert way(path) == [(30.0, 100.0, 0.0), (40.0, 100.0, -4.0), (60.0, 20.0, 0.0)]


def test_energy_is_the_area_under_the_path_to_any_time():
    path = standing_at(PowerPath(0.0, 0.0, 10.0, 10.0), 0.0)
    path.turn(0.0, 100.0)  # 10 s up
    path.turn(20.0, 50.0)  # 5 s down
    seconds = 500.0 + 1000.0 + 375.0
    assert path.energy_mwh(25.0) * 3600.0 == pytest.approx(seconds)
    assert path.energy_mwh(22.0) * 3600.0 == pytest.approx(1500.0 + 2.0 * 90.0)
    assert path.energy_mwh(35.0) * 3600.0 == pytest.approx(seconds + 500.0)


def test_rates_are_those_of_all_gpus_at_the_meter():
    path = PowerPath.of(2.0, 5.0, Smoothing(ramp_up_w_per_s=150.0), gpus=100_000, pue=1.2)
    path.start(0.0, 0.0)
    path.turn(0.0, 180.0)
    assert path.slope_mw_per_s == pytest.approx(18.0)
