"""What cooling a hall draws: by outdoor temperature, with a lag. Formulas and presets."""

import math
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import Field

from sim.spec import Spec, rising

Ratio = Annotated[float, Field(ge=0.0, le=5.0)]
Outdoors = Annotated[float, Field(ge=-60.0, le=70.0)]
Lag = Annotated[float, Field(ge=1.0, le=86_400.0)]


class _Cooling(Spec):
    """Base of every kind of cooling."""

    base_ratio: Ratio
    design_ratio: Ratio
    free_c: Outdoors
    design_c: Outdoors
    fixed_fraction: Annotated[float, Field(ge=0.0, le=1.0)]
    lag_up_s: Lag
    lag_down_s: Lag
    water_l_per_kwh: Annotated[float, Field(ge=0.0, le=100.0)] = 0.0
    """Water that cooling takes on site for each kWh of IT [L/kWh]. Default: none, for heat leaves through dry
    coolers."""

    _hotter = rising("free_c", "design_c")
    _takes_more = rising("base_ratio", "design_ratio", strictly=False)


class AirCooling(_Cooling):
    """Air, with chillers where outdoor air is not cold enough."""

    type: Literal["air"] = "air"
    base_ratio: Ratio = 0.20
    """Cooling power over IT power where outdoor air cools freely. Default: unverified."""
    design_ratio: Ratio = 0.376
    """Cooling power over IT power at the design temperature: all that the plant can. Default: 0.008 more for
    each °C; unverified."""
    free_c: Outdoors = 18.0
    """Outdoor temperature up to which outdoor air cools freely [°C]. Default: unverified."""
    design_c: Outdoors = 40.0
    """Outdoor temperature from which cooling draws no more [°C]. Default: assumption."""
    fixed_fraction: Annotated[float, Field(ge=0.0, le=1.0)] = 0.04
    """What the hall draws at any load, over its rated IT power: lights, controls. Default: unverified."""
    lag_up_s: Lag = 180.0
    """Time constant with which cooling rises [s]. Default: unverified."""
    lag_down_s: Lag = 900.0
    """Time constant with which cooling falls [s]. Default: unverified."""
    water_l_per_kwh: Annotated[float, Field(ge=0.0, le=100.0)] = 1.8
    """Water that cooling takes on site for each kWh of IT [L/kWh]. Default: chillers with cooling towers, the
    mean of the United States (Shehabi et al., LBNL-1005775, 2016; unverified)."""


class LiquidCooling(_Cooling):
    """Warm water to the chips, dry coolers outdoors."""

    type: Literal["liquid"] = "liquid"
    base_ratio: Ratio = 0.06
    """Cooling power over IT power where outdoor air cools freely. Default: unverified."""
    design_ratio: Ratio = 0.112
    """Cooling power over IT power at the design temperature: all that the plant can. Default: 0.004 more for
    each °C; unverified."""
    free_c: Outdoors = 27.0
    """Outdoor temperature up to which outdoor air cools freely [°C]. Default: unverified."""
    design_c: Outdoors = 40.0
    """Outdoor temperature from which cooling draws no more [°C]. Default: assumption."""
    fixed_fraction: Annotated[float, Field(ge=0.0, le=1.0)] = 0.02
    """What the hall draws at any load, over its rated IT power: lights, controls. Default: unverified."""
    lag_up_s: Lag = 20.0
    """Time constant with which cooling rises [s]: pumps. Default: unverified."""
    lag_down_s: Lag = 180.0
    """Time constant with which cooling falls [s]: heat rejection. Default: unverified."""


class ImmersionCooling(_Cooling):
    """Machines in tanks of oil, dry coolers outdoors; the oil stores heat."""

    type: Literal["immersion"] = "immersion"
    base_ratio: Ratio = 0.04
    """Cooling power over IT power where outdoor air cools freely. Default: assumption."""
    design_ratio: Ratio = 0.07
    """Cooling power over IT power at the design temperature: all that the plant can. Default: assumption."""
    free_c: Outdoors = 30.0
    """Outdoor temperature up to which outdoor air cools freely [°C]. Default: assumption."""
    design_c: Outdoors = 40.0
    """Outdoor temperature from which cooling draws no more [°C]. Default: assumption."""
    fixed_fraction: Annotated[float, Field(ge=0.0, le=1.0)] = 0.02
    """What the hall draws at any load, over its rated IT power: lights, controls. Default: assumption."""
    lag_up_s: Lag = 600.0
    """Time constant with which cooling rises [s]. Default: assumption."""
    lag_down_s: Lag = 900.0
    """Time constant with which cooling falls [s]. Default: assumption."""


