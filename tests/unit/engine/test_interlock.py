import pytest

from sim import run
from sim.clock import Clock
from sim.engine.bus import Bus
from sim.engine.loads import InterlockDesk
from sim.errors import InputError
from sim.metrics.certificate import certificate
from sim.recording import Track
from sim.testing import a_scenario

JOB = {
    "name": "job",
    "type": "training",
    "gpus": 50_000,
    "power_mw": 100.0,
    "pue": 1.0,
    "checkpoint": {"interval_min": 20.0, "stall_median_s": 120.0, "stall_sigma": 0.0},
    "failures": {"per_node_day": 0.0},
}
CONTROLLER = {"telemetry_delay_s": 2.0, "telemetry_scan_s": 1.0, "minimum_interval_s": 1.0}
FLEET = {
    "name": "miners",
    "type": "aggregate",
    "rated_mw": 60.0,
    "ramp_up_mw_per_s": 1.0,
    "ramp_down_mw_per_s": 12.0,
    "latency_s": 3.0,
    "efficiency_j_per_th": 17.5,
}


class Standing:
    """Fleets that stand at a power."""

    def __init__(self, power_mw):
        self.power_mw = power_mw
        self.known_until_s = float("inf")

    def ahead(self, now_s):
        return [(now_s, self.power_mw, 0.0)]


@pytest.fixture
def site():
    clock = Clock()
    bus, told, fleet = Bus(clock), [], Standing(60.0)
    desk = InterlockDesk(clock, bus, told.append, lambda: 200.0, lambda: [fleet])
    tracks = [Track(), Track()]
    for track in tracks:
        bus.connect(track).set_power_mw(40.0)
    return desk, tracks, told, fleet


def test_a_request_is_announced_at_once_and_granted_when_the_power_is_free(site):
    desk, tracks, told, fleet = site
    request = desk.ask("a", tracks[0], 120.0, 8.0)
    assert (told[0].load, told[0].level_mw, told[0].change_mw) == ("a", 120.0, 80.0)
    assert not request.is_granted()  # 80 MW of AI, 60 of fleets, 80 to come
    fleet.power_mw = 40.0
    assert request.is_granted()


def test_leaves_are_granted_one_after_the_other_with_rises_summed(site):
    desk, tracks, _, fleet = site
    first, second = desk.ask("a", tracks[0], 80.0, 8.0), desk.ask("b", tracks[1], 80.0, 8.0)
    fleet.power_mw = 50.0
    assert not second.is_granted()  # it is not its turn
    assert first.is_granted()
    assert not second.is_granted()  # the first one is on its way: 80 + 40 + 40 + 50 are too much
    fleet.power_mw = 40.0
    assert second.is_granted()


def test_one_that_went_on_without_leave_counts_too(site):
    desk, tracks, _, fleet = site
    first, second = desk.ask("a", tracks[0], 80.0, 8.0), desk.ask("b", tracks[1], 80.0, 8.0)
    first.close()
    fleet.power_mw = 50.0
    assert not second.is_granted()


def interlocked(**fields):
    return run(
        a_scenario(
            loads=[{**JOB, **fields}],
            fleets=[FLEET],
            limit_mw=120.0,
            days=0.1,
            controller=CONTROLLER,
            policy={"type": "hold-limit"},
        )
    )


def test_a_resume_waits_for_the_release_and_the_limit_is_held_without_a_notice():
    result = interlocked(interlock={"release_s": 8.0})
    static = interlocked()
    count = result.metrics["ai.job.checkpoint_count"]
    assert certificate(result.recording).holds
    assert result.metrics["exceedance_count"] == 0.0
    assert result.metrics["fillable_soaked_fraction"] > static.metrics["fillable_soaked_fraction"]
    # latency 3 s, then 30 MW or so at 12 MW/s
    assert 3.0 < result.metrics["ai.job.interlock_wait_s"] / count < 8.0
    assert static.metrics["ai.job.interlock_wait_s"] == 0.0


def test_a_resume_that_waits_shorter_than_the_fleets_need_is_left_its_power():
    result, static = interlocked(interlock={"release_s": 1.0}), interlocked()
    assert result.metrics["limit_certificate_holds"] == 1.0
    assert result.metrics["exceedance_count"] == 0.0
    soaked = result.metrics["fillable_soaked_fraction"]
    assert soaked == pytest.approx(static.metrics["fillable_soaked_fraction"], abs=1e-3)


def test_short_stalls_do_not_wait_and_keep_their_power():
    result = interlocked(interlock={"release_s": 8.0, "stalls_from_s": 300.0})
    assert result.metrics["ai.job.interlock_wait_s"] == 0.0
    assert result.metrics["limit_certificate_holds"] == 1.0


def test_an_interlock_needs_a_load_at_the_meter():
    with pytest.raises(InputError, match="at most one of interlock, hall"):
        a_scenario(
            loads=[{**JOB, "hall": "one", "interlock": {}}],
            halls=[{"name": "one", "racks": 10}],
        )


def test_a_slow_return_holds_the_limit_and_its_lost_computing_is_counted():
    slow = interlocked(return_limit_w_per_s=10.0)
    count = slow.metrics["ai.job.checkpoint_count"]
    rise_mw = slow.recording["load.job.power_mw"].maximum() - slow.recording["load.job.power_mw"].minimum()
    # half of the time that it takes at 50,000 GPUs of 10 W/s
    assert slow.metrics["ai.job.return_lost_s"] / count == pytest.approx(0.5 * rise_mw / 0.5, rel=0.2)
    assert slow.metrics["limit_certificate_holds"] == 1.0
    assert slow.metrics["exceedance_count"] == 0.0
    assert slow.metrics["ai.job.effective_time_ratio"] < interlocked().metrics["ai.job.effective_time_ratio"]
