import pytest

from sim.simulation import run
from sim.testing import a_scenario


@pytest.mark.parametrize(("opex", "mines"), [(0.0, True), (8.0, True), (12.0, False)])
def test_a_price_policy_knows_what_operations_cost(opex, mines):
    # a hashprice of 42 USD a PH/s and day at 17.5 J/TH is 100 USD a MWh; power costs 90
    scenario = a_scenario(
        days=0.05,
        policy={"type": "price-threshold"},
        costs={"mining_opex_usd_per_mwh": opex},
        market={
            "power": {"type": "fixed", "price_usd_per_mwh": 90.0},
            "bitcoin": {"type": "fixed", "hashprice_usd_per_ph_day": 42.0},
        },
    )
    assert (run(scenario).metrics["fleet_energy_mwh"] > 0.0) == mines
