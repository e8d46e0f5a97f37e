r"""What a miner draws when its clock is set below or above the default: formulas, and a curve by profiles.

Every formula takes floats or NumPy arrays. Symbols: clock over the default clock :math:`x` [1], slope of
relative voltage over it :math:`a` [1], share of the power that does not follow the clock :math:`s` [1].

References
----------
LuxOS documentation, docs.luxor.tech, features: profiles are 25 MHz and 0.1 V apart, 16 below the default and
8 above; an Antminer S19j Pro stands at 545 MHz and 13.4 V by default.
"""

from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np

from sim.mining.catalogue import Machine
from sim.units import FloatArray, Number

PROFILE_STEP_MHZ: Final = 25.0
"""Clock between two profiles of the firmware [MHz]; LuxOS documentation."""

PROFILES_BELOW: Final = 16
"""Profiles below the default; LuxOS documentation."""

PROFILES_ABOVE: Final = 8
"""Profiles above the default; LuxOS documentation."""

DEFAULT_REFERENCE_MHZ: Final = 545.0
"""Default clock of a machine whose clock is not published, that of an Antminer S19j Pro [MHz]; assumption."""

DEFAULT_VF_SLOPE: Final = 0.163
"""Slope :math:`a` of an Antminer S19j Pro, (0.1/25)·545/13.4 [1]; for others an assumption, 0.10 to 0.25."""

DEFAULT_STATIC_FRACTION: Final = 0.03
"""Share :math:`s` of fans and of what leaks [1]; assumption, 0.01 to 0.06. Pumps are no part of a machine."""

DEFAULT_MINIMUM_FRACTION: Final = 0.4
"""Lowest clock at which machines are held, over the default [1]; assumption, 0.3 to 0.6."""

DEFAULT_MAXIMUM_FRACTION: Final = 1.0
"""Highest clock at which machines are held, over the default [1]; assumption, 1 to 1.2 as cooling allows."""

_SAME: Final = 1e-9
"""Two profiles nearer than this are one [1]."""


def voltage_ratio(fraction: Number, vf_slope: float) -> Number:
    r"""Return the voltage that a clock takes, over that of the default.

    Parameters
    ----------
    fraction
        Clock over the default clock [1].
    vf_slope
        Relative change of voltage per relative change of clock [1], 0 to below 1.

    Returns
    -------
    float or array
        Voltage over the default's [1].

    Notes
    -----
    :math:`V/V_0 = 1 - a\,(1 - x)`: the straight line of the firmware's profiles, valid from 16 profiles below
    the default to 8 above.

    Examples
    --------
    >>> round(voltage_ratio(0.5, 0.163), 4)
    0.9185
    """
    return 1.0 - vf_slope * (1.0 - fraction)


def power_ratio(fraction: Number, vf_slope: float, static_fraction: float) -> Number:
    r"""Return the power at a clock, over that at the default.

    Parameters
    ----------
    fraction
        Clock over the default clock [1].
    vf_slope
        Relative change of voltage per relative change of clock [1], 0 to below 1.
    static_fraction
        Share of the default power that does not follow the clock [1], 0 to below 1.

    Returns
    -------
    float or array
        Power over the default's [1].

    Notes
    -----
    A chip's switching power goes as clock times voltage squared:

    .. math:: P/P_0 = s + (1 - s)\,x\,(V/V_0)^2.

    Derived, not measured: temperature, the power supply's efficiency and fans that slow down are left out.

    Examples
    --------
    >>> round(power_ratio(0.8, 0.163, 0.03), 3)
    0.756
    """
    voltage = voltage_ratio(fraction, vf_slope)
    return static_fraction + (1.0 - static_fraction) * fraction * voltage * voltage


