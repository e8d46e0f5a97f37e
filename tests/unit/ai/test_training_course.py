"""What a job does in the course of a run: restarts by parts, spares, smoothing, start and end."""

from math import exp

import pytest
from pydantic import ValidationError

from sim.ai import TrainingLoad
from sim.ai.catalogue import SERVERS
from sim.ai.node_power import node_power_w, training_power_w

H100 = SERVERS["h100-hgx"]


def a_job(**keys):
    """Eight thousand GPUs in 1,000 nodes, at 1 W for a MW; one failure in 1,000 s of running."""
    defaults = {
        "gpus": 8000,
        "pue": 1.0,
        "checkpoint": {"interval_min": 10.0, "stall_median_s": 60.0, "stall_sigma": 0.0},
        "failures": {"per_node_day": 0.0864},
        "restart": {"mean_min": 10.0, "sigma": 0.0},
        "snap_back_s": 0.0,
    }
    return TrainingLoad(type="training", name="llm", **(defaults | keys))


def node_mw(state):
    return node_power_w(H100, state) / 1000.0


COMPUTE_MW = training_power_w(H100, 0.2) / 1000.0


def test_power_without_power_mw_is_that_of_the_servers(run_load):
    seen = run_load(a_job(), 700.0, draws={"failures": [100.0]})
    assert seen.levels() == [
        (0.0, pytest.approx(COMPUTE_MW)),
        (600.0, pytest.approx(node_mw("stall"))),
        (660.0, pytest.approx(COMPUTE_MW)),
    ]


def test_a_failure_hangs_then_goes_cold_loads_warms_up_and_snaps_back(run_load):
    seen = run_load(a_job(), 1150.0, draws={"failures": [0.5, 100.0]})
    assert seen.levels()[1:] == [
        (500.0, pytest.approx(node_mw("hang"))),
        (620.0, pytest.approx(node_mw("down_cold"))),
        (860.0, pytest.approx(node_mw("load"))),
        (1040.0, pytest.approx(node_mw("warm_up"))),
        (1100.0, pytest.approx(COMPUTE_MW)),
    ]


def test_a_planned_interruption_does_not_hang(run_load):
    job = a_job(failures={"per_node_day": 0.0, "planned_per_day": 86.4})
    seen = run_load(job, 1150.0, draws={"planned": [0.5, 100.0]})
    assert seen.levels()[1:3] == [
        (500.0, pytest.approx(node_mw("down_cold"))),
        (860.0, pytest.approx(node_mw("load"))),
    ]


def test_a_snap_back_is_a_ramp(run_load):
    seen = run_load(a_job(snap_back_s=1.9), 700.0, draws={"failures": [100.0]})
    rise = (COMPUTE_MW - node_mw("stall")) / 2.0
    assert seen.power[-2:] == [
        (660.0, pytest.approx(node_mw("stall")), pytest.approx(rise)),
        (662.0, pytest.approx(COMPUTE_MW), 0.0),
    ]


def test_a_fall_may_take_its_time(run_load):
    seen = run_load(a_job(fall_s=1.9), 610.0, draws={"failures": [100.0]})
    fall = (node_mw("stall") - COMPUTE_MW) / 2.0
    assert seen.power[-2:] == [
        (600.0, pytest.approx(COMPUTE_MW), pytest.approx(fall)),
        (602.0, pytest.approx(node_mw("stall")), 0.0),
    ]


@pytest.mark.parametrize(
    ("restart", "mean_min", "sigma"),
    [
        ({}, 10.0, 0.5),
        ({"preset": "bytedance"}, 6.0, 0.5),
        ({"preset": "rsc"}, 15.0, 0.5),
        ({"preset": "manual"}, 330.0, 1.0),
        ({"preset": "manual", "mean_min": 60.0}, 60.0, 1.0),
        ({"preset": "meta", "sigma": 0.2}, 10.0, 0.2),
    ],
)
def test_presets_give_what_is_left_out(run_load, restart, mean_min, sigma):
    job = a_job(restart=restart)
    seen = run_load(job, 600.0, draws={"failures": [0.5, 1e4], "restarts": [1.0]})
    assert seen.of("restart") == [(500.0, pytest.approx(mean_min * 60.0 * exp(sigma - sigma**2 / 2.0)))]