AnyCooling = Annotated[AirCooling | LiquidCooling | ImmersionCooling, Field(discriminator="type")]
"""Any kind of cooling, told apart by its ``type``."""


def cooling_ratio(
    outdoor_c: float | np.ndarray, base_ratio: float, design_ratio: float, free_c: float, design_c: float
) -> np.ndarray:
    r"""Return the power of cooling, once it has caught up, over IT power.

    Parameters
    ----------
    outdoor_c
        Outdoor dry-bulb temperature [°C].
    base_ratio, design_ratio
        Ratio up to ``free_c``, and from ``design_c`` on.
    free_c, design_c
        Temperatures between which it rises in a straight line [°C].

    Returns
    -------
    array
        :math:`c_0 + c_1 \max(0, \min(T, T_d) - T_f)`, with :math:`c_1` from the two ratios.

    Examples
    --------
    >>> cooling_ratio(np.array([10.0, 28.0, 45.0]), 0.20, 0.376, 18.0, 40.0).round(3).tolist()
    [0.2, 0.28, 0.376]
    """
    return np.asarray(np.interp(outdoor_c, [free_c, design_c], [base_ratio, design_ratio]))


class Lagging(NamedTuple):
    r"""Cooling power on its way to a target that is a polynomial of time: a first-order lag, solved exactly.

    .. math:: C' = (q - C)/\tau, \quad q = q_0 + q_1 t + q_2 t^2
        \;\Rightarrow\; C = q - \tau q' + \tau^2 q'' + A e^{-t/\tau}
    """

    lag_s: float
    """Time constant [s]."""
    target_mw: float
    """Target at the start [MW]."""
    first: float
    """What the target gains with time [MW/s]."""
    second: float
    """What it gains with the square of time [MW/s²]."""
    excess_mw: float
    """A, what still has to decay at the start [MW]."""

    def smooth_mw(self, after_s: float) -> float:
        """Return the power without what still has to decay [MW]."""
        lag_s, first, second = self.lag_s, self.first, self.second
        target_mw = self.target_mw + after_s * (first + after_s * second)
        return target_mw - lag_s * (first + 2.0 * second * after_s) + 2.0 * lag_s * lag_s * second

    def at_mw(self, after_s: float) -> float:
        """Return the power so long after the start [MW]."""
        return self.smooth_mw(after_s) + self.excess_mw * math.exp(-after_s / self.lag_s)

    def meets_after_s(self) -> float:
        """Return when power meets its target and the other time constant takes over [s]; infinity for never.

        A target that bends within the stretch is taken as straight: the constant that applies right after a
        meeting, where nothing is left to catch up, hardly matters.
        """
        trail_mw = self.lag_s * self.first
        if trail_mw * self.excess_mw <= 0.0 or abs(trail_mw) >= abs(self.excess_mw):
            return math.inf
        return self.lag_s * math.log(self.excess_mw / trail_mw)


def lagging(now_mw: float, target: tuple[float, float, float], lag_up_s: float, lag_down_s: float) -> Lagging:
    """Return how cooling power goes on from now.

    Parameters
    ----------
    now_mw
        Power now [MW].
    target
        Target now [MW], its slope [MW/s], half its second derivative [MW/s²].
    lag_up_s, lag_down_s
        Time constants while power rises and falls [s].

    Examples
    --------
    For a minute half the heat is gone; air falls with 15 min: 3 % of the cooling power, not 50 %.

    >>> round(lagging(10.0, (5.0, 0.0, 0.0), 180.0, 900.0).at_mw(60.0), 2)
    9.68
    """
    target_mw, first, second = target
    behind_mw = target_mw - now_mw
    if abs(behind_mw) <= 1e-9 * (1.0 + abs(target_mw)):
        behind_mw = first  # it stands on its target, and goes where that goes
    lag_s = lag_up_s if behind_mw > 0.0 else lag_down_s
    smooth_now_mw = target_mw - lag_s * first + 2.0 * lag_s * lag_s * second
    return Lagging(lag_s, target_mw, first, second, now_mw - smooth_now_mw)
