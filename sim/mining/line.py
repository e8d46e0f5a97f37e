"""Power of a machine over its clock, read many times a second: plain floats, no arrays."""

from bisect import bisect_right
from collections.abc import Sequence

from sim.mining.clocking import ClockCurve


def interpolated(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """Return the value at ``x`` of the straight lines that join points, of the nearer end beyond them.

    Parameters
    ----------
    x
        Where.
    xs
        The points' abscissas, rising, shape (n,).
    ys
        Their ordinates, shape (n,).

    Examples
    --------
    >>> interpolated(1.5, [1.0, 2.0], [10.0, 20.0])
    15.0
    """
    right = bisect_right(xs, x)
    if right == 0:
        return ys[0]
    if right == len(xs):
        return ys[-1]
    left = right - 1
    return ys[left] + (ys[right] - ys[left]) * (x - xs[left]) / (xs[right] - xs[left])


class PowerLine:
    """Power of a machine over its clock, and back: straight lines from profile to profile.

    Parameters
    ----------
    curve
        Power over clock, relative to the default clock.
    power_w
        Power at the default clock [W].
    """

    def __init__(self, curve: ClockCurve, power_w: float) -> None:
        self._clocks: list[float] = curve.fractions.tolist()
        self._powers_w = [ratio * power_w for ratio in curve.power_ratios.tolist()]

    @property
    def knots(self) -> tuple[list[float], list[float]]:
        """Clock [1] and power [W] of each profile, rising."""
        return self._clocks, self._powers_w

    def power_w(self, clock: float) -> float:
        """Return the power at a clock, cut to the range [W]."""
        return interpolated(clock, self._clocks, self._powers_w)

    def clock(self, power_w: float) -> float:
        """Return the clock at a power, cut to the range [1]."""
        return interpolated(power_w, self._powers_w, self._clocks)
