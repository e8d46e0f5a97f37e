import pytest
from pydantic import ValidationError
from simpy import Environment

from sim.mining.fleet import AggregateFleet, LiveFleet
from sim.recording import Track


def a_fleet(**keys):
    return AggregateFleet(
        **{
            "name": "miners",
            "type": "aggregate",
            "rated_mw": 60.0,
            "ramp_up_mw_per_s": 1.0,
            "ramp_down_mw_per_s": 5.0,
            "efficiency_j_per_th": 20.0,
        }
        | keys
    )


class Bench:
    """One live fleet alone, and its commands at given times."""

    def __init__(self, *commands, **keys):
        self.env, self.commanded, self.power = Environment(), Track(), Track()
        self.fleet = LiveFleet(self.env, a_fleet(**keys), self.commanded, self.power)
        for time_s, power_mw in commands:
            self.env.timeout(time_s).callbacks.append(lambda _, power_mw=power_mw: self.fleet.command(power_mw))

    def points(self, until_s=1000.0):
        """Return the power's breakpoints, those that change nothing left out."""
        self.env.run(until=until_s)
        signal = self.power.freeze(until_s).simplify()
        return list(zip(signal.time_s.tolist(), signal.value.tolist(), signal.slope_per_s.tolist(), strict=True))


def test_it_starts_where_its_first_command_sends_it():
    assert Bench((0.0, 50.0)).points() == [(0.0, 50.0, 0.0)]


def test_it_starts_at_its_initial_power_where_it_has_one():
    assert Bench((0.0, 50.0), initial_mw=20.0).points() == [(0.0, 20.0, 1.0), (30.0, 50.0, 0.0)]


def test_it_falls_and_rises_at_its_own_rates():
    assert Bench((0.0, 50.0), (100.0, 10.0), (200.0, 60.0)).points() == [
        (0.0, 50.0, 0.0),
        (100.0, 50.0, -5.0),
        (108.0, 10.0, 0.0),
        (200.0, 10.0, 1.0),
        (250.0, 60.0, 0.0),
    ]


def test_a_command_within_a_ramp_takes_over_from_there():
    assert Bench((0.0, 0.0), (100.0, 60.0), (120.0, 5.0)).points() == [
        (0.0, 0.0, 0.0),
        (100.0, 0.0, 1.0),
        (120.0, 20.0, -5.0),
        (123.0, 5.0, 0.0),
    ]


def test_a_command_for_the_power_it_is_passing_stops_it_there():
    assert Bench((0.0, 0.0), (100.0, 60.0), (120.0, 20.0)).points() == [
        (0.0, 0.0, 0.0),
        (100.0, 0.0, 1.0),
        (120.0, 20.0, 0.0),
    ]


def test_a_farther_goal_in_the_same_direction_makes_the_ramp_longer():
    assert Bench((0.0, 60.0), (100.0, 40.0), (102.0, 10.0)).points() == [
        (0.0, 60.0, 0.0),
        (100.0, 60.0, -5.0),
        (110.0, 10.0, 0.0),
    ]


def test_a_command_at_the_very_end_of_a_ramp_starts_at_its_goal():
    assert Bench((0.0, 60.0), (100.0, 10.0), (110.0, 60.0)).points() == [
        (0.0, 60.0, 0.0),
        (100.0, 60.0, -5.0),
        (110.0, 10.0, 1.0),
        (160.0, 60.0, 0.0),
    ]


def test_several_ramps_that_take_over_from_each_other_leave_no_trace_of_their_ends():
    bench = Bench((0.0, 0.0), (100.0, 60.0), (110.0, 50.0), (120.0, 60.0), (130.0, 40.0))
    assert bench.points() == [(0.0, 0.0, 0.0), (100.0, 0.0, 1.0), (140.0, 40.0, 0.0)]


def test_the_last_of_several_commands_at_one_instant_counts():
    bench = Bench((0.0, 60.0), (100.0, 0.0), (100.0, 30.0), (100.0, 50.0))
    assert bench.points() == [(0.0, 60.0, 0.0), (100.0, 60.0, -5.0), (102.0, 50.0, 0.0)]
    assert bench.commanded.freeze(1000.0).at(100.0) == 50.0


