"""What a tuning is asked, and what it is to make large: a metric, or margin less a price on exceedance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sim.errors import ResultError
from sim.scenario.load import resolve
from sim.scenario.policy_choice import choose_policy
from sim.study.search_space import Parameter


@dataclass(frozen=True, slots=True)
class Objective:
    r"""What is wanted of a run, as one number; more is better.

    Notes
    -----
    Without a metric it is :math:`M - c\,E`: mining margin [USD] less a price on each megawatt-hour above the
    limit.
    """

    metric: str | None = None
    """Name of a metric; None: mining margin less the price on exceedance."""
    minimise: bool = False
    """Whether less of the metric is better."""
    exceedance_usd_per_mwh: float = 10_000.0
    """Price on energy above the limit, where no metric is named [USD/MWh]. Default: assumption."""

    @property
    def name(self) -> str:
        """What it is, for tables."""
        if self.metric is not None:
            return f"{'less' if self.minimise else 'more'} {self.metric}"
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
        >>> Objective().of({"mining_margin_usd": 5000.0, "exceedance_mwh": 0.1})
        4000.0
        """
        if self.metric is None:
            charge_usd = self.exceedance_usd_per_mwh * self._value(metrics, "exceedance_mwh")
            return self._value(metrics, "mining_margin_usd") - charge_usd
        value = self._value(metrics, self.metric)
        return -value if self.minimise else value

    @staticmethod
    def _value(metrics: Mapping[str, float | None], name: str) -> float:
        value = metrics.get(name)
        if value is None:
            why = "cannot be told" if name in metrics else "is no metric"
            raise ResultError(f"{name} {why} of these runs: name another one with --metric")
        return value


MARGIN: Final = Objective()
"""Mining margin less the price on exceedance: what is wanted unless a metric is named."""


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
