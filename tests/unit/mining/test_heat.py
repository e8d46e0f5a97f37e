import pytest

from sim.mining.clocking import ceilings
from sim.mining.cohort.spec import Heat
from sim.signals import Signal

INF = float("inf")
PROFILES = [0.4, 0.8, 0.9, 0.95, 1.0]


def test_the_clock_falls_profile_by_profile_and_comes_back():
    outdoor_c = Signal.linear([0.0, 1000.0, 2000.0], [30.0, 50.0, 30.0], 2000.0)
    found = ceilings(Heat(), outdoor_c, PROFILES)
    # 37.5 °C at 375 s, 40 at 500, 47 at 850; below 45 at 1250
    assert [(round(c.time_s, 6), c.clock, c.tripped) for c in found] == [
        (0.0, INF, False),
        (375.0, 0.95, False),
        (500.0, 0.9, False),
        (850.0, 0.9, True),
        (1250.0, 0.9, False),
        (1500.0, 0.95, False),
        (1625.0, INF, False),
    ]


def test_a_trip_lasts_through_a_short_relief():
    outdoor_c = Signal.linear([0.0, 1.0, 2.0, 3.0, 4.0], [44.0, 48.0, 45.5, 48.0, 44.0], 4.0)
    trips = [(c.time_s, c.tripped) for c in ceilings(Heat(), outdoor_c, PROFILES)]
    assert [time_s for time_s, tripped in trips if tripped] == [pytest.approx(0.75)]


def test_cool_weather_changes_nothing():
    assert [c[1:] for c in ceilings(Heat(), Signal.constant(34.0, 10.0), PROFILES)] == [(INF, False)]


def test_a_run_that_begins_in_heat_begins_held():
    assert ceilings(Heat(), Signal.constant(41.0, 10.0), PROFILES)[0][1:] == (0.9, False)
