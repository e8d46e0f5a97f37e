r"""How late what is promised comes: phases of a tenant, stages of a connection.

Notes
-----
Lognormal: :math:`m\,e^{\sigma z}` with a median :math:`m`, and a mean of :math:`m\,e^{\sigma^2/2}`.
"""

import math
from typing import Annotated

from pydantic import Field

from sim.spec import Spec
from sim.units import SECONDS_PER_DAY

Days = Annotated[float, Field(ge=0.0, le=3660.0)]


class Slip(Spec):
    """How late phases are: lognormal, drawn for each."""

    median_d: Days = 91.0
    """Median delay [d]. Default: one quarter; unverified. 0: on time."""
    sigma: Annotated[float, Field(ge=0.0, le=2.0)] = 0.6
    """Standard deviation of its logarithm. Default: a mean of 1.2 quarters; unverified."""

    def late_s(self, normal: float) -> float:
        """Return how late a phase is [s], by a draw from the standard normal distribution.

        Examples
        --------
        The mean over the median for a sigma of 0.6:

        >>> round(Slip().late_s(0.6 / 2.0) / Slip().late_s(0.0), 2)
        1.2
        """
        return self.median_d * SECONDS_PER_DAY * math.exp(self.sigma * normal)
