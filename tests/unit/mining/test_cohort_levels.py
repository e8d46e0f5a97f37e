import pytest

from sim.testing import a_scenario


def cohort(**fields):
    fleet = {"name": "m", "type": "cohort", "model": "antminer-s21", "machine_count": 1000, **fields}
    return a_scenario(fleets=[fleet]).fleets[0]


def test_levels_go_from_the_lowest_clock_to_rated_power_and_its_hash_rate():
    fleet = cohort()
    assert fleet.levels[-1] == pytest.approx((fleet.full_mw, 200.0))
    powers_mw, rates_ph_s = zip(*fleet.levels, strict=True)
    assert rates_ph_s[0] == pytest.approx(0.4 * 200.0)
    assert list(powers_mw) == sorted(powers_mw)
    # the slower the clock, the less energy a hash takes
    assert powers_mw[0] / rates_ph_s[0] < powers_mw[-1] / rates_ph_s[-1]


def test_firmware_that_cannot_scale_the_clock_has_no_levels():
    assert cohort(firmware="stock").levels == ()
