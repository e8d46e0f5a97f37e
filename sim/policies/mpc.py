r"""Model-predictive control: the best dispatch of a forecast horizon, of which the first step is done.

`MpcCvar` knows how wrong its forecasts were, and shuns the worst cases: the best first step where several
futures are possible, and bad ones weigh more, is a linear programme.

Notes
-----
Scenarios :math:`\omega` of equal probability share all but their margins, and the first step. With the profit
:math:`V_\omega` of each as in :mod:`sim.policies.programme`:

.. math::

    \max \; \frac{1}{S} \sum_\omega V_\omega
    - \lambda \Bigl(\eta + \frac{1}{(1-\beta) S} \sum_\omega z_\omega\Bigr),
    \qquad z_\omega \ge -V_\omega - \eta, \quad z_\omega \ge 0

At the optimum the bracket is the conditional value at risk of the loss :math:`-V`: its mean over the worst
:math:`1-\beta` of the cases.

References
----------
R. T. Rockafellar, S. Uryasev, "Optimization of conditional value-at-risk", Journal of Risk 2(3), 2000,
doi:10.21314/JOR.2000.038.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from sim.policies.outlook import Outlook
from sim.policies.planning import PlanningPolicy, PlanningSpec
from sim.policies.programme import DispatchError, Horizon, Programme, best_alone, best_dispatch
from sim.spec import Fraction
from sim.units import HOURS_PER_DAY, SECONDS_PER_HOUR, FloatArray


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


@dataclass(frozen=True)
class RiskPlan:
    """The best dispatch of several futures."""

    power_mw: FloatArray
    """Power above the minimum, shape (scenarios, steps) [MW]; the first step is the same in all."""
    profit_usd: FloatArray
    """What each future is worth [USD], shape (scenarios,)."""


def best_first_step(
    horizon: Horizon, margins_usd_per_mwh: Sequence[FloatArray], risk_weight: float, beta: float
) -> RiskPlan:
    r"""Return the best dispatch of several futures that share their first step.

    Parameters
    ----------
    horizon
        What they have in common; its own margin does not count.
    margins_usd_per_mwh
        What a MWh in a segment earns in each future [USD/MWh], each of shape (segments, steps); alike in the
        first step, at least one.
    risk_weight
        Weight :math:`\lambda` of the conditional value at risk, at least 0 [1].
    beta
        Level :math:`\beta` of it, from 0 to below 1 [1].

    Raises
    ------
    DispatchError
        The solver gave up.

    Examples
    --------
    One megawatt that costs 30 USD to start and earns 10 USD/MWh now, then 60 or -60:

    >>> futures = [np.array([[10.0, later]]) for later in (60.0, -60.0)]
    >>> horizon = Horizon(1.0, np.ones(1), futures[0], np.ones(2), start_usd_per_mw=30.0, initial_mw=0.0)
    >>> best_first_step(horizon, futures, 0.0, 0.95).power_mw.tolist()
    [[0.0, 1.0], [0.0, 0.0]]
    """
    alone = (best_alone(replace(horizon, margin_usd_per_mwh=margin)) for margin in margins_usd_per_mwh)
    plans = [plan for plan in alone if plan is not None]
    if len(plans) == len(margins_usd_per_mwh):
        powers, values = [plan.power_mw for plan in plans], [plan.value_usd for plan in plans]
        return RiskPlan(np.array(powers), np.array(values))
    return _by_programme(horizon, margins_usd_per_mwh, risk_weight, beta)


def _by_programme(
    horizon: Horizon, margins_usd_per_mwh: Sequence[FloatArray], risk_weight: float, beta: float
) -> RiskPlan:
    from scipy import sparse  # noqa: PLC0415  # slow to import
    from scipy.optimize import linprog  # noqa: PLC0415

    one, count = Programme(horizon), len(margins_usd_per_mwh)
    costs = np.array([one.cost_at(margin) for margin in margins_usd_per_mwh])
    columns = costs.shape[1]
    tail = np.concatenate([[risk_weight], np.full(count, risk_weight / ((1.0 - beta) * count))])
    # a row for each future: its loss less eta less its z is at most 0
    loss = sparse.hstack([sparse.block_diag(costs[:, None]), -np.ones((count, 1)), -sparse.eye(count)])
    rows = sparse.kron(sparse.eye(count), one.matrix)
    padded = sparse.hstack([rows, sparse.csr_matrix((rows.shape[0], count + 1))])
    found = linprog(
        np.concatenate([costs.ravel() / count, tail]),
        A_ub=sparse.vstack([padded, loss], format="csr"),
        b_ub=np.concatenate([np.tile(one.bound, count), np.full(count, one.constant_usd)]),
        A_eq=_shared(horizon, columns, count, sparse),
        b_eq=np.zeros((count - 1) * len(horizon.segment_mw)),
        bounds=np.vstack([np.tile(one.limits, (count, 1)), [[-np.inf, np.inf]], [[0.0, np.inf]] * count]),
        method="highs",
    )
    if found.status != 0:
        raise DispatchError(f"no best first step was found: {found.message}")
    solutions = found.x[: count * columns].reshape(count, columns)
    profits = one.constant_usd - np.sum(solutions * costs, axis=1)
    return RiskPlan(np.array([one.power(solution) for solution in solutions]), profits)


def _shared(horizon: Horizon, columns: int, count: int, sparse: Any) -> Any:
    """Return the rows by which the first step of every future is that of the first one."""
    segments, steps = horizon.margin_usd_per_mwh.shape
    first = sparse.eye(segments * steps, columns, format="csr")[::steps]
    same = sparse.kron(np.ones((count - 1, 1)), first)
    others = sparse.kron(sparse.eye(count - 1), -first)
    return sparse.hstack([same, others, sparse.csr_matrix(((count - 1) * segments, count + 1))], format="csr")


class ForecastErrors:
    """Remembers the errors of one forecast an hour, each as a path over the steps ahead.

    The price first seen in a step stands for the step.

    Parameters
    ----------
    memory_count
        Paths that are remembered; the oldest go first.
    """

    def __init__(self, memory_count: int) -> None:
        self._seen: dict[int, float] = {}  # price of each step, while a forecast of it is open
        self._open: deque[tuple[int, FloatArray]] = deque()  # first step that was forecast, and what was said
        self._paths: deque[FloatArray] = deque(maxlen=memory_count)
        self._newest: int | None = None
        self._hour: int | None = None

    def take_in(self, outlook: Outlook) -> None:
        """Take in the price of now, and once an hour what is forecast from here."""
        first, price = outlook.first, outlook.price_usd_per_mwh
        if self._newest is None or first > self._newest:
            for skipped in range(first if self._newest is None else self._newest + 1, first + 1):
                self._seen[skipped] = float(price[0])
            self._newest = first
            self._close(first)
        hour = int(outlook.edges_s[0] // SECONDS_PER_HOUR)
        if hour != self._hour and len(price) > 1:
            self._hour = hour
            self._open.append((first + 1, price[1:]))

    def _close(self, newest: int) -> None:
        """Compare the forecasts whose last step has been seen with what came."""
        while self._open and self._open[0][0] + len(self._open[0][1]) - 1 <= newest:
            first, said = self._open.popleft()
            came = np.array([self._seen[first + step] for step in range(len(said))])
            self._paths.append(came - said)
        oldest = self._open[0][0] if self._open else newest
        for step in [step for step in self._seen if step < oldest]:
            del self._seen[step]

    def quantiles(self, count: int, steps: int) -> tuple[FloatArray, ...]:
        """Return past errors that stand for all: those at the middle of equal parts, by mean.

        Parameters
        ----------
        count
            How many are wanted; fewer if fewer are remembered, none if none is.
        steps
            Steps ahead that each is to have.

        Returns
        -------
        tuple of ndarray
            Price seen less price forecast [USD/MWh], shape (steps,) each; equally likely.
        """
        if steps == 0:
            return ()
        fitting = sorted((path[:steps] for path in self._paths if len(path) >= steps), key=np.mean)
        taken = min(count, len(fitting))
        return tuple(fitting[int((part + 0.5) * len(fitting) / taken)] for part in range(taken))


class MpcCvar(PlanningSpec):
    r"""Plan as `mpc` does, for several prices: the forecast and its past errors; bad cases weigh more.

    Notes
    -----
    Once an hour the policy keeps what is forecast, and later compares it with the prices that it saw: a path
    of errors over the steps ahead. The paths of the last `memory_days` are ordered by their mean, and those
    in the middle of :math:`S` equal parts added to the present forecast: :math:`S` futures, equally likely,
    that share the first step. Nothing is drawn. The first step is that of

    .. math:: \max \; E[V] - \lambda\, \mathrm{CVaR}_\beta(-V)

    with the profit :math:`V` of the horizon, less starts. Until a first forecast is over, the forecast is the
    one future. AI power has one forecast, and no errors.

    References
    ----------
    R. T. Rockafellar, S. Uryasev, "Optimization of conditional value-at-risk", Journal of Risk 2(3), 2000,
    doi:10.21314/JOR.2000.038.
    """

    type: Literal["mpc-cvar"]
    risk_weight_fraction: Fraction = 0.5
    """Weight of the worst cases' loss beside the mean profit, λ [1]; 0: risk does not matter. Assumption."""
    beta_fraction: Annotated[float, Field(ge=0.0, le=0.99)] = 0.95
    """Share of the cases that are not among the worst, β [1]; assumption."""
    scenario_count: Annotated[int, Field(ge=1, le=100)] = 20
    """Futures at the most, S; assumption."""
    memory_days: Annotated[float, Field(ge=1.0, le=366.0)] = 28.0
    """How long errors are remembered [d]; assumption."""

    def start(self) -> "MpcCvarPolicy":
        """Return a fresh policy for one run."""
        return MpcCvarPolicy(self)


class MpcCvarPolicy(PlanningPolicy):
    """The policy in a run: what it remembers of the errors of forecasts."""

    def __init__(self, spec: MpcCvar) -> None:
        super().__init__(spec)
        self._risk = spec
        self._errors = ForecastErrors(int(spec.memory_days * HOURS_PER_DAY))

    def best_mw(self, horizon: Horizon, outlook: Outlook) -> FloatArray:
        """Return the best dispatch of all futures [MW], in each step the highest; shape (steps,)."""
        self._errors.take_in(outlook)
        if not horizon.segment_mw.size:
            return np.zeros(horizon.steps)
        margin, steps = horizon.margin_usd_per_mwh, len(outlook.price_usd_per_mwh)
        paths = self._errors.quantiles(self._risk.scenario_count, steps - 1)
        futures = [margin - np.concatenate([[0.0], path]) for path in paths] or [margin]
        plan = best_first_step(horizon, futures, self._risk.risk_weight_fraction, self._risk.beta_fraction)
        return np.asarray(plan.power_mw.max(axis=0))
