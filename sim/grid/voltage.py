"""Voltage where the site meets the grid: two buses, exactly; flicker by the analytical method."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sim.signals import FloatArray

FLICKER_EXPONENT: Final = 3.2
FLICKER_S: Final = 2.3
"""Flicker time of a voltage step of 1 % [s]; IEC 61000-3-3, analytical method (unverified)."""
SHORT_TERM_S: Final = 600.0
"""Time that a short-term severity is of [s]."""
LONG_TERM_COUNT: Final = 12
"""Short-term severities in a long-term one: two hours."""
STEP_LIKE_S: Final = 1.0
"""A change that takes up to this long counts as a step [s]; assumption."""


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


def short_term_flicker(
    time_s: FloatArray, change_pu: FloatArray, length_s: FloatArray, end_s: float
) -> FloatArray:
    r"""Return the short-term flicker severity of each whole 10 min.

    Parameters
    ----------
    time_s
        Times of voltage changes [s], from 0, shape (n,).
    change_pu
        Size of each [pu], shape (n,).
    length_s
        How long each takes [s], shape (n,).
    end_s
        End of the run [s].

    Returns
    -------
    FloatArray
        Severity Pst of each whole 10 min, shape (k,).

    Notes
    -----
    .. math:: P_{st} = \left( \frac{1}{600\,\mathrm{s}} \sum 2.3\,\mathrm{s}\,(F d)^{3.2} \right)^{1/3.2}

    with the relative change d in percent. Written from memory of IEC 61000-3-3, unverified; it is for changes
    at least a second apart. The shape factor F is 1 for changes up to `STEP_LIKE_S`, and falls as one over
    their length beyond (assumption; the standard reads it from a figure). A flickermeter of IEC 61000-4-15
    needs the wave itself, which is not modelled.

    Examples
    --------
    >>> minutes = np.arange(30.0, 600.0, 60.0)
    >>> steps = short_term_flicker(minutes, np.full(10, 0.02724), np.zeros(10), 600.0)
    >>> round(float(steps[0]), 3)
    0.983
    """
    shape = STEP_LIKE_S / np.maximum(length_s, STEP_LIKE_S)
    flicker_s = FLICKER_S * (shape * np.abs(change_pu) * 100.0) ** FLICKER_EXPONENT
    count = int(end_s // SHORT_TERM_S)
    period = (time_s // SHORT_TERM_S).astype(np.int64)
    whole = period < count
    sums_s = np.bincount(period[whole], weights=flicker_s[whole], minlength=count)
    return np.asarray((sums_s / SHORT_TERM_S) ** (1.0 / FLICKER_EXPONENT))


def long_term_flicker(short_term: FloatArray) -> FloatArray:
    r"""Return the long-term flicker severity over each 2 h that short-term ones make up.

    Parameters
    ----------
    short_term
        Severity of consecutive 10 min, shape (k,).

    Returns
    -------
    FloatArray
        Severity Plt, shape (k-11,), empty below two hours: the cube root of the mean of 12 cubes (IEC
        61000-3-3, unverified).

    Examples
    --------
    >>> long_term_flicker(np.full(12, 0.5)).tolist()
    [0.5]
    """
    if short_term.size < LONG_TERM_COUNT:
        return np.empty(0)
    sums = np.convolve(short_term**3, np.ones(LONG_TERM_COUNT), mode="valid")
    return np.asarray(np.cbrt(sums / LONG_TERM_COUNT))
