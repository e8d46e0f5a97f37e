import pytest
from simpy import Environment

from sim.clock import HEADWAY_S, MOST_INSTANTS, Alarm, Clock
from sim.errors import RunError


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def settled(clock):
    """The times at which the clock settles."""
    times = []
    clock.settle = lambda: times.append(clock.now)
    return times


def change_at(clock, *times_s):
    def change(_):
        clock.unsettled = True

    for time_s in times_s:
        clock.timeout(time_s).callbacks.append(change)


def test_it_settles_once_an_instant_however_much_changes(clock, settled):
    change_at(clock, 5.0, 2.0, 5.0, 5.0, 9.0)

    clock.run_before(10.0)

    assert settled == [2.0, 5.0, 9.0]
    assert clock.settle_count == 3


def test_time_is_a_float_from_the_start(clock):
    assert (clock.now, type(clock.now)) == (0.0, float)


def test_an_instant_without_a_change_is_not_settled(clock, settled):
    change_at(clock, 4.0)
    clock.timeout(3.0)

    clock.run_before(10.0)

    assert settled == [4.0]


def test_what_follows_at_once_comes_before_the_settle(clock):
    seen = []
    clock.settle = lambda: seen.append("settle")

    def story():
        clock.unsettled = True
        yield clock.timeout(0.0)
        seen.append("later at the same instant")
        yield clock.timeout(0.0)
        seen.append("later still")

    clock.process(story())
    clock.run_before(1.0)

    assert seen == ["later at the same instant", "later still", "settle"]


def test_the_settle_follows_the_last_event_of_an_instant_even_if_an_earlier_one_changed_something(clock):
    seen = []
    clock.settle = lambda: seen.append("settle")
    change_at(clock, 1.0)
    clock.timeout(1.0).callbacks.append(lambda _: seen.append("quiet event"))

    clock.run_before(2.0)

    assert seen == ["quiet event", "settle"]


def test_a_change_made_by_the_settle_at_a_later_event_of_the_same_instant_settles_again(clock):
    times = []

    def settle():
        times.append(clock.now)
        if len(times) == 1:
            change_at(clock, 0.0)

    clock.settle = settle
    change_at(clock, 1.0)

    clock.run_before(2.0)

    assert times == [1.0, 1.0]


def test_a_settle_is_no_event(clock, settled):
    bare = Environment()
    for env in (clock, bare):
        for time_s in (1.0, 1.0, 2.0):
            env.timeout(time_s)
    change_at(clock, 3.0)
    bare.timeout(3.0)

    clock.run_before(10.0)
    bare.run()

    assert clock.event_count == 4
    assert next(bare._eid) == 4  # noqa: SLF001  # SimPy has no other count
    assert settled == [3.0]


def test_reading_the_event_count_takes_no_number(clock):
    assert [clock.event_count, clock.event_count] == [0, 0]
    clock.timeout(1.0)
    assert [clock.event_count, clock.event_count] == [1, 1]


def test_it_stops_before_a_time_without_an_event_of_its_own(clock, settled):
    change_at(clock, 1.0, 2.0, 3.0)

    clock.run_before(2.0)

    assert settled == [1.0]
    assert (clock.pending_count, clock.event_count, clock.now) == (2, 3, 1.0)


def test_going_on_after_a_stop_changes_nothing(clock, settled):
    change_at(clock, 1.0, 2.0, 3.0)

    for time_s in (0.5, 1.0, 1.5, 2.0, 2.0, 3.5):
        clock.run_before(time_s)

    assert settled == [1.0, 2.0, 3.0]


def test_without_anyone_to_tell_it_settles_nothing(clock):
    change_at(clock, 1.0)
    clock.run_before(2.0)
    assert clock.settle_count == 1


def test_what_goes_wrong_in_a_process_is_raised(clock):
    def broken():
        yield clock.timeout(1.0)
        raise RuntimeError("broken")

    clock.process(broken())
    with pytest.raises(RuntimeError, match="broken"):
        clock.run_before(2.0)


class Ticker:
    """Rings again and again, and time hardly goes on."""

    def __init__(self, clock, step_s):
        self._clock, self._step_s = clock, step_s
        self._alarm = Alarm(clock, self.ring)
        self.ring()

    def ring(self):
        self._alarm.set(self._clock.now + self._step_s)


@pytest.mark.parametrize("step_s", [1e-9, 0.9 * HEADWAY_S / MOST_INSTANTS])
def test_a_run_that_hardly_goes_on_is_stopped_and_who_asked_is_named(clock, step_s):
    Ticker(clock, step_s)
    with pytest.raises(RunError, match=r"100,000 things .* the last for Ticker: make it slower"):
        clock.run_before(3600.0)
    assert clock.now <= HEADWAY_S


def test_a_run_that_goes_on_slowly_goes_on(clock):
    Ticker(clock, 1.1 * HEADWAY_S / MOST_INSTANTS)
    clock.run_before(2.5 * HEADWAY_S)
    assert clock.event_count > 2 * MOST_INSTANTS
