"""What a miner draws when its clock is set below or above the default, and what hot air leaves of its clock.

Every formula takes floats or NumPy arrays. Symbols: clock over the default clock :math:`x` [1], slope of
relative voltage over it :math:`a` [1], share of the power that does not follow the clock :math:`s` [1].

References
----------
LuxOS documentation, docs.luxor.tech, features: profiles are 25 MHz and 0.1 V apart, 16 below the default and
8 above; an Antminer S19j Pro stands at 545 MHz and 13.4 V by default.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Annotated, Final, NamedTuple, Self

import numpy as np
from pydantic import Field

from sim.mining.catalogue import Machine
from sim.signals import Signal
from sim.spec import PositiveFraction, Spec, rising
from sim.units import ROUNDING, FloatArray, Number

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
        If the range does not hold the default clock or leaves the firmware's profiles.

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
    """Default clock, above 0 [MHz]."""
    vf_slope: float = DEFAULT_VF_SLOPE
    """Relative change of voltage per relative change of clock [1], 0 to below 1."""
    static_fraction: float = DEFAULT_STATIC_FRACTION
    """Share of the default power that does not follow the clock [1], 0 to below 1."""
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
        inside = profiles[(profiles > low + ROUNDING) & (profiles < high - ROUNDING)]
        return np.concatenate([[low], inside, [high] if high > low else []])

    def _check(self) -> None:
        step = self.profile_step
        lowest = max(0.0, 1.0 - PROFILES_BELOW * step)
        if not lowest - ROUNDING <= self.minimum_fraction <= 1.0:
            raise ValueError(
                f"minimum_fraction is {self.minimum_fraction:g}; must be from {lowest:.3f}, the lowest "
                f"profile at {self.reference_mhz:g} MHz, to 1"
            )
        highest = 1.0 + PROFILES_ABOVE * step
        if not 1.0 <= self.maximum_fraction <= highest + ROUNDING:
            raise ValueError(
                f"maximum_fraction is {self.maximum_fraction:g}; must be from 1 to {highest:.3f}, the "
                f"highest profile at {self.reference_mhz:g} MHz"
            )


Degrees = Annotated[float, Field(ge=-50.0, le=80.0)]


class Heat(Spec):
    """What hot air does to machines: they lower their clock, then stop. Intake air is outdoor air."""

    derate_from_c: Degrees = 35.0
    """Temperature up to which the clock is free [°C]. Default: assumption."""
    derated_at_c: Degrees = 40.0
    """Temperature from which the clock is held at ``derated_fraction`` [°C]. An Antminer S21 throttles from
    490 to 440 MHz above 40 °C (review of March 2024, hackernoon.com)."""
    derated_fraction: PositiveFraction = 0.9
    """Highest clock in such heat, over the default clock [1]; falls to it profile by profile."""
    trip_c: Degrees = 47.0
    """Temperature above which machines stop [°C]; the same review."""
    restart_c: Degrees = 45.0
    """Temperature below which they may start again [°C]. Default: assumption."""

    _derates = rising("derate_from_c", "derated_at_c")
    _trips_after = rising("derated_at_c", "trip_c", strictly=False)
    _restarts_below = rising("restart_c", "trip_c", strictly=False)


class Ceiling(NamedTuple):
    """What heat allows from a time on."""

    time_s: float
    """From when [s]."""
    clock: float
    """Highest clock over the default; infinity: any [1]."""
    tripped: bool
    """Whether it has stopped the machines."""


def ceilings(heat: Heat, outdoor_c: Signal, fractions: Sequence[float]) -> list[Ceiling]:
    r"""Return how heat limits the clock over a run, in order of time.

    Parameters
    ----------
    heat
        What hot air does.
    outdoor_c
        Outdoor temperature [°C].
    fractions
        Clocks of the firmware's profiles over the default clock [1].

    Notes
    -----
    Up to ``derate_from_c`` any clock is free; at ``derated_at_c`` it is held at ``derated_fraction``. In
    between, the profiles are given up one after the other, at temperatures evenly apart. Above ``trip_c``
    machines stop, until the temperature falls below ``restart_c``. Each switch is at the exact crossing.
    """
    spans = [(outdoor_c.intervals_above(above_c), clock) for above_c, clock in _limits(heat, fractions)]
    stops = _stops(outdoor_c, heat)
    edges = [spans_s.ravel() for spans_s, _ in spans] + [stops.ravel(), np.array([outdoor_c.start_s])]
    found: list[Ceiling] = []
    for time_s in np.unique(np.concatenate(edges)).tolist():
        clock = min((clock for spans_s, clock in spans if _holds(spans_s, time_s)), default=inf)
        ceiling = Ceiling(time_s, clock, _holds(stops, time_s))
        if not found or ceiling[1:] != found[-1][1:]:
            found.append(ceiling)
    return found


def _limits(heat: Heat, fractions: Sequence[float]) -> list[tuple[float, float]]:
    """Return temperatures, and the highest clock above each."""
    highest = max(fractions)
    lower = sorted({heat.derated_fraction, *(x for x in fractions if heat.derated_fraction < x < highest)})
    width_c = (heat.derated_at_c - heat.derate_from_c) / len(lower)
    return [(heat.derated_at_c - width_c * number, clock) for number, clock in enumerate(lower)]


def _stops(outdoor_c: Signal, heat: Heat) -> FloatArray:
    """Return from when to when machines have tripped [s], shape (n, 2)."""
    warm_s = outdoor_c.intervals_above(heat.restart_c)
    trips_s = outdoor_c.intervals_above(heat.trip_c)[:, 0]
    first = np.searchsorted(trips_s, warm_s[:, 0], side="left")
    trips = [
        (trips_s[position], end_s)
        for position, end_s in zip(first, warm_s[:, 1], strict=True)
        if position < trips_s.size and trips_s[position] < end_s
    ]
    return np.array(trips).reshape(-1, 2)


def _holds(spans_s: FloatArray, time_s: float) -> bool:
    return bool(np.any((spans_s[:, 0] <= time_s) & (time_s < spans_s[:, 1])))
