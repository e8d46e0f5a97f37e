import numpy as np
import pytest

from sim.metrics.valuation import irr_fraction, npv_usd


def test_a_payment_in_a_year_is_worth_less_by_the_rate():
    assert npv_usd(0.25, [0.0, 100.0]) == pytest.approx(80.0)
    assert npv_usd(0.25, [0.0, 0.0, 100.0]) == pytest.approx(64.0)


def test_at_no_rate_the_value_is_the_sum():
    assert npv_usd(0.0, [-100.0, 30.0, 90.0]) == pytest.approx(20.0)


def test_a_level_income_is_worth_its_annuity():
    annuity = (1.0 - 1.08**-20) / 0.08

    assert npv_usd(0.08, [0.0, *[50.0] * 20]) == pytest.approx(50.0 * annuity, rel=1e-12)


@pytest.mark.parametrize("rate", [-0.9, -0.2, 0.0, 0.07, 0.5, 9.0])
def test_the_internal_rate_is_the_one_a_flow_was_made_with(rate):
    flow_usd = [-sum(70.0 / (1.0 + rate) ** year for year in range(1, 11)), *[70.0] * 10]

    assert irr_fraction(flow_usd) == pytest.approx(rate, abs=1e-9)


def test_at_the_internal_rate_a_flow_is_worth_nothing():
    flow_usd = np.array([-1100.0, 50.0, 120.0, *np.linspace(160.0, 250.0, 13)])

    assert npv_usd(irr_fraction(flow_usd), flow_usd) == pytest.approx(0.0, abs=1e-8)


def test_years_without_money_before_and_after_change_no_rate():
    flow_usd = [-100.0, 0.0, 60.0, 0.0, 70.0]

    assert irr_fraction([0.0, 0.0, *flow_usd, 0.0]) == pytest.approx(irr_fraction(flow_usd), abs=1e-12)


@pytest.mark.parametrize(
    ("flow_usd", "changes"),
    [([100.0, 50.0], 0), ([-100.0, 300.0, -50.0], 2), ([0.0, 0.0], 0), ([-1.0, 2.0, 0.0, -1.0, 3.0], 3)],
)
def test_without_one_change_of_sign_there_is_no_rate(flow_usd, changes):
    with pytest.raises(ValueError, match=f"changes its sign {changes} times; must change it exactly once"):
        irr_fraction(flow_usd)
