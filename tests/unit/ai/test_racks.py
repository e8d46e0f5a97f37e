import pytest
from pydantic import ValidationError

from sim.ai.facility import Racks, SpareModules
from sim.ai.halls import Hall


def a_hall(**keys):
    """100 racks of 0.1 MW: 10 MW, served by five modules of which one is spare."""
    racks = {"count": 100, "power_mw": 0.1, "free_unit_count": 7} | keys.pop("racks", {})
    return Hall(name="west", racks=Racks(**racks), **keys)


def test_plant_is_built_for_its_racks_and_the_spare_modules():
    hall = a_hall()

    assert hall.plant_mw == pytest.approx(12.5)
    assert hall.usable_mw == pytest.approx(10.0)
    assert hall.rated_it_mw == pytest.approx(10.0)


def test_usable_rating_is_the_nameplate_times_n_over_n_plus_one():
    hall = a_hall(nameplate_mw=10.0, reserve=SpareModules(module_count=5, spare_module_count=1))

    assert hall.usable_mw == pytest.approx(10.0 * 4 / 5)
    assert hall.rated_it_mw == pytest.approx(8.0)


def test_miners_get_free_units_of_racks_whose_power_is_free():
    assert a_hall(ai_mw=8.0).miner_capacity_mw == pytest.approx(2.0)  # power: 200 miners fit, 2.236 MW
    assert a_hall(ai_mw=5.0).miner_capacity_mw == pytest.approx(2.236)  # room: two in each rack
    assert a_hall(ai_mw=5.0, racks={"free_unit_count": 2}).miner_capacity_mw == 0.0
    assert a_hall().miner_capacity_mw == 0.0


def test_reserve_is_for_miners_where_the_contract_allows_it():
    reserve = {"module_count": 5, "spare_module_count": 1}
    kept = a_hall(nameplate_mw=10.0, reserve=SpareModules(**reserve))
    shared = a_hall(nameplate_mw=10.0, reserve=SpareModules(**reserve, miners_may_use=True))

    assert kept.miner_capacity_mw == 0.0
    assert shared.miner_capacity_mw == pytest.approx(2.0)


def test_rated_power_is_that_of_a_full_hall_on_the_hottest_day():
    hall = a_hall()

    it_mw, fixed_mw, cooling_mw = 10.0, 0.4, 3.76
    assert hall.rated_mw == pytest.approx(it_mw * 1.0504 + fixed_mw + cooling_mw, rel=2e-3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: a_hall(ai_mw=11.0), "ai_mw is 11 MW; racks and plant serve 10 MW"),
        (
            lambda: a_hall(racks={"free_unit_count": 49}),
            "free_unit_count is 49; must not be above unit_count, 48",
        ),
        (
            lambda: SpareModules(module_count=2, spare_module_count=2),
            "spare_module_count is 2; must be below module_count, 2",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(ValidationError, match=message):
        make()
