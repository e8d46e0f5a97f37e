import numpy as np
import pytest
from clocked_machines import energy_per_hash_ratio, hash_rate_th_s

from sim.mining.catalogue import machine
from sim.mining.clocking import (
    ClockCurve,
    power_ratio,
    voltage_ratio,
)

SLOPES = pytest.mark.parametrize("vf_slope", [0.10, 0.163, 0.25])


def test_the_lowest_profile_of_an_s19j_pro_is_16_tenths_of_a_volt_below_its_default():
    lowest = 1.0 - 16 * 25.0 / 545.0

    assert voltage_ratio(lowest, 0.163) * 13.4 == pytest.approx(13.4 - 1.6, abs=0.005)


def test_at_the_default_clock_everything_is_the_default():
    assert voltage_ratio(1.0, 0.2) == power_ratio(1.0, 0.2, 0.05) == energy_per_hash_ratio(1.0, 0.2, 0.05) == 1.0


def test_without_a_slope_power_is_a_share_that_stays_and_one_that_follows_the_clock():
    assert power_ratio(0.5, 0.0, 0.1) == pytest.approx(0.1 + 0.9 * 0.5)


def test_power_of_the_moving_share_goes_as_clock_times_voltage_squared():
    assert power_ratio(0.5, 0.2, 0.0) == pytest.approx(0.5 * 0.9**2)


def test_a_hash_costs_less_below_the_default_until_what_stays_outweighs_it():
    energy = energy_per_hash_ratio(np.array([1.2, 1.0, 0.6, 0.4, 0.02]), 0.163, 0.03)

    assert (np.diff(energy)[:3] < 0.0).all()
    assert energy[4] > 2.0


def test_hash_rate_follows_the_clock():
    assert hash_rate_th_s(machine("antminer-s19j-pro"), 545.0) == 104.0
    assert hash_rate_th_s(machine("antminer-s21"), np.array([245.0, 490.0])).tolist() == [100.0, 200.0]


def test_a_clock_of_a_machine_without_a_known_default_is_refused():
    with pytest.raises(ValueError, match="the default clock of antminer-t21 is not known"):
        hash_rate_th_s(machine("antminer-t21"), 500.0)


def test_a_curve_has_a_knot_at_each_profile_and_at_both_ends():
    curve = ClockCurve(0.9, 1.1, reference_mhz=500.0)

    assert curve.fractions == pytest.approx([0.9, 0.95, 1.0, 1.05, 1.1])
    assert ClockCurve(0.93, 1.0, reference_mhz=500.0).fractions == pytest.approx([0.93, 0.95, 1.0])


def test_the_widest_curve_has_16_profiles_below_the_default_and_8_above():
    curve = ClockCurve(1.0 - 16 * 25.0 / 545.0, 1.0 + 8 * 25.0 / 545.0)

    assert len(curve.fractions) == 25
    assert curve.fractions[16] == 1.0


def test_a_curve_meets_the_formula_at_every_profile_and_lies_above_it_between():
    curve = ClockCurve(0.4, 1.2)
    between = (curve.fractions[1:] + curve.fractions[:-1]) / 2.0

    assert curve.power_ratio(curve.fractions) == pytest.approx(power_ratio(curve.fractions, 0.163, 0.03))
    excess = curve.power_ratio(between) / power_ratio(between, 0.163, 0.03) - 1.0
    assert (excess > 0.0).all()
    assert (excess < 5e-4).all()


def test_half_the_machines_at_each_of_two_profiles_draw_what_the_curve_says_between_them():
    curve = ClockCurve(0.9, 1.0, reference_mhz=500.0)

    half_each = (power_ratio(0.9, 0.163, 0.03) + power_ratio(0.95, 0.163, 0.03)) / 2.0
    assert curve.power_ratio(0.925) == pytest.approx(half_each, rel=1e-12)


def marginal_ratio(curve):
    """Return the energy of each step's hashes, over that of the default's."""
    return np.diff(curve.power_ratios) / np.diff(curve.fractions)


@SLOPES
def test_each_step_up_costs_more_than_the_one_before(vf_slope):
    marginal = marginal_ratio(ClockCurve(0.3, 1.2, vf_slope=vf_slope))

    assert (np.diff(marginal) > 0.0).all()


def test_without_slope_every_step_costs_the_same():
    assert marginal_ratio(ClockCurve(0.4, 1.0, vf_slope=0.0)) == pytest.approx(0.97)


def test_beyond_the_ends_the_end_holds():
    curve = ClockCurve(0.4, 1.0)

    assert curve.power_ratio(1.5) == 1.0


def test_the_curve_of_a_machine_takes_what_is_known_of_it():
    assert ClockCurve.of(machine("antminer-s21")) == ClockCurve(reference_mhz=490.0)
    assert ClockCurve.of(machine("antminer-t21"), 0.5, 1.1) == ClockCurve(0.5, 1.1)


def test_a_fixed_clock_is_a_curve_of_one_knot():
    curve = ClockCurve(1.0, 1.0)

    assert curve.fractions.tolist() == curve.power_ratios.tolist() == [1.0]
    assert curve.power_ratio(0.5) == 1.0


def test_a_curve_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        ClockCurve().power_ratios[0] = 0.0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"minimum_fraction": 0.2}, "minimum_fraction is 0.2; must be from 0.266, the lowest profile"),
        ({"minimum_fraction": 1.1}, "minimum_fraction is 1.1; .* to 1"),
        ({"maximum_fraction": 0.9}, "maximum_fraction is 0.9; must be from 1 to 1.367"),
        ({"maximum_fraction": 1.4}, "maximum_fraction is 1.4"),
    ],
)
def test_what_no_firmware_offers_is_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        ClockCurve(**changes)
