import numpy as np

from sim.study.comparison import non_dominated, pareto_view


def test_a_point_is_beaten_by_one_that_is_as_good_in_all_and_better_in_one():
    assert non_dominated(np.array([[1.0, 1.0], [1.0, 2.0], [3.0, 0.0]])) == [False, True, True]


def test_two_equal_points_do_not_beat_each_other():
    assert non_dominated(np.array([[1.0, 1.0], [1.0, 1.0]])) == [True, True]


def test_less_is_better_where_it_costs_and_what_not_all_know_is_left_out():
    facts = {"objective_usd": 10.0, "exceedance_mwh": 1.0, "fleet_start_count": np.nan}
    view = pareto_view({"a": facts, "b": {**facts, "exceedance_mwh": 2.0}})

    assert view["objectives"] == {"objective_usd": "more", "exceedance_mwh": "less"}
    assert view["policies"]["a"]["non_dominated"]
    assert not view["policies"]["b"]["non_dominated"]
