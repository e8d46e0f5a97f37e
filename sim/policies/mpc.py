"""Model-predictive control: the best dispatch of a forecast horizon, of which the first step is done."""

from typing import Literal

import numpy as np

from sim.policies.outlook import Outlook
from sim.policies.planning import PlanningPolicy, PlanningSpec
from sim.policies.programme import Horizon, best_dispatch
from sim.units import FloatArray


class Mpc(PlanningSpec):
    r"""Plan the hours ahead by their forecast, do the first step, and plan anew.

    Notes
    -----
    With prices :math:`\hat\pi_t` and adder :math:`a`, steps of :math:`\Delta`, powers :math:`p_{g,t}` in the
    segments that :mod:`sim.policies.planning` makes of fleets and their clock levels, break-even prices
    :math:`b_g` of these, :math:`P_t = \sum_g p_{g,t}`:

    .. math::

        \max \sum_t \Delta \sum_g (b_g - \hat\pi_t - a)\, p_{g,t} - c \sum_t \max(0, P_t - P_{t-1})

    subject to :math:`P_t + \sum P^{min} \le L - m - \hat P^{AI}_t` and
    :math:`-r_- \Delta \le P_t - P_{t-1} \le r_+ \Delta`. In the first step price and AI power are those of
    now; it lasts until the next step begins. By how much the price of now is off its forecast, fades over the
    later steps. Between two plans the target is the plan's first step, cut at the headroom of now. What peaks
    cost is counted as :mod:`sim.policies.planning` has it: a demand charge on the highest site power of the
    plan, coincident peaks on top of the price. Without start cost, ramps and peaks the steps do not depend on
    one another, and the rule is that of `price-threshold`. Prices that are not forecast stay as they are now;
    so does AI power.

    References
    ----------
    J. B. Rawlings, D. Q. Mayne, M. M. Diehl, "Model Predictive Control: Theory, Computation, and Design", 2nd
    edition, Nob Hill, 2017 (receding horizon).
    """

    type: Literal["mpc"]

    def start(self) -> "MpcPolicy":
        """Return a fresh policy for one run."""
        return MpcPolicy(self)


class MpcPolicy(PlanningPolicy):
    """The policy in a run."""

    def best_mw(self, horizon: Horizon, outlook: Outlook) -> FloatArray:  # noqa: ARG002 -- it believes one price
        """Return the best dispatch [MW], shape (steps,)."""
        return best_dispatch(horizon).power_mw if horizon.segment_mw.size else np.zeros(horizon.steps)
