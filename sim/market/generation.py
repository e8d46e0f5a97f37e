r"""Own generation behind the meter: constant, from a file, or synthetic wind.

Notes
-----
Synthetic wind has wind speeds of a Weibull distribution, tied together in time by a Gaussian copula: with
:math:`z` an Ornstein-Uhlenbeck process of unit variance and mean-reversion time :math:`\tau`, sampled
exactly on a fixed step, and :math:`\Phi` the normal distribution,

.. math::

    v = \lambda\,[-\ln(1 - \Phi(z))]^{1/k}, \qquad
    P = P_r \cdot \begin{cases}
        (v^3 - v_i^3) / (v_r^3 - v_i^3) & v_i \le v < v_r \\
        1 & v_r \le v < v_o \\
        0 & \text{else.}
    \end{cases}

It does not contain: a daily or annual shape, turbulence within a step, the smoothing of many turbines at many
places (one power curve stands for all, so power moves more within an hour than a real farm's), wakes,
outages, ice; any tie to the power price, which in Texas falls when wind blows. Use a file where these matter.

References
----------
J. F. Manwell, J. G. McGowan, A. L. Rogers, "Wind Energy Explained", 2nd ed., Wiley, 2009 (Weibull wind
speeds, the cubic power curve).
G. Papaefthymiou, D. Kurowicka, "Using copulas for modeling stochastic dependence in power system uncertainty
analysis", IEEE Trans. Power Systems 24, 2009, doi:10.1109/TPWRS.2008.2004728.
"""

import math
from typing import Annotated, Literal

import numpy as np
from numpy.random import Generator
from pydantic import Field

from sim.market.series import Course, Place, StepsFile, step_signals
from sim.market.synthetic import mean_reverting, standard_normal
from sim.rng import GENERATION
from sim.signals import FloatArray, Signal
from sim.span import Span
from sim.spec import SIZED, NonNegative, Positive, rising
from sim.tables.cover import of_power
from sim.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE


class Generation(Course):
    """Base of every description of own generation [MW]; the site may draw it on top of its limit."""

    cost_usd_per_mwh: NonNegative = 0.0
    """What each MWh that the site uses or sells costs; what is curtailed costs nothing [USD/MWh]."""
    export_limit_mw: NonNegative = 0.0
    """Power that may flow out to the grid [MW]; sold at the real-time price while that is above the cost.
    What is neither used nor sold is curtailed."""


class ConstantGeneration(Generation):
    """The same power all the time: a plant that runs for the site."""

    type: Literal["constant"] = "constant"
    """Kind of generation."""
    mw: Positive
    """Power [MW]."""

    def signal(self, span: Span) -> Signal:
        """Return the power, constant from 0 to the run's end [MW]."""
        return Signal.constant(self.mw, span.end_s)


class FileGeneration(StepsFile, Generation):
    """Wind or solar power from a file, times a scale; each row holds from its time until the next row's."""

    power_column: str = "generation_mw"
    """Column with the power [MW], not below 0; a meter's small negatives at night are cut with ``clip``."""
    scale_ratio: Positive = 1.0
    """The plant's share of what the file holds: 0.01 makes 100 MW of 10,000 MW [1]."""

    def signal(self, span: Span) -> Signal:
        """Return the file's power times the scale, as steps [MW]."""
        table, shape, wanted = of_power(self, span.files, self.power_column)
        (power,) = step_signals(self, Place(self.time_column, table, shape), [wanted], span)
        return power * self.scale_ratio


class SyntheticWind(Generation):
    """A wind farm with drawn wind speeds: Weibull-distributed, with a memory of some hours.

    The module's notes give the equation and what it does not contain. With the defaults the farm makes 34 %
    of its rated energy over a long time.
    """

    type: Literal["synthetic-wind"] = "synthetic-wind"
    """Kind of generation."""
    rated_mw: Positive
    """Power of the farm at full wind [MW]."""
    step_min: Annotated[float, Field(ge=1.0, le=1440.0)] = 15.0
    """Time that one power holds [min]; the first interval starts with the run."""
    weibull_shape_ratio: Annotated[float, Field(ge=1.0, le=5.0)] = 2.0
    """Shape of the distribution of wind speeds, k [1]; 2 is usual (Manwell et al., 2009)."""
    weibull_scale_m_per_s: Annotated[float, Field(gt=0.0, le=30.0), SIZED] = 8.5
    """Scale of the distribution of wind speeds at hub height [m/s]; the default is an assumption."""
    memory_h: Positive = 20.0
    """Time in which a deviation of the (Gaussian) wind falls to 1/e of itself [h]; the default is an
    assumption."""
    cut_in_m_per_s: NonNegative = 3.0
    """Wind speed at which turbines start [m/s]; the default is an assumption."""
    full_m_per_s: Positive = 12.0
    """Wind speed from which they give rated power [m/s]; the default is an assumption."""
    cut_out_m_per_s: Positive = 25.0
    """Wind speed from which they stop [m/s]; the default is an assumption."""

    _ordered = rising("cut_in_m_per_s", "full_m_per_s", "cut_out_m_per_s")

    def signal(self, span: Span) -> Signal:
        """Return the drawn power of the farm, as steps [MW]."""
        step_s = self.step_min * SECONDS_PER_MINUTE
        time_s = np.arange(math.ceil(span.end_s / step_s), dtype=np.float64) * step_s
        speeds_m_per_s = self.speeds_m_per_s(time_s.size, span.stream(GENERATION))
        return Signal.steps(time_s, self.power_mw(speeds_m_per_s), span.end_s)

    def speeds_m_per_s(self, count: int, draws: Generator) -> FloatArray:
        """Return a drawn wind speed for each of so many steps [m/s]."""
        from scipy.special import log_ndtr  # noqa: PLC0415  # slow to import, and few runs have wind

        uniform = draws.random((count, 2)).T
        step_ratio = self.step_min * SECONDS_PER_MINUTE / (self.memory_h * SECONDS_PER_HOUR)
        wind = mean_reverting(standard_normal(uniform[0], uniform[1]), step_ratio)
        # 1 - Phi(z) = Phi(-z), whose logarithm is exact in the tail of storms
        speeds = self.weibull_scale_m_per_s * (-log_ndtr(-wind)) ** (1.0 / self.weibull_shape_ratio)
        return np.asarray(speeds, dtype=np.float64)

    def power_mw(self, speed_m_per_s: FloatArray) -> FloatArray:
        """Return the power of the farm at wind speeds [MW].

        Examples
        --------
        >>> farm = SyntheticWind(rated_mw=100.0)
        >>> farm.power_mw(np.array([2.9, 7.5, 12.0, 25.0])).round(2).tolist()
        [0.0, 23.21, 100.0, 0.0]
        """
        cubes = self.full_m_per_s**3 - self.cut_in_m_per_s**3
        share = np.clip((speed_m_per_s**3 - self.cut_in_m_per_s**3) / cubes, 0.0, 1.0)
        return np.asarray(np.where(speed_m_per_s < self.cut_out_m_per_s, self.rated_mw * share, 0.0))


AnyGeneration = Annotated[ConstantGeneration | FileGeneration | SyntheticWind, Field(discriminator="type")]
"""Any own generation that a scenario may name."""
