import pytest

from sim.grid.dispatch import base_point_mw, dispatch_limits_mw, set_point_mw


def test_three_runs_take_a_load_down_and_two_bring_it_back():
    # 4 MW/min for 5 min: 20 MW a run, not below what is firm, not above what was asked for
    told = [base_point_mw(150.0, 95.0, 100.0, 150.0, 4.0)]
    for wanted_mw in (95.0, 95.0, 200.0, 200.0, 200.0):
        told.append(base_point_mw(told[-1], wanted_mw, 100.0, 150.0, 4.0))
    assert told == [130.0, 110.0, 100.0, 120.0, 140.0, 150.0]


def test_a_load_outside_its_range_is_told_the_nearest_end():
    assert dispatch_limits_mw(200.0, 50.0, 150.0, 1.0) == (150.0, 150.0)
    assert base_point_mw(20.0, 0.0, 50.0, 150.0, 1.0) == 50.0


def test_the_set_point_is_a_line_of_four_minutes():
    assert [set_point_mw(150.0, 130.0, since_s) for since_s in (0.0, 120.0, 240.0, 299.0)] == [
        150.0,
        140.0,
        130.0,
        130.0,
    ]


def test_limits_out_of_order_are_refused():
    with pytest.raises(ValueError, match="lpc_mw must lie between 0 and mpc_mw = 50 MW, got 60 MW"):
        base_point_mw(40.0, 40.0, 60.0, 50.0, 1.0)
