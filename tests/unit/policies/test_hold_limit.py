from math import inf, nan

import pytest

from sim.ai.notice import Notice
from sim.policies import BatteryView, FleetView, HoldLimit, LoadView, Observation, TelemetryView
from sim.policies.certificate import FleetMotion, FleetResponse
from sim.policies.reserve import LoadReserve, SiteReserve
from sim.testing import check_policy

FLEET = FleetView("miners", 0.0, 60.0, 17.5, 100.0, latency_s=3.0, ramp_up_mw_per_s=1.0, ramp_down_mw_per_s=12.0)
TELEMETRY = TelemetryView(2.0, 1.0, 0.5, 1.0)


def job(power_mw=150.0, state="compute", level_mw=150.0, since_s=0.0, **fields):
    return LoadView("job", power_mw, 150.0, state, level_mw, since_s, **fields)


def seen(time_s, *loads, notices=(), **fields):
    ai_mw = sum(load.power_mw for load in loads)
    given = {"loads": loads, "notices": notices, "telemetry": TELEMETRY, **fields}
    return Observation(time_s, ai_mw, 200.0, 40.0, 50.0, 0.0, (FLEET,), **given)


def resume(at_s, issued_at_s=0.0, kind="resume", level_mw=150.0, change_mw=75.0):
    return Notice("job", kind, at_s, at_s + 2.0, change_mw, issued_at_s, level_mw)


def start(**fields):
    return HoldLimit(type="hold-limit", **fields).start()


def test_its_answers_are_sound_and_repeatable():
    check_policy(start)
    check_policy(lambda: start(drift_mw=None, margin_mw=3.0))


def test_a_load_that_announces_nothing_is_left_the_most_that_it_states():
    policy = start()
    assert policy.decide(seen(0.0, job())).target_mw == 50.0
    down = job(40.0, "down_cold", 40.0, 100.0)
    assert policy.decide(seen(102.0, down)).target_mw == 50.0


def test_positive_notice_a_load_counts_as_down_while_its_return_is_announced_for_later():
    policy = start()
    policy.decide(seen(0.0, job(announces=True)))
    stalled = job(75.0, "stall", 75.0, 100.0, announces=True)
    assert policy.decide(seen(102.0, stalled)).target_mw == 50.0  # no word: it may return at any moment
    decision = policy.decide(seen(103.0, stalled, notices=(resume(400.0, 100.0),)))
    assert decision.target_mw == 60.0
    # 10 MW at 12 MW/s, a latency of 3 s, an interval of 1 s
    assert decision.wake_at_s == pytest.approx(400.0 - 4.0 - 10.0 / 12.0)
    released = policy.decide(seen(395.2, stalled, notices=(resume(400.0, 100.0),)))
    assert (released.target_mw, released.reason) == (50.0, "release for a resume")


def test_a_return_announced_before_a_failure_is_void():
    policy = start()
    stalled = job(75.0, "stall", 75.0, 100.0, announces=True)
    notice = resume(400.0, 100.0)
    assert policy.decide(seen(102.0, stalled, notices=(notice,))).target_mw == 60.0
    hung = job(75.0, "hang", 75.0, 150.0, announces=True)
    assert policy.decide(seen(152.0, hung, notices=(notice,))).target_mw == 50.0


def test_a_return_leaves_what_it_rises_from():
    policy = start()
    down = job(40.0, "down_cold", 40.0, 100.0, announces=True)
    # it loads and warms up before, to 105 MW, without a word
    warm = resume(400.0, 120.0, change_mw=45.0)
    limit = seen(122.0, down, notices=(warm,))._replace(limit_mw=160.0)
    assert policy.decide(limit).target_mw == pytest.approx(160.0 - 105.0)


def test_silence_means_down_where_the_tenant_covenants_it():
    policy = start()
    hung = job(75.0, "hang", 75.0, 100.0, announces=True, silence_means_down=True)
    assert policy.decide(seen(102.0, hung)).target_mw == 60.0
    # a level read in mid-ramp is no state: what it draws still counts
    falling = hung._replace(power_mw=145.0)
    assert policy.decide(seen(103.0, falling)).target_mw == 55.0


