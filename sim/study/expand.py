"""From a study file to its runs, each with its scenario checked before anything runs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from sim.errors import Fault, InputError, did_you_mean
from sim.metrics import metrics_of
from sim.policies.plugin import Plugins
from sim.scenario.load import apply_override, describe, resolve
from sim.scenario.model import Scenario
from sim.scenario.overrides import Overrides
from sim.scenario.policy_choice import AS_SHIPPED, POLICY, choose_policy
from sim.scenario.tree import Mark, placed, plain
from sim.scenario.yaml_text import MAX_FAULTS, parse_value
from sim.simulation import run_key
from sim.study.spec import Axis, StudyFile, StudySpec, read_study, study_file, taken
from sim.tables import Files

SEED: Final = "seed"
READ_GROUPS: Final = 8
"""Sets of data files kept in memory while scenarios are checked."""


class Run(NamedTuple):
    """One run of a study."""

    values: tuple[Any, ...]
    """Its value on each axis."""
    seed: int
    key: str
    """Its run key: the same for the same scenario, version of the model, and content of the data files."""


@dataclass(frozen=True, slots=True)
class Study:
    """A study whose every run is known to be well described."""

    spec: StudySpec
    scenario: Mapping[str, Any]
    """The scenario that is varied: what its file holds, with what it extends."""
    axes: tuple[Axis, ...]
    """The axes, that of the seeds last."""
    folder: Path
    """The scenario's own folder."""
    data: tuple[Path, ...]
    """Folders that the scenarios may read from besides."""
    runs: tuple[Run, ...]
    """The runs, the first axis changing slowest."""
    allow_plugins: bool = False
    """Whether their policies may be code from outside."""

    @property
    def name(self) -> str:
        """Name of the study."""
        return self.spec.name

    def scenario_of(self, run: Run) -> dict[str, Any]:
        """Return the scenario of a run as plain data."""
        return set_axes(self.scenario, self.axes, run.values)


def load_study(path: str | Path, *, data: Sequence[str | Path] = (), allow_plugins: bool = False) -> Study:
    """Return the study in a file, every one of its scenarios checked.

    Parameters
    ----------
    path
        The study file.
    data
        Folders that the scenarios may read from besides their own.
    allow_plugins
        As `load_scenario`.

    Raises
    ------
    InputError
        With every fault of the study file; if it has none, with every fault of its scenarios, each with
        values of the axes that lead to it.
    """
    file = read_study(Path(path))
    return _expanded(file, resolve(file.scenario), data, allow_plugins=allow_plugins)


def policies_over(
    path: Path,
    policies: Sequence[str],
    over: Sequence[str],
    replications: int,
    *,
    overrides: Overrides = (),
    data: Sequence[str | Path] = (),
    allow_plugins: bool = False,
) -> Study:
    """Return the study of policies over the values of some fields: who wins where.

    Parameters
    ----------
    path
        The scenario file.
    policies
        As `sim.study.compare.compare`; the scenario's own is among them.
    over
        The fields, each written as ``path=value,value``.
    replications
        Runs of each policy in each combination.
    overrides, data, allow_plugins
        As `load_scenario`.

    Raises
    ------
    InputError
        With all that is wrong in what is asked, or in one of the scenarios.
    """
    scenario = resolve(path, overrides)
    content = {
        "schema_version": 1,
        "name": f"{scenario.get('name', path.stem)}-who-wins",
        "scenario": path.name,
        "axes": {POLICY: [*dict.fromkeys((*policies, AS_SHIPPED))], **dict(map(_read_axis, over))},
        "replications": replications,
    }
    file = study_file(placed(content, Mark("--over")), (), scenario=path)
    return _expanded(file, scenario, data, allow_plugins=allow_plugins)


def _read_axis(text: str) -> tuple[str, list[Any]]:
    """Return a field and its values; raise InputError where they are not written as ``path=value,value``."""
    path, equals, values = text.partition("=")
    if not path or not equals or not values:
        raise InputError.single(text, "over", f"must be path=value,value; got {text!r}")
    return path, [plain(parse_value(value, text)) for value in values.split(",")]


def _expanded(
    file: StudyFile, scenario: Mapping[str, Any], data: Sequence[str | Path], *, allow_plugins: bool
) -> Study:
    """Return the study of a file, its scenario's data given; raise InputError with all that is wrong."""
    if "schema_version" not in scenario:
        raise InputError.single(str(file.scenario), "schema_version", "missing; write schema_version: 1")
    if file.spec.days is not None:
        scenario = apply_override(scenario, "days", file.spec.days)
    _require_metrics(file, scenario)
    rows = file.rows
    seeds = _seed_axis(file.spec, scenario)
    axes = (*taken(file.spec.axes, rows), *seeds)
    if seeds:
        rows = [(*row, seed) for row in rows for seed in seeds[0].values]
    folder, folders = file.scenario.parent, tuple(map(Path, data))
    checker = Checker(folder, folders, allow_plugins=allow_plugins)
    runs = _checked_runs(file, scenario, axes, rows, checker)
    return Study(file.spec, scenario, axes, folder, folders, runs, allow_plugins)


