from dataclasses import replace
from math import isnan

import numpy as np
import pytest

from sim import run
from sim.metrics.certificate import certificate
from sim.testing import a_scenario

JOB = {
    "name": "job",
    "type": "training",
    "gpus": 50_000,
    "power_mw": 100.0,
    "pue": 1.0,
    "checkpoint": {"interval_min": 10.0, "stall_median_s": 60.0},
    "failures": {"per_node_day": 0.0, "per_job_hour": 3.0},
    "restart": {"mean_min": 4.0},
}
CONTROLLER = {"telemetry_delay_s": 2.0, "telemetry_scan_s": 1.0, "minimum_interval_s": 1.0}
COVENANT = {"lead_s": 60.0, "silence": "down"}


def checked(policy=None, *, limit_mw=120.0, **job):
    scenario = a_scenario(
        loads=[{**JOB, **job}],
        limit_mw=limit_mw,
        days=0.1,
        controller=CONTROLLER,
        policy=policy or {"type": "hold-limit"},
    )
    return run(scenario)


@pytest.mark.parametrize(
    ("notice", "contract"),
    [(None, "none"), ({"lead_s": 60.0}, "positive notice"), (COVENANT, "silence means down")],
)
def test_the_claim_holds_by_the_contract_of_each_load(notice, contract):
    result = checked(**({} if notice is None else {"notice": notice}))
    found = certificate(result.recording)
    assert (found.holds, found.contracts) == (True, {"job": contract})
    assert result.metrics["limit_certificate_holds"] == 1.0
    assert result.metrics["exceedance_count"] == 0.0
    # delay, scan, interval, latency 0, 60 MW at 5 MW/s
    assert found.reaction_s == pytest.approx(2.0 + 1.0 + 1.0 + 12.0)


def test_where_nobody_claims_it_there_is_nothing_to_hold():
    result = checked({"type": "follow-headroom"})
    assert certificate(result.recording) is None
    assert isnan(result.metrics["limit_certificate_holds"])


def test_a_load_above_what_it_states_breaks_it_and_it_says_when_and_by_how_much():
    result = checked(stated_mw=90.0, notice=COVENANT)
    found = certificate(result.recording)
    assert result.metrics["limit_certificate_holds"] == 0.0
    first = found.breaks[0]
    assert first.what == "job drew more than it stated or announced"
    assert first.at_s == 0.0
    assert first.by_mw == pytest.approx(result.recording["load.job.power_mw"].maximum() - 90.0)
    # the policy left it what it was seen to draw
    assert result.metrics["exceedance_count"] == 0.0


def test_a_wrapper_that_holds_back_a_release_breaks_it():
    wrapped = {"type": "ramp-limit", "down_mw_per_min": 1.0, "inner": {"type": "hold-limit"}}
    result = checked(wrapped, notice=COVENANT)
    found = certificate(result.recording)
    assert result.metrics["exceedance_count"] > 0.0
    assert not found.holds
    assert "the target was above the right side" in {each.what for each in found.breaks}


def test_a_limit_below_what_ai_states_leaves_nothing():
    result = checked(limit_mw=95.0)
    assert result.metrics["fleet_energy_mwh"] == 0.0


HALL = {"name": "hall", "racks": {"count": 900, "power_mw": 0.132}, "cooling": {"type": "liquid"}}


@pytest.mark.parametrize(
    ("notice", "contract"),
    [(None, "none"), ({"lead_s": 60.0}, "positive notice"), (COVENANT, "silence means down")],
)
def test_a_load_in_a_hall_counts_as_the_load_it_is(notice, contract):
    job = {name: value for name, value in JOB.items() if name != "pue"} | {"hall": "hall"}
    scenario = a_scenario(
        loads=[job if notice is None else {**job, "notice": notice}],
        halls=[HALL],
        limit_mw=160.0,
        days=0.1,
        controller=CONTROLLER,
        policy={"type": "hold-limit"},
    )
    result = run(scenario)
    found = certificate(result.recording)
    assert (found.holds, found.contracts) == (True, {"job": contract})
    assert result.metrics["exceedance_count"] == 0.0
    # at full power the hall itself takes no more of the limit than it draws but for what weather may bring
    if notice is None:
        idle_mw = 160.0 - result.recording["ai_power_mw"].value[0]
        assert idle_mw - 1.0 < result.recording["fleet_target_mw"].value[0] <= idle_mw
    assert result.metrics["fillable_soaked_fraction"] > {"none": 0.6, "positive notice": 0.7}.get(contract, 0.85)


def test_a_rise_that_no_notice_told_of_breaks_the_covenant_even_where_there_was_room():
    recording = checked(notice=COVENANT, limit_mw=300.0).recording
    assert certificate(recording).holds
    quiet = replace(recording, events=[row for row in recording.events if "notice" not in row.kind])
    found = certificate(quiet)
    assert "job rose without a notice" in {each.what for each in found.breaks}
    rise_mw = max(each.by_mw for each in found.breaks if each.what == "job rose without a notice")
    assert rise_mw == pytest.approx(np.diff(recording["load.job.level_mw"].value).max())


def test_site_power_above_the_limit_breaks_it_whatever_was_reckoned():
    recording = checked(notice=COVENANT).recording
    above = recording["site_power_mw"] + 2.0
    found = certificate(replace(recording, signals={**recording.signals, "site_power_mw": above}))
    assert [each.by_mw for each in found.breaks if each.what == "site power was above the limit"] == [
        pytest.approx(above.maximum() - 120.0)
    ]


def test_a_failure_at_unchanged_power_makes_a_notice_void_at_once():
    """The job fails in a stall, at the power of the stall: nobody would look but for its word."""
    job = {
        "gpu": "gb200-nvl72",
        "checkpoint": {"mode": "async", "interval_min": 3.0, "stall_median_s": 2.0, "stall_sigma": 0.0},
        "failures": {"per_node_day": 0.0, "per_job_hour": 6.0},
        "restart": {"mean_min": 1.0, "sigma": 0.5},
        "notice": {"lead_s": 12.0, "reliability_fraction": 0.5},
    }
    fleet = {
        "name": "miners",
        "type": "aggregate",
        "rated_mw": 20.0,
        "ramp_up_mw_per_s": 0.5,
        "ramp_down_mw_per_s": 12.0,
        "efficiency_j_per_th": 17.5,
    }
    scenario = a_scenario(
        loads=[{**JOB, "name": "job-0", "gpus": 24_000, "power_mw": 10.0, "pue": 1.1, "snap_back_s": 10.0, **job}],
        fleets=[fleet],
        limit_mw=11.0,
        days=1.0 / 24.0,
        seed=1,
        policy={"type": "hold-limit"},
    )
    recording = run(scenario).recording
    failure_s = [row.time_s for row in recording.events if row.kind == "failure"]
    stalled = [
        time_s
        for time_s in failure_s
        if any(row.kind == "checkpoint" and 0.0 < time_s - row.time_s < 2.0 for row in recording.events)
    ]
    assert stalled
    assert recording["fleet_target_mw"].at(stalled).max() == 0.0
    assert certificate(recording).holds
