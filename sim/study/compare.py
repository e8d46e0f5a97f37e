"""A comparison: several policies on the same scenario and the same random numbers."""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from sim.errors import Fault, InputError
from sim.metrics.base import COMPARED
from sim.scenario.load import resolve
from sim.scenario.model import Scenario
from sim.scenario.overrides import PYTHON, Overrides
from sim.scenario.policy_choice import AS_SHIPPED, choose_policy
from sim.simulation import run_key
from sim.study.compared_run import LEVELS, compared_key, perform_compared
from sim.study.comparison import REFERENCES, Comparison
from sim.study.expand import SEED, Checker, metric_facts
from sim.study.feasibility import without_what_means_nothing
from sim.study.runs import Bound, Progress, Record, RunTask, Store, executor_of, require_all
from sim.study.workers import TaskExecutor, at_work
from sim.units import SECONDS_PER_DAY, unit_of
from sim.whole import scratch_folder

MOST_REPLICATIONS: Final = 100
"""Replications at which a comparison stops that is to go on until an interval is narrow."""

Tasks = dict[tuple[str, int], RunTask]
"""The run of each policy and seed."""


class Until(NamedTuple):
    """When to stop adding replications."""

    metric: str
    """The metric whose paired differences to the first policy count."""
    half_width: float
    """Half-width of their 95 % intervals that is narrow enough [unit of the metric]."""
    most: int = MOST_REPLICATIONS
    """Replications at which to stop all the same."""


def read_until(text: str, most: int = MOST_REPLICATIONS) -> Until:
    """Return when to stop, written as ``metric=half-width``.

    Raises
    ------
    InputError
        It is not written so.

    Examples
    --------
    >>> read_until("objective_usd=500").half_width
    500.0
    """
    metric, _, width = text.partition("=")
    try:
        half_width = float(width)
    except ValueError:
        half_width = math.nan
    if not half_width > 0.0:
        message = f"must be metric=half-width, which is above 0: objective_usd=500; got {text!r}"
        raise InputError.single(text, "until-half-width", message)
    return Until(metric, half_width, most)


@dataclass(frozen=True, slots=True)
class Ways:
    """How a comparison is done, beside what it compares."""

    warm_up_d: float = 0.0
    """Time at the start of each run that no metric counts [d]."""
    references: bool = False
    """Whether to run `REFERENCES` where they are not asked for."""
    until: Until | None = None
    """Go on until the intervals are narrow; None: as many replications as said."""
    workers: int = 1
    """Number of processes; one works in this process."""
    allow_plugins: bool = False
    """Whether policies may be code from outside."""
    bound: Bound = "free"
    """What runs are held against; ``limited`` may take longer than they do."""
    timeout_s: float | None = None
    """Wall time that one run may take [s]."""
    on: str | None = None
    """Address of a Dask cluster that does the runs; None: workers here."""

    def crew(self) -> TaskExecutor[RunTask, Record]:
        """Return where the runs are done."""
        return executor_of(perform_compared, self.workers, self.timeout_s, self.on)


PLAIN: Final = Ways()


