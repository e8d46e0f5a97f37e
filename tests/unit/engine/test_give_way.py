import pytest
from quick import run

from sim.ai.flexibility import Flexibility
from sim.market.moving_limit import STEP_S
from sim.metrics import metrics_of
from sim.metrics.give_way import given, of
from sim.simulation import run as run_whole
from sim.testing import a_scenario

HOUR_S = 3600.0
FLEX3 = {"job": "inference", "flex": 3, "gpu_power_fraction": 1.0}
ORDER = {"type": "curtailment-order", "at_s": HOUR_S, "duration_min": 60.0, "applies_to": "site"}
BINDS_S = 1.5 * HOUR_S


@pytest.fixture
def site(tmp_path):
    """Return a scenario of some hours whose loads draw 40 MW each, with an order after an hour."""

    def make(*specs, events=(), hours=4.0, rows="0,40\n", load=(), **fields):
        (tmp_path / "load.csv").write_text("time_s,power_mw\n" + rows)
        loads = [
            {"name": f"ai{number}", "type": "replay", "file": "load.csv", **dict(load)}
            | ({} if spec is None else {"flexibility": spec})
            for number, spec in enumerate(specs)
        ]
        return a_scenario(tmp_path, days=hours / 24.0, loads=loads, events=list(events), **fields)

    return make


def effective(recording, job):
    named = {metric.name: metric for metric in metrics_of(recording.load_kinds)}
    return named[f"ai.{job}.effective_time_ratio"].measure(recording)


def at(recording, name, *times_s):
    return [round(float(recording[name].at(time_s)), 6) for time_s in times_s]


def test_miners_go_first_and_ai_gives_what_they_cannot(site):
    fields = {"policy": {"type": "always-on"}, "events": [ORDER | {"cap_mw": 70.0}]}
    recording = run(site(FLEX3, FLEX3, **fields)).recording
    assert at(recording, "site_power_mw", BINDS_S, BINDS_S + 1800.0) == [70.0, 70.0]
    assert at(recording, "fleet_power_mw", HOUR_S, BINDS_S) == [60.0, 0.0]
    low = run(site(FLEX3, FLEX3, **fields | {"events": [ORDER | {"cap_mw": 90.0}]})).recording
    assert at(low, "ai_power_mw", BINDS_S) == [80.0]  # 10 MW are left for miners
    assert at(low, "fleet_power_mw", BINDS_S) == [10.0]
    assert low.events_of("load.ai0", "cap") == []


def test_the_work_that_is_worth_least_goes_first_down_to_what_its_class_allows(site):
    cheap, dear = (FLEX3 | {"value_usd_per_mwh": usd} for usd in (100.0, 5000.0))
    deepest_mw = 40.0 * Flexibility(**FLEX3).least_fraction
    for cap_mw, kept_mw in ((70.0, 30.0), (60.0, 20.0), (45.0, deepest_mw)):
        order = ORDER | {"cap_mw": cap_mw}
        recording = run(site(dear, cheap, fleets=[], events=[order])).recording
        drawn = at(recording, "load.ai1.power_mw", BINDS_S)[0]
        assert drawn == pytest.approx(max(kept_mw, deepest_mw))
        assert sum(at(recording, f"load.ai{n}.power_mw", BINDS_S)[0] for n in (0, 1)) == pytest.approx(cap_mw)


def test_caps_are_there_when_the_order_binds_and_gone_after_it(site):
    recording = run(site(FLEX3, fleets=[], events=[ORDER | {"cap_mw": 30.0}])).recording
    power = at(recording, "load.ai0.power_mw", BINDS_S - 25.0, BINDS_S - 12.5, BINDS_S, BINDS_S + 3599.0)
    assert power == [40.0, 35.0, 30.0, 30.0]
    assert at(recording, "load.ai0.power_mw", BINDS_S + HOUR_S + 5.0, BINDS_S + HOUR_S + 30.0) == [30.0, 40.0]
    told = [(row.time_s, row.value) for row in recording.events_of("load.ai0", "cap")]
    assert told == [(BINDS_S - 30.0, 30.0), (BINDS_S + HOUR_S, 40.0)]


