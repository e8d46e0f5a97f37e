import numpy as np
import pytest
from scipy.optimize import root

from sim.grid.voltage import Impedance, highest_power_mw, reactive_mvar, voltage_pu


def newton_pu(power_mw, reactive, impedance):
    """Solve the power balance at the load bus from a flat start."""

    def mismatch(state):
        voltage = state[0] * np.exp(1j * state[1])
        drawn = voltage * np.conj((1.0 - voltage) / complex(*impedance))
        return drawn.real - power_mw, drawn.imag - reactive

    found = root(mismatch, (1.0, 0.0), method="hybr", tol=1e-13)
    assert np.abs(found.fun).max() < 1e-9
    return found.x[0]


@pytest.mark.parametrize("strength_mva", [1500.0, 2000.0, 10_000.0])
@pytest.mark.parametrize("x_over_r", [0.1, 1.0, 15.0])
@pytest.mark.parametrize("power_factor", [1.0, 0.95, -0.95])
def test_the_voltage_is_that_of_a_newton_solution(strength_mva, x_over_r, power_factor):
    impedance = Impedance.of(strength_mva, x_over_r)
    for power_mw in (0.0, 100.0, 300.0):
        drawn = float(reactive_mvar(power_mw, power_factor))
        assert voltage_pu(power_mw, drawn, impedance) == pytest.approx(newton_pu(power_mw, drawn, impedance), rel=1e-9)


def test_the_voltage_is_that_of_pandapower():
    pandapower = pytest.importorskip("pandapower", reason="pandapower is not installed")
    net = pandapower.create_empty_network()
    buses = [pandapower.create_bus(net, vn_kv=345.0) for _ in range(2)]
    pandapower.create_ext_grid(net, buses[0])
    impedance = Impedance.of(2000.0, 15.0)
    ohm = 345.0**2
    pandapower.create_line_from_parameters(
        net, *buses, 1.0, impedance.resistance_pu * ohm, impedance.reactance_pu * ohm, 0.0, 10.0
    )
    pandapower.create_load(net, buses[1], 400.0, 100.0)
    pandapower.runpp(net, tolerance_mva=1e-9)
    assert voltage_pu(400.0, 100.0, impedance) == pytest.approx(net.res_bus.vm_pu[buses[1]], abs=1e-5)


@pytest.mark.parametrize("power_factor", [1.0, 0.9, -0.9])
def test_the_voltage_collapses_just_beyond_the_highest_power(power_factor):
    impedance = Impedance.of(2000.0, 15.0)
    most_mw = highest_power_mw(power_factor, impedance)
    powers_mw = most_mw * np.array([1.0 - 1e-9, 1.0 + 1e-9])
    below, beyond = voltage_pu(powers_mw, reactive_mvar(powers_mw, power_factor), impedance)
    assert below > 0.4
    assert np.isnan(beyond)


def test_reactive_power_drawn_lowers_and_given_raises_the_voltage():
    impedance = Impedance.of(2000.0, 15.0)
    drawn, none, given = (float(voltage_pu(200.0, mvar, impedance)) for mvar in (60.0, 0.0, -60.0))
    assert drawn < none < given