@dataclass(frozen=True)
class ClockCurve:
    r"""Power of a cohort of machines over its mean clock, by the profiles of its firmware.

    A machine runs at one profile. A cohort between two runs part of its machines at one and the rest at the
    other, so that power is a straight line over the mean clock from each profile to the next.
    The profiles lie on :func:`power_ratio`, :math:`25\,\text{MHz}/f_0` apart; both ends count as profiles.

    Raises
    ------
    ValueError
        If the range does not hold the default clock or leaves the firmware's profiles, or another field is
        out of its range.

    Examples
    --------
    >>> curve = ClockCurve(minimum_fraction=0.4, maximum_fraction=1.0)
    >>> print(round(curve.power_ratio(0.7), 3))
    0.644
    """

    minimum_fraction: float = DEFAULT_MINIMUM_FRACTION
    """Lowest clock over the default clock [1], at most 1."""
    maximum_fraction: float = DEFAULT_MAXIMUM_FRACTION
    """Highest clock over the default clock [1], at least 1."""
    reference_mhz: float = DEFAULT_REFERENCE_MHZ
    """Default clock [MHz]."""
    vf_slope: float = DEFAULT_VF_SLOPE
    """Relative change of voltage per relative change of clock [1]."""
    static_fraction: float = DEFAULT_STATIC_FRACTION
    """Share of the default power that does not follow the clock [1]."""
    fractions: FloatArray = field(init=False, repr=False, compare=False)
    """Clock of each profile over the default clock, rising [1]; shape (profiles,)."""
    power_ratios: FloatArray = field(init=False, repr=False, compare=False)
    """Power at each profile over the default power, rising [1]; shape (profiles,)."""

    def __post_init__(self) -> None:
        """Check the range and lay out the profiles."""
        self._check()
        object.__setattr__(self, "fractions", self._profiles())
        powers = power_ratio(self.fractions, self.vf_slope, self.static_fraction)
        object.__setattr__(self, "power_ratios", powers)
        self.fractions.flags.writeable = self.power_ratios.flags.writeable = False

    @classmethod
    def of(
        cls,
        machine: Machine,
        minimum_fraction: float = DEFAULT_MINIMUM_FRACTION,
        maximum_fraction: float = DEFAULT_MAXIMUM_FRACTION,
        static_fraction: float = DEFAULT_STATIC_FRACTION,
        vf_slope: float | None = None,
    ) -> Self:
        """Return the curve of a machine; what is not known of it is that of an Antminer S19j Pro."""
        reference_mhz = DEFAULT_REFERENCE_MHZ if machine.reference_mhz is None else machine.reference_mhz
        slope = machine.vf_slope if vf_slope is None else vf_slope
        slope = DEFAULT_VF_SLOPE if slope is None else slope
        return cls(minimum_fraction, maximum_fraction, reference_mhz, slope, static_fraction)

    @property
    def profile_step(self) -> float:
        """Clock between two profiles, over the default clock [1]."""
        return PROFILE_STEP_MHZ / self.reference_mhz

    def power_ratio(self, fraction: Number) -> Number:
        """Return the power at a mean clock, over the default power [1].

        A clock outside the range is taken as the nearer end: no profile lies beyond.
        """
        return np.interp(fraction, self.fractions, self.power_ratios)

    def _profiles(self) -> FloatArray:
        steps = np.arange(-PROFILES_BELOW, PROFILES_ABOVE + 1)
        profiles = 1.0 + steps * self.profile_step
        low, high = self.minimum_fraction, self.maximum_fraction
        inside = profiles[(profiles > low + _SAME) & (profiles < high - _SAME)]
        return np.concatenate([[low], inside, [high] if high > low else []])

    def _check(self) -> None:
        for name in ("vf_slope", "static_fraction"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(f"{name} is {getattr(self, name):g}; must be from 0 to below 1")
        if not self.reference_mhz > 0.0:
            raise ValueError(f"reference_mhz is {self.reference_mhz:g} MHz; must be above 0 MHz")
        step = self.profile_step
        lowest = max(0.0, 1.0 - PROFILES_BELOW * step)
        if not lowest - _SAME <= self.minimum_fraction <= 1.0:
            raise ValueError(
                f"minimum_fraction is {self.minimum_fraction:g}; must be from {lowest:.3f}, the lowest "
                f"profile at {self.reference_mhz:g} MHz, to 1"
            )
        highest = 1.0 + PROFILES_ABOVE * step
        if not 1.0 <= self.maximum_fraction <= highest + _SAME:
            raise ValueError(
                f"maximum_fraction is {self.maximum_fraction:g}; must be from 1 to {highest:.3f}, the "
                f"highest profile at {self.reference_mhz:g} MHz"
            )
