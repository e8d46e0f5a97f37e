"""Laws of training jobs on random ones: power by states, notices ahead of events, failures that cost time."""

from math import inf

import numpy as np
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from quick import WhenAsked

from sim.ai.catalogue import SERVERS
from sim.engine.campus import Campus
from sim.policies import Decision
from sim.testing import a_scenario

LAW = examples(60)


def jobs(name):
    """Return random jobs that live for hours, fail often, and are announced."""
    return st.fixed_dictionaries(
        {
            "name": st.just(name),
            "type": st.just("training"),
            "gpu": st.sampled_from(sorted(SERVERS)),
            "gpus": st.integers(1, 20_000),
            "pue": st.sampled_from([1.0, 1.3]),
            "checkpoint": st.fixed_dictionaries(
                {
                    "interval_min": st.floats(1.0, 60.0),
                    "stall_median_s": st.floats(0.1, 50.0),
                    "stall_sigma": st.sampled_from([0.0, 1.0]),
                }
            ),
            "failures": st.fixed_dictionaries(
                {
                    "per_node_day": st.just(0.0),
                    "per_job_hour": st.sampled_from([0.0, 1.0, 5.0]),
                    "planned_per_day": st.sampled_from([0.0, 30.0]),
                }
            ),
            "restart": st.fixed_dictionaries(
                {"mean_min": st.floats(0.2, 20.0), "hang_fraction": st.sampled_from([0.0, 0.2, 0.6])}
            ),
            "snap_back_s": st.sampled_from([0.0, 2.0, 60.0]),
            "fall_s": st.sampled_from([0.0, 1.0, 30.0]),
            "start_h": st.sampled_from([0.0, 0.7]),
            "notice": st.fixed_dictionaries(
                {"lead_s": st.floats(1.0, 5000.0), "reliability_fraction": st.sampled_from([0.5, 1.0])}
            ),
        },
        optional={
            "smoothing": st.fixed_dictionaries(
                {
                    "floor_fraction": st.floats(0.0, 0.9),
                    "ramp_up_w_per_s": st.floats(1.0, 1000.0),
                    "ramp_down_w_per_s": st.floats(1.0, 1000.0),
                    "stop_delay_s": st.floats(0.0, 100.0),
                }
            ),
            "spares": st.fixed_dictionaries({"count": st.integers(0, 3)}),
            "length_h": st.floats(0.1, 5.0),
            "work_h": st.floats(0.1, 5.0),
        },
    )


class Watcher:
    """A policy that keeps what it sees."""

    def __init__(self):
        self.seen = []

    def decide(self, observation):
        self.seen.append(observation)
        return Decision(0.0, "nothing")


@LAW
@given(jobs("a"), st.integers(0, 99))
def test_power_never_leaves_the_range_of_its_servers(job, seed):
    recording = Campus(a_scenario(loads=[job], fleets=[], days=0.25, seed=seed)).run()
    power, server = recording["load.a.power_mw"], SERVERS[job["gpu"]]
    nodes = job["gpus"] / server.gpus_per_node + job.get("spares", {}).get("count", 0) * 8
    rated_mw = nodes * server.nameplate_w.value / 1e6 * job["pue"]
    assert -1e-9 <= power.minimum() <= power.maximum() <= rated_mw
    if "smoothing" not in job and job["snap_back_s"] == job["fall_s"] == 0.0:
        assert not power.slope_per_s.any()
    if "smoothing" in job:
        scale = job["gpus"] * job["pue"] / 1e6
        limits = [job["smoothing"][f"ramp_{way}_w_per_s"] * scale for way in ("down", "up")]
        assert power.slope_per_s.min() >= -limits[0] * (1.0 + 1e-9)
        assert power.slope_per_s.max() <= limits[1] * (1.0 + 1e-9)
        jumps = np.abs(power.value[1:] - power.left_limits()[:-1]).max(initial=0.0)
        assert jumps < 1e-9 * max(1.0, rated_mw)


@LAW
@given(jobs("a"), jobs("b"), st.integers(0, 99))
def test_no_notice_comes_after_what_it_announces(first, second, seed):
    campus = Campus(a_scenario(loads=[first, second], fleets=[], days=0.25, seed=seed))
    watcher = Watcher()
    campus.controller._decide_by_policy = watcher.decide  # noqa: SLF001  # a scenario names no policy object
    recording = campus.run()
    announced = [event for event in recording.events if event.kind.startswith("notice: ")]
    assert all(event.time_s <= event.value for event in announced)
    for observation in watcher.seen:
        for notice in observation.notices:
            assert notice.issued_at_s <= observation.time_s <= max(notice.at_s, notice.until_s)
            assert notice.issued_at_s <= notice.at_s <= notice.until_s
    delivered = {notice for observation in watcher.seen for notice in observation.notices}
    assert len(delivered) == len(announced)


@LAW
@given(jobs("a"), st.integers(0, 99))
def test_an_announced_resume_comes_true_to_the_second_unless_the_job_fails_before(job, seed):
    recording = Campus(a_scenario(loads=[job], fleets=[], days=0.25, seed=seed)).run()
    events = recording.events
    resumes_s = [event.time_s + event.value for event in events if event.kind in ("restart", "checkpoint")]
    ends_s = [event.time_s for event in events if event.kind == "end"]
    struck_s = [event.time_s for event in events if event.kind in ("failure", "planned")]
    for event in events:
        if event.kind == "notice: resume":
            struck = any(event.time_s <= time_s <= event.value for time_s in struck_s)
            true = min((abs(event.value - time_s) for time_s in resumes_s), default=inf) < 1e-6
            assert true or struck or ends_s


@examples(15)
@given(
    st.floats(2.0, 20.0),
    st.floats(1.5, 4.0),
    st.floats(20.0, 60.0),
    st.floats(5.0, 20.0),
    st.integers(0, 99),
)
def test_more_failures_never_raise_the_effective_time(per_day, factor, interval_min, restart_min, seed):
    def effective(rate_per_day):
        job = {
            "name": "a",
            "type": "training",
            "gpus": 8,
            "checkpoint": {"interval_min": interval_min},
            "failures": {"per_node_day": rate_per_day},
            "restart": {"mean_min": restart_min},
        }
        recording = Campus(a_scenario(loads=[job], fleets=[], days=60.0, seed=seed)).run()
        return WhenAsked(recording)["ai.a.effective_time_ratio"]

    assert effective(per_day * factor) < effective(per_day)


@LAW
@given(jobs("a"), st.floats(0.0, 0.9), st.integers(0, 99))
def test_smoothing_moves_no_event_and_its_energy_is_the_difference(job, floor, seed):
    def run_with(smoothing):
        bare = {key: value for key, value in job.items() if key != "smoothing"}
        load = bare | ({"smoothing": smoothing} if smoothing else {})
        return Campus(a_scenario(loads=[load], fleets=[], days=0.25, seed=seed)).run()

    bare, smoothed = run_with(None), run_with({"floor_fraction": floor})
    befell = [[e for e in recording.events if e.source == "load.a"] for recording in (bare, smoothed)]
    assert befell[0] == befell[1]
    extra_mwh = (smoothed["ai_power_mw"].integral() - bare["ai_power_mw"].integral()) / 3600.0
    recorded = smoothed.constants["load.a.smoothing_energy_mwh"]
    assert abs(recorded - extra_mwh) < 1e-9 * max(1.0, smoothed["ai_power_mw"].integral() / 3600.0)
