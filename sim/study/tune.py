"""A tuning: search a policy's fields on some seeds, judge what was found on others."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sim.policies import PolicySpec
from sim.scenario.model import Scenario
from sim.scenario.policy_choice import POLICY
from sim.simulation import MODEL_VERSION
from sim.study.bench import OBJECTIVE, Bench, Content
from sim.study.expand import Checker, metric_facts
from sim.study.goal import Question
from sim.study.runs import Progress
from sim.study.search_space import with_values
from sim.study.store import Store, write_json
from sim.study.trials import Trials

DOCUMENT: Final = "tune.json"
FORMAT: Final = 1
"""Version of it; keys are only ever added."""
AS_TUNED: Final = "fresh seeds"
ELSEWHERE: Final = "fresh seeds, test settings"


@dataclass(frozen=True)
class Tuned:
    """What a tuning came to."""

    folder: Path
    policy: Mapping[str, Any]
    """The tuned policy, as a scenario file would hold it."""
    document: Mapping[str, Any]
    """``tune.json``: the question, all trials, the tuned values, and how they did."""


def tune(
    question: Question, folder: Path | None = None, *, workers: int = 1, progress: Progress = lambda _: None
) -> Tuned:
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
    progress
        Told the share of the trials that has ended.

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
    with store.opened():
        bench = Bench(question, checker, store, workers)
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
            "verdicts": [verdict.document() for verdict in verdicts],
            **_facts(question, content),
        }
        write_json(place / DOCUMENT, document)
    return Tuned(place, policy, document)


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
        for value in parameter.ends():
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
