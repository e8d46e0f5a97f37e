r"""What an AI load can give way: how deep it may be cut, and what work a cut costs.

Notes
-----
A cap on GPUs holds a load to a share :math:`s` of the power that it would draw. GPUs draw a share :math:`g`
of that, so that theirs falls to :math:`1 - (1 - s)/g`, at which they keep a throughput :math:`T(s)`: measured
at caps of 100 to 400 W, straight lines between, nothing at no power. A class loses at most :math:`\lambda`,
so that its load may be cut to the :math:`s` at which :math:`T(s) = 1 - \lambda`.
"""

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import Field

from sim.shipped import shipped
from sim.spec import SIZED, NonNegative, PositiveFraction, Spec

LOST_FRACTION: Final = {1: 0.1, 2: 0.3, 3: 0.5}
"""Throughput that a class loses at most: the classes of Emerald AI (secondary source)."""
_MEASURED: Final = shipped("sim.ai", "power_caps.json")


class Flexibility(Spec):
    """How a load gives way to orders and to a lowered limit, by a cap on the power of its GPUs."""

    job: Literal["pretraining", "fine-tuning", "inference"]
    """Whose measured throughput against power caps it has."""
    flex: Literal[1, 2, 3]
    """Class of service: throughput lost at most, 1: 10 %, 2: 30 %, 3: 50 %."""
    response_s: NonNegative = 5.0
    """Time from a cap's being told until power begins to fall [s]. Default: assumption."""
    ramp_s: Annotated[float, Field(gt=0.0, le=3600.0), SIZED] = 25.0
    """Time in which power then comes to the cap, in a straight line, and goes back after it [s]. Default:
    with the response the 30 s in which a London cluster gave 30 % in December 2025 (secondary source)."""
    gpu_power_fraction: PositiveFraction = 0.62
    """Share of the load's power that GPUs draw; the rest does not follow. Default: as of computing servers of
    the catalogue."""
    value_usd_per_mwh: NonNegative | None = None
    """What the work of a MWh of IT power is worth, uncapped [USD/MWh]. Left out: the rent of its lease,
    spread over the year; without one that of a usual lease."""

    @cached_property
    def curve(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Shares of the load's power, rising to 1, and the throughput at each."""
        gpu_w = np.array([*_MEASURED["gpu_w"][self.job], 0.0])[::-1]
        left = 1.0 - self.gpu_power_fraction * (1.0 - gpu_w / gpu_w[-1])
        kept = (0.0, *reversed(_MEASURED["throughput_fraction"][self.job]))
        return tuple(left.tolist()), kept

    @property
    def least_fraction(self) -> float:
        """Share of its power that the load may be cut to.

        Examples
        --------
        >>> round(Flexibility(job="pretraining", flex=3).least_fraction, 3)
        0.654
        """
        shares, kept = self.curve
        return float(np.interp(1.0 - LOST_FRACTION[self.flex], kept, shares))

    def lost_fraction(self, power_fraction: float) -> float:
        """Return the throughput lost at a share of the load's power.

        Examples
        --------
        >>> round(Flexibility(job="pretraining", flex=1, gpu_power_fraction=1.0).lost_fraction(0.75), 3)
        0.143
        """
        return 1.0 - float(np.interp(power_fraction, *self.curve))

    def steps(self) -> Sequence[tuple[float, float]]:
        """Return width of each piece of the way up from the deepest cut, and throughput over power in it."""
        shares = [self.least_fraction, *(share for share in self.curve[0] if share > self.least_fraction)]
        kept = [1.0 - self.lost_fraction(share) for share in shares]
        return [
            (share - below, (more - less) / (share - below))
            for (below, share), (less, more) in zip(pairwise(shares), pairwise(kept), strict=True)
        ]
