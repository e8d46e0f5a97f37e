"""What the scenarios with halls show, checked on runs of them."""

from pathlib import Path
from statistics import median

import pytest
from quick import run

from sim import load_scenario

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.fixture(scope="module")
def hot_week():
    return run(load_scenario(SCENARIOS / "summer-hall.yaml"))


def test_in_a_hot_week_air_takes_a_quarter_of_a_watt_more_for_each_watt_of_it(hot_week):
    air, liquid = (float(hot_week.metrics[f"ai.{name}.pue_ratio"]) for name in ("air-hall", "liquid-hall"))

    assert air == pytest.approx(1.38, abs=0.03)
    assert liquid == pytest.approx(1.12, abs=0.03)


def test_hall_on_a_hot_day_draws_a_fifth_more_for_cooling_than_on_a_cool_night(hot_week):
    cooling = hot_week.recording["hall.air-hall.cooling_power_mw"]
    outdoor_c = hot_week.recording["outdoor_temperature_c"]

    assert outdoor_c.maximum() - outdoor_c.minimum() > 10.0
    assert cooling.maximum() > 1.2 * cooling.mean()


def test_cooling_does_not_follow_a_stall_of_a_minute(hot_week):
    """Racks fall by half for some 60 s; after 50 s of it cooling is 3 % lower with air, 12 % with liquid."""
    recording = hot_week.recording
    for job, hall, falls_by in (("job-in-air", "air-hall", 0.027), ("job-in-liquid", "liquid-hall", 0.121)):
        stalls = [
            event.time_s
            for event in recording.events
            if event.source == f"load.{job}" and event.kind == "checkpoint" and 50.0 < event.value < 70.0
        ]
        cooling = recording[f"hall.{hall}.cooling_power_mw"]
        falls = [1.0 - cooling.at([at_s + 50.0])[0] / cooling.at([at_s - 1.0])[0] for at_s in stalls]
        assert len(falls) > 10
        assert median(falls) == pytest.approx(falls_by, abs=0.01)


def test_miners_take_what_halls_leave_when_they_transfer_and_the_limit_lets_them():
    follows = {"type": "follow-headroom", "margin_mw": 4.0}
    recording = run(load_scenario(SCENARIOS / "ride-through.yaml", overrides={"policy": follows})).recording
    lost_s = next(event.time_s for event in recording.events if event.kind == "transfer")
    before, after = lost_s - 60.0, lost_s + 600.0  # their own supplies drop out, and are cold for 300 s

    assert recording["ai_power_mw"].at([after])[0] == 0.0
    assert recording["ai_power_mw"].at([before])[0] > 100.0
    assert recording["fleet_power_mw"].at([after])[0] == pytest.approx(60.0)
    ai = recording["ai_power_mw"]
    returning = recording["hall.hall-d.power_mw"]
    assert returning.maximum() < 40.0
    assert ai.at([recording.end_s - 1.0])[0] > 100.0


def test_idle_power_shrinks_as_tenants_move_in_and_never_quite_goes():
    recording = run(load_scenario(SCENARIOS / "energisation.yaml")).recording
    day_s = 86_400.0

    ai_mw = recording["ai_power_mw"].at([day_s, 365.0 * day_s, 729.0 * day_s]).tolist()

    assert ai_mw[0] == 0.0
    assert 80.0 < ai_mw[1] < 133.0 * 1.25
    assert 250.0 < ai_mw[2] <= 393.0 * 1.25
    assert recording["fleet_power_mw"].at([day_s])[0] == pytest.approx(400.0)
    assert recording["fleet_power_mw"].at([729.0 * day_s])[0] < 350.0