def test_all_rises_up_to_a_time_are_summed():
    policy = start()
    one = LoadView("a", 25.0, 75.0, "stall", 25.0, 0.0, announces=True, silence_means_down=True)
    two = one._replace(name="b")
    notices = (
        Notice("a", "resume", 100.0, 102.0, 50.0, 0.0, 75.0),
        Notice("b", "resume", 101.0, 103.0, 50.0, 0.0, 75.0),
    )
    decision = policy.decide(seen(10.0, one, two, notices=notices)._replace(limit_mw=150.0))
    assert decision.target_mw == 60.0
    # by 100 s 10 of 60 MW have to go, by 101 s all of them: the second one asks first
    assert decision.wake_at_s == pytest.approx(min(100.0 - 4.0 - 10.0 / 12.0, 101.0 - 4.0 - 5.0))


def test_a_load_above_what_it_states_is_left_what_it_was_seen_to_draw():
    policy = start()
    assert policy.decide(seen(0.0, job(153.0))).target_mw == 47.0
    assert policy.decide(seen(10.0, job(75.0, "stall", 75.0, 8.0))).target_mw == 47.0


def test_a_load_that_drifts_is_left_its_power_and_what_it_moves():
    chat = LoadView("chat", 120.0, 170.0, drifts=True)
    assert start().decide(seen(0.0, chat)).target_mw == 60.0
    assert start().decide(seen(0.0, chat._replace(power_mw=150.0))).target_mw == 49.0
    assert start(drift_mw=None).decide(seen(0.0, chat)).target_mw == 30.0


def test_a_load_that_states_nothing_leaves_nothing():
    assert start().decide(seen(0.0, LoadView("x", 10.0, inf))).target_mw == 0.0


def test_a_slow_return_is_left_what_it_can_reach_before_the_fleets_answer():
    slow = job(75.0, "stall", 75.0, 100.0, rise_mw_per_s=1.0)
    decision = start().decide(seen(102.0, slow)._replace(limit_mw=130.0))
    # 2 s delay, 1 s scan, 1 s interval, 3 s latency
    assert decision.target_mw == pytest.approx(130.0 - 75.0 - 7.0)
    assert decision.wake_at_s == 103.0


def test_a_battery_lends_until_the_fleets_are_gone():
    stalled = job(75.0, "stall", 75.0, 100.0)
    battery = BatteryView(30.0, 0.25, 0.25, 0.0, 0.93, 1.0, 160.0)
    observation = seen(102.0, stalled, battery=battery)._replace(limit_mw=160.0)
    # 160 - 150 + 30 if it returns at once, 160 - 75 while it does not
    assert start().decide(observation).target_mw == 40.0
    empty = battery._replace(charge_mwh=0.0)
    assert start().decide(observation._replace(battery=empty)).target_mw == 10.0
    no_peaks = battery._replace(gives_above_mw=None)
    assert start().decide(observation._replace(battery=no_peaks)).target_mw == 10.0


def test_a_fleet_on_its_way_up_is_not_yet_where_it_was_told_to_go():
    motion = FleetMotion(FleetResponse(3.0, 1.0, 12.0))
    motion.command(0.0, 20.0)
    assert motion.at_arrival(5.0) == 20.0  # a run begins steady
    motion.command(10.0, 60.0)
    assert motion.at_arrival(20.0) == 30.0
    motion.command(20.0, 0.0)
    assert motion.at_arrival(21.0) == 18.0
    assert motion.at_arrival(30.0) == 0.0


def test_a_fleet_of_machines_falls_within_its_time_however_far():
    motion = FleetMotion(FleetResponse(3.0, inf, inf, 5.0))
    motion.command(0.0, 60.0)
    motion.command(10.0, 20.0)
    assert motion.at_arrival(14.0) == 60.0
    assert motion.at_arrival(15.0) == 20.0


def test_notices_that_have_passed_still_count_while_telemetry_is_late():
    reserve = LoadReserve()
    stalled = job(75.0, "stall", 75.0, 90.0, announces=True, silence_means_down=True)
    found = reserve.of(stalled, (resume(100.0, 95.0),), 101.0, 1.0, 7.0)
    assert found.now_mw == 150.0


