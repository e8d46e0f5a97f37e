import numpy as np
import pytest
from loss_curve import curve_from_efficiencies
from pydantic import ValidationError

from sim.ai.facility import LossCurve, PowerChain, fed_curvature_per_mw, fed_mw

CHAIN = PowerChain(psu=LossCurve(no_load_fraction=0.0145, linear_fraction=-0.0181, square_fraction=0.0507))


@pytest.mark.parametrize(
    ("efficiencies", "default"),
    [
        ((0.94, 0.955, 0.96), PowerChain().ups.numbers),
        ((0.97, 0.975, 0.975), (0.0035, 0.0151, 0.0070)),
        ((0.95, 0.965, 0.955), (0.0145, -0.0181, 0.0507)),
    ],
)
def test_curves_given_run_through_their_efficiencies(efficiencies, default):
    assert curve_from_efficiencies(*efficiencies) == pytest.approx(default, abs=1e-4)


def test_curve_through_efficiencies_gives_them_back():
    curve = curve_from_efficiencies(0.93, 0.96, 0.95)

    for load, efficiency in ((0.25, 0.93), (0.5, 0.96), (1.0, 0.95)):
        assert load / fed_mw(load, 1.0, (curve,)) == pytest.approx(efficiency, rel=1e-12)


def test_each_stage_is_loaded_by_the_one_behind_it():
    one_mw_lost, square = (0.01, 0.0, 0.0), (0.0, 0.0, 0.1)

    assert fed_mw(50.0, 100.0, (one_mw_lost, square)) == pytest.approx(51.0 + 0.1 * 51.0**2 / 100.0)


def test_a_straight_line_misses_the_chain_by_no_more_than_its_curvature_says():
    rated_mw = 80.0
    curvature = fed_curvature_per_mw(rated_mw, CHAIN.stages)
    powers_mw = np.linspace(0.0, rated_mw, 4001)
    fed = fed_mw(powers_mw, rated_mw, CHAIN.stages)

    for low, high in ((0, 4000), (1000, 1400), (3900, 4000)):
        line = np.interp(powers_mw[low : high + 1], powers_mw[[low, high]], fed[[low, high]])
        miss_mw = np.abs(line - fed[low : high + 1]).max()
        bound_mw = curvature * (powers_mw[high] - powers_mw[low]) ** 2 / 8.0
        assert miss_mw <= bound_mw
        assert miss_mw > 0.8 * bound_mw  # the bound is no mere safe guess


def test_curve_that_gains_power_is_refused():
    with pytest.raises(ValidationError, match="falls below zero"):
        LossCurve(no_load_fraction=0.001, linear_fraction=-0.1, square_fraction=0.05)
