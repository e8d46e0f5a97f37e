"""Voltage where the site meets the grid: two buses, exactly."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sim.units import FloatArray


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


FLICKER_EXPONENT: Final = 3.2
FLICKER_S: Final = 2.3
"""Flicker time of a voltage step of 1 % [s]; IEC 61000-3-3, analytical method (unverified)."""
SHORT_TERM_S: Final = 600.0
"""Time that a short-term severity is of [s]."""
LONG_TERM_COUNT: Final = 12
"""Short-term severities in a long-term one: two hours."""
RAMP_S: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Lengths of ramps whose shape factor was worked out [s]."""
RAMP_FACTOR: Final = (0.993, 0.970, 0.855, 0.670, 0.509, 0.332, 0.217, 0.132, 0.0635, 0.0340, 0.0173)
"""Their shape factors [1]."""


def ramp_shape_factor(length_s: ArrayLike) -> FloatArray:
    r"""Return the shape factor F of a ramp: the step that flickers as much, over the ramp.

    Parameters
    ----------
    length_s
        Time that the change takes [s], any shape; 0: a step.

    Returns
    -------
    FloatArray
        F, from 1 for a step down, in the shape of `length_s`.

    Notes
    -----
    IEC 61000-3-3 reads F from a figure, which was not seen. It is worked out here from its definition (the
    rectangular change that makes the same Pst: R. Bergeron, IEEE 1453 task force, 1997) with the filters,
    lamp and percentiles of the flickermeter of IEC 61000-4-15, for the 230 V, 50 Hz lamp that the 2.3 s of
    the method belong to, at one change a minute. At half to four changes a minute it differs by up to 9 %;
    for the 120 V lamp it is up to 11 % higher, of steps that flicker 14 % less. Between the lengths worked
    out, log F is a line over log length; below 10 ms F is 1, and beyond 20 s it falls as one over length.

    Examples
    --------
    >>> [round(float(factor), 3) for factor in ramp_shape_factor([0.0, 0.1, 1.0, 1.5, 40.0])]
    [1.0, 0.67, 0.217, 0.162, 0.009]
    """
    length = np.asarray(length_s, dtype=np.float64)
    logs = np.log(np.maximum(length, RAMP_S[0]))
    factor = np.exp(np.interp(logs, np.log(RAMP_S), np.log(RAMP_FACTOR)))
    factor = np.where(length < RAMP_S[0], 1.0, factor)
    return np.asarray(factor * np.minimum(1.0, RAMP_S[-1] / np.maximum(length, RAMP_S[0])))


def short_term_flicker(time_s: FloatArray, change_pu: FloatArray, length_s: FloatArray, end_s: float) -> FloatArray:
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

    with the relative change d in percent, and the shape factor F of `ramp_shape_factor`. The formula is
    written from memory of IEC 61000-3-3, unverified, and gives 0.97 to 0.99 where a flickermeter of IEC
    61000-4-15 gives 1, at one to seven steps a minute; it is for changes at least a second apart. Of a wave
    within the second it says nothing.

    Examples
    --------
    >>> minutes = np.arange(30.0, 600.0, 60.0)
    >>> steps = short_term_flicker(minutes, np.full(10, 0.02724), np.zeros(10), 600.0)
    >>> round(float(steps[0]), 3)
    0.983
    """
    flicker_s = FLICKER_S * (ramp_shape_factor(length_s) * np.abs(change_pu) * 100.0) ** FLICKER_EXPONENT
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
    >>> long_term_flicker(np.full(12, 0.5)).round(6).tolist()
    [0.5]
    """
    if short_term.size < LONG_TERM_COUNT:
        return np.empty(0)
    sums = np.convolve(short_term**3, np.ones(LONG_TERM_COUNT), mode="valid")
    return np.asarray(np.cbrt(sums / LONG_TERM_COUNT))