def test_a_rise_counts_once_its_time_has_come_though_nothing_new_was_told():
    reserve = LoadReserve()
    stalled = job(75.0, "stall", 75.0, 90.0, announces=True, silence_means_down=True)
    told = stalled, (resume(100.0, 95.0),)
    assert [reserve.of(*told, now_s, 1.0, 7.0).now_mw for now_s in (99.0, 99.5, 100.0)] == [75.0, 75.0, 150.0]


def test_a_load_that_drifts_is_left_no_more_than_it_states():
    drifting = job(power_mw=140.0, drifts=True)
    assert LoadReserve().of(drifting, (), 0.0, 20.0, 0.0)[:3] == (150.0, 150.0, ())
    assert LoadReserve().of(drifting, (), 0.0, 5.0, 0.0)[:3] == (145.0, 145.0, ())


def test_a_load_that_drifts_is_left_more_where_the_fleets_take_longer():
    drifting = job(power_mw=100.0, drifts=True)
    assert [LoadReserve().of(drifting, (), 0.0, 5.0, wait_s).now_mw for wait_s in (12.0, 48.0, 108.0)] == [
        105.0,
        110.0,
        115.0,
    ]


DOWN = {"announces": True, "silence_means_down": True}


@pytest.mark.parametrize(
    ("state", "lead_s", "told", "expected_s"),
    [
        ("down_cold", 60.0, False, 60.0),  # its notice comes so long ahead
        ("down_cold", 60.0, True, inf),  # it has come
        ("hang", 60.0, False, 10.0),  # nobody knows yet how long it takes
        ("hang", 8.0, False, 8.0),
        ("stall", 60.0, True, 60.0),  # a failure may make the notice void
        ("stall", 8.0, False, 8.0),
        ("load", inf, False, inf),
    ],
)
def test_how_soon_a_quiet_load_may_be_back_by_what_is_not_told_yet(state, lead_s, told, expected_s):
    view = job(40.0, state, 40.0, 90.0, lead_s=lead_s, **DOWN)
    found = LoadReserve().of(view, (resume(500.0, 95.0),) if told else (), 100.0, 1.0, 7.0)
    assert (found.now_mw, found.sudden_s, found.stated_mw) == (40.0, expected_s, 150.0)


def test_no_credit_for_a_notice_that_is_shorter_than_the_fall():
    down = job(40.0, "down_cold", 40.0, 90.0, lead_s=10.0, **DOWN)
    assert start().decide(seen(100.0, down)).target_mw == 60.0  # 12 MW/s: 10 MW are gone in time
    slow = FLEET._replace(ramp_down_mw_per_s=0.5)
    # 10 s less a latency of 3 s and an interval of 1 s: 3 MW above the 50 MW that the return leaves
    assert start().decide(seen(100.0, down)._replace(fleets=(slow,))).target_mw == pytest.approx(53.0)
    late = FLEET._replace(ramp_down_mw_per_s=inf, fall_s=20.0)
    assert start().decide(seen(100.0, down)._replace(fleets=(late,))).target_mw == 50.0


def test_loads_that_may_be_back_at_once_and_one_that_is_announced_are_summed():
    one = job(25.0, "down_cold", 25.0, 90.0, lead_s=10.0, **DOWN)._replace(name="a", stated_mw=75.0)
    other = one._replace(name="b")
    told = Notice("b", "resume", 105.0, 107.0, 50.0, 90.0, 75.0)
    slow = FLEET._replace(ramp_down_mw_per_s=0.5)
    decision = start().decide(seen(100.0, one, other, notices=(told,))._replace(fleets=(slow,)))
    # both are back within 10 s: 50 MW are left, and 3 MW that can go in time; for b alone, in 5 s, 100 MW
    assert decision.target_mw == pytest.approx(53.0)


def test_a_load_whose_telemetry_is_stale_is_left_the_most_that_it_states():
    down = job(40.0, "down_cold", 40.0, 90.0, **DOWN)
    assert start().decide(seen(100.0, down)).target_mw == 60.0
    assert start().decide(seen(100.0, down._replace(is_stale=True))).target_mw == 50.0
    drifting = job(power_mw=100.0, drifts=True, is_stale=True)
    assert start().decide(seen(100.0, drifting)).target_mw == 50.0