def _require_metrics(file: StudyFile, scenario: Mapping[str, Any]) -> None:
    """Raise InputError where the figure names a metric that the scenario's runs do not have."""
    if file.spec.figure is None:
        return
    known = metric_facts(scenario)
    faults = []
    for side, name in file.spec.figure.model_dump().items():
        if name not in known:
            hint = did_you_mean(name, known) or "; see the reference of metrics"
            faults.append(Fault(file.place("figure", side), f"figure.{side}", f"no such metric: {name!r}{hint}"))
    if faults:
        raise InputError(faults)


def metric_facts(scenario: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return unit and summary of every metric that runs of a scenario may have, by name."""
    kinds = {hall["name"]: "hall" for hall in scenario.get("halls", ())}
    kinds |= {load["name"]: load["type"] for load in scenario.get("loads", ())}
    kinds |= {fleet["name"]: "fleet" for fleet in scenario.get("fleets", ())}
    sold = scenario.get("market", {}).get("ancillary", ())
    kinds |= {entry["service"]: "ancillary" for entry in sold}
    return {metric.name: {"unit": metric.unit, "summary": metric.summary} for metric in metrics_of(kinds)}


def set_axis(scenario: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return scenario data with one field set; text for the policy is a choice, ``always-on``."""
    if path == POLICY and isinstance(value, str):
        return choose_policy(scenario, value)
    return apply_override(scenario, path, value)


def set_axes(scenario: Mapping[str, Any], axes: Sequence[Axis], values: Sequence[Any]) -> dict[str, Any]:
    """Return scenario data with a value set on each axis; raise InputError where one cannot be set."""
    content = dict(scenario)
    for axis, value in zip(axes, values, strict=True):
        content = set_axis(content, axis.path, value)
    return content


def _seed_axis(spec: StudySpec, scenario: Mapping[str, Any]) -> tuple[Axis, ...]:
    """Return the axis of the replications' seeds, if there is more than one."""
    first = scenario.get(SEED, Scenario.model_fields[SEED].default)
    if spec.replications == 1 or not isinstance(first, int):
        return ()
    return (Axis(SEED, tuple(range(first, first + spec.replications))),)


class Checker:
    """Builds scenarios from plain data, reading their files once for all that name the same ones.

    Parameters
    ----------
    folder
        The scenarios' own folder.
    data
        Folders that they may read from besides.
    allow_plugins
        As `load_scenario`.
    """

    def __init__(self, folder: Path, data: Sequence[Path], *, allow_plugins: bool = False) -> None:
        self._folders = [folder, *data]
        self._plugins = Plugins(self._folders, allowed=allow_plugins)
        self._read: dict[str, Files] = {}

    def scenario(self, content: Mapping[str, Any], place: str) -> Scenario:
        """Return the scenario, or raise InputError with its faults."""
        described = describe(placed(content, Mark(place)), self._plugins)
        return described.with_files(self._files(described))

    def _files(self, scenario: Scenario) -> Files:
        """Return the files of a scenario, checked; the same ones for another seed, fleet, policy or limit.

        A run key holds the digests of the files read, so scenarios share them only where they name the same.
        """
        names = scenario.model_dump_json(include={"start", "days", "loads", "market"})
        if names not in self._read:
            files = Files(self._folders)
            scenario.with_files(files).check_files()
            if len(self._read) >= READ_GROUPS:
                self._read.clear()
            self._read[names] = files
        return self._read[names]


def _checked_runs(
    file: StudyFile,
    scenario: Mapping[str, Any],
    axes: Sequence[Axis],
    rows: Iterable[tuple[Any, ...]],
    checker: Checker,
) -> tuple[Run, ...]:
    """Return the runs; raise InputError with all that is wrong with any of them."""
    runs: list[Run] = []
    found: dict[tuple[str, str, str], list[str]] = {}
    for values in rows:
        try:
            checked = checker.scenario(set_axes(scenario, axes, values), str(file.scenario))
            runs.append(Run(values, checked.seed, run_key(checked)))
        except InputError as error:
            for fault in error.faults:
                found.setdefault((fault.place, fault.path, fault.message), []).append(said(axes, values))
    if found:
        raise InputError(_faults(file, found))
    return tuple(runs)


def _faults(file: StudyFile, found: Mapping[tuple[str, str, str], list[str]]) -> list[Fault]:
    """Return each different fault once, with the first values that lead to it."""
    faults = []
    for (place, path, message), values in list(found.items())[:MAX_FAULTS]:
        more = f", and {len(values) - 1:,} more" if len(values) > 1 else ""
        where = file.place("axes") if place in ("<python>", str(file.scenario)) else place
        faults.append(Fault(where, path, f"{message} (with {values[0] or 'no axis'}{more})"))
    if len(found) > MAX_FAULTS:
        faults.append(Fault(file.place("axes"), "", f"and {len(found) - MAX_FAULTS:,} more faults"))
    return faults


def said(axes: Sequence[Axis], values: Sequence[Any]) -> str:
    """Return the values of a run in words.

    Examples
    --------
    >>> said([Axis("seed", (1, 2)), Axis("policy", ("always-on",))], [2, "always-on"])
    'seed = 2, policy = always-on'
    """
    pairs = zip(axes, values, strict=False)
    return ", ".join(f"{axis.path} = {value if isinstance(value, str) else json.dumps(value)}" for axis, value in pairs)
