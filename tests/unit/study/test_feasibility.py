import numpy as np

from sim.study.feasibility import advice, standings


def runs(usd, *counts):
    counts = np.array(counts)
    return {
        "objective_usd": np.full(counts.size, usd),
        "limit_broken_count": counts,
        "limit_broken_mwh": counts / 10.0,
        "limit_broken_longest_s": np.where(counts > 0.0, 5.0, 0.0),
        "limit_broken_peak_mw": np.where(counts > 0.0, 2.0, 0.0),
    }


def test_one_broken_replication_of_many_is_enough():
    found = standings({"once": runs(9.0, 0.0, 0.0, 1.0), "never": runs(5.0, 0.0, 0.0, 0.0)})
    assert [(each.feasible, each.rank) for each in found.values()] == [(False, 2), (True, 1)]
    assert "in 1 of 3 runs, for 5.0 s at the longest, by 2.0 MW at the most" in found["once"].broken


def test_money_ranks_the_feasible_and_what_breaks_least_the_others():
    found = standings(
        {
            "greedy": runs(9.0, 4.0),
            "poor": runs(1.0, 0.0),
            "rich": runs(6.0, 0.0),
            "careless": runs(20.0, 8.0),
        }
    )
    assert [each.rank for each in found.values()] == [3, 2, 1, 4]


def test_where_none_is_feasible_it_is_said_which_breaks_least():
    assert "better breaks" in advice({"worse": runs(9.0, 4.0), "better": runs(1.0, 1.0)})
    assert advice({"worse": runs(9.0, 4.0), "held": runs(1.0, 0.0)}) == ""