def test_fleets_whose_blocks_do_not_answer_are_cut_off_where_ai_leaves_no_room_for_them():
    stuck = FLEET._replace(stuck_mw=49.0)
    assert start().decide(seen(0.0, job())._replace(fleets=(stuck,))).off == ()
    stuck = FLEET._replace(stuck_mw=51.0)
    assert start().decide(seen(0.0, job())._replace(fleets=(stuck,))).off == ("miners",)


def test_the_fleets_answer_as_fast_as_they_do_now():
    policy, told = start(), (resume(400.0, 100.0),)
    stalled = job(75.0, "stall", 75.0, 100.0, announces=True)
    policy.decide(seen(102.0, stalled, notices=told))
    half = FLEET._replace(ramp_down_mw_per_s=6.0)
    decision = policy.decide(seen(200.0, stalled, notices=told)._replace(fleets=(half,)))
    assert decision.wake_at_s == pytest.approx(400.0 - 4.0 - 10.0 / 6.0)


def test_an_announced_rise_goes_no_further_than_the_load_states():
    stalled = job(power_mw=75.0, state="stall", level_mw=75.0, announces=True)
    found = LoadReserve().of(stalled, (resume(100.0, level_mw=180.0, change_mw=105.0),), 0.0, None, 0.0)
    assert found[:3] == (75.0, 75.0, ((100.0, 150.0),))


def test_what_is_announced_as_an_interruption_begins_holds():
    reserve = LoadReserve()
    reserve.of(job(), (), 0.0, None, 0.0)
    down = job(power_mw=20.0, state="down_cold", level_mw=20.0, since_s=10.0, announces=True)
    assert reserve.of(down, (resume(100.0, issued_at_s=10.0),), 11.0, None, 0.0).rises == ((100.0, 150.0),)
    assert reserve.of(down, (resume(100.0, issued_at_s=9.9),), 12.0, None, 0.0).rises == ()


def test_a_silent_load_is_left_the_level_of_its_state_and_a_lower_rise_after_a_higher_adds_nothing():
    down = job(power_mw=20.0, state="stall", level_mw=30.0, silence_means_down=True)
    notices = (resume(100.0), resume(200.0, level_mw=75.0, change_mw=45.0))
    found = SiteReserve(None).of((down,), notices, 0.0, 0.0)
    assert (found.now_mw, found.silent_mw, found.rises) == (30.0, 30.0, ((100.0, 120.0),))


def test_a_return_without_a_level_may_go_to_what_the_load_states():
    stalled = job(power_mw=60.0, state="stall", level_mw=60.0, announces=True)
    found = LoadReserve().of(stalled, (resume(100.0, level_mw=nan, change_mw=75.0),), 0.0, None, 0.0)
    assert found[:3] == (75.0, 60.0, ((100.0, 150.0),))


def test_an_interruption_that_changes_its_state_is_the_same_one():
    reserve = LoadReserve()
    reserve.of(job(), (), 0.0, None, 0.0)
    notices = (resume(100.0, issued_at_s=20.0),)
    for state, since_s in (("hang", 10.0), ("down_cold", 40.0), ("down_context", 50.0)):
        down = job(power_mw=20.0, state=state, level_mw=20.0, since_s=since_s, announces=True)
        assert reserve.of(down, notices, since_s + 1.0, None, 0.0).rises == ((100.0, 150.0),)
    reserve.of(job(), (), 60.0, None, 0.0)
    again = job(power_mw=20.0, state="hang", level_mw=20.0, since_s=70.0, announces=True)
    assert reserve.of(again, notices, 71.0, None, 0.0).rises == ()


def test_of_several_announced_returns_the_highest_that_one_rises_from_counts():
    stalled = job(power_mw=60.0, state="stall", level_mw=60.0, announces=True)
    for changes in ((75.0, 45.0), (45.0, 75.0)):
        notices = tuple(resume(100.0 + change_mw, change_mw=change_mw) for change_mw in changes)
        assert LoadReserve().of(stalled, notices, 0.0, None, 0.0).now_mw == 105.0


def test_it_looks_again_when_the_first_statement_of_a_load_goes_out_of_date():
    one, other = job(valid_s=300.0), LoadView("other", 5.0, 10.0, "compute", 5.0, valid_s=40.0)
    assert start().decide(seen(7.0, one)).wake_at_s == 307.0
    assert start().decide(seen(7.0, one, other)).wake_at_s == 47.0
