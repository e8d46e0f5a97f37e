r"""The best dispatch of miners over a horizon whose prices and headroom are known: a linear programme.

Who knows the future of a horizon (a benchmark) gets a bound on what any policy can earn; who only believes a
forecast (model-predictive control) gets a plan.

Notes
-----
With steps of :math:`\Delta` hours, segments :math:`s` of the fleets' power (the first watts of a machine mine
more than its last), margin :math:`m_{s,t}` of a megawatt-hour in a segment, and power available
:math:`A_t`:

.. math::

    \max \sum_t \Delta \sum_s m_{s,t}\, p_{s,t} - c \sum_t y_t - M \Delta \sum_t e_t - \sum_j k_j d_j

subject to :math:`0 \le p_{s,t} \le W_s`, :math:`P_t = \sum_s p_{s,t} \le A_t + e_t`,
:math:`-r_- \le P_t - P_{t-1} \le r_+`, :math:`y_t \ge P_t - P_{t-1}`, :math:`y_t \ge 0`, and
:math:`d_j \ge P_t + B_{j,t}` over the steps of peak :math:`j`. Solved by HiGHS.

References
----------
Q. Huangfu, J. A. J. Hall, "Parallelizing the dual revised simplex method", Mathematical Programming
Computation 10, 2018, doi:10.1007/s12532-017-0130-5 (HiGHS).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np

from sim.units import FloatArray, IndexArray


@dataclass(frozen=True)
class PeakCharge:
    """A charge on the highest site power over some steps: a demand charge, or a coincident peak."""

    steps: IndexArray
    """The steps that count, shape (k,)."""
    other_mw: FloatArray
    """What the site draws besides the miners in these steps [MW], shape (k,)."""
    usd_per_mw: float
    """Charge on the highest of them [USD/MW], at least 0."""
    floor_mw: float = 0.0
    """Highest power already met before the horizon [MW]: up to it nothing more is charged."""

    def met_mw(self, power_mw: FloatArray) -> float:
        """Return the peak that the miners' power in all steps makes, no lower than the one met [MW]."""
        return max(self.floor_mw, float(np.max(power_mw[self.steps] + self.other_mw)))


@dataclass(frozen=True)
class Horizon:
    """What is known of the time ahead, and what the miners can do in it."""

    step_h: float
    """Length of a step [h]."""
    segment_mw: FloatArray
    """Width of each segment of the fleets' power, above their minimum [MW], shape (segments,)."""
    margin_usd_per_mwh: FloatArray
    """What a megawatt-hour in a segment earns less what it costs [USD/MWh], shape (segments, steps)."""
    available_mw: FloatArray
    """Power the miners may add to their minimum, mean of each step [MW], shape (steps,), at least 0."""
    ramp_up_mw: float = inf
    """Most that power may rise from one step to the next [MW]."""
    ramp_down_mw: float = inf
    """Most that power may fall from one step to the next [MW]."""
    start_usd_per_mw: float = 0.0
    """What each rise of power costs: mining lost in starting, and wear [USD/MW]."""
    initial_mw: float | None = None
    """Power before the first step, above the minimum [MW]; None: free."""
    peaks: tuple[PeakCharge, ...] = field(default=())
    """Charges on peaks."""
    excess_usd_per_mwh: float = inf
    """What a megawatt-hour beyond `available_mw` costs [USD/MWh]; infinity: it is not allowed."""

    @property
    def steps(self) -> int:
        """Number of steps."""
        return len(self.available_mw)

    @property
    def couples(self) -> bool:
        """Whether what is best in one step depends on the others."""
        ramps = min(self.ramp_up_mw, self.ramp_down_mw) < float(np.sum(self.segment_mw))
        return bool(ramps or self.start_usd_per_mw > 0.0 or self.peaks)


@dataclass(frozen=True)
class Dispatch:
    """The best dispatch of a horizon."""

    power_mw: FloatArray
    """Power above the minimum, mean of each step [MW], shape (steps,)."""
    value_usd: float
    """What it is worth: the objective [USD]."""


class DispatchError(RuntimeError):
    """The solver found no optimum."""


def best_dispatch(horizon: Horizon) -> Dispatch:
    """Return the best dispatch of a horizon.

    Parameters
    ----------
    horizon
        What is known of it.

    Returns
    -------
    Dispatch
        Mean power of each step, and its value.

    Raises
    ------
    DispatchError
        The solver gave up.

    Examples
    --------
    One megawatt that earns 60 USD/MWh, at prices of 20, 90 and 30 USD/MWh for an hour each:

    >>> margin = 60.0 - np.array([[20.0, 90.0, 30.0]])
    >>> plan = best_dispatch(Horizon(1.0, np.ones(1), margin, np.ones(3)))
    >>> plan.power_mw.tolist(), plan.value_usd
    ([1.0, 0.0, 1.0], 70.0)
    """
    alone = best_alone(horizon)
    return _by_programme(horizon) if alone is None else alone


def best_alone(horizon: Horizon) -> Dispatch | None:
    """Return the best dispatch of a horizon where nothing ties its steps together; else None."""
    plan = best_of_each_step(horizon)
    return plan if is_free(horizon, plan.power_mw) else None


