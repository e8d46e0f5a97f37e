"""Claims about miners beside AI, each held against runs: what was measured, and whether it says so.

``claims.yaml`` holds them: for each its runs, what to measure of them, and what must hold for it to be true
or false. Where neither holds, or something that they name is not assessable, it is conditional.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from re import Match
from typing import Any, Final

import numpy as np
from ruamel.yaml import YAML

from sim.result import finite
from sim.scenario.load import resolve
from sim.scenario.model import PLACEHOLDER
from sim.simulation import run_key
from sim.study.arithmetic import worked_out
from sim.study.expand import Checker, set_axis
from sim.study.runs import Record, RunTask, Store, executor_of, perform, require_all
from sim.study.workers import at_work

FUNCTIONS: Final = {"mean": np.mean, **{f"p{q}": partial(np.percentile, q=q) for q in (10, 50, 90)}}
"""What arithmetic may make of the numbers of several seeds."""


def read_claims() -> list[dict[str, Any]]:
    """Return the claims that ship, as their file has them."""
    return list(YAML(typ="safe").load(Path(__file__).with_name("claims.yaml"))["claims"])


def judge_all(
    claims: Sequence[Mapping[str, Any]], find: Callable[[str], Path], folder: Path, *, quick: bool, workers: int
) -> list[dict[str, Any]]:
    """Do the runs of claims that are not done, and return a row for each.

    Parameters
    ----------
    claims
        The claims, as `read_claims`.
    find
        Returns the file of a scenario by its name.
    folder
        Where the runs are kept; one that has some goes on.
    quick
        Whether to take the shortened runs, where there are any.
    workers
        Number of processes.

    Returns
    -------
    list of dict
        ``id``, ``claim``, ``run`` (each run as the scenario and the fields set in it), ``measured`` (numbers by
        name, each named with its unit; None: not assessable), ``verdict`` and ``condition``.

    Raises
    ------
    InputError
        A scenario, or what is set in it, will not do.
    ResultError
        A run failed, or another process works in the folder.
    """
    store = Store(folder)
    tasks = [{name: list(_tasks(one, find, quick=quick)) for name, one in claim["runs"].items()} for claim in claims]
    with store.opened(), at_work(executor_of(perform, workers)) as crew:
        require_all((task for runs in tasks for run in runs.values() for task in run), store, crew)
    return [_judged(claim, runs, store) for claim, runs in zip(claims, tasks, strict=True)]


def fields_of(one: Mapping[str, Any], *, quick: bool) -> dict[str, Any]:
    """Return what is set in the scenario of a run, by field."""
    return {**one.get("set", {}), **(one.get("quick", {}) if quick else {})}


def _tasks(one: Mapping[str, Any], find: Callable[[str], Path], *, quick: bool) -> Iterator[RunTask]:
    """Yield the tasks of a run, one for each seed."""
    path, fields = find(one["scenario"]), fields_of(one, quick=quick)
    content, checker = resolve(path), Checker(path.parent, ())
    for field, value in fields.items():
        content = set_axis(content, field, value)
    count = one.get("quick_seeds" if quick else "seeds", one.get("seeds", 1))
    said = " ".join([one["scenario"], f"x {count}", *(f"{field}={json.dumps(fields[field])}" for field in fields)])
    for seed in range(content["seed"], content["seed"] + count):
        seeded = {**content, "seed": seed}
        yield RunTask(run_key(checker.scenario(seeded, str(path))), said, seeded, path.parent, ())


def _judged(claim: Mapping[str, Any], runs: Mapping[str, Sequence[RunTask]], store: Store) -> dict[str, Any]:
    """Return the row of a claim, its runs done."""
    records = {name: [store.read(task.key) for task in run] for name, run in runs.items()}
    known: dict[str, Any] = {name: entry["value"] for name, entry in claim.get("given", {}).items()}
    with np.errstate(all="ignore"):  # what cannot be divided is not assessable
        for name, text in claim["measured"].items():
            known[name] = np.mean(of_runs(text, records, known))
        holding = [rule for rule in ("true", "false") if of_runs(claim.get(rule, "0"), {}, known)]
    verdict = holding[0] if len(holding) == 1 else "conditional"
    return {
        "id": claim["id"],
        "claim": claim["claim"],
        "run": "; ".join(run[0].label for run in runs.values()),
        "measured": {name: finite(known[name]) for name in claim["measured"]},
        "verdict": verdict,
        "condition": claim["said"][verdict].format(**known),
    }


def of_runs(text: str, records: Mapping[str, Sequence[Record]], known: Mapping[str, Any]) -> Any:
    """Return what arithmetic comes to: over names, and metrics of runs as ``{run:metric}``."""
    found = {**FUNCTIONS, **known}

    def name_of(place: Match[str]) -> str:
        run, _, metric = place[1].partition(":")
        kind, name = "baseline" if place[2] else "metrics", f"figure_{len(found)}"
        found[name] = np.array([record[kind].get(metric) for record in records[run]], dtype=np.float64)  # None: NaN
        return name

    return worked_out(PLACEHOLDER.sub(name_of, text), found)
