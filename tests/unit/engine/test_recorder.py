import pytest

from sim.clock import Clock
from sim.engine.recorder import Recorder
from sim.events import EventRow
from sim.facts import Facts, LoadFacts
from sim.signals import Signal


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def recorder(clock):
    return Recorder(clock)


def test_an_event_is_stamped_with_its_time(clock, recorder):
    recorder.track("load.a.power_mw").set(0.0, 1.0)
    recorder.log("load.a", "failure", 12.5)
    clock.timeout(30.0).callbacks.append(lambda _: recorder.log("controller", "decision: headroom", 60.0))
    clock.run_before(31.0)

    assert recorder.freeze(0.0, 100.0).events == (
        EventRow(0.0, "load.a", "failure", 12.5),
        EventRow(30.0, "controller", "decision: headroom", 60.0),
    )


def test_tracks_given_signals_and_facts_come_out_under_their_names(recorder):
    recorder.track("load.a.power_mw").set(0.0, 1.0)
    recorder.give("limit_mw", Signal.constant(200.0, 100.0))
    recorder.state("a", LoadFacts(pue_ratio=1.2))
    recorder.state("a", LoadFacts(pue_ratio=1.1, unserved_fraction=0.5))

    recording = recorder.freeze(1.7e9, 100.0)

    assert (recording.start_utc_s, recording.end_s) == (1.7e9, 100.0)
    assert recording["limit_mw"].maximum() == 200.0
    assert recording["load.a.power_mw"].maximum() == 1.0
    assert recording.facts == Facts(load={"a": LoadFacts(pue_ratio=1.1, unserved_fraction=0.5)})


def test_a_track_is_the_same_one_when_asked_for_again(recorder):
    assert recorder.track("a") is recorder.track("a")
    assert recorder.track("a") is not recorder.track("b")


def test_the_totals_are_the_sums_of_their_parts(recorder):
    powers = {"load.a": 70.0, "load.b": 20.0, "fleet.x": 40.0, "fleet.y": 5.0}
    for name, power_mw in powers.items():
        recorder.track(f"{name}.power_mw").set(0.0, power_mw)
        recorder.track(f"{name}.power_mw").set(10.0, 2.0 * power_mw)
    recorder.track("fleet.x.commanded_mw").set(0.0, 50.0)
    recorder.track("fleet.y.commanded_mw").set(0.0, 6.0)

    recording = recorder.freeze(0.0, 20.0)

    assert recording["ai_power_mw"].at([0.0, 15.0]).tolist() == [90.0, 180.0]
    assert recording["fleet_power_mw"].at([0.0, 15.0]).tolist() == [45.0, 90.0]
    assert recording["site_power_mw"].at([0.0, 15.0]).tolist() == [135.0, 270.0]
    assert recording["fleet_commanded_mw"].at([0.0, 15.0]).tolist() == [56.0, 56.0]


def test_a_site_without_loads_or_fleets_draws_nothing(recorder):
    recording = recorder.freeze(0.0, 20.0)
    for name in ("site_power_mw", "ai_power_mw", "fleet_power_mw", "fleet_commanded_mw"):
        assert (recording[name].maximum(), recording[name].end_s) == (0.0, 20.0)
