"""What a tuning is asked, and what it is to make large under the limit: a metric, or the mining margin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from sim.errors import ResultError
from sim.scenario.load import resolve
from sim.scenario.policy_choice import choose_policy
from sim.study.search_space import Parameter

BROKEN: Final = "limit_broken_count"
"""What a feasible run has none of: times that the limit is broken where it would not be without mining."""


class Merit(NamedTuple):
    """What a set of values is worth on some runs: it keeps the limit first, then the objective counts."""

    broken_count: float
    """Times that its runs break the limit."""
    objective: float
    """Mean of the objective over its runs."""


@dataclass(frozen=True, slots=True)
class Objective:
    r"""What is wanted of a run, as one number; more is better.

    Notes
    -----
    Without a metric it is :math:`M - c\,E`: mining margin [USD] less a price on each megawatt-hour above the
    limit, where one is stated.
    """

    metric: str | None = None
    """Name of a metric; None: mining margin less the price on exceedance."""
    minimise: bool = False
    """Whether less of the metric is better."""
    exceedance_usd_per_mwh: float = 0.0
    """Price on energy above the limit, where no metric is named [USD/MWh]; none is assumed, for the limit is
    a constraint."""

    @property
    def name(self) -> str:
        """What it is, for tables."""
        if self.metric is not None:
            return f"{'less' if self.minimise else 'more'} {self.metric}"
        if self.exceedance_usd_per_mwh == 0.0:
            return "mining_margin_usd"
        return f"mining_margin_usd - {self.exceedance_usd_per_mwh:g} * exceedance_mwh"

    def of(self, metrics: Mapping[str, float | None]) -> float:
        """Return the number of a run.

        Parameters
        ----------
        metrics
            Value of each metric by name; None where not assessable.

        Raises
        ------
        ResultError
            The run has no such metric, or cannot tell it.

        Examples
        --------
        >>> Objective(exceedance_usd_per_mwh=1e4).of({"mining_margin_usd": 5000.0, "exceedance_mwh": 0.1})
        4000.0
        """
        if self.metric is None:
            margin_usd = self._value(metrics, "mining_margin_usd")
            if self.exceedance_usd_per_mwh == 0.0:
                return margin_usd
            return margin_usd - self.exceedance_usd_per_mwh * self._value(metrics, "exceedance_mwh")
        value = self._value(metrics, self.metric)
        return -value if self.minimise else value

    def worth(self, runs: Sequence[Mapping[str, float | None]]) -> "Merit":
        """Return what runs are worth together: how often they break the limit, and their mean."""
        broken = sum(self._value(metrics, BROKEN) for metrics in runs)
        return Merit(broken, sum(map(self.of, runs)) / len(runs))

    @staticmethod
    def _value(metrics: Mapping[str, float | None], name: str) -> float:
        value = metrics.get(name)
        if value is None:
            why = "cannot be told" if name in metrics else "is no metric"
            raise ResultError(f"{name} {why} of these runs: name another one with --metric")
        return value


MARGIN: Final = Objective()
"""Mining margin: what is wanted unless a metric is named, of those that keep the limit."""


@dataclass(frozen=True)
class Question:
    """What is to be tuned, on what, and on what it is judged."""

    path: Path
    """The scenario file."""
    policy: str
    """The policy, as in a comparison: ``follow-headroom:margin_mw=2``; what is not tuned stays as it says."""
    parameters: tuple[Parameter, ...]
    """What may be changed."""
    trials: int
    """Sets of values to try."""
    seeds: int
    """Runs of each trial: the scenario's seed, and the next ones."""
    test_seeds: int
    """Runs for the judgement, with the seeds after those: never one that was tuned on."""
    objective: Objective = MARGIN
    """What is to be made large: its mean over the seeds."""
    overrides: tuple[str, ...] = ()
    """Fields of the scenario, set throughout."""
    test_overrides: tuple[str, ...] = ()
    """Fields set for a second judgement alone: another year, other prices."""
    data: tuple[Path, ...] = ()
    """Folders that the scenario may read from besides its own."""
    allow_plugins: bool = False
    """Whether the policy may be code from outside."""

    def content(self, *, test: bool = False) -> dict[str, Any]:
        """Return the scenario with the default policy as plain data; for the second judgement, if wanted."""
        overrides: Sequence[str] = (*self.overrides, *self.test_overrides) if test else self.overrides
        return choose_policy(resolve(self.path, overrides), self.policy)
