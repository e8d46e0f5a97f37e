"""A tuning: search a policy's fields on some seeds, judge what was found on others."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from sim.errors import InputError, ResultError
from sim.policies import PolicySpec
from sim.scenario.model import Scenario
from sim.scenario.policy_choice import POLICY
from sim.simulation import MODEL_VERSION, run_key
from sim.study.expand import SEED, Checker, metric_facts
from sim.study.goal import Merit, Parameter, Question, with_values
from sim.study.paired import estimate, paired_difference
from sim.study.runs import Progress, Record, RunTask, Store, executor_of, perform, require_all, write_json
from sim.study.workers import TaskExecutor, at_work
from sim.units import FloatArray

OBJECTIVE: Final = "objective"
"""The objective among the metrics of a judgement."""

Content = Mapping[str, Any]
Values = Mapping[str, Any]


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

    def __init__(self, question: Question, checker: Checker, store: Store, crew: TaskExecutor[RunTask, Record]) -> None:
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

    def verdict(self, where: str, content: Content, values: Values, seeds: Sequence[int]) -> dict[str, Any]:
        """Return means of the default and of these values on seeds, and the paired differences, of every metric."""
        default, tuned = (self._table(self._runs(one, seeds)) for one in (content, with_values(content, values)))
        return {
            "where": where,
            "seeds": list(seeds),
            "metrics": {
                name: {
                    "default": estimate(default[name]).document(),
                    "tuned": estimate(tuned[name]).document(),
                    "difference": paired_difference(tuned[name], default[name]).document(),
                }
                for name in default
            },
        }

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


JOURNAL: Final = "trials.journal"
"""Optuna's journal of all trials."""
_IDENTITY: Final = "identity"
_BROKEN: Final = "broken_count"


class Tried(NamedTuple):
    """One set of values that was tried."""

    number: int
    values: Mapping[str, Any]
    objective: float | None
    """What it is worth; None: the values together describe no policy."""
    broken_count: float = 0.0
    """Times that its runs break the limit; what keeps it comes before what does not."""


class Trials:
    """The trials of one tuning.

    Parameters
    ----------
    folder
        Where they are kept; one that holds trials goes on.
    identity
        What is asked: trials of another question do not mix.
    parameters
        What may be changed.
    seed
        Seed of the search.

    Raises
    ------
    InputError
        Optuna is not installed.
    ResultError
        The folder holds the trials of another question.
    """

    def __init__(self, folder: Path, identity: str, parameters: Sequence[Parameter], seed: int) -> None:
        self._parameters = parameters
        self._study = _opened(folder / JOURNAL, identity, seed)

    def propose(self, values: Mapping[str, Any]) -> None:
        """Have these values tried first, where nothing has been tried yet."""
        if not self._study.get_trials(deepcopy=False):
            self._study.enqueue_trial(dict(values))

    def search(
        self, count: int, worth: Callable[[Mapping[str, Any]], Merit | None], progress: Callable[[float], None]
    ) -> None:
        """Try until so many sets of values have been tried, earlier ones included.

        Parameters
        ----------
        count
            How many.
        worth
            Returns what values are worth; None where they describe no policy.
        progress
            Told the share that is done.
        """
        from optuna.trial import TrialState  # noqa: PLC0415  # an extra

        done = len(self.tried())
        while done < count:
            trial = self._study.ask()
            found = worth({parameter.path: parameter.suggest(trial) for parameter in self._parameters})
            if found is None:
                self._study.tell(trial, state=TrialState.FAIL)
            else:
                trial.set_user_attr(_BROKEN, found.broken_count)
                trial.set_constraint(_BROKEN, found.broken_count)
                self._study.tell(trial, found.objective)
            done += 1
            progress(done / count)

    def tried(self) -> list[Tried]:
        """Return all that was tried, in order."""
        ended = (trial for trial in self._study.get_trials(deepcopy=False) if trial.state.is_finished())
        return [
            Tried(trial.number, dict(trial.params), trial.value, float(trial.user_attrs.get(_BROKEN, 0.0)))
            for trial in ended
        ]

    def best(self) -> Tried:
        """Return the first of the best that break the limit least.

        Raises
        ------
        ResultError
            No trial describes a policy.
        """
        found = [one for one in self.tried() if one.objective is not None]
        if not found:
            raise ResultError("no trial described a policy: narrow the ranges of --parameters")
        return max(found, key=lambda one: (-one.broken_count, one.objective, -one.number))


