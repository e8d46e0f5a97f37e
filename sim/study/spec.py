"""What a study file says: a scenario, and choices for some of its fields."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, JsonValue, ValidationError

from sim.errors import Fault, InputError
from sim.scenario.faults import faults_of
from sim.scenario.load import read_text
from sim.scenario.tree import Node, nearest, plain, printable, shown
from sim.scenario.yaml_text import parse_yaml
from sim.spec import Name, Positive, Spec, Text
from sim.study.design import MAX_RUNS, Design, ValueRange
from sim.tables.files import find_inside

STUDIES: Final = "studies"
"""A folder of this name may name scenarios that lie in the folder above it."""

ScenarioName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]


class StudyFigure(Spec):
    """Two metrics against each other: a point for each combination of values, means of its replications.

    A line joins the points that differ in the last axis of numbers alone; its values stand at the points.
    """

    x: Annotated[str, Field(min_length=1, max_length=200)]
    """Metric to the right."""
    y: Annotated[str, Field(min_length=1, max_length=200)]
    """Metric upwards."""


class StudySpec(Spec):
    """A scenario, and the values that some of its fields are to take in turn."""

    schema_version: Literal[1]
    """Version of this format."""
    name: Name
    """Name of the study; results lie under it."""
    question: Annotated[Text, Field(max_length=2000)] = ""
    """The question that the study answers, in words."""
    scenario: ScenarioName
    """The scenario to vary: a name or a file name, in the study's own folder or, if that folder is called
    ``studies``, in the one above it; never a path."""
    days: Positive | None = None
    """Length of each run [d]; left out: that of the scenario."""
    axes: dict[str, JsonValue] = Field(default_factory=dict)
    """The values of each field to vary: a list, written as in ``--set``, or a range such as
    ``{first: 20.0, last: 140.0, count: 7}``, in equal ratios with ``scale: log``; the first changes slowest.
    A value of ``policy`` may be a whole mapping, or text such as ``follow-headroom:margin_mw=2``."""
    design: Design = Field(default_factory=Design)
    """Which combinations are run; left out: every one."""
    replications: Annotated[int, Field(ge=1, le=MAX_RUNS)] = 1
    """Runs of each combination, the first with the scenario's seed, each further one with the next."""
    figure: StudyFigure | None = None
    """What the study's page draws; left out: a table alone."""


@dataclass(frozen=True, slots=True)
class StudyFile:
    """A study file that is well formed; its scenarios are not checked yet."""

    spec: StudySpec
    tree: Node
    """What the file says, with places."""
    scenario: Path
    """The scenario file."""

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The combinations that are to be run, each with a value for every axis."""
        return list(self.spec.design.rows([_axis(values) for values in self.spec.axes.values()]))

    def place(self, *path: str | int) -> str:
        """Return where a field was written."""
        return str(nearest(self.tree, path).place)


def read_study(path: Path) -> StudyFile:
    """Return what a study file says.

    Raises
    ------
    InputError
        With every fault of the file; the scenarios that it leads to are not looked at.
    """
    return study_file(*parse_yaml(read_text(path, str(path)), str(path)), path)


def study_file(
    tree: Node, known: Sequence[Fault], path: Path | None = None, scenario: Path | None = None
) -> StudyFile:
    """Return what a study says that lies in a file, or whose scenario is known; raise InputError as above."""
    spec, found = _validated(tree)
    faults = [*known, *found, *_axis_faults(tree, Design() if spec is None else spec.design)]
    if spec is not None and path is not None:
        scenario = _scenario_path(path, spec, tree, faults)
    if spec is None or scenario is None or faults:
        raise InputError(faults)
    return StudyFile(spec, tree, scenario)


def _validated(tree: Node) -> tuple[StudySpec | None, list[Fault]]:
    try:
        return StudySpec.model_validate_json(json.dumps(plain(tree))), []
    except ValidationError as error:
        return None, faults_of(error, StudySpec, tree)


def _scenario_path(study: Path, spec: StudySpec, tree: Node, faults: list[Fault]) -> Path | None:
    """Return the scenario file; a fault is added if there is none."""
    folder = study.parent.resolve()
    folders = [folder, folder.parent] if folder.name == STUDIES else [folder]
    name = spec.scenario if Path(spec.scenario).suffix else f"{spec.scenario}.yaml"
    message = f"no such file: {name}; looked in {', '.join(map(str, folders))}"
    try:
        for folder in folders:
            if find_inside(folder, name) is not None:
                return folder / name
    except InputError as error:
        message = error.faults[0].message
    faults.append(Fault(str(nearest(tree, ("scenario",)).place), "scenario", message))
    return None


def _axis_faults(tree: Node, design: Design) -> Iterator[Fault]:
    """Yield what is wrong with the axes as such, before any scenario is built."""
    axes = plain(tree).get("axes")
    if not isinstance(axes, dict):
        return
    sizes = {}
    for path, values in axes.items():
        node = nearest(tree, ("axes", path))
        found = list(_range_faults(node, design) if isinstance(values, dict) else _value_faults(values))
        for message in (*found, *_order_faults(path, list(axes))):
            yield Fault(str(node.place), f"axes.{printable(path)}", message)
        if not found:
            sizes[path] = len(values) if isinstance(values, list) else values.get("count", 1)
    yield from _clashes(tree, axes)
    place = str(nearest(tree, ("axes",)).place)
    if design.type == "zip" and len(set(sizes.values())) > 1:
        lengths = ", ".join(f"{printable(path)} has {size}" for path, size in sizes.items())
        yield Fault(place, "axes", f"must have the same number of values each, as they are zipped; {lengths}")
    replications = plain(tree).get("replications", 1)
    count = design.count_of(list(sizes.values())) * (replications if isinstance(replications, int) else 1)
    if count > MAX_RUNS:
        message = f"must have {MAX_RUNS:,} runs at most; these axes and replications make {count:,}"
        yield Fault(place, "axes", message)


def _axis(values: JsonValue) -> list[Any] | ValueRange:
    return values if isinstance(values, list) else ValueRange.model_validate(values)


def _range_faults(node: Node, design: Design) -> Iterator[str]:
    try:
        found = ValueRange.model_validate(plain(node))
    except ValidationError as error:
        for fault in faults_of(error, ValueRange, node):
            yield f"{fault.path}: {fault.message}" if fault.path else fault.message
        return
    if found.count is None and not design.is_drawn:
        yield "must say its count, as the design draws none"


def _value_faults(values: Any) -> Iterator[str]:
    if not isinstance(values, list) or not values:
        got = "an empty list" if values == [] else shown(values)
        yield f"must be a list of values, one at least, or a range with first and last; got {got}"
        return
    counts = Counter(json.dumps(value, sort_keys=True) for value in values)
    twice = [text for text, count in counts.items() if count > 1]
    if twice:
        yield f"must not name a value twice; got {', '.join(twice)} more than once"


def _order_faults(path: str, paths: Sequence[str]) -> Iterator[str]:
    """Yield an axis that a later one would undo: ``policy.margin_mw`` before ``policy``."""
    later = paths[paths.index(path) + 1 :]
    for other in later:
        if path.startswith(f"{other}."):
            yield f"must stand after '{other}', which sets it anew"


def _clashes(tree: Node, axes: dict[str, Any]) -> Iterator[Fault]:
    content = plain(tree)
    for field, path, said in (
        ("days", "days", content.get("days") is not None),
        ("replications", "seed", content.get("replications", 1) != 1),
    ):
        if said and path in axes:
            message = f"must be left out, as {path} is an axis"
            yield Fault(str(nearest(tree, (field,)).place), field, message)