def test_a_spare_makes_the_restart_short_until_none_is_left(run_load):
    spares = {
        "count": 1,
        "restart_mean_min": 2.0,
        "restart_sigma": 0.0,
        "repair_median_h": 1.0,
        "repair_sigma": 0.0,
    }
    # 500 s: a spare; 720 s: it is being repaired; 6,000 s: it is back
    seen = run_load(a_job(spares=spares), 6500.0, draws={"failures": [0.5, 0.1, 4.68, 100.0]})
    assert seen.of("restart") == [(500.0, 120.0), (720.0, 600.0), (6000.0, 120.0)]
    assert [time_s for time_s, _ in seen.of("spare")] == [500.0, 6000.0]


def test_spares_draw_power_as_nodes_without_a_job(run_load):
    seen = run_load(a_job(spares={"count": 50}), 10.0, draws={"failures": [100.0]})
    assert seen.levels() == [(0.0, pytest.approx(COMPUTE_MW + 0.05 * node_mw("down_cold")))]


def test_with_a_spare_the_job_keeps_its_context(run_load):
    spares = {"count": 1, "restart_mean_min": 10.0, "restart_sigma": 0.0}
    seen = run_load(a_job(spares=spares), 1150.0, draws={"failures": [0.5, 100.0]})
    idle_mw = 0.001 * node_mw("down_cold")
    assert seen.levels()[2] == (620.0, pytest.approx(node_mw("down_context") + idle_mw))


# -- start and end -------------------------------------------------------------------------------------


def test_a_job_that_starts_later_loads_warms_up_and_computes(run_load):
    job = a_job(start_h=1.0, absent_power_fraction=0.25)
    seen = run_load(job, 4600.0, draws={"failures": [100.0]})
    # load is 30 % and warm-up 10 % of a restart of 600 s
    assert seen.levels() == [
        (0.0, pytest.approx(0.25 * COMPUTE_MW)),
        (3600.0, pytest.approx(node_mw("load"))),
        (3780.0, pytest.approx(node_mw("warm_up"))),
        (3840.0, pytest.approx(COMPUTE_MW)),
        (4440.0, pytest.approx(node_mw("stall"))),
        (4500.0, pytest.approx(COMPUTE_MW)),
    ]
    assert seen.of("start") == [(3600.0, 240.0)]


@pytest.mark.parametrize(("failures", "restarts"), [([100.0], 0), ([0.7, 100.0], 1)])
def test_a_job_ends_after_its_length_whatever_it_does(run_load, failures, restarts):
    seen = run_load(a_job(length_h=0.25), 4000.0, draws={"failures": failures})
    assert seen.levels()[-1] == (900.0, 0.0)
    assert seen.of("end") == [(900.0, 900.0)]
    assert len(seen.of("restart")) == restarts


def test_a_job_ends_once_its_work_is_done_and_what_is_lost_does_not_count(run_load):
    """A quarter of an hour of computing: stalls of 60 s at 600 s and so on; a failure loses 240 s."""
    whole = run_load(a_job(work_h=0.25), 4000.0, draws={"failures": [100.0]})
    assert whole.of("end") == [(960.0, 960.0)]
    failing = run_load(a_job(work_h=0.25), 4000.0, draws={"failures": [0.9, 100.0]})
    # 600 s saved; 240 s lost; down from 900 to 1,500 s; 300 s of the work left
    assert failing.of("end") == [(1800.0, 1800.0)]


def test_jobs_follow_each_other(run_load):
    first = run_load(a_job(length_h=1.0), 8000.0, draws={"failures": [100.0]})
    second = run_load(a_job(start_h=1.0), 8000.0, draws={"failures": [100.0]})
    assert first.levels()[-1] == (3600.0, 0.0)
    assert next(time_s for time_s, power_mw in second.levels() if power_mw > 0.0) == 3600.0


