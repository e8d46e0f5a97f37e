"""When something is reached, and when it holds: times of an integral, a signal that is one within spans."""

import numpy as np
from numpy.typing import ArrayLike

from sim.signals.windows import Signal
from sim.units import FloatArray


def one_within(spans_s: FloatArray, end_s: float) -> Signal:
    """Return one inside of intervals that do not overlap, and zero outside, from 0 to an end [s].

    Examples
    --------
    >>> one_within(np.array([[-1.0, 2.0], [5.0, 9.0]]), 8.0).integral()
    5.0
    """
    times_s = np.append(0.0, np.maximum(spans_s, 0.0))
    return Signal.steps(times_s, np.append(0.0, np.tile([1.0, 0.0], len(spans_s))), end_s)


def times_of_integral(rate: Signal, levels: ArrayLike) -> FloatArray:
    r"""Return the times at which the running integral of a signal reaches the levels.

    Parameters
    ----------
    rate
        The signal [value], nowhere below 0.
    levels
        Levels of its integral from its start on [value·s], shape (n,), not below 0, not decreasing.

    Returns
    -------
    FloatArray
        First time at which each level is reached [s]; levels that are not reached have none, so shape (m,),
        m at most n.

    Notes
    -----
    Exact: in a segment with value :math:`v` and slope :math:`s` the rest :math:`r` of a level is reached
    after :math:`x = 2r / (v + \sqrt{v^2 + 2sr})`, the root of :math:`vx + sx^2/2 = r`.

    Examples
    --------
    >>> times_of_integral(Signal.linear([0.0, 10.0], [0.0, 10.0], 20.0), [0.5, 50.0, 100.0, 151.0]).tolist()
    [1.0, 10.0, 15.0]
    """
    edges_s = np.append(rate.time_s, rate.end_s)
    reached = np.concatenate([[0.0], np.cumsum(rate.integrals_over(edges_s))])
    wanted = np.asarray(levels, dtype=np.float64)
    wanted = wanted[wanted <= reached[-1]]
    segment = np.clip(np.searchsorted(reached, wanted, side="left") - 1, 0, rate.time_s.size - 1)
    rest = wanted - reached[segment]
    value, slope_per_s = rate.value[segment], rate.slope_per_s[segment]
    root = np.sqrt(np.maximum(value**2 + 2.0 * slope_per_s * rest, 0.0))
    after_s = np.divide(2.0 * rest, value + root, out=np.zeros_like(rest), where=rest > 0.0)
    return np.asarray(np.minimum(rate.time_s[segment] + after_s, edges_s[segment + 1]))
