import pytest

from sim.errors import InputError
from sim.simulation import run
from sim.testing import a_scenario

HOUR_S = 3600.0


def campus(tmp_path, *stages, ai=100.0, policy="always-on", rated_mw=80.0, beside=(), **fields):
    """Return a run of an AI load of steady power, and a fleet that falls by 5 MW/s after 3 s, others beside it."""
    (tmp_path / "load.csv").write_text(f"time_s,power_mw\n0,{ai}\n")
    fleet = {
        "name": "miners",
        "type": "aggregate",
        "rated_mw": rated_mw,
        "ramp_up_mw_per_s": 1.0,
        "ramp_down_mw_per_s": 5.0,
        "latency_s": 3.0,
        "efficiency_j_per_th": 17.5,
    }
    scenario = a_scenario(
        tmp_path,
        days=0.25,
        interconnection={"limit": {"type": "schedule", "stages": list(stages)}},
        loads=[{"name": "ai", "type": "replay", "file": "load.csv"}],
        fleets=[fleet, *({**fleet, **other} for other in beside)],
        policy={"type": policy},
        **fields,
    )
    return run(scenario)


START = {"at_s": 0.0, "limit_mw": 200.0}
LOWER = {"at_s": 2 * HOUR_S, "limit_mw": 150.0, "notice_s": 900.0}
BACK = {"at_s": 3 * HOUR_S, "limit_mw": 200.0}


@pytest.mark.parametrize("policy", ["always-on", "follow-headroom"])
def test_with_every_policy_the_fleets_are_down_when_a_lower_limit_binds(tmp_path, policy):
    result = campus(tmp_path, START, LOWER, BACK, policy=policy)
    assert result.metrics["exceedance_s"] == 0.0
    assert result.recording["site_power_mw"].at(2 * HOUR_S) == pytest.approx(150.0)
    assert result.metrics["curtailed_hours_h"] == pytest.approx(1.0)
    assert result.metrics["curtailed_energy_mwh"] == pytest.approx(30.0)


def test_they_go_down_as_late_as_latency_and_ramp_allow(tmp_path):
    fleet = campus(tmp_path, START, LOWER).recording["fleet_power_mw"]
    assert fleet.at(2 * HOUR_S - 6.0) == pytest.approx(80.0)  # 30 MW at 5 MW/s take 6 s
    assert fleet.at(2 * HOUR_S) == pytest.approx(50.0)


@pytest.mark.parametrize("efficiency_j_per_th", [15.0, 20.0])
def test_the_slowest_fleet_is_waited_for_whichever_falls_first(tmp_path, efficiency_j_per_th):
    quick = {
        "name": "quick",
        "ramp_down_mw_per_s": 50.0,
        "latency_s": 0.5,
        "efficiency_j_per_th": efficiency_j_per_th,
    }
    result = campus(tmp_path, START, LOWER, rated_mw=40.0, beside=[quick])
    assert result.metrics["exceedance_s"] == 0.0
    assert result.recording["site_power_mw"].at(2 * HOUR_S) == pytest.approx(150.0)


def test_a_limit_told_when_it_binds_is_late_by_what_the_fleets_need(tmp_path):
    result = campus(tmp_path, START, {**LOWER, "notice_s": 0.0})
    assert result.metrics["exceedance_s"] == pytest.approx(9.0, abs=1e-3)  # 3 s of latency, 6 s of ramp


def test_a_ramp_that_is_allowed_is_followed(tmp_path):
    result = campus(tmp_path, START, {**LOWER, "ramp_mw_per_min": 10.0}, BACK)
    fleet = result.recording["fleet_power_mw"]
    assert result.metrics["exceedance_s"] == 0.0
    assert fleet.at(2 * HOUR_S + 60.0) == pytest.approx(80.0)  # 190 MW are allowed, 180 are drawn
    assert fleet.at(2 * HOUR_S + 180.0) == pytest.approx(70.0, abs=2.0)
    assert fleet.at(2 * HOUR_S + 300.0) == pytest.approx(50.0)


def test_what_is_lower_than_before_binds_though_it_rises(tmp_path):
    half = {"at_s": 3 * HOUR_S, "limit_mw": 170.0}
    result = campus(tmp_path, START, LOWER, half)
    assert result.metrics["exceedance_s"] == 0.0
    assert result.recording["site_power_mw"].at(4 * HOUR_S) == pytest.approx(170.0)


def test_a_ramp_back_binds_until_it_is_over(tmp_path):
    result = campus(tmp_path, START, LOWER, {**BACK, "ramp_mw_per_min": 1.0}, ai=120.0)
    assert result.metrics["exceedance_s"] == 0.0
    assert result.recording["site_power_mw"].at(3 * HOUR_S + 1200.0) == pytest.approx(170.0, abs=0.2)
    assert result.recording["site_power_mw"].at(5 * HOUR_S) == pytest.approx(200.0)


def test_a_policy_sees_what_is_announced_and_not_before(tmp_path):
    reasons = [event.kind for event in campus(tmp_path, START, LOWER).recording.events if "duty" in event.kind]
    assert reasons[:1] == ["duty: limit"]


def test_one_limit_is_given_not_two(tmp_path):
    with pytest.raises(InputError, match="needs one of limit_mw, limit; got limit_mw and limit"):
        a_scenario(tmp_path, interconnection={"limit_mw": 10.0, "limit": {"type": "schedule", "stages": [START]}})


def test_a_limit_that_rises_between_announcement_and_fall_is_reckoned_with(tmp_path):
    # announced while the fleets are low: they rise, and the time to fall is that from where they are then
    between = {"at_s": 3 * HOUR_S, "limit_mw": 200.0}
    again = {"at_s": 4 * HOUR_S, "limit_mw": 150.0, "notice_s": 2 * HOUR_S}
    result = campus(tmp_path, START, LOWER, between, again)
    assert result.metrics["exceedance_s"] == 0.0
    assert result.recording["fleet_power_mw"].at(4 * HOUR_S - 6.0) == pytest.approx(80.0)
