"""Blocks that do not answer, and telemetry that stands still: what a site under hold-limit makes of them."""

import pytest

from sim import run
from sim.errors import InputError
from sim.metrics.certificate import certificate
from sim.testing import a_scenario

JOB = {
    "name": "job",
    "type": "training",
    "gpus": 50_000,
    "power_mw": 100.0,
    "pue": 1.0,
    "checkpoint": {"interval_min": 20.0, "stall_median_s": 120.0, "stall_sigma": 0.0},
    "failures": {"per_node_day": 0.0},
    "notice": {"lead_s": 60.0, "silence": "down"},
}
CONTROLLER = {"telemetry_delay_s": 2.0, "telemetry_scan_s": 1.0, "minimum_interval_s": 1.0}
AGGREGATE = {
    "name": "miners",
    "type": "aggregate",
    "rated_mw": 60.0,
    "ramp_up_mw_per_s": 1.0,
    "ramp_down_mw_per_s": 12.0,
    "latency_s": 3.0,
    "efficiency_j_per_th": 17.5,
}
COHORT = {"name": "miners", "type": "cohort", "model": "antminer-s21", "rated_mw": 60.0}
STUCK = {"type": "stuck-blocks", "at_s": 2000.0, "duration_s": 4000.0, "share_fraction": 0.4}
STALE = {"type": "stale-telemetry", "at_s": 1000.0, "duration_s": 4000.0}
STALLS_S = (1200.0, 1320.0)  # the first stall


def site(event=None, fleet=AGGREGATE, **fields):
    given = {"loads": [JOB], "fleets": [fleet], "limit_mw": 120.0, "days": 0.1, "controller": CONTROLLER}
    given |= {"policy": {"type": "hold-limit"}, "events": [] if event is None else [event]}
    return run(a_scenario(**{**given, **fields}))


@pytest.mark.parametrize("fleet", [AGGREGATE, COHORT])
def test_blocks_known_not_to_answer_take_their_power_from_the_others(fleet):
    whole, result = site(fleet=fleet), site(STUCK, fleet)
    found = certificate(result.recording)
    assert result.metrics["exceedance_count"] == 0.0
    assert found.holds
    # 0.4 of the 20 MW that the fleet draws between two stalls
    assert [each.what for each in found.strains] == ["blocks of miners did not answer"]
    assert found.strains[0].at_s == 2000.0
    assert found.strains[0].time_s == 4000.0
    assert found.strains[0].by_mw == pytest.approx(8.0, rel=0.01)
    # the others make up for it while AI computes, and fill a stall as far as they can
    power, alone = result.recording["fleet_power_mw"], whole.recording["fleet_power_mw"]
    assert power.at(2300.0) == pytest.approx(alone.at(2300.0), rel=0.01)
    assert alone.at(2490.0) == pytest.approx(60.0, rel=0.01)
    assert power.at(2490.0) == pytest.approx(8.0 + 0.6 * 60.0, rel=0.02)
    assert power.at(8000.0) == pytest.approx(alone.at(8000.0), rel=0.01)


@pytest.mark.parametrize("fleet", [AGGREGATE, COHORT])
def test_blocks_that_keep_more_than_ai_leaves_break_the_limit_and_the_certificate_says_why(fleet):
    event = {**STUCK, "at_s": 2500.0, "share_fraction": 1.0}  # in a stall, as 60 MW are drawn
    result = site(event, fleet)
    found = certificate(result.recording)
    assert result.metrics["exceedance_count"] > 0.0
    assert not found.holds
    assert "site power was above the limit" in {each.what for each in found.breaks}
    assert found.strains[0].by_mw > 20.0


def test_open_breakers_hold_the_limit_where_the_fault_is_noticed_in_time():
    event = {**STUCK, "at_s": 2460.0, "share_fraction": 1.0, "noticed_after_s": 1.0}
    result = site(event, {**AGGREGATE, "breaker_open_s": 2.0})
    assert result.metrics["exceedance_count"] == 0.0
    assert certificate(result.recording).holds


def test_a_load_whose_telemetry_stands_still_counts_as_the_most_that_it_states():
    whole, result = site(), site(STALE)
    found = certificate(result.recording)
    assert result.metrics["exceedance_count"] == 0.0
    assert found.holds
    assert [(each.what, each.at_s, each.time_s) for each in found.strains] == [
        ("telemetry of job was stale", 1000.0, 4000.0)
    ]
    stall_s = sum(STALLS_S) / 2.0
    assert result.recording["fleet_target_mw"].at(stall_s) == pytest.approx(20.0)
    assert whole.recording["fleet_target_mw"].at(stall_s) > 50.0
    assert result.recording["fleet_target_mw"].at(6300.0) == whole.recording["fleet_target_mw"].at(6300.0)


def test_it_is_not_counted_as_down_because_it_was_when_it_was_last_heard_of():
    result = site({**STALE, "at_s": 1250.0})
    assert result.recording["fleet_target_mw"].at(1249.0) > 50.0
    # a delay of 2 s, and a scan of 1 s that brought nothing
    assert result.recording["fleet_target_mw"].at(1253.5) == pytest.approx(20.0)
    assert certificate(result.recording).holds


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({**STUCK, "fleets": ["rigs"]}, "a stuck-blocks names fleet 'rigs'; fleets are miners"),
        ({**STALE, "loads": ["chat"]}, "a stale-telemetry names load 'chat'; loads are job"),
    ],
)
def test_a_fault_strikes_what_is_there(event, said):
    with pytest.raises(InputError, match=said):
        site(event)


def test_a_fault_that_was_over_before_the_run_does_nothing():
    early = {"at": "2025-01-01T00:00:00Z", "duration_s": 60.0}
    events = [{"type": "stuck-blocks", "share_fraction": 1.0, **early}, {"type": "stale-telemetry", **early}]
    result = site(start="2025-01-02T00:00:00Z", events=events)
    assert result.metrics["fillable_soaked_fraction"] == site().metrics["fillable_soaked_fraction"]
    assert certificate(result.recording).strains == ()


@pytest.mark.parametrize("fleet", [AGGREGATE, COHORT])
def test_blocks_that_answered_again_may_stop_answering_once_more(fleet):
    first = {**STUCK, "at_s": 2000.0, "duration_s": 200.0}
    second = {**STUCK, "at_s": 2300.0, "duration_s": 2000.0}
    once, twice = site(second, fleet), site(fleet=fleet, events=[first, second])
    # in the stall after the second fault both have the same part of their blocks
    assert twice.recording["fleet_power_mw"].at(2490.0) == pytest.approx(
        once.recording["fleet_power_mw"].at(2490.0), rel=0.02
    )
