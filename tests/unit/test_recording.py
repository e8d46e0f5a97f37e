from dataclasses import replace

import numpy as np
import pytest

from sim.events import EventRow
from sim.facts import Facts
from sim.recording import SIGNALS, Recording, Track, add_totals
from sim.signals import Signal
from sim.units import unit_of


def points(signal):
    return list(zip(signal.time_s.tolist(), signal.value.tolist(), signal.slope_per_s.tolist(), strict=True))


def test_a_track_becomes_the_signal_that_was_recorded():
    track = Track()
    track.set(0.0, 10.0)
    track.set(5.0, 20.0, 0.5)
    assert points(track.freeze(9.0)) == [(0.0, 10.0, 0.0), (5.0, 20.0, 0.5)]


def test_the_last_word_at_an_instant_counts():
    track = Track()
    for value in (10.0, 30.0, 20.0):
        track.set(0.0, value)
    assert points(track.freeze(9.0)) == [(0.0, 20.0, 0.0)]


def test_a_ramp_is_recorded_with_its_end():
    track = Track()
    track.set(0.0, 10.0)
    track.ramp(5.0, 10.0, 2.0, 8.0, 16.0)
    assert points(track.freeze(20.0)) == [(0.0, 10.0, 0.0), (5.0, 10.0, 2.0), (8.0, 16.0, 0.0)]


def test_an_end_that_did_not_come_true_is_withdrawn():
    track = Track()
    track.set(0.0, 10.0)
    track.ramp(5.0, 10.0, 2.0, 8.0, 16.0)
    track.withdraw_last()
    track.ramp(6.0, 12.0, -1.0, 8.0, 10.0)
    assert points(track.freeze(20.0)) == [
        (0.0, 10.0, 0.0),
        (5.0, 10.0, 2.0),
        (6.0, 12.0, -1.0),
        (8.0, 10.0, 0.0),
    ]


def test_what_lies_at_or_after_the_end_is_dropped():
    track = Track()
    track.set(0.0, 10.0)
    track.ramp(5.0, 10.0, 2.0, 8.0, 16.0)
    assert points(track.freeze(8.0)) == [(0.0, 10.0, 0.0), (5.0, 10.0, 2.0)]


def test_a_frozen_signal_stands_on_its_own():
    track = Track()
    track.set(0.0, 10.0)
    signal = track.freeze(9.0)
    track.set(1.0, 99.0)
    assert signal.maximum() == 10.0
    assert not signal.value.flags.writeable


def a_recording(**signals):
    everything = {
        "load.a.power_mw": Signal.constant(70.0, 100.0),
        "load.b.power_mw": Signal.steps([0.0, 50.0], [20.0, 30.0], 100.0),
        "fleet.x.power_mw": Signal.linear([0.0, 100.0], [0.0, 50.0], 100.0),
        "fleet.y_2-old.power_mw": Signal.constant(5.0, 100.0),
        "fleet.x.commanded_mw": Signal.constant(50.0, 100.0),
        "fleet.y_2-old.commanded_mw": Signal.constant(6.0, 100.0),
        "fleet_target_mw": Signal.constant(60.0, 100.0),
        "limit_mw": Signal.constant(200.0, 100.0),
    } | signals
    return Recording(
        5.0,
        100.0,
        add_totals(everything, 100.0),
        (EventRow(1.0, "a", "b", 2.0),),
        Facts.of({"fleet.x.rated_mw": 50.0}),
    )


def test_totals_are_the_sums_of_their_parts():
    recording = a_recording()
    times_s = np.array([0.0, 25.0, 50.0, 99.0])
    ai = np.array([90.0, 90.0, 100.0, 100.0])
    assert recording["ai_power_mw"].at(times_s).tolist() == ai.tolist()
    assert recording["fleet_power_mw"].at(times_s).tolist() == (times_s / 2.0 + 5.0).tolist()
    assert recording["site_power_mw"].at(times_s).tolist() == (ai + times_s / 2.0 + 5.0).tolist()
    assert recording["fleet_commanded_mw"].maximum() == 56.0


def test_a_total_of_one_part_is_that_part():
    one = Signal.constant(70.0, 100.0)
    totals = add_totals({"load.a.power_mw": one}, 100.0)
    assert totals["ai_power_mw"] is totals["site_power_mw"] is one


def test_it_names_its_loads_and_fleets_in_their_order():
    recording = a_recording()
    assert recording.load_names == ("a", "b")
    assert recording.fleet_names == ("x", "y_2-old")


def test_without_mining_the_battery_is_alone_with_ai():
    battery, alone = Signal.constant(7.0, 100.0), Signal.constant(-2.0, 100.0)
    recording = a_recording()
    signals = dict(recording.signals) | {
        "battery_power_mw": battery,
        "battery_alone_power_mw": alone,
        "battery_charge_mwh": Signal.constant(3.0, 100.0),
    }
    bare = replace(recording, signals=signals).without_mining()
    assert bare["battery_power_mw"] is alone
    assert (bare["site_power_mw"] - recording["ai_power_mw"]).maximum() == -2.0
    assert "battery_charge_mwh" not in bare.signals


def test_without_mining_the_site_is_ai_alone():
    recording = a_recording()
    alone = recording.without_mining()
    assert alone["site_power_mw"] is recording["ai_power_mw"]
    assert {name: alone[name].maximum() for name in alone.signals if name.startswith("fleet")} == {
        "fleet.x.power_mw": 0.0,
        "fleet.y_2-old.power_mw": 0.0,
        "fleet.x.commanded_mw": 0.0,
        "fleet.y_2-old.commanded_mw": 0.0,
        "fleet_target_mw": 0.0,
        "fleet_power_mw": 0.0,
        "fleet_commanded_mw": 0.0,
    }
    assert alone["load.b.power_mw"] is recording["load.b.power_mw"]
    assert alone["limit_mw"] is recording["limit_mw"]
    assert (alone.start_utc_s, alone.end_s, alone.events) == (5.0, 100.0, recording.events)
    assert alone.constants == {"fleet.x.rated_mw": 50.0}


def test_what_is_computed_once_is_known_per_recording():
    calls = []

    def peak(recording):
        calls.append(recording)
        return recording["site_power_mw"].maximum()

    recording, other = a_recording(), a_recording().without_mining()
    assert [
        recording.once(peak),
        recording.once(peak),
        other.once(peak),
        recording.once(peak),
    ] == pytest.approx([155.0, 155.0, 100.0, 155.0])
    assert calls == [recording, other]


def test_every_signal_says_its_unit_and_ends_in_it():
    for info in SIGNALS:
        assert unit_of(info.name) == info.unit, info.name
        assert info.summary
    assert len({info.name for info in SIGNALS}) == len(SIGNALS)


def test_what_lies_ahead_begins_with_what_is_in_force():
    track = Track()
    assert track.ahead(0.0) == []
    track.set(0.0, 10.0)
    track.ramp(5.0, 10.0, 2.0, 8.0, 16.0)
    assert track.ahead(3.0) == [(0.0, 10.0, 0.0), (5.0, 10.0, 2.0), (8.0, 16.0, 0.0)]
    assert track.ahead(5.0) == [(5.0, 10.0, 2.0), (8.0, 16.0, 0.0)]
    assert track.ahead(99.0) == [(8.0, 16.0, 0.0)]
