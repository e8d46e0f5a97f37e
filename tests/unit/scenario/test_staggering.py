"""Training jobs that share out their checkpoint interval."""

from itertools import pairwise

import pytest

from sim.engine.campus import Campus
from sim.errors import InputError
from sim.signals import Signal, total
from sim.testing import a_scenario

CHECKPOINT = {"interval_min": 20.0, "stall_median_s": 60.0, "stall_sigma": 0.2}


def jobs(count=4, **keys):
    return [
        {
            "name": f"job-{place}",
            "type": "training",
            "gpus": 8000,
            "checkpoint": CHECKPOINT,
            "failures": {"per_job_hour": 0.2},
            **keys,
        }
        for place in range(count)
    ]


def recording_of(loads, *, stagger=True, days=4.0):
    slow = {"telemetry_scan_s": 60.0}  # nobody acts on it
    return Campus(a_scenario(loads=loads, fleets=[], stagger_checkpoints=stagger, days=days, controller=slow)).run()


def starts_s(recording, name):
    return [event.time_s for event in recording.events if (event.source, event.kind) == (f"load.{name}", "checkpoint")]


def stalled(recording):
    """Return how many jobs stall at each instant."""
    edges = [
        (time_s, step)
        for event in recording.events
        if event.kind == "checkpoint"
        for time_s, step in ((event.time_s, 1.0), (event.time_s + event.value, -1.0))
        if time_s < recording.end_s
    ]
    count, times_s, counts = 0.0, [0.0], [0.0]
    for time_s, step in sorted(edges):
        count += step
        times_s.append(time_s)
        counts.append(count)
    return Signal.steps(times_s, counts, recording.end_s)


def test_each_starts_a_quarter_of_the_interval_after_the_one_before_whatever_fails():
    recording = recording_of(jobs())
    assert sum(event.kind == "failure" for event in recording.events) > 50
    for place in range(4):
        found = starts_s(recording, f"job-{place}")
        assert len(found) > 200
        for time_s in found:
            assert (time_s - 300.0 * place) % 1200.0 == pytest.approx(0.0, abs=1e-6) or (
                time_s - 300.0 * place
            ) % 1200.0 == pytest.approx(1200.0, abs=1e-6)


def test_no_two_stall_together_though_by_chance_they_would():
    assert stalled(recording_of(jobs())).maximum() == 1.0
    assert stalled(recording_of(jobs(), stagger=False)).maximum() > 1.0


def test_no_draw_depends_on_it():
    """Without restarts in the way, the n-th stall and the n-th failure of a job are the same."""
    with_it, without = (recording_of(jobs(), stagger=stagger) for stagger in (True, False))
    for place in range(4):
        for kind in ("failure", "restart"):
            one, other = (
                [event for event in each.events if (event.source, event.kind) == (f"load.job-{place}", kind)]
                for each in (with_it, without)
            )
            assert [event.time_s for event in one] == [event.time_s for event in other]
    # a restart sooner or later on the clock's times: as many checkpoints, all in all
    counts = [sum(event.kind == "checkpoint" for event in each.events) for each in (with_it, without)]
    assert counts[0] == pytest.approx(counts[1], rel=0.05)


def test_a_job_with_a_time_of_its_own_keeps_it():
    calm = {"failures": {"per_node_day": 0.0}}
    loads = [*jobs(2, **calm), *jobs(1, name="own", first_checkpoint_min=7.0, **calm)]
    recording = recording_of(loads, days=0.02)
    assert starts_s(recording, "job-0") == [1200.0]
    assert starts_s(recording, "job-1") == [600.0]
    assert starts_s(recording, "own") == [420.0, 1620.0]


def test_a_restart_waits_for_a_time_half_an_interval_away():
    checkpoint = CHECKPOINT | {"phase_min": 5.0}
    restart = {"mean_min": 1.0, "sigma": 0.0}
    recording = recording_of(
        jobs(1, checkpoint=checkpoint, restart=restart, failures={"per_job_hour": 2.0}), stagger=False
    )
    events = [event for event in recording.events if event.kind in {"checkpoint", "restart"}]
    waits_s = [
        later.time_s - event.time_s - event.value
        for event, later in pairwise(events)
        if (event.kind, later.kind) == ("restart", "checkpoint")
    ]
    assert len(waits_s) > 20
    assert min(waits_s) >= 600.0 - 1e-6
    assert max(waits_s) < 1800.0 + 1e-6


def test_a_stall_longer_than_the_interval_misses_a_turn():
    checkpoint = {"interval_min": 10.0, "stall_median_s": 500.0, "stall_sigma": 0.8, "phase_min": 0.0}
    recording = recording_of(jobs(1, checkpoint=checkpoint, failures={"per_node_day": 0.0}), stagger=False)
    gaps_s = {round(later - before) for before, later in pairwise(starts_s(recording, "job-0"))}
    assert {600, 1200} <= gaps_s
    assert all(gap_s % 600 == 0 for gap_s in gaps_s)


def test_smoothing_and_staggering_go_together():
    floor = {"floor_fraction": 0.6, "ramp_up_w_per_s": 50.0, "ramp_down_w_per_s": 50.0}
    calm = {"failures": {"per_node_day": 0.0}, "pue": 1.0}
    power = recording_of(jobs(**calm, smoothing=floor))["ai_power_mw"]
    bare = recording_of(jobs(**calm), stagger=False)["ai_power_mw"]
    assert power.largest_range(5.0)[0] <= 5.0 * 50.0 * 8000 / 1e6 * 1.001
    assert bare.largest_range(5.0)[0] > 3.0 * power.largest_range(5.0)[0]
    assert total([power, -bare]).minimum() < 0.0 < total([power, -bare]).mean()


@pytest.mark.parametrize(
    ("loads", "message"),
    [
        (jobs(1), "needs two training jobs or more"),
        (jobs(2, first_checkpoint_min=3.0), "needs two training jobs or more"),
    ],
)
def test_with_nobody_to_stagger_it_is_refused(loads, message):
    with pytest.raises(InputError, match=message):
        a_scenario(loads=loads, stagger_checkpoints=True)


def test_a_phase_and_a_first_checkpoint_are_refused():
    checkpoint = CHECKPOINT | {"phase_min": 5.0}
    with pytest.raises(InputError, match=r"give first_checkpoint_min or checkpoint\.phase_min, not both"):
        a_scenario(loads=jobs(1, checkpoint=checkpoint, first_checkpoint_min=3.0))
