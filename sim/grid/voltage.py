"""Voltage where the site meets the grid: two buses, exactly."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sim.signals import FloatArray


class Impedance(NamedTuple):
    """What lies between a stiff source of 1 pu and the site, on a base of 1 MVA."""

    resistance_pu: float
    reactance_pu: float

    @classmethod
    def of(cls, short_circuit_mva: float, x_over_r: float) -> "Impedance":
        """Return the impedance of a short-circuit power [MVA] and a ratio of reactance to resistance.

        Examples
        --------
        >>> impedance = Impedance.of(2000.0, 15.0)
        >>> round(impedance.reactance_pu * 2000.0, 6)
        0.997785
        """
        size_pu = 1.0 / short_circuit_mva
        resistance_pu = size_pu / float(np.hypot(1.0, x_over_r))
        return cls(resistance_pu, x_over_r * resistance_pu)


def reactive_mvar(power_mw: ArrayLike, power_factor: float) -> FloatArray:
    """Return the reactive power that goes with active power [Mvar], above 0 drawn.

    Parameters
    ----------
    power_mw
        Active power [MW], any shape.
    power_factor
        Active over apparent power, 0 to 1; below 0 where reactive power is given, not drawn.
    """
    tangent = np.sqrt(1.0 / power_factor**2 - 1.0) * np.sign(power_factor)
    return np.asarray(np.asarray(power_mw, dtype=np.float64) * tangent)


def voltage_pu(power_mw: ArrayLike, reactive: ArrayLike, impedance: Impedance) -> FloatArray:
    r"""Return the voltage at a load behind an impedance.

    Parameters
    ----------
    power_mw
        Active power drawn [MW], any shape.
    reactive
        Reactive power drawn [Mvar], the same shape.
    impedance
        What lies between the load and a source of 1 pu.

    Returns
    -------
    FloatArray
        Voltage [pu], the upper of the two solutions; NaN where there is none: the voltage collapses.

    Notes
    -----
    With :math:`b = 2 (P R + Q X) - 1` and :math:`c = (P^2 + Q^2)(R^2 + X^2)` the voltage solves
    :math:`V^4 + b V^2 + c = 0`, hence :math:`V^2 = (-b + \sqrt{b^2 - 4 c}) / 2`. Load of constant power,
    steady state, one stiff source; no tap changers, no other load, no protection.

    Examples
    --------
    >>> weak = Impedance.of(2000.0, 15.0)
    >>> round(float(voltage_pu(400.0, 0.0, weak)), 4)
    0.9646
    """
    power, drawn = np.asarray(power_mw, dtype=np.float64), np.asarray(reactive, dtype=np.float64)
    resistance, reactance = impedance
    half = 0.5 - (power * resistance + drawn * reactance)
    product = (power**2 + drawn**2) * (resistance**2 + reactance**2)
    discriminant = half**2 - product
    solvable = (discriminant >= 0.0) & (half > 0.0)
    square = half + np.sqrt(np.where(solvable, discriminant, 0.0))
    return np.asarray(np.where(solvable, np.sqrt(np.where(solvable, square, 1.0)), np.nan))


def highest_power_mw(power_factor: float, impedance: Impedance) -> float:
    r"""Return the most active power that a load of a power factor can draw [MW]; beyond, voltage collapses.

    Notes
    -----
    Where both solutions of `voltage_pu` meet, at apparent power

    .. math:: S = \frac{1}{2 (|Z| + R \cos\varphi + X \sin\varphi)}.

    Examples
    --------
    >>> round(highest_power_mw(1.0, Impedance.of(2000.0, 15.0)), 1)
    937.6
    """
    resistance, reactance = impedance
    cosine, sine = abs(power_factor), np.sqrt(1.0 - power_factor**2) * np.sign(power_factor)
    apparent = 0.5 / (np.hypot(resistance, reactance) + resistance * cosine + reactance * sine)
    return float(apparent * cosine)


def short_circuit_ratio(short_circuit_mva: float, rated_mw: float) -> float:
    """Return short-circuit power over rated power of the site.

    Examples
    --------
    >>> short_circuit_ratio(2000.0, 400.0)
    5.0
    """
    return short_circuit_mva / rated_mw
