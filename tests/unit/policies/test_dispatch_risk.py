"""The best first step of several futures, against every dispatch on a grid."""

from itertools import product

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from sim.policies.mpc import best_first_step
from sim.policies.programme import Horizon, best_dispatch

FUTURES = st.lists(st.tuples(st.integers(-80, 80), st.integers(-80, 80)), min_size=1, max_size=3)


def horizon(margin, **fields):
    return Horizon(1.0, np.ones(1), margin, np.ones(margin.shape[1]), initial_mw=0.0, **fields)


def cvar_usd(loss_usd, beta):
    """Return the mean of the worst cases of equally likely losses."""
    worst = np.sort(loss_usd)[::-1]
    share = np.diff(np.minimum(np.arange(len(worst) + 1.0) / len(worst), 1.0 - beta))
    return float(np.dot(worst, share) / (1.0 - beta))


def objective(profit_usd, risk_weight, beta):
    return float(np.mean(profit_usd)) - risk_weight * cvar_usd(-np.array(profit_usd), beta)


def by_force(first, futures, start_usd, risk_weight, beta):
    """Return the best objective over all dispatches on a grid of quarters."""

    def profit(powers, later):
        rises = np.maximum(np.diff(powers, prepend=0.0), 0.0)
        return float(np.dot((first, *later), powers)) - start_usd * float(rises.sum())

    grid = np.arange(5) / 4.0
    best = -np.inf
    for shared in grid:
        # whatever the first step, each future does best by itself: objective and risk both gain
        profits = [max(profit((shared, *rest), later) for rest in product(grid, repeat=2)) for later in futures]
        best = max(best, objective(profits, risk_weight, beta))
    return best


@examples(40)
@given(
    st.integers(-40, 40), FUTURES, st.sampled_from([0.0, 5.0, 25.0]),
    st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 0.5, 0.95]),
)  # fmt: skip
def test_it_is_the_best_of_all_first_steps_on_a_grid(first, futures, start_usd, risk_weight, beta):
    margins = [np.array([[first, *later]], float) for later in futures]
    found = best_first_step(horizon(margins[0], start_usd_per_mw=start_usd), margins, risk_weight, beta)
    best = by_force(first, futures, start_usd, risk_weight, beta)
    # the grid may miss the best first step where risk weighs, never beat it
    assert objective(found.profit_usd, risk_weight, beta) >= best - 1e-6
    if risk_weight == 0.0:
        assert objective(found.profit_usd, risk_weight, beta) == pytest.approx(best, abs=1e-6)
    assert np.ptp(found.power_mw[:, 0]) <= 1e-9
    for margin, power_mw, profit in zip(margins, found.power_mw, found.profit_usd, strict=True):
        rises = np.maximum(np.diff(power_mw, prepend=0.0), 0.0)
        assert profit == pytest.approx(float(margin[0] @ power_mw) - start_usd * rises.sum(), abs=1e-6)


@examples(20)
@given(st.lists(st.integers(-80, 80), min_size=2, max_size=6), st.sampled_from([0.0, 0.5, 1.0]))
def test_one_future_has_no_risk(margins, risk_weight):
    margin = np.array(margins, float)[None]
    one = horizon(margin, start_usd_per_mw=7.0, ramp_up_mw=0.5)
    found = best_first_step(one, [margin], risk_weight, 0.95)
    assert found.profit_usd[0] == pytest.approx(best_dispatch(one).value_usd, abs=1e-6)


def test_the_value_at_risk_is_the_mean_of_the_worst_cases():
    losses = np.arange(1.0, 101.0)
    assert cvar_usd(losses, 0.95) == pytest.approx(98.0)
    assert cvar_usd(losses, 0.0) == pytest.approx(50.5)
    assert cvar_usd(np.array([3.0, 1.0]), 0.75) == 3.0  # a quarter of the cases is half of the worst one
