r"""The most that fleets with ramps could draw under a ceiling that they know: the yardstick of a policy.

Notes
-----
The greatest trajectory :math:`f \le c` with :math:`-d \le \dot f \le u` is what two running minima leave of
the ceiling :math:`c`, one from the left and one from the right:

.. math::

    f(t) = \min\Bigl(\inf_{s \le t} c(s) + u\,(t - s),\ \inf_{s \ge t} c(s) + d\,(s - t)\Bigr)

It needs no optimisation: whoever keeps ceiling and ramps stays below each of these lines, and their lower
envelope keeps both itself.
"""

from math import inf

import numpy as np

from sim.signals import FloatArray, Signal


def greatest_within_ramps(ceiling_mw: Signal, ramp_up_mw_per_s: float, ramp_down_mw_per_s: float) -> Signal:
    """Return the greatest trajectory below a ceiling that rises and falls no faster than its ramps.

    Parameters
    ----------
    ceiling_mw
        What it must not exceed at any time [MW]; it may jump.
    ramp_up_mw_per_s, ramp_down_mw_per_s
        How fast it may rise and fall [MW/s], above 0; infinity: at once.

    Returns
    -------
    Signal
        The trajectory [MW]; at its start it stands where the ceiling allows.

    Raises
    ------
    ValueError
        A ramp is not above 0.

    Examples
    --------
    A hole of 60 MW for two minutes, filled at 1 MW/s and emptied at 12 MW/s: the rise ends at 60 MW after
    a minute, and 5 s are lost at the end.

    >>> ceiling = Signal.steps([0.0, 100.0, 220.0], [0.0, 60.0, 0.0], 400.0)
    >>> found = greatest_within_ramps(ceiling, 1.0, 12.0)
    >>> found.at([100.0, 160.0, 215.0, 217.5, 220.0]).round(6).tolist()
    [0.0, 60.0, 60.0, 30.0, 0.0]
    >>> round(found.integral(), 6)
    5250.0
    """
    if not (ramp_up_mw_per_s > 0.0 and ramp_down_mw_per_s > 0.0):
        raise ValueError(
            f"ramps must be above 0 MW/s, got {ramp_up_mw_per_s} up and {ramp_down_mw_per_s} down"
        )
    below = ceiling_mw if ramp_up_mw_per_s == inf else _minimum_so_far(ceiling_mw, ramp_up_mw_per_s)
    if ramp_down_mw_per_s == inf:
        return below.simplify()
    return below.minimum_with(_minimum_from_now(ceiling_mw, ramp_down_mw_per_s)).simplify()


def _tilted(ceiling: Signal, slope_per_s: float) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return starts [s], values, slopes and left limits at the ends of a signal plus a line through 0."""
    value = ceiling.value + slope_per_s * (ceiling.time_s - ceiling.start_s)
    ends_s = np.append(ceiling.time_s[1:], ceiling.end_s)
    slope = ceiling.slope_per_s + slope_per_s
    return ceiling.time_s, value, slope, value + slope * (ends_s - ceiling.time_s)


def _minimum_so_far(ceiling: Signal, up_per_s: float) -> Signal:
    """Return the lower envelope of lines that rise from each point of a signal to the right."""
    start_s, value, slope, left = _tilted(ceiling, -up_per_s)
    before = np.concatenate([[inf], np.minimum.accumulate(np.minimum(value, left))[:-1]])
    level = np.minimum(before, value)
    # a line that falls below all that was takes over where it crosses
    falls = left < level
    with np.errstate(divide="ignore", invalid="ignore"):
        cross_s = np.where(falls, start_s + (level - value) / slope, inf)
    flat = ~falls | (cross_s > start_s)
    times_s = np.concatenate([start_s[flat], cross_s[falls]])
    levels = np.concatenate([level[flat], level[falls]])
    slopes = np.concatenate([np.zeros(int(flat.sum())), slope[falls]])
    return _untilted(times_s, levels, slopes, up_per_s, ceiling)


def _minimum_from_now(ceiling: Signal, down_per_s: float) -> Signal:
    """Return the lower envelope of lines that rise from each point of a signal to the left."""
    start_s, value, slope, left = _tilted(ceiling, down_per_s)
    lowest = np.minimum(value, left)
    after = np.concatenate([np.minimum.accumulate(lowest[::-1])[::-1][1:], [inf]])
    level = np.minimum(after, left)
    # a line that rises counts itself until it reaches the lowest of what comes
    rises = (slope > 0.0) & (value < level)
    with np.errstate(divide="ignore", invalid="ignore"):
        cross_s = np.where(rises, start_s + (level - value) / slope, start_s)
    ends_s = np.append(start_s[1:], ceiling.end_s)
    flat = cross_s < ends_s
    times_s = np.concatenate([start_s[rises], cross_s[flat]])
    levels = np.concatenate([value[rises], level[flat]])
    slopes = np.concatenate([slope[rises], np.zeros(int(flat.sum()))])
    return _untilted(times_s, levels, slopes, -down_per_s, ceiling)


def _untilted(
    times_s: FloatArray, levels: FloatArray, slopes: FloatArray, slope_per_s: float, like: Signal
) -> Signal:
    order = np.argsort(times_s, kind="stable")
    times_s, levels, slopes = times_s[order], levels[order], slopes[order]
    inside = times_s < like.end_s
    times_s, levels, slopes = times_s[inside], levels[inside], slopes[inside]
    return Signal.from_breakpoints(
        times_s, levels + slope_per_s * (times_s - like.start_s), slopes + slope_per_s, like.end_s
    )
