"""Bitcoin's arithmetic, as miners use it; `sim.bitcoin` has the formulas, which the market needs too."""

from sim.bitcoin import *  # noqa: F403  # the same names in a second place