def test_an_order_told_when_it_binds_is_late_by_response_and_ramp(site):
    metrics = run(site(FLEX3, fleets=[], events=[ORDER | {"cap_mw": 30.0, "notice_min": 0.0}])).metrics
    assert metrics["order_comply_s"] == pytest.approx(30.0, abs=1e-3)
    assert metrics["order_excess_mwh"] == pytest.approx(10.0 * (5.0 + 12.5) / HOUR_S)


def test_loads_that_cannot_give_way_are_left_theirs(site):
    recording = run(site(None, FLEX3, fleets=[], events=[ORDER | {"cap_mw": 70.0}])).recording
    assert at(recording, "load.ai0.power_mw", BINDS_S) == [40.0]
    assert at(recording, "load.ai1.power_mw", BINDS_S) == [30.0]


def test_an_order_to_the_fleets_alone_is_none_of_ais(site):
    scenario = site(FLEX3, events=[ORDER | {"cap_mw": 0.0, "applies_to": "fleets"}])
    assert "load.ai0.need_mw" not in run(scenario).recording.signals


@pytest.mark.parametrize("ramp_mw_per_min", [None, 2.0])
def test_a_lowered_limit_is_kept_by_ai_where_miners_do_not_suffice(site, ramp_mw_per_min):
    lower = {"at_s": 2.0 * HOUR_S, "limit_mw": 60.0, "notice_s": 900.0, "ramp_mw_per_min": ramp_mw_per_min}
    stages = [{"at_s": 0.0, "limit_mw": 100.0}, lower, {"at_s": 3.0 * HOUR_S, "limit_mw": 100.0}]
    limit = {"limit": {"type": "schedule", "stages": stages}}
    policy = {"type": "follow-headroom", "margin_mw": 1.0}  # telemetry's deadband is half of it
    result = run(site(FLEX3, FLEX3, interconnection=limit, policy=policy))
    # a limit on a ramp is told every 4 s
    assert result.metrics["exceedance_peak_mw"] <= (ramp_mw_per_min or 0.0) / 60.0 * STEP_S + 1e-6
    assert at(result.recording, "ai_power_mw", 2.5 * HOUR_S) == [60.0]
    assert at(result.recording, "ai_power_mw", 3.5 * HOUR_S) == [80.0]


def test_a_lower_limit_that_nobody_has_told_of_moves_nothing(site):
    lower = {"at_s": 2.0 * HOUR_S, "limit_mw": 60.0, "notice_s": 60.0}
    stages = [{"at_s": 0.0, "limit_mw": 100.0}, lower]
    scenario = site(FLEX3, FLEX3, fleets=[], interconnection={"limit": {"type": "schedule", "stages": stages}})
    recording = run(scenario).recording
    assert [row.time_s for row in recording.events_of("load.ai0", "cap")] == [2.0 * HOUR_S - 30.0]


def test_a_battery_that_lasts_goes_before_ai(site):
    battery = {"power_mw": 20.0, "energy_mwh": 40.0, "shave_above_mw": 60.0, "wanted_charge_fraction": 1.0}
    order = ORDER | {"cap_mw": 60.0}
    fields = {"events": [order], "policy": {"type": "hold-limit"}, "fleets": [], "storage": battery}
    fields["rows"] = "0,30\n3600,40\n"  # it gives from an hour on
    result = run(site(FLEX3, FLEX3, **fields | {"events": [order | {"duration_min": 30.0}]}))
    assert at(result.recording, "ai_power_mw", BINDS_S + 600.0) == [80.0]
    assert result.metrics["order_excess_mwh"] == pytest.approx(0.0, abs=1e-6)
    short = battery | {"energy_mwh": 15.0}
    result = run(site(FLEX3, FLEX3, **fields | {"storage": short}))
    assert 60.0 < at(result.recording, "ai_power_mw", BINDS_S + 600.0)[0] < 80.0
    assert result.metrics["order_excess_mwh"] == pytest.approx(0.0, abs=1e-6)


