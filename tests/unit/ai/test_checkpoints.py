import math

import pytest
from pydantic import ValidationError

from sim.ai import TrainingLoad
from sim.ai.checkpointing import daly_interval_s


def a_job(**keys):
    return TrainingLoad(type="training", name="llm", **({"gpus": 16_384, "parameters_billion": 405.0} | keys))


def sync(**keys):
    return {"mode": "sync", "interval_min": 600.0, "barrier_s": 0.0, **keys}


def test_a_synchronous_stall_is_the_write():
    assert a_job(storage_gb_per_s=2000.0, checkpoint=sync()).stall_median_s == pytest.approx(405 * 14 / 2000)
    few = sync(writers=10, writer_gb_per_s=2.0, barrier_s=5.0)
    assert a_job(storage_gb_per_s=2000.0, checkpoint=few).stall_median_s == pytest.approx(405 * 14 / 20 + 5.0)


def test_an_asynchronous_stall_is_the_barrier_and_a_short_copy():
    assert a_job().stall_median_s == pytest.approx(3.0 + 405 * 14 / 163_840)
    assert TrainingLoad(type="training", name="llm", gpus=8).stall_median_s == 3.0


def test_a_stated_stall_counts_in_either_mode():
    for mode in ("sync", "async"):
        assert a_job(checkpoint={"mode": mode, "stall_median_s": 7.0}).stall_median_s == 7.0


@pytest.mark.parametrize(
    ("parameters_billion", "storage_gb_per_s", "minutes"),
    [(1000.0, 20.0, 11.7), (1000.0, 100.0, 2.3), (10_000.0, 20.0, 117.0), (405.0, 2000.0, 0.047)],
)
def test_minutes_to_tens_of_minutes_need_thin_storage(parameters_billion, storage_gb_per_s, minutes):
    keys = {"parameters_billion": parameters_billion, "storage_gb_per_s": storage_gb_per_s}
    assert a_job(**keys, checkpoint=sync()).stall_median_s / 60.0 == pytest.approx(minutes, rel=0.02)


def test_an_asynchronous_stall_hardly_depends_on_the_model_size():
    stalls_s = [a_job(parameters_billion=size).stall_median_s for size in (7.0, 405.0, 10_000.0)]
    assert max(stalls_s) < 1.3 * min(stalls_s)
    assert max(stalls_s) < 14.0


def test_the_interval_can_follow_from_the_job_itself():
    checkpoint = {"interval": "young-daly", "stall_median_s": 30.0, "stall_sigma": 0.5}
    job = a_job(checkpoint=checkpoint)
    mean_stall_s = 30.0 * math.exp(0.125)
    assert job.interval_s == pytest.approx(daly_interval_s(mean_stall_s, 1.0 / job.failure_rate_per_s))
    assert a_job().interval_s == 600.0


def test_work_on_its_way_to_storage_is_lost_too(run_load):
    """The write takes 200 s after a stall from 600 to 660 s."""
    job = a_job(
        gpus=8,
        parameters_billion=1.0,
        bytes_per_parameter=10.0,
        storage_gb_per_s=0.05,  # 200 s
        checkpoint={"interval_min": 10.0, "stall_median_s": 60.0, "stall_sigma": 0.0},
        failures={"per_node_day": 86.4},
        restart={"mean_min": 5.0, "sigma": 0.0},
    )
    in_time = run_load(job, 2000.0, draws={"failures": [0.900, 100.0]})
    too_soon = run_load(job, 2000.0, draws={"failures": [0.800, 100.0]})
    assert in_time.of("failure") == [(900.0, 240.0)]
    assert too_soon.of("failure") == [(800.0, 740.0)]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"checkpoint": {"interval": "young-daly", "interval_min": 5.0}},
            "at most one of interval, interval_min",
        ),
        ({"checkpoint": {"interval": "young-daly"}, "failures": {"per_node_day": 0.0}}, "needs failures"),
        ({"checkpoint": {"mode": "sync"}}, "needs parameters_billion and storage_gb_per_s"),
        (
            {"checkpoint": {"mode": "sync"}, "storage_gb_per_s": 1.0},
            "below the interval of 600 s, got 5673 s",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(keys, message):
    with pytest.raises(ValidationError, match=message):
        a_job(**keys)
