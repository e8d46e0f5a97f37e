"""What a comparison found: means, paired differences with intervals, references, and who is not beaten."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sim.result import finite
from sim.study.feasibility import Standing, advice, is_feasible, standings
from sim.study.paired import (
    CONFIDENCE,
    RESAMPLES,
    Estimate,
    bootstrap_interval,
    estimate,
    paired_difference,
    simultaneous,
)
from sim.study.runs import write_json
from sim.study.table import write_rows
from sim.units import ROUNDING, SECONDS_PER_DAY, FloatArray
from sim.whole import make_once, require_new

if TYPE_CHECKING:
    import pandas as pd

DOCUMENT: Final = "compare.json"
TABLE: Final = "compare.parquet"
COLUMNS: Final = {"policy": "string", "seed": "int64", "metric": "string", "value": "double"}
FORMAT: Final = 1
"""Version of both; columns and keys are only ever added."""
REFERENCES: Final = ("mining-off", "always-on")
"""What every policy is set against besides: no miners, and miners that nobody controls."""
OBJECTIVES: Final = {
    "objective_usd": 1.0,
    "worst_ramp_60s_mw_per_min": -1.0,
    "exceedance_mwh": -1.0,
    "fleet_start_count": -1.0,
    "fleet_machine_start_count": -1.0,
}
"""What counts, by metric: 1 where more is better, -1 where less is."""

Report = Callable[[Mapping[str, Any], Path], None]
"""Writes page and figures of a document into a folder."""


@dataclass(frozen=True, repr=False)
class Comparison:
    """What each policy makes of the same replications."""

    scenario: str
    """Name of the scenario."""
    policies: tuple[str, ...]
    """The policies as asked for; the others are compared with the first."""
    seeds: tuple[int, ...]
    """Seed of each replication, the same for every policy."""
    facts: Mapping[str, Mapping[str, str]]
    """Unit and summary of each metric, by name."""
    values: Mapping[str, Mapping[str, FloatArray]]
    """By policy and metric, one value for each seed; NaN where not assessable. Holds the references too."""
    key: str
    """Identifies the comparison: the same for the same runs and policies, in the same order."""
    warm_up_s: float = 0.0
    """Time at the start that no metric counts [s]."""
    context: Mapping[str, Any] = field(default_factory=dict)
    """What was compared on: ``question``, ``start``, ``days``, ``limit_mw``, ``power`` (its prices)."""

    @property
    def references(self) -> tuple[str, ...]:
        """The references that were run besides, as nobody asked for them as policies."""
        return tuple(name for name in self.values if name not in self.policies)

    @property
    def _compared(self) -> Mapping[str, Mapping[str, FloatArray]]:
        return {policy: self.values[policy] for policy in self.policies}

    @cached_property
    def standings(self) -> Mapping[str, Standing]:
        """Whether each policy keeps the limit, and its place among those asked for."""
        return standings(self._compared)

    def document(self) -> dict[str, Any]:
        """Return ``compare.json``: mean, 95 % interval and paired differences of every metric."""
        return {
            "format": FORMAT,
            "scenario": self.scenario,
            "baseline": self.policies[0],
            "replications": len(self.seeds),
            "seeds": list(self.seeds),
            "warm_up_d": self.warm_up_s / SECONDS_PER_DAY,
            "context": dict(self.context),
            "verdict": self._verdict(),
            "statistics": self._statistics(),
            "metrics": self.facts,
            "policies": {
                policy: {**self._of(policy), **standing._asdict()} for policy, standing in self.standings.items()
            },
            "advice": advice(self._compared),
            "references": {
                name: {**self._of(name), "feasible": is_feasible(self.values[name])} for name in self.references
            },
            "pareto": pareto_view({policy: self.means(policy) for policy in self.policies}),
        }

    def means(self, policy: str) -> dict[str, float]:
        """Return the mean of each metric of a policy; NaN where no run can tell."""
        return {name: estimate(values).mean for name, values in self.values[policy].items()}

    def difference(self, policy: str, other: str, metric: str) -> Estimate:
        """Return the paired difference of two policies."""
        return paired_difference(self.values[policy][metric], self.values[other][metric])

    def widest(self, metric: str) -> float:
        """Return the largest half-width of a metric's differences to the first policy; NaN: not known."""
        widths = [self.difference(policy, self.policies[0], metric).half_width for policy in self.policies[1:]]
        return max(widths) if widths and np.all(np.isfinite(widths)) else float("nan")

    def _verdict(self) -> dict[str, Any]:
        """Return who ranks first, its lead over the next one of its kind, and which policies did the same."""
        ranked = sorted(self.standings, key=lambda policy: self.standings[policy].rank)
        best = ranked[0]
        alike = [one for one in ranked[1:] if self.standings[one].feasible == self.standings[best].feasible]
        lead = None
        if alike:
            ahead = self.difference(best, alike[0], "objective_usd")
            lead = {"over": alike[0], "mean": finite(ahead.mean), "half_width": finite(ahead.half_width)}
        same = [[one, other] for one, other in combinations(self.policies, 2) if self._same(one, other)]
        return {"best": best, "lead": lead, "same": same}

    def _same(self, policy: str, other: str) -> bool:
        """Tell whether two policies did the same in every replication, but for rounding."""
        pairs = ((self.values[policy][name], self.values[other][name]) for name in self.facts)
        return all(np.allclose(one, two, rtol=ROUNDING, atol=0.0, equal_nan=True) for one, two in pairs)

    def _statistics(self) -> dict[str, Any]:
        compared = max(len(self.policies) - 1, 1)
        return {
            "confidence": CONFIDENCE,
            "interval": "Student's t of paired differences",
            "simultaneous": f"Bonferroni over the {compared} differences of a metric to the first policy",
            "bootstrap": f"percentiles of {RESAMPLES} resampled means; too narrow below 20 replications",
        }

    def _of(self, policy: str) -> dict[str, Any]:
        return {name: self._figures(policy, name) for name in self.values[policy]}

    def _figures(self, policy: str, metric: str) -> dict[str, Any]:
        """Return what is said of one metric; the first policy has no difference to itself."""
        values = self.values[policy][metric]
        figures = estimate(values).document()
        if policy in self.policies[1:]:
            figures["difference"] = self._difference(policy, metric)
        for reference in REFERENCES:
            if reference in self.values and reference != policy:
                name = f"difference_to_{reference.replace('-', '_')}"
                figures[name] = self.difference(policy, reference, metric).document()
        return figures

    def _difference(self, policy: str, metric: str) -> dict[str, Any]:
        values, others = self.values[policy][metric], self.values[self.policies[0]][metric]
        together = paired_difference(values, others, simultaneous(len(self.policies) - 1))
        return {
            **paired_difference(values, others).document(),
            "half_width_simultaneous": together.document()["half_width"],
            "bootstrap": bootstrap_interval(values - others, self.seeds[0]),
        }

    def write(self, folder: Path | None = None, report: Report | None = None) -> Path:
        """Write ``compare.json`` and ``compare.parquet`` and return their folder.

        Parameters
        ----------
        folder
            A new folder; ``results/<scenario>/compare-<start of the key>`` unless given, which may be there
            already and is then left as it is.
        report
            Writes a page and figures beside them.

        Raises
        ------
        ResultError
            The folder given is there already.
        """
        place = Path("results") / self.scenario / f"compare-{self.key[:12]}" if folder is None else folder

        def fill(temporary: Path) -> None:
            document = self.document()
            write_json(temporary / DOCUMENT, document)
            write_rows(temporary / TABLE, self._rows(), COLUMNS)
            if report is not None:
                report(document, temporary)

        make_once(place if folder is None else require_new(place), fill)
        return place

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each policy, seed and metric, with its ``value``; NaN where not assessable.

        Returns
        -------
        pandas.DataFrame
            ``attrs["units"]`` holds the unit of each metric.
        """
        import pandas as pd  # noqa: PLC0415  # slow to import, and few comparisons need it

        frame = pd.DataFrame(list(self._rows()), columns=list(COLUMNS)).astype({"value": "float64"})
        frame.attrs["units"] = {name: facts["unit"] for name, facts in self.facts.items()}
        return frame

    def __repr__(self) -> str:
        """Return what was compared."""
        return f"Comparison({self.scenario}: {', '.join(self.policies)}; {len(self.seeds)} replications)"

    def _rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of the long table; null where not assessable."""
        for policy in (*self.policies, *self.references):
            for position, seed in enumerate(self.seeds):
                for metric, values in self.values[policy].items():
                    yield {"policy": policy, "seed": seed, "metric": metric, "value": finite(values[position])}


def non_dominated(points: FloatArray) -> list[bool]:
    """Return for each point whether none is at least as good in all and better in one.

    Parameters
    ----------
    points
        Objectives, more is better, shape (points, objectives).

    Examples
    --------
    >>> non_dominated(np.array([[2.0, 1.0], [1.0, 2.0], [1.0, 1.0]]))
    [True, True, False]
    """
    return [not any(bool(np.all(other >= point) and np.any(other > point)) for other in points) for point in points]


def pareto_view(means: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """Return the objectives that all policies know, and of each policy its means and whether none beats it.

    Parameters
    ----------
    means
        Mean of each metric over the replications, by policy and metric; NaN where not assessable.
    """
    known = {
        name: sign
        for name, sign in OBJECTIVES.items()
        if all(np.isfinite(values.get(name, np.nan)) for values in means.values())
    }
    points = np.array([[sign * values[name] for name, sign in known.items()] for values in means.values()])
    flags = non_dominated(points)
    return {
        "objectives": {name: "more" if sign > 0.0 else "less" for name, sign in known.items()},
        "policies": {
            policy: {"non_dominated": flag, **{name: values[name] for name in known}}
            for (policy, values), flag in zip(means.items(), flags, strict=True)
        },
    }