# -- smoothing -----------------------------------------------------------------------------------------


def test_a_floor_and_ramps_smooth_a_failure_and_cost_energy(run_load):
    smoothing = {
        "floor_fraction": 0.9,
        "ramp_up_w_per_s": 56.0,
        "ramp_down_w_per_s": 28.0,
        "stop_delay_s": 30.0,
    }
    keys = {"failures": {"per_node_day": 0.0864}, "checkpoint": {"interval_min": 100.0}}
    job = a_job(smoothing=smoothing, **keys)
    seen = run_load(job, 1300.0, draws={"failures": [0.5, 100.0]})
    full_mw = node_power_w(H100, "compute") / 1000.0  # the floor holds between computing, too
    floored_hang_mw = 8 * 0.7 * 0.9 + 2.85 * 0.85
    times_s = [time_s for time_s, _ in seen.levels()]
    assert seen.levels()[0] == (0.0, pytest.approx(full_mw))
    fall_s = (full_mw - floored_hang_mw) / 0.224
    assert seen.power[1] == (500.0, pytest.approx(full_mw), pytest.approx(-0.224))
    assert seen.power[2] == (pytest.approx(500.0 + fall_s), pytest.approx(floored_hang_mw), 0.0)
    assert seen.power[3] == (620.0, pytest.approx(floored_hang_mw), 0.0)  # the delay
    assert seen.power[4] == (650.0, pytest.approx(floored_hang_mw), pytest.approx(-0.224))
    assert max(slope for _, _, slope in seen.power) == pytest.approx(0.448)
    assert times_s == sorted(times_s)
    bare = run_load(a_job(**keys), 1300.0, draws={"failures": [0.5, 100.0]})
    extra_mwh = energy_mwh(seen.power, 1300.0) - energy_mwh(bare.power, 1300.0)
    assert extra_mwh > 0.0
    assert seen.constants["smoothing_energy_mwh"] == pytest.approx(extra_mwh)


def energy_mwh(power, end_s):
    ends_s = [time_s for time_s, _, _ in power[1:]] + [end_s]
    return (
        sum(
            (end - time_s) * (power_mw + slope * (end - time_s) / 2.0)
            for (time_s, power_mw, slope), end in zip(power, ends_s, strict=True)
        )
        / 3600.0
    )


def test_smoothing_while_nothing_happens_costs_the_floor_s_overhead(run_load):
    seen = run_load(a_job(smoothing={"floor_fraction": 0.9}), 600.0, draws={"failures": [100.0]})
    overhead_mw = 8 * 0.7 * 0.2 * 0.45
    assert seen.constants["smoothing_energy_mwh"] == pytest.approx(overhead_mw * 600.0 / 3600.0)


def test_a_run_knows_how_its_iterations_swing(run_load):
    seen = run_load(a_job(iteration={"period_s": 6.0}), 10.0, draws={"failures": [100.0]})
    low = node_mw("communicate") / node_mw("compute")
    expected = {"period_s": 6.0, "duty_fraction": 0.8, "jitter_fraction": 0.015, "low_fraction": low}
    assert seen.constants == pytest.approx({f"iteration_{key}": value for key, value in expected.items()})


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"restart": {"hang_fraction": 0.6, "load_fraction": 0.5}}, "at most 1 together, got 1.2"),
        ({"smoothing": {"floor_fraction": 0.95}}, "less than or equal to 0.9"),
        ({"gpu": "h200"}, "h100-hgx"),
        ({"restart": {"preset": "openai"}}, "bytedance"),
    ],
)
def test_wrong_values_are_refused(keys, message):
    with pytest.raises(ValidationError, match=message):
        a_job(**keys)


def test_a_day_of_16384_gpus_takes_under_500_changes_of_power(run_load):
    job = a_job(gpus=16_384, failures={}, checkpoint={}, snap_back_s=2.0)
    days = 100
    seen = run_load(job, days * 86_400.0)
    # a stall, a return and the end of its ramp every ten minutes; five for each of nine failures a day
    assert 400 * days < len(seen.power) < 500 * days
