import pytest

from sim.market.demand_charge import minimum_demand_mw


@pytest.mark.parametrize(
    ("tariff", "contract_mw", "highest_mw", "billed_mw"),
    [
        ("aep-ohio-dct", 25.0, 0.0, 15.0),
        ("aep-ohio-dct", 50.0, 0.0, 15.0 + 0.85 * 25.0),
        ("aep-ohio-dct", 75.0, 0.0, 57.5),
        ("aep-ohio-dct", 100.0, 0.0, 82.5),
        ("aep-ohio-dct", 200.0, 0.0, 170.0),  # never above 0.85 of the contract
        ("aep-ohio-dct", 75.0, 74.0, 0.85 * 74.0),
        ("dominion-gs5-td", 100.0, 100.0, 85.0),
        ("dominion-gs5-generation", 100.0, 100.0, 60.0),
    ],
)
def test_what_is_billed_at_the_least(tariff, contract_mw, highest_mw, billed_mw):
    assert minimum_demand_mw(tariff, contract_mw, highest_mw) == pytest.approx(billed_mw)


def test_a_contract_that_is_too_small_and_a_tariff_that_is_unknown_are_refused():
    with pytest.raises(ValueError, match="is for contracts of 25 MW and above, got 10 MW"):
        minimum_demand_mw("aep-ohio-dct", 10.0)
    with pytest.raises(ValueError, match="unknown tariff 'x': one of aep-ohio-dct"):
        minimum_demand_mw("x", 100.0)
