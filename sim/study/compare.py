"""A comparison: several policies on the same scenario and the same random numbers."""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from sim.errors import Fault, InputError, ResultError
from sim.result import new_folder
from sim.scenario.load import resolve
from sim.scenario.model import Scenario
from sim.scenario.overrides import Overrides
from sim.simulation import run_key
from sim.study.expand import SEED, Checker
from sim.study.paired import FloatArray, estimate, paired_difference
from sim.study.policy_choice import choose_policy
from sim.study.runs import Failure, Progress, RunTask, perform_all
from sim.study.store import Store, write_json, write_whole
from sim.study.table import metric_facts, parquet_bytes

DOCUMENT: Final = "compare.json"
TABLE: Final = "compare.parquet"
COLUMNS: Final = {"policy": "string", "seed": "int64", "metric": "string", "value": "double"}
FORMAT: Final = 1
"""Version of both; columns and keys are only ever added."""


@dataclass(frozen=True)
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
    """By policy and metric, one value for each seed; NaN where not assessable."""
    key: str
    """Identifies the comparison: the same for the same runs and policies, in the same order."""

    def document(self) -> dict[str, Any]:
        """Return ``compare.json``: mean, 95 % interval and paired difference of every metric."""
        return {
            "format": FORMAT,
            "scenario": self.scenario,
            "baseline": self.policies[0],
            "replications": len(self.seeds),
            "seeds": list(self.seeds),
            "metrics": self.facts,
            "policies": {
                policy: {name: self._figures(policy, name) for name in self.values[policy]}
                for policy in self.policies
            },
        }

    def _figures(self, policy: str, metric: str) -> dict[str, Any]:
        """Return what is said of one metric; the first policy has no difference to itself."""
        values = self.values[policy][metric]
        figures = estimate(values).document()
        if policy != self.policies[0]:
            others = self.values[self.policies[0]][metric]
            figures["difference"] = paired_difference(values, others).document()
        return figures

    def write(self, folder: Path | None = None) -> Path:
        """Write ``compare.json`` and ``compare.parquet`` and return their folder.

        Parameters
        ----------
        folder
            A new folder; ``results/<scenario>/compare-<start of the key>`` unless given, which may be there
            already and is then left as it is.

        Raises
        ------
        ResultError
            The folder given is there already.
        """
        place = Path("results") / self.scenario / f"compare-{self.key[:12]}" if folder is None else folder
        if folder is None and place.exists():
            return place
        with new_folder(place) as temporary:
            write_json(temporary / DOCUMENT, self.document())
            write_whole(temporary / TABLE, parquet_bytes(list(self._rows()), COLUMNS))
        return place

    def _rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of the long table; null where not assessable."""
        for policy in self.policies:
            for position, seed in enumerate(self.seeds):
                for metric, values in self.values[policy].items():
                    value = float(values[position])
                    known = value if np.isfinite(value) else None
                    yield {"policy": policy, "seed": seed, "metric": metric, "value": known}


def compare(
    path: str | Path,
    policies: Sequence[str],
    replications: int = 1,
    *,
    overrides: Overrides = (),
    data: Sequence[str | Path] = (),
    workers: int = 1,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Run several policies on the same scenario, each with the same seeds.

    Parameters
    ----------
    path
        The scenario file.
    policies
        Each ``TYPE`` or ``TYPE:field=value,...``; one of the scenario's own type keeps the fields that the
        scenario sets, another one has its defaults. The others are compared with the first.
    replications
        Runs of each policy: the first with the scenario's seed, each further one with the next.
    overrides, data
        As `load_scenario`.
    workers
        Number of processes; one works in this process.
    folder
        Where the runs are kept, to go on after a stop; a temporary folder unless given.
    progress
        Told the share of the runs that has ended.

    Raises
    ------
    InputError
        The scenario or a policy is wrong; with every fault.
    ResultError
        A run failed.
    """
    scenario = resolve(path, overrides)
    tasks = _tasks(scenario, policies, replications, Path(path), tuple(map(Path, data)))
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory())) if folder is None else folder
        store = Store(place)
        stack.enter_context(store.opened())
        done = store.done()
        missing = {task.key: task._replace(study=place) for task in tasks.values() if task.key not in done}
        failures = perform_all(missing.values(), store, len(missing), workers=workers, progress=progress)
        _require_all(failures)
        return _comparison(tuple(policies), tasks, store)


def _tasks(
    scenario: Mapping[str, Any],
    policies: Sequence[str],
    replications: int,
    path: Path,
    data: tuple[Path, ...],
) -> dict[tuple[str, int], RunTask]:
    """Return the run of each policy and seed, all checked before any is done."""
    faults = [] if policies else [Fault(str(path), "policy", "name one policy at least")]
    faults += [
        Fault(name, "policy", "is named twice")
        for name in dict.fromkeys(policies)
        if policies.count(name) > 1
    ]
    checker = Checker(path.parent, data)
    tasks = {}
    for policy in policies:
        try:
            for seed, content in _replicated(choose_policy(scenario, policy), replications):
                checked = checker.scenario(content, str(path))
                label = f"policy = {policy}, seed = {seed}"
                tasks[policy, seed] = RunTask(run_key(checked), label, content, path.parent, data, Path())
        except InputError as error:
            faults += [
                Fault(f"{fault.place} with policy {policy}", fault.path, fault.message)
                for fault in error.faults
            ]
    if faults:
        raise InputError(faults)
    return tasks


def _replicated(scenario: Mapping[str, Any], replications: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each replication's seed and scenario data."""
    first = scenario.get(SEED, Scenario.model_fields[SEED].default)
    if not isinstance(first, int):  # which the scenario's own check refuses
        yield 0, dict(scenario)
        return
    for seed in range(first, first + replications):
        yield seed, {**scenario, SEED: seed}


def _require_all(failures: Sequence[Failure]) -> None:
    """Raise ResultError if any run failed: a comparison of fewer pairs would mislead."""
    if failures:
        lines = [f"{failure.label}: {failure.reason}" for failure in failures]
        raise ResultError("\n".join([f"{len(failures)} runs of the comparison failed", *lines]))


def _comparison(
    policies: tuple[str, ...], tasks: Mapping[tuple[str, int], RunTask], store: Store
) -> Comparison:
    """Return the comparison of runs that are done."""
    records = {pair: store.read(task.key)["metrics"] for pair, task in tasks.items()}
    seeds = tuple(dict.fromkeys(seed for _, seed in tasks))
    scenario = next(iter(tasks.values())).scenario
    measured = next(iter(records.values()))
    facts = {name: fact for name, fact in metric_facts(scenario).items() if name in measured}
    values = {
        policy: {
            name: np.array([records[policy, seed][name] for seed in seeds], dtype=np.float64)
            for name in facts
        }
        for policy in policies
    }
    identity = "\n".join(f"{policy} {task.key}" for (policy, _), task in tasks.items())
    key = hashlib.sha256(identity.encode()).hexdigest()
    return Comparison(scenario["name"], policies, seeds, facts, values, key)
