"""What a policy's values are worth: runs on given seeds, each done once, and the judgement on fresh ones."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from sim.errors import InputError
from sim.scenario.policy_choice import POLICY
from sim.signals import FloatArray
from sim.simulation import run_key
from sim.study.expand import SEED, Checker
from sim.study.goal import Merit, Question, with_values
from sim.study.paired import estimate, paired_difference
from sim.study.runs import Record, RunTask, require_all
from sim.study.store import Store
from sim.study.workers import TaskExecutor

OBJECTIVE: Final = "objective"
"""The objective among the metrics of a judgement."""

Content = Mapping[str, Any]
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Judgement:
    """Tuned against default, on the same fresh seeds."""

    where: str
    seeds: tuple[int, ...]
    values: Mapping[str, Mapping[str, FloatArray]] = field(repr=False)
    """By ``default`` and ``tuned``, and by metric, one value for each seed; NaN where not assessable."""

    def document(self) -> dict[str, Any]:
        """Return means with 95 % intervals, and the paired differences, of every metric."""
        default, tuned = self.values["default"], self.values["tuned"]
        return {
            "where": self.where,
            "seeds": list(self.seeds),
            "metrics": {
                name: {
                    "default": estimate(default[name]).document(),
                    "tuned": estimate(tuned[name]).document(),
                    "difference": paired_difference(tuned[name], default[name]).document(),
                }
                for name in default
            },
        }


class Bench:
    """Runs scenarios, each once, and keeps their metrics.

    Parameters
    ----------
    question
        Whose scenario, and whose objective.
    checker
        Checks each scenario before it runs.
    store
        Where runs are kept.
    crew
        Where they are done.
    """

    def __init__(
        self, question: Question, checker: Checker, store: Store, crew: TaskExecutor[RunTask, Record]
    ) -> None:
        self._question = question
        self._checker = checker
        self._store = store
        self._crew = crew

    def worth(self, content: Content, values: Values, seeds: Sequence[int]) -> Merit | None:
        """Return what values are worth over seeds; None where they describe no policy."""
        try:
            changed = with_values(content, values)
            self._checker.scenario(changed, str(self._question.path))
        except InputError:
            return None  # each value is allowed, the lot of them is not
        return self._question.objective.worth(self._runs(changed, seeds))

    def verdict(
        self, where: str, content: Content, values: Mapping[str, Any], seeds: Sequence[int]
    ) -> Judgement:
        """Return how the default and these values do on seeds."""
        both = {"default": content, "tuned": with_values(content, values)}
        return Judgement(
            where, tuple(seeds), {name: self._table(self._runs(one, seeds)) for name, one in both.items()}
        )

    def _table(self, runs: Sequence[Mapping[str, float | None]]) -> dict[str, FloatArray]:
        objective = self._question.objective
        rows: list[Mapping[str, float | None]] = [{OBJECTIVE: objective.of(run), **run} for run in runs]
        return {name: np.array([row[name] for row in rows], dtype=np.float64) for name in rows[0]}

    def _runs(self, content: Content, seeds: Sequence[int]) -> list[dict[str, float | None]]:
        """Return the metrics of a scenario on each seed."""
        question, tasks = self._question, []
        for seed in seeds:
            seeded = {**content, SEED: seed}
            key = run_key(self._checker.scenario(seeded, str(question.path)))
            label = f"policy = {json.dumps(content[POLICY])}, seed = {seed}"
            where = question.path.parent, question.data
            tasks.append(RunTask(key, label, seeded, *where, allow_plugins=question.allow_plugins))
        require_all(tasks, self._store, self._crew)
        return [self._store.read(task.key)["metrics"] for task in tasks]
