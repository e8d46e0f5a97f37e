import pytest
from simpy import Environment

from sim.mining.executor import Executor, merit_order
from sim.mining.fleet import AggregateFleet, LiveFleet
from sim.recording import Track


def a_fleet(name, rated_mw, efficiency_j_per_th, minimum_mw=0.0):
    return AggregateFleet(
        name=name,
        type="aggregate",
        rated_mw=rated_mw,
        minimum_mw=minimum_mw,
        ramp_up_mw_per_s=1.0,
        ramp_down_mw_per_s=1.0,
        efficiency_j_per_th=efficiency_j_per_th,
    )


class Bench:
    """An executor with live fleets; each `follow` comes a second after the one before."""

    def __init__(self, *fleets):
        self.env = Environment(initial_time=0.0)
        self.tracks = [Track() for _ in fleets]
        live = zip(fleets, self.tracks, strict=True)
        self.executor = Executor([LiveFleet(self.env, fleet, track, Track()) for fleet, track in live])

    def follow(self, *targets_mw):
        """Return what each fleet is told after each target."""
        for target_mw in targets_mw:
            self.executor.follow(target_mw)
            self.env.run(until=self.env.now + 1.0)
        signals = [track.freeze(self.env.now) for track in self.tracks]
        times_s = range(len(targets_mw))
        return [[float(signal.at(time_s)) for signal in signals] for time_s in times_s]


NEW, OLD = a_fleet("new", 40.0, 15.0), a_fleet("old", 60.0, 30.0)


@pytest.mark.parametrize(
    ("target_mw", "told"),
    [
        (0.0, [0.0, 0.0]),
        (25.0, [25.0, 0.0]),
        (40.0, [40.0, 0.0]),
        (41.0, [40.0, 1.0]),
        (100.0, [40.0, 60.0]),
        (1000.0, [40.0, 60.0]),
    ],
)
def test_the_target_goes_down_the_merit_order(target_mw, told):
    bench = Bench(NEW, OLD)
    assert bench.follow(target_mw) == [told]
    assert bench.executor.commanded_mw == sum(told)


@pytest.mark.parametrize(
    ("target_mw", "told"),
    [
        (0.0, [10.0, 5.0]),  # a fleet keeps drawing its minimum
        (14.0, [10.0, 5.0]),
        (15.0, [10.0, 5.0]),
        (20.0, [15.0, 5.0]),
        (45.0, [40.0, 5.0]),
        (50.0, [40.0, 10.0]),
        (100.0, [40.0, 60.0]),
        (101.0, [40.0, 60.0]),
    ],
)
def test_each_fleet_gets_its_minimum_before_any_gets_more(target_mw, told):
    bench = Bench(a_fleet("new", 40.0, 15.0, minimum_mw=10.0), a_fleet("old", 60.0, 30.0, minimum_mw=5.0))
    assert bench.follow(target_mw) == [told]
    assert bench.executor.commanded_mw == sum(told)


def test_before_any_target_the_minimum_counts_as_commanded():
    bench = Bench(a_fleet("new", 40.0, 15.0, minimum_mw=10.0), a_fleet("old", 60.0, 30.0, minimum_mw=5.0))
    assert bench.executor.commanded_mw == 15.0


def test_without_fleets_nothing_is_commanded():
    bench = Bench()
    assert bench.follow(50.0) == [[]]
    assert bench.executor.commanded_mw == 0.0


def test_going_down_the_least_efficient_stops_first():
    bench = Bench(NEW, OLD)
    assert bench.follow(100.0, 70.0, 40.0, 10.0) == [
        [40.0, 60.0],
        [40.0, 30.0],
        [40.0, 0.0],
        [10.0, 0.0],
    ]


def test_merit_order_is_by_efficiency_and_as_they_stand_where_equal():
    fleets = [a_fleet(name, 1.0, e) for name, e in (("a", 30.0), ("b", 20.0), ("c", 30.0), ("d", 15.0), ("e", 20.0))]
    assert merit_order(fleets) == [3, 1, 4, 0, 2]
    assert merit_order([]) == []
