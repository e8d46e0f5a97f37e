import math

import numpy as np
import pytest

from sim.study.paired import bootstrap_interval, estimate, paired_difference


def test_the_interval_of_four_values_is_that_of_student_s_table():
    found = estimate(np.array([1.0, 2.0, 4.0, 5.0]))

    # mean 3; s^2 = (4 + 1 + 1 + 4) / 3; t(3, 0.975) = 3.182 in any table
    assert found.mean == 3.0
    assert found.half_width == pytest.approx(3.182 * math.sqrt(10.0 / 3.0 / 4.0), rel=2e-4)
    assert found.count == 4


def test_one_replication_has_a_mean_and_no_interval():
    assert estimate(np.array([2.0])).document() == {"mean": 2.0, "half_width": None, "count": 1}


def test_what_no_run_can_tell_is_none():
    assert estimate(np.array([math.nan, math.nan])).document() == {
        "mean": None,
        "half_width": None,
        "count": 0,
    }


def test_a_replication_that_cannot_tell_is_left_out_and_not_counted():
    found = estimate(np.array([1.0, math.nan, 3.0]))

    assert (found.mean, found.count) == (2.0, 2)


def test_a_pair_with_one_unknown_value_is_left_out():
    found = paired_difference(np.array([1.0, 5.0, math.nan]), np.array([0.5, math.nan, 1.0]))

    assert (found.mean, found.count) == (0.5, 1)


def test_a_paired_difference_has_the_interval_of_the_differences():
    values, others = np.array([10.0, 20.0, 33.0]), np.array([9.0, 18.0, 30.0])

    assert paired_difference(values, others) == estimate(np.array([1.0, 2.0, 3.0]))


def test_what_remains_of_rounding_is_no_difference():
    values, others = np.array([0.1 + 0.2, 12.0, math.inf]), np.array([0.3, 12.0, 1.0])

    assert paired_difference(values, others) == estimate(np.zeros(2))
    assert paired_difference(np.array([1.0 + 1e-9]), np.array([1.0])).mean > 0.0


def test_the_interval_covers_the_true_mean_in_95_percent_of_samples():
    samples = np.random.default_rng(1).normal(10.0, 3.0, (4000, 5))
    found = [estimate(sample) for sample in samples]
    covered = sum(abs(one.mean - 10.0) <= one.half_width for one in found) / len(found)

    assert covered == pytest.approx(0.95, abs=0.011)  # three standard errors of a share of 4000


def test_the_interval_covers_the_mean_of_many_values_nearly_as_often_as_it_says():
    samples = np.random.default_rng(2).exponential(1.0, (300, 40))
    intervals = [bootstrap_interval(sample, 1) for sample in samples]
    covered = np.mean([found[0] <= 1.0 <= found[1] for found in intervals])

    assert covered == pytest.approx(0.925, abs=0.045)


def test_five_values_are_too_few():
    samples = np.random.default_rng(3).normal(0.0, 1.0, (600, 5))
    intervals = [bootstrap_interval(sample, 1) for sample in samples]
    covered = np.mean([low <= 0.0 <= high for low, high in intervals])

    assert covered == pytest.approx(0.84, abs=0.05)


def test_the_same_seed_draws_the_same_and_one_value_has_no_interval():
    values = np.array([1.0, np.nan, 4.0, 2.0])

    assert bootstrap_interval(values, 7) == bootstrap_interval(values, 7)
    assert bootstrap_interval(np.array([1.0, np.nan]), 7) is None
