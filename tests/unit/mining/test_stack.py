import pytest

from sim.mining.stack import Segment, Stack, rising


def test_the_better_step_of_one_fleet_comes_before_the_worse_of_another():
    new = [Segment(10.0, 12.0), Segment(5.0, 18.0)]
    old = [Segment(8.0, 15.0), Segment(4.0, 25.0)]
    stack = Stack([1.0, 2.0], [new, old])
    assert list(stack.shares_mw(0.0)) == [1.0, 2.0]
    assert list(stack.shares_mw(8.0)) == [6.0, 2.0]
    assert list(stack.shares_mw(15.0)) == [11.0, 4.0]
    assert list(stack.shares_mw(23.0)) == [13.0, 10.0]
    assert list(stack.shares_mw(99.0)) == [16.0, 14.0]


def test_without_fleets_there_is_nothing_to_share():
    assert list(Stack([], []).shares_mw(5.0)) == []


def test_a_better_step_behind_a_worse_one_is_had_with_it_only():
    merged = rising([Segment(2.0, 20.0), Segment(2.0, 10.0), Segment(1.0, 30.0)])
    assert [piece.width_mw for piece in merged] == [4.0, 1.0]
    assert merged[0].energy_j_per_th == pytest.approx(4.0 / (2.0 / 20.0 + 2.0 / 10.0))
