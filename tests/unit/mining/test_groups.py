"""Machines that hash make room for those that wake."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.mining.clocking import ClockCurve
from sim.mining.cohort.groups import Group, Pace, filling_plan, interpolated

CURVE = ClockCurve()


def clock_at(power_w):
    """Return the clock at which a machine of 1000 W draws a power."""
    return interpolated(power_w, 1000.0 * CURVE.power_ratios, CURVE.fractions)


def hashing_and_waking(power_w, goal_w, boot_s, ramp_s, count=10):
    """Return machines that hash, and as many that boot and then ramp up to a goal."""
    hashing = Group(list(range(count)), count, 0.0, power_w, clock_at(power_w), [])
    ramp = [(boot_s, 0.0, 0.0), (boot_s + ramp_s, goal_w, clock_at(goal_w))]
    return hashing, Group(list(range(count)), count, 0.0, 0.0, 0.0, ramp, boot_s)


def planned_w(hashing, points, time_s):
    hashing.plan = points
    return hashing.power_at(time_s)


def test_machines_that_would_find_the_room_gone_hold_and_then_make_room():
    hashing, waking = hashing_and_waking(power_w=700.0, goal_w=500.0, boot_s=10.0, ramp_s=10.0)
    # up to 1000 W are free for 10 s, then less; but a rise takes so long that only 500 W would be left
    slow = filling_plan(hashing, [waking], 500.0, 1000.0, clock_at, lambda change: abs(change) * 100.0)
    assert [planned_w(hashing, slow, time_s) for time_s in (0.0, 5.0, 10.0)] == [700.0] * 3
    assert planned_w(hashing, slow, 18.0) == pytest.approx(540.0)  # straight to the goal from there
    assert planned_w(hashing, slow, 25.0) == pytest.approx(500.0)


def test_a_change_takes_a_machines_ramp_and_the_time_of_the_orders_that_it_needs():
    # orders reach all in 40 s to rise and in 20 s to go down; a profile, 0.1, asks for all
    pace = Pace(up_s=100.0, down_s=50.0, raise_all_s=40.0, lower_all_s=20.0, profile=0.1)
    changes = (0.05, 0.1, 0.5, -0.05, -0.1, -0.5)
    expected_s = [5.0 + 20.0, 10.0 + 40.0, 50.0 + 40.0, 2.5 + 10.0, 5.0 + 20.0, 25.0 + 20.0]
    assert [pace.change_s(change) for change in changes] == pytest.approx(expected_s)


PACE = Pace(up_s=100.0, down_s=50.0, raise_all_s=40.0, lower_all_s=20.0, profile=0.1)


def way(clock, plan=(), from_clock=0.5, pace=PACE, since_s=0.0):
    """Return when machines come to each clock of their way to one, by the clocks of their plan."""
    given = [(time_s, 1000.0 * at, at) for time_s, at in plan]
    group = Group([0], 1, since_s, 1000.0 * from_clock, from_clock, given)
    found = pace.way(group, since_s, 1000.0 * clock, clock)
    assert [power_w for _, power_w, _ in found] == pytest.approx([1000.0 * at for *_, at in found])
    return [(pytest.approx(time_s), pytest.approx(at)) for time_s, _, at in found]


def test_machines_that_nobody_told_anything_go_at_their_ramp_once_all_are_told():
    assert way(0.7) == [(20.0 + 40.0, 0.7)]
    assert way(0.3) == [(10.0 + 20.0, 0.3)]
    assert way(0.7, since_s=7.0) == [(67.0, 0.7)]


def test_orders_before_go_on_and_a_longer_way_ends_no_later_than_one_told_anew():
    assert way(0.9, [(4.0, 0.6)]) == [(4.0, 0.6), (4.0 + 30.0 + 40.0, 0.9)]
    assert way(0.9, [(30.0, 0.6)]) == [(30.0, 0.6), (40.0 + 40.0, 0.9)]  # told anew: sooner
    assert way(0.9, [(200.0, 0.6)]) == [(200.0, 0.6), (200.0, 0.9)]  # and never before what was told
    assert way(0.1, [(4.0, 0.4)]) == [(4.0, 0.4), (4.0 + 15.0 + 20.0, 0.1)]


def test_a_mean_that_passes_its_clock_stops_there_even_behind_a_turn_of_its_way():
    assert way(0.7, [(10.0, 0.9)]) == [(5.0, 0.7)]
    assert way(0.8, [(10.0, 0.6), (30.0, 0.9)]) == [(10.0, 0.6), (10.0 + 20.0 * 2.0 / 3.0, 0.8)]
    assert way(0.2, [(10.0, 0.4), (30.0, 0.1)]) == [(10.0, 0.4), (10.0 + 20.0 * 2.0 / 3.0, 0.2)]
    assert way(0.6, [(10.0, 0.6), (30.0, 0.9)]) == [(10.0, 0.6), (10.0, 0.6)]  # it is there


def test_orders_the_other_way_are_void_and_without_orders_there_is_nothing_to_go_on():
    assert way(0.3, [(10.0, 0.9)]) == [(30.0, 0.3)]
    assert way(0.7, [(10.0, 0.5), (20.0, 0.9)]) == [(60.0, 0.7)]  # it stands still first
    assert way(0.7, [(10.0, 0.9)], pace=PACE._replace(raise_all_s=0.0)) == [(20.0, 0.7)]


@given(
    st.floats(450.0, 1000.0),
    st.floats(450.0, 700.0),
    st.floats(0.0, 30.0),
    st.floats(1.0, 60.0),
    st.floats(1.0, 300.0),
)
def test_all_together_never_draw_more_than_the_goal_and_what_they_drew_before(power_w, goal_w, boot_s, ramp_s, pace):
    hashing, waking = hashing_and_waking(power_w, goal_w, boot_s, ramp_s)
    points = filling_plan(hashing, [waking], goal_w, 1000.0, clock_at, lambda change: abs(change) * pace)
    if power_w <= 2.0 * goal_w:  # what is above already comes down at its own pace
        for step in range(101):
            time_s = (boot_s + ramp_s) * step / 100.0
            assert planned_w(hashing, points, time_s) + waking.power_at(time_s) <= 2.0 * goal_w + 1e-6


def test_power_and_clock_go_in_a_line_from_point_to_point():
    group = Group([0], 1, 0.0, 1000.0, 1.0, [(10.0, 500.0, 0.4), (20.0, 500.0, 0.4), (30.0, 0.0, 0.0)])
    for time_s, power_w, clock in (
        (4.0, 800.0, 0.76),
        (7.0, 650.0, 0.58),
        (15.0, 500.0, 0.4),
        (25.0, 250.0, 0.2),
    ):
        assert group.power_at(time_s) == pytest.approx(power_w)
        group.advance(time_s)
        assert (group.since_s, group.power_w, group.clock) == pytest.approx((time_s, power_w, clock))
        assert group.power_at(time_s) == pytest.approx(power_w)
    group.advance(40.0)
    assert (group.since_s, group.power_w, group.clock, group.plan, group.goes_on) == (
        40.0,
        0.0,
        0.0,
        [],
        False,
    )


def test_room_is_taken_at_the_pace_of_the_clock_and_followed_from_there():
    hashing, waking = hashing_and_waking(power_w=700.0, goal_w=500.0, boot_s=10.0, ramp_s=10.0)
    plan = filling_plan(hashing, [waking], 500.0, 1000.0, clock_at, lambda change: 5.0 * change)
    reach_s = 5.0 * (clock_at(1000.0) - clock_at(700.0))
    assert [time_s for time_s, *_ in plan] == pytest.approx([reach_s, 10.0, 20.0])
    assert [power_w for _, power_w, _ in plan] == pytest.approx([1000.0, 1000.0, 500.0])
    assert [clock for *_, clock in plan] == pytest.approx([clock_at(1000.0), clock_at(1000.0), clock_at(500.0)])
