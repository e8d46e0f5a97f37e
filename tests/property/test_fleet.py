"""A fleet under random commands against one that is stepped through time, and laws of the executor."""

from fractions import Fraction

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from simpy import Environment

from sim.mining.executor import Executor, merit_order
from sim.mining.fleet import AggregateFleet, LiveFleet
from sim.recording import Track

LAW = examples(100)
RATES = [0.25, 0.5, 1.0, 2.0, 8.0]


def a_fleet(rated_mw, minimum_mw=0.0, up=1.0, down=1.0, latency_s=0.0, efficiency=20.0, initial_mw=None):
    return AggregateFleet(
        name="m",
        type="aggregate",
        rated_mw=rated_mw,
        minimum_mw=minimum_mw,
        ramp_up_mw_per_s=up,
        ramp_down_mw_per_s=down,
        latency_s=latency_s,
        efficiency_j_per_th=efficiency,
        initial_mw=initial_mw,
    )


def driven(spec, commands):
    """Return power and command of a fleet that is given commands at times, for 200 s."""
    env, commanded, power = Environment(initial_time=0.0), Track(), Track()
    fleet = LiveFleet(env, spec, commanded, power)

    def tell():
        for time_s, power_mw in commands:
            yield env.timeout(time_s - env.now)
            fleet.command(power_mw)

    env.process(tell())
    env.run(until=200.0)
    return power.freeze(200.0), commanded.freeze(200.0)


def stepped(spec, commands, step_s, count):
    """Return the power after each step: towards the command of a latency ago, as fast as the ramps allow."""
    power = Fraction(commands[0][1] if spec.initial_mw is None else spec.initial_mw)
    found = []
    for step in range(count):
        sent = [goal for time_s, goal in commands if Fraction(time_s) + Fraction(spec.latency_s) <= step * step_s]
        goal = Fraction(sent[-1]) if sent else power
        up, down = Fraction(spec.ramp_up_mw_per_s) * step_s, Fraction(spec.ramp_down_mw_per_s) * step_s
        power += max(-down, min(up, goal - power))
        found.append(power)
    return [float(mw) for mw in found]


@st.composite
def stories(draw):
    # all on a grid of 1/4 s on which every ramp ends: multiples of 2 MW, rates that divide them
    gaps = draw(st.lists(st.integers(0, 60), max_size=12))
    times = [sum(gaps[: i + 1]) / 4.0 for i in range(len(gaps))]
    commands = [(time_s, 2.0 * draw(st.integers(0, 30))) for time_s in [0.0, *times] if time_s < 190.0]
    spec = a_fleet(
        60.0,
        up=draw(st.sampled_from(RATES)),
        down=draw(st.sampled_from(RATES)),
        latency_s=draw(st.sampled_from([0.0, 0.25, 3.0, 17.5])),
        initial_mw=draw(st.sampled_from([None, 0.0, 22.0, 60.0])),
    )
    return spec, commands


@LAW
@given(stories())
def test_a_fleet_goes_where_stepping_takes_it(story):
    spec, commands = story
    power, _ = driven(spec, commands)
    step_s = Fraction(1, 4)
    expected = stepped(spec, commands, step_s, 800)
    times_s = np.arange(1, 800) / 4.0
    np.testing.assert_allclose(power.at(times_s), expected[:-1], rtol=0, atol=1e-9)


@LAW
@given(stories())
def test_a_fleet_left_alone_arrives_where_it_was_last_sent(story):
    spec, commands = story
    last_s, goal_mw = commands[-1]
    power, commanded = driven(spec, commands)
    assert commanded.at(199.0) == goal_mw
    slowest_s = 60.0 / min(spec.ramp_up_mw_per_s, spec.ramp_down_mw_per_s)
    if last_s + spec.latency_s + slowest_s < 200.0:
        assert power.at(200.0) == goal_mw


@LAW
@given(
    st.lists(st.tuples(st.floats(0.0, 10.0), st.floats(0.0, 60.0)), min_size=1, max_size=40),
    st.floats(1e-3, 1e9),
    st.floats(1e-3, 1e9),
)
def test_no_command_takes_a_fleet_out_of_its_range_or_above_its_rates(story, up, down):
    times_s = np.cumsum([0.0, *(gap_s for gap_s, _ in story[:-1])]).tolist()
    commands = [(time_s, mw) for time_s, (_, mw) in zip(times_s, story, strict=True) if time_s < 200.0]
    power, _ = driven(a_fleet(60.0, up=up, down=down), commands)
    levels = [mw for _, mw in commands]
    assert min(levels) - 1e-9 <= power.minimum() <= power.maximum() <= max(levels) + 1e-9
    assert power.slope_per_s.max() <= up * (1 + 1e-12)
    assert power.slope_per_s.min() >= -down * (1 + 1e-12)
    assert np.abs(power.value[1:] - power.left_limits()[:-1]).max(initial=0.0) < 1e-9


@st.composite
def parks(draw):
    fleets = []
    for _ in range(draw(st.integers(0, 5))):
        rated = float(draw(st.integers(1, 100)))
        minimum = rated * draw(st.sampled_from([0.0, 0.25, 1.0]))
        fleets.append(a_fleet(rated, minimum, efficiency=float(draw(st.integers(10, 30)))))
    return fleets


@LAW
@given(parks(), st.lists(st.integers(0, 600).map(float), min_size=1, max_size=5))
def test_the_executor_comes_as_near_to_the_target_as_the_fleets_can(fleets, targets):
    env, order = Environment(), merit_order(fleets)
    executor = Executor([LiveFleet(env, fleets[position], Track(), Track()) for position in order])
    least, most = sum(f.minimum_mw for f in fleets), sum(f.rated_mw for f in fleets)
    for target_mw in targets:
        executor.follow(target_mw)
        assert executor.commanded_mw == pytest.approx(min(max(target_mw, least), most), abs=1e-9)


@LAW
@given(parks(), st.integers(0, 600).map(float))
def test_no_fleet_mines_above_its_minimum_while_a_more_efficient_one_has_room(fleets, target_mw):
    env, tracks = Environment(), [Track() for _ in fleets]
    ordered = [fleets[position] for position in merit_order(fleets)]
    executor = Executor([LiveFleet(env, fleet, track, Track()) for fleet, track in zip(ordered, tracks, strict=True)])
    executor.follow(target_mw)
    told = [float(track.freeze(1.0).at(0.0)) for track in tracks]
    efficiencies = [fleet.efficiency_j_per_th for fleet in ordered]
    assert efficiencies == sorted(efficiencies)
    for position, fleet in enumerate(ordered):
        if told[position] < fleet.rated_mw:
            later = zip(told[position + 1 :], ordered[position + 1 :], strict=True)
            assert all(mw == other.minimum_mw for mw, other in later)