def test_a_command_starts_its_ramp_after_the_latency_but_stands_recorded_at_once():
    bench = Bench((0.0, 60.0), (100.0, 10.0), latency_s=3.0)
    assert bench.points() == [(0.0, 60.0, 0.0), (103.0, 60.0, -5.0), (113.0, 10.0, 0.0)]
    commanded = bench.commanded.freeze(1000.0)
    assert (commanded.time_s.tolist(), commanded.value.tolist()) == ([0.0, 100.0], [60.0, 10.0])


def test_commands_in_flight_arrive_one_after_the_other():
    # three commands within 4 s reach the fleet 10 s after they were sent
    bench = Bench((0.0, 60.0), (100.0, 0.0), (102.0, 60.0), (104.0, 22.0), latency_s=10.0)
    assert bench.points() == [
        (0.0, 60.0, 0.0),
        (110.0, 60.0, -5.0),
        (112.0, 50.0, 1.0),
        (114.0, 52.0, -5.0),
        (120.0, 22.0, 0.0),
    ]


def test_the_initial_power_holds_until_the_first_command_arrives():
    assert Bench((0.0, 60.0), initial_mw=0.0, latency_s=5.0).points() == [
        (0.0, 0.0, 0.0),
        (5.0, 0.0, 1.0),
        (65.0, 60.0, 0.0),
    ]


def test_a_command_repeated_does_nothing():
    bench = Bench((0.0, 60.0), (100.0, 10.0), (105.0, 10.0), (500.0, 10.0))
    assert bench.points() == [(0.0, 60.0, 0.0), (100.0, 60.0, -5.0), (110.0, 10.0, 0.0)]
    assert bench.commanded.freeze(1000.0).time_s.tolist() == [0.0, 100.0]


def test_a_ramp_beyond_the_end_is_cut_there():
    assert Bench((0.0, 0.0), (90.0, 60.0)).points(until_s=100.0) == [(0.0, 0.0, 0.0), (90.0, 0.0, 1.0)]


def test_without_latency_a_fleet_needs_no_event():
    bench = Bench()
    for power_mw in (60.0, 10.0, 40.0):
        bench.fleet.command(power_mw)
    assert bench.env.peek() == float("inf")


@pytest.mark.parametrize("rate", [12.0, 1e4, 1e7, 1e10, 1e12])
@pytest.mark.parametrize("goal_mw", [0.1, 33.3, 60.0])
def test_a_ramp_ends_at_its_goal_and_keeps_to_its_rate_however_coarse_the_clock(rate, goal_mw):
    bench = Bench(
        (0.0, 0.0),
        (31_536_000.7, goal_mw),
        (31_536_100.3, 0.0),
        ramp_up_mw_per_s=rate,
        ramp_down_mw_per_s=rate,
    )
    bench.env.run(until=4e7)
    power = bench.power.freeze(4e7)
    assert power.maximum() == pytest.approx(goal_mw, rel=1e-12)
    assert power.minimum() == pytest.approx(0.0, abs=1e-12 * goal_mw)
    assert abs(power.slope_per_s).max() <= rate * (1.0 + 1e-12)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"minimum_mw": 61.0}, "minimum_mw is 61 MW; must not be above rated_mw, 60 MW"),
        ({"initial_mw": 61.0}, "initial_mw is 61 MW; must not be above rated_mw, 60 MW"),
        ({"minimum_mw": 10.0, "initial_mw": 9.0}, "minimum_mw is 10 MW; must not be above initial_mw, 9 MW"),
        ({"rated_mw": 0.0}, "greater than 0"),
        ({"ramp_up_mw_per_s": 0.0}, "greater than 0"),
        ({"ramp_down_mw_per_s": -1.0}, "greater than 0"),
        ({"latency_s": -1.0}, "greater than or equal to 0"),
        ({"efficiency_j_per_th": 0.0}, "greater than 0"),
    ],
)
def test_a_fleet_that_cannot_be_is_refused(keys, words):
    with pytest.raises(ValidationError, match=words):
        a_fleet(**keys)


