"""The policy alone: what it makes of notices, kept and broken."""

import pytest

from sim.policies import CheckpointAware, LoadView, Notice, Observation

SPEC = CheckpointAware(type="checkpoint-aware", release_lead_s=12.0, wake_lead_s=3.0, settle_s=600.0, grace_s=10.0)
DIP = Notice("job", "checkpoint", 1000.0, 1300.0, -80.0, 700.0)
RESUME = Notice("job", "resume", 1280.0, 1280.0, 80.0, 1000.0)


def seen(time_s, ai_mw, *notices):
    return Observation(time_s, ai_mw, 200.0, 30.0, 50.0, 0.0, (), notices)


def answers(policy, *observations):
    return [policy.decide(observation) for observation in observations]


def test_miners_are_called_just_before_an_announced_dip_and_stay_through_it():
    found = answers(
        SPEC.start(),
        seen(0.0, 150.0, DIP),
        seen(996.0, 150.0, DIP),
        seen(997.0, 150.0, DIP),
        seen(1002.0, 70.0, DIP),
        seen(1100.0, 70.0, DIP, RESUME),
    )
    assert [decision.target_mw for decision in found] == [50.0, 50.0, 130.0, 130.0, 130.0]
    assert found[0].wake_at_s == 997.0
    assert found[2].reason == "announced dip"


def test_they_are_released_before_the_announced_resume_and_stay_away_after_it():
    found = answers(
        SPEC.start(),
        seen(0.0, 150.0, DIP),
        seen(997.0, 150.0, DIP),
        seen(1002.0, 70.0, DIP, RESUME),
        seen(1268.0, 70.0, RESUME),
        seen(1281.0, 70.0),  # the resume has come, telemetry has not
        seen(1282.0, 150.0),
    )
    assert [decision.target_mw for decision in found[2:]] == [130.0, 50.0, 50.0, 50.0]
    assert found[2].wake_at_s == 1268.0
    assert found[3].reason == "release for a resume"


def test_a_fall_that_nobody_announced_is_believed_only_after_a_while():
    policy = SPEC.start()
    found = answers(policy, seen(0.0, 150.0), seen(1000.0, 70.0), seen(1599.0, 70.0), seen(1600.0, 70.0))
    assert [decision.target_mw for decision in found] == [50.0, 50.0, 50.0, 130.0]
    assert found[1].wake_at_s == 1600.0


def test_a_rise_is_believed_at_once():
    assert answers(SPEC.start(), seen(0.0, 70.0), seen(5.0, 150.0))[1].target_mw == 50.0


def test_an_announced_dip_that_does_not_come_is_given_up():
    found = answers(SPEC.start(), seen(0.0, 150.0, DIP), seen(1000.0, 150.0, DIP), seen(1010.0, 150.0, DIP))
    assert [decision.target_mw for decision in found] == [50.0, 130.0, 50.0]
    assert found[1].wake_at_s == 1010.0


@pytest.mark.parametrize(("length_s", "target_mw"), [(59.0, 50.0), (60.0, 130.0)])
def test_dips_shorter_than_the_least_are_left_alone(length_s, target_mw):
    dip = DIP._replace(until_s=DIP.at_s + length_s)
    assert answers(SPEC.start(), seen(0.0, 150.0, dip), seen(998.0, 150.0, dip))[1].target_mw == target_mw


def test_two_announced_changes_add_up():
    other = Notice("other", "checkpoint", 1005.0, 1400.0, -20.0, 700.0)
    found = answers(SPEC.start(), seen(0.0, 180.0, DIP, other), seen(1003.0, 180.0, DIP, other))
    assert found[1].target_mw == 200.0 - (180.0 - 80.0 - 20.0)


def test_the_resume_from_a_short_stall_is_not_taken_for_a_rise_above_the_power_before():
    stall = DIP._replace(until_s=DIP.at_s + 5.0)
    resume = RESUME._replace(at_s=DIP.at_s + 5.0)
    found = answers(
        SPEC.start(),
        seen(0.0, 150.0, stall),
        seen(1000.0, 150.0, stall, resume),  # the stall has begun, telemetry has not shown it
        seen(1002.0, 70.0, stall, resume),
        seen(1006.0, 70.0),
        seen(1007.0, 150.0),
    )
    assert [decision.target_mw for decision in found] == [50.0] * 5


# -- load by load -----------------------------------------------------------------------------------------


def job(power_mw, name="job", stated_mw=150.0):
    return LoadView(name, power_mw, stated_mw)


def told(time_s, loads, *notices):
    ai_mw = sum(load.power_mw for load in loads)
    return Observation(time_s, ai_mw, 300.0, 30.0, 50.0, 0.0, (), notices, loads=loads)


def test_a_rise_that_already_shows_in_part_is_not_added_to_it():
    resume = RESUME._replace(level_mw=150.0)
    found = answers(SPEC.start(), told(1268.0, (job(70.0),), resume), told(1281.0, (job(110.0),), resume))
    # 110 of 150 MW are there: 150 have to be reckoned with, not 190
    assert [decision.target_mw for decision in found] == [150.0, 150.0]


def test_a_resume_is_not_struck_off_when_another_job_moves():
    resume, other = RESUME._replace(level_mw=150.0), job(0.0, "other", 80.0)
    policy = CheckpointAware(type="checkpoint-aware", settle_s=20.0).start()
    found = answers(
        policy,
        told(1268.0, (job(70.0), other), resume),
        told(1270.0, (job(70.0), other._replace(power_mw=80.0)), resume),
    )
    assert [decision.target_mw for decision in found] == [150.0, 300.0 - 150.0 - 80.0]


def test_a_load_is_never_reckoned_above_what_it_states():
    policy = SPEC.start()
    policy.decide(told(0.0, (job(150.0),)))
    rise = Notice("job", "resume", 1010.0, 1012.0, 80.0, 900.0)
    assert policy.decide(told(1000.0, (job(150.0),), rise)).target_mw == 150.0


def test_a_dip_is_over_when_its_fall_said_so_where_the_resume_is_not_announced():
    policy = SPEC.start()
    dip = DIP._replace(level_mw=70.0)
    found = answers(
        policy,
        told(997.0, (job(150.0),), dip),
        told(1002.0, (job(70.0),), dip),
        told(1287.0, (job(70.0),), dip),
        told(1288.0, (job(70.0),), dip),
    )
    assert [decision.target_mw for decision in found] == [230.0, 230.0, 230.0, 150.0]
    assert found[2].wake_at_s == 1288.0
