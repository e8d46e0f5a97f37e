"""The policy that stays off at what may be a coincident peak."""

import pytest

from sim.policies import FleetView, Forecast, FourCp, Observation
from sim.testing import check_policy

FLEET = FleetView("miners", 0.0, 60.0, 20.0, 100.0)


def seen(time_s=0.0, **keys):
    plain = {
        "ai_power_mw": 40.0,
        "limit_mw": 100.0,
        "price_usd_per_mwh": 40.0,
        "hashprice_usd_per_ph_day": 50.0,
    }
    summer = {"system_load_mw": 97.0, "system_peak_mw": 100.0, "local_hour_h": 16.0, "local_month_count": 7.0}
    return Observation(**{"time_s": time_s, "commanded_mw": 0.0, "fleets": (FLEET,)} | plain | summer | keys)


def policy(**keys):
    return FourCp(type="four-cp", **keys).start()


def test_it_answers_soundly_and_repeatably():
    check_policy(lambda: policy(margin_mw=2.0))


@pytest.mark.parametrize(
    ("keys", "target_mw"),
    [
        ({}, 0.0),
        ({"system_load_mw": 96.9}, 60.0),
        ({"system_load_mw": 130.0}, 0.0),
        ({"local_hour_h": 14.0}, 60.0),
        ({"local_hour_h": 15.0}, 0.0),
        ({"local_hour_h": 18.0}, 0.0),
        ({"local_hour_h": 19.0}, 60.0),
        ({"local_month_count": 5.0}, 60.0),
        ({"local_month_count": 6.0}, 0.0),
        ({"local_month_count": 9.0}, 0.0),
        ({"local_month_count": 10.0}, 60.0),
        ({"system_load_mw": None}, 60.0),
        ({"limit_mw": 30.0, "system_load_mw": 50.0}, 0.0),
    ],
)
def test_it_stops_on_summer_afternoons_near_the_months_peak(keys, target_mw):
    assert policy().decide(seen(**keys)).target_mw == target_mw


def test_it_names_its_reason_and_follows_the_headroom_else():
    assert policy().decide(seen()).reason == "coincident peak"
    assert policy(margin_mw=5.0).decide(seen(local_hour_h=9.0))[:2] == (55.0, "headroom")
    assert policy().decide(seen(local_hour_h=9.0, ai_power_mw=120.0))[:2] == (0.0, "no headroom")


def test_a_months_budget_ends_in_the_middle_of_an_hour_and_the_next_month_has_its_own():
    live = policy(budget_h=1.5)
    assert live.decide(seen(0.0)).wake_at_s == 5400.0
    assert live.decide(seen(3600.0))[:3] == (0.0, "coincident peak", 5400.0)
    assert live.decide(seen(5400.0))[:2] == (60.0, "headroom")
    assert live.decide(seen(90_000.0)).target_mw == 60.0
    assert live.decide(seen(900_000.0, local_month_count=8.0)).wake_at_s == 905_400.0


def test_time_between_two_alarms_is_not_taken_from_the_budget():
    live = policy(budget_h=2.0)
    live.decide(seen(0.0))
    live.decide(seen(3600.0, system_load_mw=10.0))
    assert live.decide(seen(36_000.0)).wake_at_s == 39_600.0


def forecast(*values_mw, start_s=0.0, step_s=3600.0):
    return Forecast(start_s, start_s, step_s, tuple(values_mw))


AFTERNOON = forecast(80.0, 90.0, 98.0, 85.0, start_s=0.0)


@pytest.mark.parametrize(
    ("time_s", "keys", "decided"),
    [
        (0.0, {}, (60.0, "headroom", 3600.0)),
        (3600.0, {}, (0.0, "coincident peak", 14_400.0)),
        (14_399.0, {}, (0.0, "coincident peak", 14_400.0)),
        (14_400.0, {}, (60.0, "headroom", None)),
        (3600.0, {"local_hour_h": 14.0}, (60.0, "headroom", None)),
        (3600.0, {"local_month_count": 5.0}, (60.0, "headroom", None)),
        (3600.0, {"system_peak_mw": 102.0}, (60.0, "headroom", None)),
        (3600.0, {"system_load_mw": 10.0}, (0.0, "coincident peak", 14_400.0)),
    ],
)
def test_with_a_forecast_it_stops_around_the_peak_that_is_forecast(time_s, keys, decided):
    keys = {"system_load_forecast": AFTERNOON, **keys}
    assert policy().decide(seen(time_s, **keys))[:3] == decided


def test_the_window_is_as_wide_as_asked_and_ends_with_the_budget():
    keys = {"system_load_forecast": AFTERNOON}
    assert policy(window_h=0.0).decide(seen(0.0, **keys)).wake_at_s == 7200.0
    assert policy(window_h=0.5).decide(seen(5400.0, **keys))[:3] == (0.0, "coincident peak", 12_600.0)
    assert policy(budget_h=0.5).decide(seen(5400.0, **keys))[:3] == (0.0, "coincident peak", 7200.0)