@pytest.mark.parametrize("keys", [{"minimum_mw": 60.0}, {"minimum_mw": 5.0, "initial_mw": 5.0}, {"initial_mw": 60.0}])
def test_the_ends_of_the_range_belong_to_it(keys):
    a_fleet(**keys)


def test_breakers_open_past_the_firmware_and_orders_on_their_way_find_them_open():
    bench = Bench((0.0, 60.0), (10.0, 20.0), latency_s=3.0, breaker_open_s=0.5, minimum_mw=2.0)
    bench.env.timeout(11.0).callbacks.append(lambda _: bench.fleet.supply(is_on=False))
    bench.env.timeout(12.0).callbacks.append(lambda _: bench.fleet.command(0.0))
    bench.env.timeout(20.0).callbacks.append(lambda _: bench.fleet.supply(is_on=True))
    bench.env.timeout(20.0).callbacks.append(lambda _: bench.fleet.command(10.0))
    assert bench.points() == [(0.0, 60.0, 0.0), (11.5, 0.0, 0.0), (23.0, 0.0, 1.0), (33.0, 10.0, 0.0)]


def test_open_breakers_leave_nothing_to_draw():
    bench = Bench((0.0, 60.0), breaker_open_s=0.5, minimum_mw=2.0)
    bench.env.run(until=1.0)
    bench.fleet.supply(is_on=False)
    found = bench.fleet.minimum_mw, bench.fleet.available_mw, bench.fleet.pieces()
    assert found == (0.0, 0.0, ())
    bench.fleet.supply(is_on=True)
    assert (bench.fleet.minimum_mw, bench.fleet.available_mw) == (2.0, 60.0)


def test_a_fleet_without_breakers_stays():
    bench = Bench((0.0, 60.0))
    bench.env.timeout(11.0).callbacks.append(lambda _: bench.fleet.supply(is_on=False))
    assert bench.points() == [(0.0, 60.0, 0.0)]


def at(bench, time_s, call):
    bench.env.timeout(time_s).callbacks.append(lambda _: call())


def test_a_share_that_does_not_answer_stays_where_it_was_told_to_go():
    bench = Bench((0.0, 40.0), (100.0, 0.0))
    at(bench, 50.0, lambda: bench.fleet.stick(0.25))
    # 10 MW stay; 30 MW go at three quarters of 5 MW/s
    assert bench.points(200.0) == [(0.0, 40.0, 0.0), (100.0, 40.0, -3.75), (108.0, 10.0, 0.0)]


def test_once_it_is_known_the_others_are_told_what_is_left():
    bench = Bench((0.0, 40.0), (100.0, 20.0))
    at(bench, 50.0, lambda: bench.fleet.stick(0.25))
    at(bench, 60.0, bench.fleet.notice_stuck)
    points = bench.points(200.0)
    assert points[-1][1:] == (20.0, 0.0)
    assert points[1] == pytest.approx((100.0, 40.0, -3.75))
    assert (bench.fleet.minimum_mw, bench.fleet.available_mw) == (10.0, 55.0)
    assert bench.fleet.stuck == (10.0, 0.25)
    assert [piece.width_mw for piece in bench.fleet.pieces()] == [45.0]


def test_when_all_answer_again_they_go_where_they_were_told():
    bench = Bench((0.0, 40.0), (100.0, 0.0))
    at(bench, 50.0, lambda: bench.fleet.stick(0.25))
    at(bench, 150.0, lambda: bench.fleet.stick(0.0))
    assert bench.points(200.0)[-2:] == [(150.0, 10.0, -5.0), (152.0, 0.0, 0.0)]
    assert bench.fleet.stuck == (0.0, 0.0)


def test_open_breakers_cut_what_does_not_answer_and_it_answers_from_then_on():
    bench = Bench((0.0, 40.0), breaker_open_s=2.0)
    at(bench, 50.0, lambda: bench.fleet.stick(1.0))
    at(bench, 60.0, bench.fleet.notice_stuck)
    at(bench, 100.0, lambda: bench.fleet.supply(is_on=False))
    assert bench.points(200.0)[-1] == (102.0, 0.0, 0.0)
    assert bench.fleet.stuck == (0.0, 0.0)
