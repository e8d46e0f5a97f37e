from itertools import pairwise
from math import exp, sqrt

import pytest
from effective_time import effective_time_ratio_renewal
from pydantic import ValidationError

from sim.ai import TrainingLoad

DAY_S = 86_400.0


def a_job(**keys):
    """One node that computes at 125 MW, stalls 60 s each 10 min, and restarts in 5 min."""
    defaults = {
        "gpus": 8,
        "power_mw": 100.0,
        "checkpoint": {"interval_min": 10.0, "stall_median_s": 60.0, "stall_sigma": 0.0},
        "failures": {"per_node_day": 86.4},  # one in 1,000 s of running
        "restart": {"mean_min": 5.0, "sigma": 0.0},
        "stall_power_fraction": 0.5,
        "down_power_fraction": 0.25,
        "snap_back_s": 0.0,
    }
    return TrainingLoad(type="training", name="llama", **(defaults | keys))


def useful_share(seen, until_s):
    """Time that advanced the job over all time."""
    wasted_s = sum(value for _, kind, value in seen.events if kind != "planned")
    return 1.0 - wasted_s / until_s


def test_job_dips_at_each_checkpoint(run_load):
    seen = run_load(a_job(failures={"per_node_day": 0.0}), 1500.0)

    assert seen.levels() == [(0.0, 125.0), (600.0, 62.5), (660.0, 125.0), (1200.0, 62.5), (1260.0, 125.0)]
    assert seen.events == [(600.0, "checkpoint", 60.0), (1200.0, "checkpoint", 60.0)]
    assert {slope for _, _, slope in seen.power} == {0.0}


def test_job_is_down_after_a_failure_and_comes_back_in_one_step(run_load):
    seen = run_load(a_job(), 2450.0, draws={"failures": [1.5, 100.0]})

    assert seen.levels()[-4:] == [(1260.0, 125.0), (1500.0, 31.25), (1800.0, 125.0), (2400.0, 62.5)]
    assert seen.events == [
        (600.0, "checkpoint", 60.0),
        (1200.0, "checkpoint", 60.0),
        (1500.0, "failure", 240.0),  # computed since 1260 s
        (1500.0, "restart", 300.0),
        (2400.0, "checkpoint", 60.0),  # one interval after the restart
    ]


def test_failure_in_a_stall_loses_the_work_that_was_being_saved(run_load):
    seen = run_load(a_job(), 2000.0, draws={"failures": [1.23, 100.0]})

    assert seen.levels()[-3:] == [(1200.0, 62.5), (1230.0, 31.25), (1530.0, 125.0)]
    assert seen.events[2:] == [(1230.0, "failure", 540.0), (1230.0, "restart", 300.0)]


def test_second_failure_before_a_checkpoint_loses_all_since_the_restart(run_load):
    seen = run_load(a_job(), 1500.0, draws={"failures": [0.5, 0.25, 100.0]})

    assert seen.of("failure") == [(500.0, 500.0), (1050.0, 250.0)]


def test_planned_interruption_loses_no_work_and_postpones_failures(run_load):
    job = a_job(failures={"per_node_day": 86.4, "planned_per_day": 86.4})

    seen = run_load(job, 1600.0, draws={"failures": [1.25, 100.0], "planned": [0.75, 100.0]})

    assert seen.events[1:] == [
        (750.0, "planned", 0.0),
        (750.0, "restart", 300.0),
        (1550.0, "failure", 500.0),  # 1,250 s of running and 300 s down
        (1550.0, "restart", 300.0),
    ]


def test_failure_goes_before_a_checkpoint_of_the_same_instant(run_load):
    seen = run_load(a_job(), 700.0, draws={"failures": [0.6, 100.0]})

    assert seen.events == [(600.0, "failure", 600.0), (600.0, "restart", 300.0)]


def test_first_checkpoint_can_come_early(run_load):
    seen = run_load(a_job(first_checkpoint_min=3.0, failures={"per_node_day": 0.0}), 1500.0)

    assert [time_s for time_s, _ in seen.of("checkpoint")] == [180.0, 780.0, 1380.0]


def test_stall_longer_than_the_interval_delays_the_next_checkpoint(run_load):
    checkpoint = {"interval_min": 1.0, "stall_median_s": 30.0, "stall_sigma": 1.0}
    job = a_job(checkpoint=checkpoint, failures={"per_node_day": 0.0})

    seen = run_load(job, 400.0, draws={"checkpoints": [1.0, 0.0]})

    stall_s = 30.0 * exp(1.0)
    assert seen.of("checkpoint")[:2] == [(60.0, stall_s), (60.0 + stall_s, 30.0)]


def test_restart_is_drawn_from_its_own_stream_with_the_stated_mean(run_load):
    job = a_job(restart={"mean_min": 5.0, "sigma": 0.5})

    seen = run_load(job, 1000.0, draws={"failures": [0.5, 100.0], "restarts": [1.0]})

    assert seen.of("restart") == [(500.0, pytest.approx(300.0 * exp(0.5 - 0.125)))]


def test_power_at_the_meter_is_it_power_times_pue(run_load):
    job = a_job(pue=1.1, stall_power_fraction=0.4, down_power_fraction=0.2)

    seen = run_load(job, 1000.0, draws={"failures": [0.7, 100.0]})

    expected_mw = [110.0, 44.0, 110.0, 22.0, 110.0]
    assert [power_mw for _, power_mw in seen.levels()] == pytest.approx(expected_mw)


