"""The best dispatch of a known horizon, against every dispatch on a grid and against closed cases."""

from itertools import product

import numpy as np
import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from sim.policies.programme import Horizon, PeakCharge, best_dispatch, is_free

MARGINS = st.lists(st.integers(-80, 80), min_size=2, max_size=5)


def horizon(margins, available=None, **fields):
    margin = np.array(margins, dtype=float)[None]
    available_mw = np.ones(margin.shape[1]) if available is None else np.array(available, dtype=float)
    return Horizon(0.5, np.array([1.0]), margin, available_mw, **fields)


def value(margins, powers, start_usd=0.0, initial=None):
    rises = np.maximum(np.diff(powers, prepend=powers[0] if initial is None else initial), 0.0)
    return 0.5 * float(np.dot(margins, powers)) - start_usd * float(rises.sum())


def brute_force(margins, available, levels, allowed, **costs):
    """Return the best value over all dispatches on a grid of levels."""
    choices = [[level for level in levels if level <= most + 1e-12] for most in available]
    return max(value(margins, powers, **costs) for powers in product(*choices) if allowed(np.array(powers)))


def test_each_step_is_filled_from_the_best_segment_down_as_far_as_it_pays():
    margin = np.array([[30.0, -5.0], [50.0, 10.0], [-1.0, 0.0]])
    plan = best_dispatch(Horizon(1.0, np.array([2.0, 1.0, 4.0]), margin, np.array([2.5, 9.0])))
    assert plan.power_mw.tolist() == [2.5, 1.0]
    assert plan.value_usd == 50.0 + 1.5 * 30.0 + 10.0


@examples(40)
@given(MARGINS, st.data())
def test_with_ramps_it_is_the_best_of_all_dispatches_on_a_grid(margins, data):
    available = data.draw(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=len(margins), max_size=len(margins)))
    step = data.draw(st.sampled_from([0.25, 0.5]))
    plan = best_dispatch(horizon(margins, available, ramp_up_mw=step, ramp_down_mw=1.0, initial_mw=0.0))
    best = brute_force(
        margins,
        available,
        np.arange(5) / 4.0,
        lambda powers: np.all(np.diff(powers, prepend=0.0) <= step + 1e-12),
        initial=0.0,
    )
    # the corners of the feasible set lie on the grid, so the best of the grid is the best of all
    assert plan.value_usd == pytest.approx(best, abs=1e-6)


@examples(40)
@given(MARGINS, st.integers(0, 30))
def test_rises_cost(margins, start_usd):
    plan = best_dispatch(horizon(margins, start_usd_per_mw=float(start_usd), initial_mw=0.0))
    ones = [1.0] * len(margins)
    best = brute_force(margins, ones, [0.0, 1.0], lambda _: True, start_usd=start_usd, initial=0.0)
    assert plan.value_usd == pytest.approx(best, abs=1e-6)


def test_a_peak_is_met_only_where_it_pays():
    other = np.array([10.0, 12.0, 9.0])
    peak = PeakCharge(np.arange(3), other, usd_per_mw=8.0, floor_mw=12.0)
    plan = best_dispatch(horizon([20.0, 20.0, 20.0], peaks=(peak,)))
    # in step 1 a megawatt earns 10 USD and adds 8 USD to the peak; in the others it stays below the peak
    assert plan.power_mw == pytest.approx([1.0, 1.0, 1.0])
    assert plan.value_usd == pytest.approx(30.0 - 8.0)
    dear = best_dispatch(horizon([20.0, 20.0, 20.0], peaks=(PeakCharge(np.arange(3), other, 11.0, 12.0),)))
    assert dear.power_mw == pytest.approx([1.0, 0.0, 1.0])
    assert dear.value_usd == pytest.approx(20.0)


def test_exceeding_what_is_available_can_be_allowed_at_a_price():
    free = horizon([40.0], [0.5], excess_usd_per_mwh=15.0, start_usd_per_mw=1e-9)
    assert best_dispatch(free).value_usd == pytest.approx(0.5 * (40.0 - 0.5 * 15.0))
    dear = horizon([40.0], [0.5], excess_usd_per_mwh=45.0, start_usd_per_mw=1e-9)
    assert best_dispatch(dear).value_usd == pytest.approx(0.5 * 0.5 * 40.0)


def test_below_a_peak_that_is_billed_anyway_there_is_no_programme_to_solve():
    below = PeakCharge(np.arange(3), np.array([10.0, 12.0, 9.0]), usd_per_mw=8.0, floor_mw=13.0)
    steps = horizon([20.0, 20.0, -20.0], peaks=(below,))
    assert is_free(steps, np.array([1.0, 1.0, 0.0]))
    assert not is_free(steps, np.array([1.0, 1.5, 0.0]))
    assert below.met_mw(np.array([1.0, 1.5, 0.0])) == 13.5
    assert best_dispatch(steps).value_usd == pytest.approx(20.0)
