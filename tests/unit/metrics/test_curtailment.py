import pytest

from sim.metrics import measure
from sim.metrics.curtailment import highest_so_far_mw
from sim.signals import Signal

CALL = [(0.0, 200.0), (900.0, 200.0), (900.0, 150.0), (1800.0, 150.0), (1800.0, 200.0), (3600.0, 200.0)]


def test_a_call_takes_what_the_fleets_could_have_filled(record):
    # 40 MW of AI left 160: the fleets of 60 MW fit under 150 too; 120 of AI left them 60, then 30
    free = measure(record({"a": 40.0}, {"m": 24.0}, limit_mw=CALL))
    tight = measure(record({"a": 120.0}, {"m": 24.0}, limit_mw=CALL))
    assert free["curtailed_hours_h"] == tight["curtailed_hours_h"] == pytest.approx(0.25)
    assert free["curtailed_energy_mwh"] == 0.0
    assert tight["curtailed_energy_mwh"] == pytest.approx(30.0 * 0.25)


def test_a_site_that_grows_is_not_curtailed(record):
    stages = [(0.0, 50.0), (1800.0, 50.0), (1800.0, 100.0), (3600.0, 100.0)]
    metrics = measure(record({"a": 10.0}, {"m": 24.0}, limit_mw=stages))
    assert metrics["curtailed_hours_h"] == metrics["curtailed_energy_mwh"] == 0.0


def test_the_highest_so_far_follows_rises_and_keeps_to_them():
    limit = Signal.linear([0.0, 100.0, 200.0, 400.0], [100.0, 50.0, 50.0, 150.0], 600.0)
    highest = highest_so_far_mw(limit)
    assert [highest.at(time_s) for time_s in (0.0, 150.0, 300.0, 350.0, 500.0)] == [
        100.0,
        100.0,
        100.0,
        125.0,
        150.0,
    ]