@pytest.mark.parametrize(
    ("gpus", "gpus_per_node", "per_job_hour", "expected_per_day"),
    [(8000, 8, 0.0, 5.0), (7200, 72, 0.25, 6.5)],
)
def test_failures_come_at_the_rate_of_nodes_and_job(run_load, gpus, gpus_per_node, per_job_hour, expected_per_day):
    failures = {"per_node_day": 5e-3, "per_job_hour": per_job_hour}
    job = a_job(gpus=gpus, gpus_per_node=gpus_per_node, failures=failures, restart={"mean_min": 10.0})
    days = 400

    seen = run_load(job, days * DAY_S)

    down_s = sum(value for _, value in seen.of("restart"))
    expected = expected_per_day * (days - down_s / DAY_S)
    assert len(seen.of("failure")) == pytest.approx(expected, abs=3.0 * sqrt(expected))


def test_planned_interruptions_come_at_their_rate(run_load):
    job = a_job(failures={"per_node_day": 0.0, "planned_per_day": 2.0})

    seen = run_load(job, 400 * DAY_S)

    assert len(seen.of("planned")) == pytest.approx(800, abs=3.0 * sqrt(800))
    assert seen.of("failure") == []


def test_restarts_have_the_stated_mean_and_stalls_the_stated_median(run_load):
    checkpoint = {"interval_min": 10.0, "stall_median_s": 3.0, "stall_sigma": 1.0}
    job = a_job(gpus=8000, checkpoint=checkpoint, failures={"per_node_day": 5e-3}, restart={"mean_min": 10.0})

    seen = run_load(job, 400 * DAY_S)

    down_s = [value for _, value in seen.of("restart")]
    standard_error = 600.0 * sqrt((exp(0.5**2) - 1.0) / len(down_s))
    assert sum(down_s) / len(down_s) == pytest.approx(600.0, abs=3.0 * standard_error)
    stalls_s = sorted(value for _, value in seen.of("checkpoint"))
    assert stalls_s[len(stalls_s) // 2] == pytest.approx(3.0, rel=0.03)
    assert stalls_s[int(len(stalls_s) * 0.8413)] == pytest.approx(3.0 * exp(1.0), rel=0.05)


@pytest.mark.parametrize("interval_min", [10.0, 60.0, 240.0])
def test_useful_share_agrees_with_renewal_theory(run_load, interval_min):
    """One failure in 4 h of running, 20 min of restart, 60 s of stall."""
    checkpoint = {"interval_min": interval_min, "stall_median_s": 60.0, "stall_sigma": 0.0}
    job = a_job(checkpoint=checkpoint, failures={"per_node_day": 6.0}, restart={"mean_min": 20.0, "sigma": 0.5})
    until_s = 1500 * DAY_S

    seen = run_load(job, until_s)

    compute_s = interval_min * 60.0 - 60.0
    expected = effective_time_ratio_renewal(compute_s, 60.0, 1200.0, job.failure_rate_per_s)
    assert useful_share(seen, until_s) == pytest.approx(expected, rel=0.02)


def test_other_stalls_leave_failures_and_restarts_as_they_were(run_load):
    def interruptions(sigma):
        checkpoint = {"interval_min": 10.0, "stall_median_s": 5.0, "stall_sigma": sigma}
        seen = run_load(a_job(checkpoint=checkpoint, failures={"per_node_day": 2.0}), 100 * DAY_S)
        return [time_s for time_s, _ in seen.of("failure")], [value for _, value in seen.of("restart")]

    calm, wild = interruptions(0.1), interruptions(1.5)

    assert len(calm[0]) > 100
    assert calm[0] == pytest.approx(wild[0], abs=1e-6)
    assert calm[1] == wild[1]


def test_a_higher_rate_brings_the_same_draws_sooner(run_load):
    def running_gaps_s(per_node_day):
        job = a_job(failures={"per_node_day": per_node_day}, restart={"mean_min": 5.0, "sigma": 0.0})
        times_s = [time_s for time_s, _ in run_load(job, 50 * DAY_S).of("failure")][:20]
        return [b - a - 300.0 for a, b in pairwise(times_s)]

    assert running_gaps_s(2.0) == pytest.approx([2.0 * gap_s for gap_s in running_gaps_s(4.0)], abs=1e-5)


def test_same_seed_gives_the_same_run_and_another_seed_another(run_load):
    job = a_job(failures={"per_node_day": 2.0})

    assert run_load(job, 30 * DAY_S) == run_load(job, 30 * DAY_S)
    assert run_load(job, 30 * DAY_S) != run_load(job, 30 * DAY_S, seed=2)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"checkpoint": {"interval_min": 1.0, "stall_median_s": 60.0}},
            "below the interval of 60 s, got 60 s",
        ),
        ({"pue": 0.9}, "greater than or equal to 1"),
        ({"gpus": 0}, "greater than or equal to 1"),
        ({"power_mw": 0.0}, "greater than 0"),
        ({"stall_power_fraction": 1.1}, "less than or equal to 1"),
        ({"failures": {"per_node_day": -1.0}}, "greater than or equal to 0"),
        ({"chekpoint": {}}, "Extra inputs"),
    ],
)
def test_wrong_values_are_refused(keys, message):
    with pytest.raises(ValidationError, match=message):
        a_job(**keys)
