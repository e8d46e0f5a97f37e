from math import isnan

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
