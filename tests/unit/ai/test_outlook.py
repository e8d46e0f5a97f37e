"""AI power ahead: what is announced, and the weeks before."""

import numpy as np

from sim.ai.notice import Notice
from sim.engine.forecasts import WeeklyMean, announced_mw

EDGES_S = np.array([100.0, 1000.0, 2000.0, 3000.0])


def test_nothing_announced_changes_nothing():
    assert announced_mw(70.0, [], EDGES_S).tolist() == [70.0, 70.0, 70.0]


def test_a_fall_that_passes_is_over_at_its_time():
    notice = Notice("a", "checkpoint", 1000.0, 1500.0, -40.0, 0.0)
    assert announced_mw(70.0, [notice], EDGES_S).tolist() == [70.0, 50.0, 70.0]


def test_a_fall_in_progress_is_over_at_its_time():
    notice = Notice("a", "checkpoint", 50.0, 1500.0, -40.0, 0.0)
    assert announced_mw(30.0, [notice], EDGES_S).tolist() == [30.0, 50.0, 70.0]


def test_a_resume_that_is_announced_counts_once():
    notices = [
        Notice("a", "checkpoint", 50.0, 1500.0, -40.0, 0.0),
        Notice("a", "resume", 2000.0, 2010.0, 40.0, 90.0),
    ]
    assert announced_mw(30.0, notices, EDGES_S).tolist() == [30.0, 30.0, 70.0]


def test_an_end_stays_and_a_start_comes():
    notices = [
        Notice("a", "end", 1000.0, 1000.0, -60.0, 0.0),
        Notice("b", "start", 2500.0, 2510.0, 20.0, 0.0),
    ]
    assert announced_mw(70.0, notices, EDGES_S).tolist() == [70.0, 10.0, 20.0]


def test_power_is_never_below_zero():
    notice = Notice("a", "end", 1000.0, 1000.0, -60.0, 0.0)
    assert announced_mw(10.0, [notice], EDGES_S).tolist() == [10.0, 0.0, 0.0]


def test_an_hour_of_the_week_that_was_not_seen_is_as_now():
    weeks = WeeklyMean()
    weeks.add(80.0)
    assert weeks.of_steps(np.array([168.0, 169.0]) * 3600.0, 55.0).tolist() == [80.0, 55.0]
