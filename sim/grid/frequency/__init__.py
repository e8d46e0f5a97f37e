"""System frequency in answer to a site's load, by the system frequency response (SFR) model.

==============  =========================================================================================
`model`         governors, the grid's parameters, presets and what follows from them
`closed_form`   the step response of Anderson and Mirheydar
`state_space`   the linear equations, split into modes
`propagation`   exact states at the breakpoints of a piecewise-linear load
`deadband`      the same with a governor deadband
`dense`         the curve between breakpoints, as cubics with a stated error
`statistics`    extremes, times outside a band and minute means of that curve
`rocof`         its steepest change over a window
`result`        `response` and its `FrequencyResult`; means on a uniform grid, in closed form
`assessment`    neutral step, sensitivities, and what to print with a result
==============  =========================================================================================

One frequency for the whole grid: inter-area, local and torsional modes are outside the model.
"""

from sim.grid.frequency.assessment import SensitivityRow, describe, neutral_step_mw, sensitivity, warnings_of
from sim.grid.frequency.model import Governor, GridModel, StepResponse
from sim.grid.frequency.result import FrequencyResult, response
from sim.grid.frequency.statistics import cps1_percent

__all__ = [
    "FrequencyResult",
    "Governor",
    "GridModel",
    "SensitivityRow",
    "StepResponse",
    "cps1_percent",
    "describe",
    "neutral_step_mw",
    "response",
    "sensitivity",
    "warnings_of",
]
