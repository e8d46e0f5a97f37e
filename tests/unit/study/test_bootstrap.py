import numpy as np
import pytest

from sim.study.bootstrap import Bootstrap


def test_the_interval_covers_the_mean_of_many_values_nearly_as_often_as_it_says():
    samples = np.random.default_rng(2).exponential(1.0, (300, 40))
    bootstrap = Bootstrap(1)
    intervals = [bootstrap.interval(sample) for sample in samples]
    covered = np.mean([found[0] <= 1.0 <= found[1] for found in intervals])

    assert covered == pytest.approx(0.925, abs=0.045)


def test_five_values_are_too_few():
    samples = np.random.default_rng(3).normal(0.0, 1.0, (600, 5))
    bootstrap = Bootstrap(1)
    covered = np.mean([low <= 0.0 <= high for low, high in map(bootstrap.interval, samples)])

    assert covered == pytest.approx(0.84, abs=0.05)


def test_the_same_seed_draws_the_same_and_one_value_has_no_interval():
    values = np.array([1.0, np.nan, 4.0, 2.0])

    assert Bootstrap(7).interval(values) == Bootstrap(7).interval(values)
    assert Bootstrap(7).interval(np.array([1.0, np.nan])) is None
