r"""The best first step where several futures are possible, and bad ones weigh more: a linear programme.

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

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sim.policies.programme import Dispatch, DispatchError, Horizon, Programme, best_of_each_step, is_free
from sim.units import FloatArray


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
    alone = [_best_alone(horizon, margin) for margin in margins_usd_per_mwh]
    if all(plan is not None for plan in alone):
        plans = [plan for plan in alone if plan is not None]
        powers, values = [plan.power_mw for plan in plans], [plan.value_usd for plan in plans]
        return RiskPlan(np.array(powers), np.array(values))
    return _by_programme(horizon, margins_usd_per_mwh, risk_weight, beta)


def _best_alone(horizon: Horizon, margin_usd_per_mwh: FloatArray) -> Dispatch | None:
    """Return the best dispatch of one future where nothing ties its steps together, else None."""
    future = replace(horizon, margin_usd_per_mwh=margin_usd_per_mwh)
    plan = best_of_each_step(future)
    return plan if is_free(future, plan.power_mw) else None


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
    rows = sparse.kron(sparse.eye(count), one.matrix())
    padded = sparse.hstack([rows, sparse.csr_matrix((rows.shape[0], count + 1))])
    found = linprog(
        np.concatenate([costs.ravel() / count, tail]),
        A_ub=sparse.vstack([padded, loss], format="csr"),
        b_ub=np.concatenate([np.tile(one.bound(), count), np.full(count, one.constant_usd)]),
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
    first = sparse.csr_matrix(
        (np.ones(segments), (np.arange(segments), np.arange(segments) * steps)), shape=(segments, columns)
    )
    same = sparse.kron(np.ones((count - 1, 1)), first)
    others = sparse.kron(sparse.eye(count - 1), -first)
    return sparse.hstack([same, others, sparse.csr_matrix(((count - 1) * segments, count + 1))], format="csr")
