"""Who wins when: the same comparison over one or two swept fields."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np

from sim.errors import InputError
from sim.scenario.load import resolve
from sim.scenario.overrides import Overrides
from sim.scenario.tree import plain
from sim.scenario.yaml_text import parse_value
from sim.study.compare import PLAIN, ComparisonPlan, Ways, do_all
from sim.study.comparison import Comparison, Report
from sim.study.expand import said, set_axis
from sim.study.runs import Progress
from sim.study.spec import Axis
from sim.study.store import Store, write_json
from sim.whole import make_once, require_new, scratch_folder

DOCUMENT: Final = "winners.json"
FORMAT: Final = 1
OBJECTIVE: Final = "objective_usd"
MOST_AXES: Final = 2


@dataclass(frozen=True)
class Winners:
    """A comparison for each combination of the axes' values."""

    axes: tuple[Axis, ...]
    """What was varied."""
    cells: Mapping[tuple[Any, ...], Comparison]
    """The comparison for each combination, the first axis changing slowest."""

    def document(self) -> dict[str, Any]:
        """Return ``winners.json``: in each cell the policy that ranks first, and whether it leads.

        A policy that keeps the limit ranks before one that does not, then money counts. It leads where its
        paired difference to every other one that keeps it (or breaks it) too is above zero by simultaneous
        95 % intervals (Bonferroni over these policies of the cell).
        """
        first = next(iter(self.cells.values()))
        return {
            "format": FORMAT,
            "scenario": first.scenario,
            "metric": OBJECTIVE,
            "policies": list(first.policies),
            "replications": len(first.seeds),
            "axes": [{"path": axis.path, "values": list(axis.values)} for axis in self.axes],
            "cells": [self._cell(values, found) for values, found in self.cells.items()],
        }

    @staticmethod
    def _cell(values: tuple[Any, ...], found: Comparison) -> dict[str, Any]:
        means = {policy: found.means(policy)[OBJECTIVE] for policy in found.policies}
        standings = found.standings
        best = min(standings, key=lambda policy: standings[policy].rank)
        others = [
            policy
            for policy in found.policies
            if policy != best and standings[policy].feasible == standings[best].feasible
        ]
        ties = [policy for policy in others if not _is_behind(found, best, policy, len(others))]
        return {
            "values": list(values),
            "winner": best,
            "no_significant_difference_to": ties,
            "objective_usd": means,
            "feasible": [policy for policy in found.policies if standings[policy].feasible],
        }

    def write(self, folder: Path | None = None, report: Report | None = None) -> Path:
        """Write ``winners.json`` and what the report adds, and return their folder.

        Parameters
        ----------
        folder
            A new folder; ``results/<scenario>/winners-<start of a key>`` unless given, which may be there
            already and is then left as it is.
        report
            Writes a page and figures beside it.

        Raises
        ------
        ResultError
            The folder given is there already.
        """
        keys = "\n".join(found.key for found in self.cells.values())
        name = hashlib.sha256(keys.encode()).hexdigest()[:12]
        document = self.document()
        place = Path("results") / document["scenario"] / f"winners-{name}" if folder is None else folder

        def fill(temporary: Path) -> None:
            write_json(temporary / DOCUMENT, document)
            if report is not None:
                report(document, temporary)

        make_once(place if folder is None else require_new(place), fill)
        return place


def _is_behind(found: Comparison, best: str, other: str, count: int) -> bool:
    """Tell whether a policy is behind the best beyond what the replications leave open."""
    mean, half_width = found.difference(best, other, OBJECTIVE, count)
    return bool(np.isfinite(half_width) and mean - half_width > 0.0)


def read_axis(text: str) -> Axis:
    """Return an axis written as ``path=value,value``.

    Raises
    ------
    InputError
        It is not written so, or names a value twice.

    Examples
    --------
    >>> read_axis("fleets.miners.rated_mw=40,80")
    Axis(path='fleets.miners.rated_mw', values=(40, 80))
    """
    path, equals, values = text.partition("=")
    if not path or not equals or not values:
        raise InputError.single(text, "over", f"must be path=value,value; got {text!r}")
    found = tuple(plain(parse_value(value, text)) for value in values.split(","))
    twice = [value for position, value in enumerate(found) if value in found[:position]]
    if twice:
        raise InputError.single(text, "over", f"must not name a value twice; got {twice[0]} more than once")
    return Axis(path, found)


def winners(
    path: str | Path,
    policies: Sequence[str],
    over: Sequence[Axis],
    replications: int = 4,
    *,
    overrides: Overrides = (),
    data: Sequence[str | Path] = (),
    ways: Ways = PLAIN,
    progress: Progress | None = None,
) -> Winners:
    """Compare policies for each combination of values of one or two fields.

    Parameters
    ----------
    path, policies, replications, overrides, data, progress
        As `sim.study.compare.compare`.
    over
        The fields and their values; a policy's own fields are those of the scenario's policy.
    ways
        As `sim.study.compare.compare`; without ``until``, and no references are run.

    Raises
    ------
    InputError
        A scenario, a policy or an axis is wrong.
    ResultError
        A run failed.
    """
    if not 1 <= len(over) <= MOST_AXES or ways.until is not None:
        message = f"must be one field or two, without until-half-width; got {len(over)}"
        raise InputError.single(str(path), "over", message)
    scenario, folders = resolve(path, overrides), tuple(map(Path, data))
    plain_ways = replace(ways, references=False)
    plans = {
        values: ComparisonPlan(content, tuple(policies), Path(path), folders, plain_ways)
        for values, content in _contents(scenario, over)
    }
    tasks = {values: _labelled(plan, over, values, replications) for values, plan in plans.items()}
    with scratch_folder() as place:
        store = Store(place)
        with store.opened():
            everything = [task for cell in tasks.values() for task in cell.values()]
            do_all(everything, store, ways.workers, progress)
            cells = {values: plan.comparison(tasks[values], store) for values, plan in plans.items()}
    return Winners(tuple(over), cells)


def _contents(
    scenario: Mapping[str, Any], over: Sequence[Axis]
) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    for values in product(*(axis.values for axis in over)):
        content = dict(scenario)
        for axis, value in zip(over, values, strict=True):
            content = set_axis(content, axis.path, value)
        yield values, content


def _labelled(plan: ComparisonPlan, over: Sequence[Axis], values: tuple[Any, ...], replications: int) -> Any:
    where = said(over, values)
    return {
        pair: task._replace(label=f"{task.label}, {where}") for pair, task in plan.tasks(replications).items()
    }