def test_in_a_hall_losses_count_and_cooling_that_is_yet_to_fall_does_not(site):
    hall = {"name": "west", "racks": {"count": 1000, "power_mw": 0.1}, "cooling": {"type": "air"}}
    weather = {"type": "synthetic", "mean_c": 20.0, "annual_c": 0.0, "daily_c": 0.0}
    fields = {"halls": [hall], "weather": weather, "fleets": [], "load": {"hall": "west"}}
    result = run(site(FLEX3, FLEX3, events=[ORDER | {"cap_mw": 80.0}], **fields))
    recording = result.recording
    assert result.metrics["order_excess_mwh"] == pytest.approx(0.0, abs=1e-6)
    drawn = at(recording, "site_power_mw", HOUR_S, BINDS_S, BINDS_S + 1800.0)
    assert drawn[0] > 90.0
    assert 77.0 < drawn[1] <= 80.0
    assert drawn[2] > 79.0  # what cooling no longer takes is given back at the review
    assert at(recording, "load.ai0.need_mw", BINDS_S) == [40.0]


def test_what_was_given_up_is_energy_work_and_money(site):
    spec = FLEX3 | {"value_usd_per_mwh": 1000.0}
    result = run_whole(site(spec, None, fleets=[], events=[ORDER | {"cap_mw": 70.0}]))
    found, lost = of(result.recording, "ai0"), Flexibility(**spec).lost_fraction(0.75)
    assert result.metrics["ai_given_up_mwh"] == pytest.approx(10.0, rel=0.01)
    assert result.metrics["given_up.ai0.energy_mwh"] == result.metrics["ai_given_up_mwh"]
    assert found.undone_mwh == pytest.approx(40.0 * lost, rel=0.01)
    assert result.metrics["ai_given_up_usd"] == pytest.approx(1000.0 * found.undone_mwh)
    assert result.metrics["given_up.flex.3.work_fraction"] == pytest.approx(lost, rel=0.01)
    assert set(given(result.recording)) == {"ai0"}


def test_work_is_worth_what_its_lease_pays_or_a_usual_one(site):
    lease = {"name": "tenant", "loads": ["ai0"], "critical_mw": 40.0, "rent_usd_per_mw_year": 876_000.0}
    scenario = site(FLEX3, FLEX3, events=[ORDER | {"cap_mw": 50.0}], leases=[lease])
    facts = run(scenario).recording.facts.load
    assert facts["ai0"].work_usd_per_mwh == pytest.approx(100.0)
    assert facts["ai1"].work_usd_per_mwh == pytest.approx(1.9e6 / 8760.0)


def test_a_capped_job_ends_as_much_later_as_it_was_slower(tmp_path):
    job = {
        "name": "job", "type": "training", "gpus": 8192, "power_mw": 10.0, "pue": 1.0, "snap_back_s": 0.0,
        "work_h": 2.0, "checkpoint": {"interval_min": 30.0, "stall_median_s": 1.0, "stall_sigma": 0.0},
        "failures": {"per_node_day": 0.0}, "flexibility": FLEX3 | {"job": "pretraining"},
    }  # fmt: skip
    order = ORDER | {"cap_mw": 7.62, "at_s": 0.0, "duration_min": 60.0}
    ends = []
    for events in ([], [order]):
        recording = run(a_scenario(tmp_path, days=0.25, loads=[job], fleets=[], events=events)).recording
        ends.append(recording.events_of("load.job", "end")[0].time_s)
    assert ends[0] == pytest.approx(2.0 * HOUR_S + 4.0)
    lost_s = recording["load.job.undone_mw"].integral() / 10.0
    assert lost_s == pytest.approx(0.135 * HOUR_S, rel=0.02)
    assert ends[1] - ends[0] == pytest.approx(lost_s, abs=0.01)
    assert effective(recording, "job") == pytest.approx(1.0 - (lost_s + 4.0) / ends[1], abs=1e-4)


def test_a_policy_that_claims_the_limit_leaves_capped_loads_their_return(tmp_path):
    service = {"name": "chat", "type": "inference", "power_mw": 60.0, "flexibility": FLEX3}
    order = ORDER | {"cap_mw": 40.0}
    fields = {"loads": [service], "events": [order], "limit_mw": 120.0, "policy": {"type": "hold-limit"}}
    result = run(a_scenario(tmp_path, days=0.25, controller={"telemetry_delay_s": 2.0}, **fields))
    assert result.metrics["ai_given_up_mwh"] > 0.0
    assert result.metrics["exceedance_count"] == 0.0
