import pytest
from cohort_bench import a_cohort
from pydantic import ValidationError

from sim.mining.catalogue import machine
from sim.mining.cohort.spec import CohortFleet


def test_a_cohort_takes_power_and_hash_rate_from_the_catalogue():
    s21 = machine("antminer-s21")
    cohort = CohortFleet(name="m", type="cohort", model="antminer-s21", machine_count=57_000)
    assert cohort.full_mw == pytest.approx(57_000 * s21.power_w * 1.03 / 1e6)
    assert cohort.minimum_mw == pytest.approx(57_000 * 25.0 * 1.03 / 1e6)
    assert cohort.efficiency_j_per_th == pytest.approx(s21.power_w * 1.03 / s21.th_s)


def test_blocks_are_about_as_large_as_wanted_and_differ_by_one_machine_at_most():
    cohort = CohortFleet(name="m", type="cohort", model="antminer-s21", machine_count=57_000)
    assert sum(cohort.block_sizes) == 57_000
    assert max(cohort.block_sizes) - min(cohort.block_sizes) <= 1
    assert cohort.full_mw / len(cohort.block_sizes) == pytest.approx(1.0, rel=0.01)


def test_the_scenario_overrides_single_times_of_a_firmware():
    times = a_cohort(firmware="safe", boot_s=12.0).times
    assert (times.boot_s, times.ramp_up_s, times.scales_clock) == (12.0, 180.0, True)


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"model": "antminer-s99"}, "no machine 'antminer-s99'"),
        ({"standby_w": 900.0, "power_w": 1000.0}, "standby_w is 900 W; must be below"),
        # what telemetry reports must be above standby too
        (
            {"standby_w": 300.0, "power_w": 1000.0, "telemetry_error_fraction": -0.2},
            "standby_w is 300 W; must be below",
        ),
        ({"block_machine_count": 1, "machine_count": 5000}, "5,000 blocks; at most 2,000"),
        ({"clock_minimum_fraction": 0.1}, "minimum_fraction is 0.1"),
        ({"heat": {"derated_fraction": 0.3}}, "heat.derated_fraction is 0.3"),
        ({"heat": {"derated_at_c": 30.0}}, "derate_from_c is 35 °C; must be below derated_at_c, 30 °C"),
        ({"heat": {"restart_c": 50.0}}, "restart_c is 50"),
        ({"failures": {"repair_min_d": 60.0}}, "repair_min_d is 60 d"),
        ({"machine_count": 0}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_is_refused(keys, says):
    with pytest.raises(ValidationError, match=says):
        a_cohort(**keys)


@pytest.mark.parametrize("count", [1, 7, 49, 1000, 123_457])
def test_power_for_so_many_machines_is_power_for_all_of_them_in_spite_of_rounding(count):
    sized = {"machine_count": None, "block_machine_count": None, "block_mw": 5.0}
    one_mw = a_cohort(machine_count=1).machine_mw
    for rated_mw in (count * one_mw, sum([one_mw] * min(count, 1000)) * (count / min(count, 1000))):
        assert a_cohort(**sized, rated_mw=rated_mw).machines == count
    assert a_cohort(**sized, rated_mw=(count + 0.999) * one_mw).machines == count


@pytest.mark.parametrize(
    ("rated_mw", "says"),
    [
        (0.009, "rated_mw is 0.009 MW: 0 machines of 10 kW"),
        (2e5, "20,000,000 machines of 10 kW; must be 1 to"),
    ],
)
def test_power_for_no_machine_or_for_too_many_is_refused(rated_mw, says):
    with pytest.raises(ValidationError, match=says):
        a_cohort(machine_count=None, rated_mw=rated_mw)
