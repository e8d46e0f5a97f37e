from math import inf

import pytest

from sim.clock import Alarm, Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def rung():
    """The times at which the alarm has rung."""
    return []


@pytest.fixture
def alarm(clock, rung):
    return Alarm(clock, lambda: rung.append(clock.now))


def at(clock, time_s, action):
    clock.timeout(time_s).callbacks.append(lambda _: action())


def test_it_rings_once_at_its_time(clock, alarm, rung):
    alarm.set(5.0)
    clock.run_before(100.0)
    assert rung == [5.0]


def test_moved_later_it_rings_at_the_later_time_alone(clock, alarm, rung):
    alarm.set(5.0)
    at(clock, 1.0, lambda: alarm.set(8.0))
    clock.run_before(100.0)
    assert rung == [8.0]


def test_moved_earlier_it_rings_at_the_earlier_time_alone(clock, alarm, rung):
    alarm.set(5.0)
    at(clock, 1.0, lambda: alarm.set(3.0))
    clock.run_before(100.0)
    assert rung == [3.0]


def test_moved_earlier_and_then_later_again_it_rings_at_the_last_time_alone(clock, alarm, rung):
    alarm.set(5.0)
    at(clock, 1.0, lambda: alarm.set(3.0))
    at(clock, 2.0, lambda: alarm.set(9.0))
    clock.run_before(100.0)
    assert rung == [9.0]


def test_infinity_silences_it(clock, alarm, rung):
    alarm.set(5.0)
    at(clock, 1.0, lambda: alarm.set(inf))
    clock.run_before(100.0)
    assert rung == []


def test_silenced_it_can_be_set_again(clock, alarm, rung):
    alarm.set(5.0)
    at(clock, 1.0, lambda: alarm.set(inf))
    at(clock, 2.0, lambda: alarm.set(7.0))
    at(clock, 50.0, lambda: alarm.set(60.0))
    clock.run_before(100.0)
    assert rung == [7.0, 60.0]


def test_it_may_be_set_for_this_very_instant(clock, alarm, rung):
    at(clock, 4.0, lambda: alarm.set(4.0))
    clock.run_before(100.0)
    assert rung == [4.0]


def test_set_for_a_time_that_has_passed_it_rings_at_once(clock, alarm, rung):
    at(clock, 4.0, lambda: alarm.set(1.0))
    clock.run_before(100.0)
    assert rung == [4.0]


def test_it_may_set_itself_while_it_rings(clock):
    rung = []

    def ring():
        rung.append(clock.now)
        alarm.set(clock.now + 10.0)

    alarm = Alarm(clock, ring)
    alarm.set(0.0)
    clock.run_before(35.0)
    assert rung == [0.0, 10.0, 20.0, 30.0]
    assert clock.pending_count == 1


def test_moving_it_later_costs_no_event(clock, alarm, rung):
    alarm.set(1.0)
    before = clock.event_count
    for step in range(100_000):
        alarm.set(1.0 + step / 1024.0)
    assert (clock.event_count, clock.pending_count) == (before, 1)

    clock.run_before(1000.0)

    assert rung == [1.0 + 99_999 / 1024.0]
    assert clock.event_count == before + 1  # the first went off early, and was armed again once


def test_an_alarm_that_always_moves_on_keeps_one_event_in_the_heap(clock, alarm, rung):
    def postpone():
        for _ in range(10_000):
            alarm.set(clock.now + 5.0)
            yield clock.timeout(1.0)

    clock.process(postpone())
    most = 0
    while clock.pending_count:
        clock.step()
        most = max(most, clock.pending_count)

    assert most == 2  # the process's own event, and the alarm's
    assert rung == [9_999.0 + 5.0]


def test_a_far_alarm_waits_while_a_near_one_comes_and_goes(clock, alarm, rung):
    alarm.set(1e6)
    for time_s in range(1, 1001):
        at(clock, time_s - 0.5, lambda due_s=time_s: alarm.set(float(due_s)))
    most = 0
    while clock.pending_count:
        clock.step()
        most = max(most, clock.pending_count)
    assert most <= 1002
    assert rung == [float(time_s) for time_s in range(1, 1001)]
