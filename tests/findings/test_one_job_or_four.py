"""One training job of 200 MW against four of 50 MW on the same GPUs: depth, coincidence, ramps of their dips.

Closed forms: of M alike independent jobs, each in a stall for a share q of the time, k are in a stall at once
for C(M, k) q^k (1 - q)^(M - k); failures come at the rate of nodes times rate, whatever the number of jobs.
"""

from math import comb

import numpy as np
import pytest

from sim.engine.campus import Campus
from sim.metrics.dips import dips
from sim.signals import Signal, total
from sim.testing import a_scenario

GPUS = 99_200
DAYS = 120.0
RATE_PER_NODE_DAY = 4e-4
STALL_S, INTERVAL_MIN = 60.0, 31.0
JOB = {
    "type": "training",
    "gpu": "gb200-nvl72",
    "gpus_per_node": 8,
    "pue": 1.1,
    "checkpoint": {"interval_min": INTERVAL_MIN, "stall_median_s": STALL_S, "stall_sigma": 0.0},
    "failures": {"per_node_day": RATE_PER_NODE_DAY},
    "restart": {"preset": "bytedance"},
}


def recording_of(count, days=DAYS, **keys):
    """Run some jobs that share the GPUs, on a site without miners."""
    jobs = [
        {
            **JOB,
            **keys,
            "name": f"job-{n}",
            "gpus": GPUS // count,
            "power_mw": 182.0 / count,
            "first_checkpoint_min": 7.0 + 6.0 * n,
        }
        for n in range(count)
    ]
    slow = {"telemetry_scan_s": 60.0}  # nobody acts on it
    return Campus(a_scenario(loads=jobs, fleets=[], limit_mw=220.0, days=days, controller=slow)).run()


def stalls(recording, name):
    """Return a signal that is 1 while a job stalls at a checkpoint."""
    edges = [
        (time_s, step)
        for event in recording.events
        if event.source == f"load.{name}" and event.kind == "checkpoint" and event.value > 0.0
        for time_s, step in ((event.time_s, 1.0), (event.time_s + event.value, 0.0))
        if time_s < recording.end_s
    ]
    return Signal.steps([0.0, *(time_s for time_s, _ in edges)], [0.0, *(s for _, s in edges)], recording.end_s)


@pytest.fixture(scope="module")
def one():
    return recording_of(1)


@pytest.fixture(scope="module")
def four():
    return recording_of(4)


def depths_mw(recording):
    return np.array([dip.reference_mw - dip.lowest_mw for dip in dips(recording["ai_power_mw"], 5.0)])


def test_a_dip_of_one_of_four_jobs_is_a_quarter_as_deep(one, four):
    whole, quarter = np.median(depths_mw(one)), np.median(depths_mw(four))
    assert quarter == pytest.approx(whole / 4.0, rel=1e-9)
    assert whole / 200.2 == pytest.approx(0.49, abs=0.02)


def test_four_jobs_have_as_many_failures_and_four_times_the_checkpoints(one, four):
    def count(recording, kind):
        return sum(event.kind == kind for event in recording.events)

    for recording, jobs in ((one, 1), (four, 4)):
        per_day = GPUS / 8 / jobs * RATE_PER_NODE_DAY
        running_days = DAYS / (1.0 + per_day * 6.0 / 1440.0)  # a failure costs 6 min
        expected = jobs * per_day * running_days
        assert count(recording, "failure") == pytest.approx(expected, abs=3.0 * expected**0.5)
        # a failure, and the next checkpoint is an interval after it
        undisturbed = per_day / np.expm1(per_day * INTERVAL_MIN / 1440.0)
        assert count(recording, "checkpoint") == pytest.approx(jobs * undisturbed * running_days, rel=0.01)
    assert count(four, "checkpoint") / count(one, "checkpoint") == pytest.approx(4.0, rel=0.08)


def test_stalls_of_four_jobs_coincide_as_chance_has_it():
    """Three years, for a pair of jobs keeps its phase until one of them fails."""
    failures = {"per_node_day": 0.0, "per_job_hour": 0.1}
    four = recording_of(4, 1000.0, failures=failures, down_power_fraction=0.25, snap_back_s=0.0)
    each = [stalls(four, f"job-{n}") for n in range(4)]
    at_once = total(each)
    q = sum(stall.mean() for stall in each) / 4.0
    assert q == pytest.approx(STALL_S / (INTERVAL_MIN * 60.0), rel=0.06)

    def share(least):
        return sum(comb(4, k) * q**k * (1.0 - q) ** (4 - k) for k in range(least, 5))

    assert at_once.time_above(1.5) / four.end_s == pytest.approx(share(2), rel=0.1)
    assert share(2) == pytest.approx(6.0 * q * q, rel=0.07)
    assert at_once.time_above(3.5) / four.end_s < 2e-5


def test_ramps_of_one_job_are_those_of_its_whole_power_and_four_seldom_reach_them(one, four):
    def steepest_mw(recording):
        return (-recording["ai_power_mw"]).net_change(60.0).maximum()

    power = one["ai_power_mw"]
    assert steepest_mw(one) == pytest.approx(power.maximum() - power.minimum(), rel=1e-9)
    assert steepest_mw(four) < 0.75 * steepest_mw(one)


# -- minutes to tens of minutes? -----------------------------------------------------------------------


def stall_mean_min(days=20.0, **keys):
    """Return the mean stall of a 1,000-billion-parameter job [min]."""
    job = {
        "name": "job",
        "type": "training",
        "gpus": 50_000,
        "parameters_billion": 1000.0,
        "failures": {"per_node_day": 0.0},
        **keys,
    }
    recording = Campus(a_scenario(loads=[job], fleets=[], days=days)).run()
    stalled = [event.value for event in recording.events if event.kind == "checkpoint"]
    return sum(stalled) / len(stalled) / 60.0


SYNC = {"mode": "sync", "interval_min": 240.0}


@pytest.mark.parametrize(("storage_gb_per_s", "low", "high"), [(20.0, 10.0, 14.0), (100.0, 2.0, 3.0)])
def test_checkpoints_take_minutes_to_tens_of_minutes_if_synchronous_on_thin_storage(storage_gb_per_s, low, high):
    assert low < stall_mean_min(storage_gb_per_s=storage_gb_per_s, checkpoint=SYNC) < high


def test_they_grow_with_the_model_only_then():
    def growth(**keys):
        return stall_mean_min(parameters_billion=1000.0, **keys) / stall_mean_min(parameters_billion=100.0, **keys)

    assert growth(storage_gb_per_s=20.0, checkpoint=SYNC) == pytest.approx(10.0, rel=0.05)
    assert growth(storage_gb_per_s=20.0, checkpoint={"interval_min": 30.0}) == pytest.approx(1.0, rel=0.02)


def test_they_take_seconds_on_fast_storage_or_in_the_background():
    assert stall_mean_min(storage_gb_per_s=1000.0, checkpoint=SYNC) * 60.0 < 20.0
    assert stall_mean_min(storage_gb_per_s=20.0, checkpoint={"interval_min": 30.0}) * 60.0 < 14.0
