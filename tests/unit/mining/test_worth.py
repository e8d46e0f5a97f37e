"""What a fleet makes over its power, and the merit order of several, against other ways to reckon it."""

from itertools import pairwise

import pytest
from cohort_bench import Bench, a_cohort
from hypothesis import given
from hypothesis import strategies as st

from sim.bitcoin import hashrate_ph_s
from sim.mining.executor import Stack
from sim.mining.fleet import AggregateFleet
from sim.mining.worth import Piece, Worth, concave, upper_edge

widths = st.floats(0.1, 50.0)
levels = st.lists(st.tuples(st.floats(0.1, 100.0), st.floats(0.1, 9000.0)), min_size=1, max_size=8).map(sorted)


def rising(segments):
    """Return width and energy per hash of segments, worse ones merged with better ones behind them."""
    merged = []
    for segment in segments:
        piece = segment
        while merged and piece[1] < merged[-1][1]:
            (below, per_hash), (width, energy) = merged.pop(), piece
            piece = width + below, (width + below) / (width / energy + below / per_hash)
        merged.append(piece)
    return merged


def hull(minimum_mw, points):
    """Return the corners of the upper hull, each the steepest to be had from the one before."""
    corners = [(minimum_mw, 0.0)]
    while True:
        at_mw, at = corners[-1]
        above = [point for point in points if point[0] > at_mw and point[1] > at]
        if not above:
            return corners
        corners.append(max(above, key=lambda point: ((point[1] - at) / (point[0] - at_mw), point[0])))


@given(st.lists(st.tuples(widths, st.floats(8.0, 40.0)), max_size=6))
def test_pieces_are_those_of_the_energy_of_a_hash(segments):
    old = rising(segments)
    new = concave(Piece(width, 1.0 / energy) for width, energy in segments)
    made = lambda pieces: sum(width * rate for width, rate in pieces)  # noqa: E731
    assert sum(piece.width_mw for piece in new) == pytest.approx(sum(width for width, _ in old))
    assert made(new) == pytest.approx(made((width, 1.0 / energy) for width, energy in old))
    if len(new) == len(old):  # pieces of one energy may be merged or not
        assert [piece.width_mw for piece in new] == pytest.approx([width for width, _ in old])


@given(levels)
def test_the_upper_edge_is_the_hull_of_the_steepest(points):
    corners = hull(0.0, points)
    worth = Worth(0.0, 0.0, upper_edge([(0.0, 0.0), *points]))
    for power_mw, made in corners:
        assert worth.output(power_mw) == pytest.approx(made)
    for (low_mw, low), (high_mw, high) in pairwise(corners):
        assert worth.output(0.5 * (low_mw + high_mw)) == pytest.approx(0.5 * (low + high))
    for power_mw, made in points:
        assert made <= worth.output(power_mw) * (1.0 + 1e-9)


def test_a_fleet_of_bare_megawatts_hashes_in_a_straight_line():
    spec = {"ramp_up_mw_per_s": 1.0, "ramp_down_mw_per_s": 1.0, "efficiency_j_per_th": 20.0}
    fleet = AggregateFleet(name="m", type="aggregate", rated_mw=60.0, minimum_mw=5.0, **spec)
    for power_mw in (5.0, 20.0, 60.0):
        assert fleet.worth.output(power_mw) == pytest.approx(hashrate_ph_s(power_mw, 20.0))


@pytest.mark.parametrize("keys", [{}, {"standby_w": 30.0}, {"firmware": "stock"}, {"clock_maximum_fraction": 1.2}])
def test_no_state_of_a_cohort_makes_more_than_its_worth(keys):
    bench = Bench((0.0, 0.0), *((1000.0 * step, 0.11 * step) for step in range(1, 10)), **keys)
    signals = bench.play()
    for time_s in range(500, 10_000, 250):
        power_mw, ph_s = (signals[name].at(float(time_s)) for name in ("power_mw", "hashrate_ph_s"))
        assert ph_s <= bench.spec.worth.output(float(power_mw)) * (1.0 + 1e-9) + 1e-9


def test_all_machines_at_work_at_the_highest_clock_reach_it():
    spec = a_cohort()
    assert spec.worth.output(spec.full_mw) == pytest.approx(100.0)


def test_a_cohort_whose_machines_are_all_in_repair_can_draw_nothing():
    assert concave([Piece(0.0, 10.0), Piece(0.0, 20.0)]) == (Piece(0.0, 20.0),)


def test_the_better_step_of_one_fleet_comes_before_the_worse_of_another():
    new = [Piece(10.0, 80.0), Piece(5.0, 55.0)]
    old = [Piece(8.0, 65.0), Piece(4.0, 40.0)]
    stack = Stack([1.0, 2.0], [new, old])
    assert list(stack.shares_mw(0.0)) == [1.0, 2.0]
    assert list(stack.shares_mw(8.0)) == [6.0, 2.0]
    assert list(stack.shares_mw(15.0)) == [11.0, 4.0]
    assert list(stack.shares_mw(23.0)) == [13.0, 10.0]
    assert list(stack.shares_mw(99.0)) == [16.0, 14.0]


def test_without_fleets_there_is_nothing_to_share():
    assert list(Stack([], []).shares_mw(5.0)) == []


def test_a_hair_below_a_step_the_step_is_not_begun():
    stack = Stack([1.0, 2.0], [[Piece(10.0, 80.0), Piece(5.0, 55.0)], [Piece(8.0, 65.0)]])
    for knot_mw, full in ((13.0, [11.0, 2.0]), (21.0, [11.0, 10.0]), (26.0, [16.0, 10.0])):
        target_mw = knot_mw * (1.0 - 1e-7)
        shares = stack.shares_mw(target_mw)
        fleet = shares.index(min(shares, key=lambda mw: mw - full[shares.index(mw)]))
        assert shares[fleet] == pytest.approx(full[fleet] - knot_mw * 1e-7, abs=1e-12)
        assert shares[1 - fleet] == full[1 - fleet]


pieces = st.lists(st.builds(Piece, widths, st.floats(25.0, 125.0)), max_size=4).map(concave)
targets = st.lists(st.one_of(st.floats(-10.0, 700.0), st.integers(0, 30)), min_size=1, max_size=12)


@given(st.lists(st.tuples(st.floats(0.0, 5.0), pieces), min_size=1, max_size=5), targets)
def test_what_moves_from_target_to_target_is_what_a_fresh_stack_hands_out(fleets, course):
    minimums, own = [minimum for minimum, _ in fleets], [pieces for _, pieces in fleets]
    moving, told = Stack(minimums, own), [None] * len(fleets)
    knots_mw = [*Stack(minimums, own)._starts_mw]  # noqa: SLF001  # targets on a knot are where it may go wrong
    for target in course:
        target_mw = knots_mw[target % len(knots_mw)] if isinstance(target, int) else target
        for fleet, share_mw in moving.moved(target_mw):
            told[fleet] = share_mw
        assert told == Stack(minimums, own).shares_mw(target_mw)


def test_a_small_move_among_many_fleets_touches_one():
    stack = Stack([0.0] * 200, [[Piece(1.0, 100.0 - fleet / 200.0)] for fleet in range(200)])
    assert len(stack.moved(100.2)) == 200
    assert stack.moved(100.7) == ((100, pytest.approx(0.7)),)
    assert [fleet for fleet, _ in stack.moved(102.5)] == [100, 101, 102]
    assert [fleet for fleet, _ in stack.moved(100.5)] == [100, 101, 102]