def _opened(journal: Path, identity: str, seed: int) -> Any:
    try:
        import optuna  # noqa: PLC0415  # an extra
    except ImportError:
        raise InputError.single("tune", "", "needs optuna: pip install 'hashballast[tuning]'") from None

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    backend = optuna.storages.journal.JournalFileBackend(str(journal))
    storage = optuna.storages.JournalStorage(backend)
    study = optuna.create_study(storage=storage, study_name="tuning", direction="maximize", load_if_exists=True)
    if study.user_attrs.setdefault(_IDENTITY, identity) != identity:
        raise ResultError(f"{journal.parent}: holds the tuning of another question; name another --out")
    study.set_user_attr(_IDENTITY, identity)
    # a search that goes on must not draw again what it drew before
    study.sampler = optuna.samplers.TPESampler(seed=(seed + len(study.get_trials(deepcopy=False))) % 2**32)
    return study


DOCUMENT: Final = "tune.json"
FORMAT: Final = 1
"""Version of it; keys are only ever added."""
AS_TUNED: Final = "fresh seeds"
ELSEWHERE: Final = "fresh seeds, test settings"


def tune(
    question: Question,
    folder: Path | None = None,
    *,
    workers: int = 1,
    timeout_s: float | None = None,
    on: str | None = None,
    progress: Progress = lambda _: None,
) -> tuple[Path, dict[str, Any]]:
    """Search, then judge; what was done before in the folder is not done again.

    Parameters
    ----------
    question
        What to tune.
    folder
        Where trials and runs are kept, and ``tune.json`` is written;
        ``results/<scenario>/tune-<start of the key>`` unless given.
    workers
        Number of processes; they share the seeds of a trial.
    timeout_s
        Wall time that one run may take [s].
    on
        Address of a Dask cluster that does the runs; None: workers here.
    progress
        Told the share of the trials that has ended.

    Returns
    -------
    tuple
        The folder, and what ``tune.json`` holds: the question, all trials, the tuned values, and how they did.

    Raises
    ------
    InputError
        Scenario, policy or parameters are wrong; or optuna is not installed.
    ResultError
        A run failed; or the folder holds another tuning, or is at work.
    """
    content = question.content()
    checker = Checker(question.path.parent, question.data, allow_plugins=question.allow_plugins)
    default = _checked(question, content, checker)
    identity = _identity(question, content, default)
    place = folder or Path("results") / default.name / f"tune-{identity[:12]}"
    store = Store(place)
    with store.opened(), at_work(executor_of(perform, workers, timeout_s, on)) as crew:
        bench = Bench(question, checker, store, crew)
        trials = Trials(place, identity, question.parameters, default.seed)
        _propose_default(question, trials, default.policy)
        seeds = range(default.seed, default.seed + question.seeds)
        trials.search(question.trials, lambda values: bench.worth(content, values, seeds), progress)
        best = trials.best()
        fresh = range(seeds.stop, seeds.stop + question.test_seeds)
        verdicts = [bench.verdict(AS_TUNED, content, best.values, fresh)]
        if question.test_overrides:
            elsewhere = question.content(test=True)
            verdicts.append(bench.verdict(ELSEWHERE, elsewhere, best.values, fresh))
        policy = with_values(content, best.values)[POLICY]
        document = {
            "format": FORMAT,
            "scenario": default.name,
            "tuning_seeds": list(seeds),
            "trials": [one._asdict() for one in trials.tried()],
            "tuned": {"trial": best.number, "values": dict(best.values), "policy": policy},
            "verdicts": verdicts,
            **_facts(question, content),
        }
        write_json(place / DOCUMENT, document)
    return place, document


def _facts(question: Question, content: Content) -> dict[str, Any]:
    """Return what was asked, and what the numbers are."""
    name = question.objective.name
    return {
        "policy": question.policy,
        "objective": name,
        "test_overrides": list(question.test_overrides),
        "metrics": {OBJECTIVE: {"unit": "1", "summary": name}, **metric_facts(content)},
    }


def _checked(question: Question, content: Content, checker: Checker) -> Scenario:
    """Return the scenario; raise InputError where it, an end of a range or a test setting is wrong."""
    place = str(question.path)
    default = checker.scenario(content, place)
    for parameter in question.parameters:
        for value in parameter.values:
            checker.scenario(with_values(content, {parameter.path: value}), place)
    if question.test_overrides:
        checker.scenario(question.content(test=True), place)
    return default


def _identity(question: Question, content: Content, default: Scenario) -> str:
    """Return the hash of all that trials depend on; how many there are, and the judgement, do not matter."""
    asked = {
        "model_version": MODEL_VERSION,
        "content": content,
        "inputs": default.inputs_sha256(),
        "parameters": [repr(parameter) for parameter in question.parameters],
        "seeds": question.seeds,
        "objective": question.objective.name,
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()


def _propose_default(question: Question, trials: Trials, default: PolicySpec) -> None:
    """Have the default tried first, if it lies in the ranges: no tuning ends below it on its own seeds."""
    values = {parameter.path: _at(default, parameter.path) for parameter in question.parameters}
    if all(parameter.holds(values[parameter.path]) for parameter in question.parameters):
        trials.propose(values)


def _at(policy: object, path: str) -> Any:
    for name in path.split("."):
        policy = getattr(policy, name, None)
    return policy
