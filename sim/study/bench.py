"""What a policy's values are worth: runs on given seeds, each done once, and the judgement on fresh ones."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from sim.errors import InputError, ResultError
from sim.scenario.policy_choice import POLICY
from sim.signals import FloatArray
from sim.simulation import run_key
from sim.study.expand import SEED, Checker
from sim.study.goal import Merit, Question, with_values
from sim.study.paired import estimate, paired_difference
from sim.study.runs import RunTask, perform_all
from sim.study.store import Store

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
    workers
        Number of processes.
    """

    def __init__(self, question: Question, checker: Checker, store: Store, workers: int) -> None:
        self._question = question
        self._checker = checker
        self._store = store
        self._workers = workers

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
            folder = question.path.parent
            tasks.append(
                RunTask(
                    key,
                    label,
                    seeded,
                    folder,
                    question.data,
                    self._store.folder,
                    allow_plugins=question.allow_plugins,
                )
            )
        missing = [task for task in tasks if not self._store.path(task.key).exists()]
        failures = perform_all(missing, self._store, len(missing), workers=self._workers)
        if failures:
            raise ResultError("\n".join(f"{failure.label}: {failure.reason}" for failure in failures))
        return [self._store.read(task.key)["metrics"] for task in tasks]