def is_free(horizon: Horizon, power_mw: FloatArray) -> bool:
    """Return whether power that is best in each step by itself meets all ramps, and costs nothing besides.

    Then no other dispatch is better, and there is no programme to solve.

    Parameters
    ----------
    horizon
        What is known of it.
    power_mw
        The best power of each step by itself [MW], shape (steps,).
    """
    if not horizon.couples:
        return True
    if horizon.excess_usd_per_mwh < float(np.max(horizon.margin_usd_per_mwh)):
        return False
    if any(peak.met_mw(power_mw) > peak.floor_mw for peak in horizon.peaks):
        return False
    before_mw = power_mw[0] if horizon.initial_mw is None else horizon.initial_mw
    rises_mw = np.diff(power_mw, prepend=before_mw)
    ramps = np.all(rises_mw <= horizon.ramp_up_mw) and np.all(-rises_mw <= horizon.ramp_down_mw)
    return bool(ramps and (horizon.start_usd_per_mw == 0.0 or np.all(rises_mw <= 0.0)))


def best_of_each_step(horizon: Horizon) -> Dispatch:
    """Return the dispatch that fills each step from its best segment down, as far as it pays.

    It is the best where nothing couples the steps; it keeps no ramps, and counts neither starts nor peaks.
    """
    order = np.argsort(-horizon.margin_usd_per_mwh, axis=0, kind="stable")
    margin = np.take_along_axis(horizon.margin_usd_per_mwh, order, axis=0)
    widths_mw = np.where(margin > 0.0, horizon.segment_mw[order], 0.0)
    filled_mw = np.minimum(np.cumsum(widths_mw, axis=0), horizon.available_mw)
    parts_mw = np.diff(filled_mw, axis=0, prepend=0.0)
    return Dispatch(filled_mw[-1], float(np.sum(parts_mw * margin)) * horizon.step_h)


def _by_programme(horizon: Horizon) -> Dispatch:
    from scipy.optimize import linprog  # noqa: PLC0415  # slow to import

    rows = Programme(horizon)
    found = linprog(rows.cost, A_ub=rows.matrix, b_ub=rows.bound, bounds=rows.limits, method="highs")
    if found.status != 0:
        raise DispatchError(f"no best dispatch was found: {found.message}")
    power_mw = rows.power(found.x)
    return Dispatch(power_mw, rows.constant_usd - float(found.fun))


class Programme:
    """The programme's columns (segments, then totals' rises, excess, peaks) and rows, built up sparse."""

    def __init__(self, horizon: Horizon) -> None:
        from scipy import sparse  # noqa: PLC0415  # slow to import

        self._sparse = sparse
        self._horizon = horizon
        segments, steps = horizon.margin_usd_per_mwh.shape
        self._shape = segments, steps
        with_rises = horizon.start_usd_per_mw > 0.0
        with_excess = horizon.excess_usd_per_mwh < inf
        count = [segments * steps, steps * with_rises, steps * with_excess, len(horizon.peaks)]
        self._other_cost = np.concatenate(
            [
                np.full(count[1], horizon.start_usd_per_mw),
                np.full(count[2], horizon.excess_usd_per_mwh * horizon.step_h if with_excess else 0.0),
                np.array([peak.usd_per_mw for peak in horizon.peaks]),
            ]
        )
        self.cost = self.cost_at(horizon.margin_usd_per_mwh)
        low = np.concatenate([np.zeros(sum(count[:3])), [peak.floor_mw for peak in horizon.peaks]])
        high = np.full(sum(count), inf)
        high[: count[0]] = np.repeat(horizon.segment_mw, steps)
        self.limits = np.column_stack([low, high])
        self.constant_usd = sum(peak.usd_per_mw * peak.floor_mw for peak in horizon.peaks)
        rows, groups = list(self._laid_out()), np.flatnonzero(count).tolist()
        self.matrix = sparse.bmat([[blocks.get(group) for group in groups] for blocks, _ in rows], format="csr")
        """The matrix of the rows ``A x <= b``."""
        self.bound = np.concatenate([bound for _, bound in rows])
        """Their right-hand side."""

    def cost_at(self, margin_usd_per_mwh: FloatArray) -> FloatArray:
        """Return what each column costs at a margin, shape (segments, steps) [USD/MWh]."""
        return np.concatenate([(-margin_usd_per_mwh * self._horizon.step_h).ravel(), self._other_cost])

    def power(self, solution: FloatArray) -> FloatArray:
        """Return the total power of each step [MW]."""
        segments, steps = self._shape
        return np.asarray(solution[: segments * steps].reshape(segments, steps).sum(axis=0))

    def _laid_out(self) -> Iterator[tuple[dict[int, Any], FloatArray]]:
        """Yield rows: what stands on the columns of each group, 0 to 3, and their bound."""
        horizon, (segments, steps) = self._horizon, self._shape
        each = self._sparse.eye(steps, format="csr")
        total = self._sparse.hstack([each] * segments, format="csr")
        yield {0: total, 2: -each}, horizon.available_mw
        first = 1 if horizon.initial_mw is None else 0  # what was before the first step may not be known
        change = (each - self._sparse.eye(steps, k=-1, format="csr"))[first:] @ total
        before_mw = np.append(horizon.initial_mw or 0.0, np.zeros(steps - 1))[first:]
        if horizon.ramp_up_mw < inf:
            yield {0: change}, horizon.ramp_up_mw + before_mw
        if horizon.ramp_down_mw < inf:
            yield {0: -change}, horizon.ramp_down_mw - before_mw
        if horizon.start_usd_per_mw > 0.0:
            yield {0: change, 1: -each[first:]}, before_mw
        for number, peak in enumerate(horizon.peaks):
            column = np.zeros((len(peak.steps), len(horizon.peaks)))
            column[:, number] = -1.0
            yield {0: total[peak.steps], 3: column}, -peak.other_mw
