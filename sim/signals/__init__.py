"""Exact algebra on piecewise-linear functions of time with jumps.

One class, :class:`Signal`, built in layers, each in its own module:

=============  =======================================================================
`breakpoints`  what arrays of breakpoints must satisfy, how several merge
`base`         construction, evaluation, cutting and shifting
`measures`     integral, mean, extremes, time above a level, values per bin
`algebra`      sums, products, pointwise maximum and minimum
`windows`      net change and rolling extremes over a sliding window
=============  =======================================================================

Everything is computed from the breakpoints, never from samples. Times are seconds. A value has the unit of
what the signal carries (MW, USD/MWh, Hz ...), written *value* here; an integral is in *value·s*.
"""

from sim.signals.algebra import total
from sim.signals.windows import Signal
from sim.units import FloatArray

__all__ = ["FloatArray", "Signal", "total"]