def compare(
    path: str | Path | Mapping[str, Any] | Scenario,
    policies: Sequence[str],
    replications: int = 1,
    *,
    overrides: Overrides = (),
    data: Sequence[str | Path] = (),
    ways: Ways = PLAIN,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Run several policies on the same scenario, each with the same seeds.

    Parameters
    ----------
    path
        The scenario file, what one would hold, or a scenario that was loaded.
    policies
        Each ``TYPE`` or ``TYPE:field=value,...``; one of the scenario's own type keeps the fields that the
        scenario sets, another one has its defaults. The others are compared with the first. The
        scenario's own, ``as-shipped``, is always among them.
    replications
        Runs of each policy: the first with the scenario's seed, each further one with the next.
    overrides, data
        As `load_scenario`.
    ways
        Warm-up, references, when to stop, workers.
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

    Notes
    -----
    With ``ways.until`` replications are added, at most as many again at a time, until the intervals are as
    narrow as asked for. Stopping on the data makes intervals cover a little less than they say.
    """
    source, place, folders = _source(path)
    folders = (*folders, *map(Path, data))
    plan = ComparisonPlan(resolve(source, overrides), policies, place, folders, ways)
    with ExitStack() as stack:
        kept = stack.enter_context(scratch_folder()) if folder is None else folder
        store = Store(kept)
        stack.enter_context(store.opened())
        crew = stack.enter_context(at_work(ways.crew()))
        while True:
            tasks = plan.tasks(replications)
            require_all(tasks.values(), store, crew, progress)
            found = plan.comparison(tasks, store)
            more = _more(found, ways.until)
            if more <= replications:
                return found
            replications = more


def _source(
    given: str | Path | Mapping[str, Any] | Scenario,
) -> tuple[str | Path | Mapping[str, Any], Path, tuple[Path, ...]]:
    """Return what to resolve, where it stands, and folders that it reads from besides."""
    if isinstance(given, Scenario):  # what nobody set stays open, for each policy to have its own
        return given.model_dump(mode="json", exclude_unset=True), Path(PYTHON), given.files.folders
    return given, Path(PYTHON) if isinstance(given, Mapping) else Path(given), ()


def _more(found: Comparison, until: Until | None) -> int:
    """Return how many replications it takes, as far as those done can tell."""
    count = len(found.seeds)
    if until is None:
        return count
    if until.metric not in found.facts:
        known = ", ".join(found.facts)
        raise InputError.single(until.metric, "", f"no such metric of these runs; there are {known}")
    if count < 2:  # noqa: PLR2004  # one value has no interval
        return min(2, until.most)
    widest = found.widest(until.metric)
    if not widest > until.half_width:
        return count
    wanted = math.ceil(count * (widest / until.half_width) ** 2)
    return max(count, min(max(wanted, count + 1), 2 * count, until.most))


class ComparisonPlan:
    """What is to be run: the scenario, the policies, and how."""

    def __init__(
        self, scenario: Mapping[str, Any], policies: Sequence[str], path: Path, data: tuple[Path, ...], ways: Ways
    ) -> None:
        self._scenario = scenario
        self._asked = policies
        self._policies = tuple(policies) if AS_SHIPPED in policies else (*policies, AS_SHIPPED)
        self._where = path.parent, data
        self._path = path
        self._warm_up_s = ways.warm_up_d * SECONDS_PER_DAY
        more = REFERENCES if ways.references else ()
        self._all = (*self._policies, *(name for name in more if name not in policies))
        self._ways = ways
        self._checker = Checker(*self._where, allow_plugins=ways.allow_plugins)

    def tasks(self, replications: int) -> Tasks:
        """Return the run of each policy and seed, all checked before any is done."""
        faults = list(self._faults())
        tasks: Tasks = {}
        for policy in dict.fromkeys(self._all):
            try:
                for seed, content in _replicated(choose_policy(self._scenario, policy), replications):
                    tasks[policy, seed] = self._task(policy, seed, content)
            except InputError as error:
                faults += [
                    Fault(f"{fault.place} with policy {policy}", fault.path, fault.message) for fault in error.faults
                ]
        if faults:
            raise InputError(faults)
        return tasks

    def _task(self, policy: str, seed: int, content: dict[str, Any]) -> RunTask:
        checked = self._checker.scenario(content, str(self._path))
        if not 0.0 <= self._warm_up_s < checked.end_s:
            message = f"must be shorter than the run, {checked.days:g} d; got {self._warm_up_s:g} s"
            raise InputError.single(str(self._path), "warm_up", message)
        label = f"policy = {policy}, seed = {seed}"
        key = compared_key(run_key(checked), self._warm_up_s, self._ways.bound)
        ways = self._ways
        return RunTask(key, label, content, *self._where, self._warm_up_s, ways.allow_plugins, ways.bound)

    def _faults(self) -> Iterator[Fault]:
        if not self._asked:
            yield Fault(str(self._path), "policy", "name one policy at least")
        for name in dict.fromkeys(self._policies):
            if self._policies.count(name) > 1:
                yield Fault(name, "policy", "is named twice")

    def comparison(self, tasks: Tasks, store: Store) -> Comparison:
        """Return the comparison of runs that are done."""
        records = {pair: store.read(task.key)["metrics"] for pair, task in tasks.items()}
        seeds = tuple(dict.fromkeys(seed for _, seed in tasks))
        scenario = next(iter(tasks.values())).scenario
        measured = next(iter(records.values()))
        named = {**COMPARED, **LEVELS}
        known = {name: {"unit": unit_of(name) or "1", "summary": summary} for name, summary in named.items()}
        known |= metric_facts(scenario)
        facts = {name: fact for name, fact in known.items() if name in measured}
        values = {
            policy: {
                name: np.array([records[policy, seed][name] for seed in seeds], dtype=np.float64) for name in facts
            }
            for policy in self._all
        }
        identity = "\n".join(f"{policy} {task.key}" for (policy, _), task in tasks.items())
        key = hashlib.sha256(f"{len(self._policies)}\n{identity}".encode()).hexdigest()
        values = {policy: without_what_means_nothing(of) for policy, of in values.items()}
        context = _context(scenario)
        return Comparison(scenario["name"], self._policies, seeds, facts, values, key, self._warm_up_s, context)


def _context(scenario: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a reader must know of the scenario that policies were compared on."""
    power = scenario.get("market", {}).get("power", {})
    return {
        "question": scenario.get("question", ""),
        "start": str(scenario["start"]),
        "days": scenario.get("days", Scenario.model_fields["days"].default),
        "limit_mw": scenario.get("interconnection", {}).get("limit_mw"),
        "power": ", ".join(f"{name} {value}" for name, value in power.items() if not isinstance(value, dict)),
    }


def _replicated(scenario: Mapping[str, Any], replications: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each replication's seed and scenario data."""
    first = scenario.get(SEED, Scenario.model_fields[SEED].default)
    if not isinstance(first, int):  # which the scenario's own check refuses
        yield 0, dict(scenario)
        return
    for seed in range(first, first + replications):
        yield seed, {**scenario, SEED: seed}
