"""Model-predictive control that knows how wrong its forecasts were, and shuns the worst cases."""

from collections import deque
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from sim.policies.dispatch_risk import best_first_step
from sim.policies.outlook import Outlook
from sim.policies.planning import PlanningPolicy, PlanningSpec
from sim.policies.programme import Horizon
from sim.spec import Fraction
from sim.units import HOURS_PER_DAY, SECONDS_PER_HOUR, FloatArray


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
