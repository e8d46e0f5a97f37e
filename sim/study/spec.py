"""What a study file says: a scenario, choices for some of its fields, and which of them go together."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeVar

import numpy as np
from pydantic import Field, JsonValue, ValidationError, model_validator

from sim.errors import Fault, InputError
from sim.scenario.faults import faults_of
from sim.scenario.load import read_text
from sim.scenario.tree import Node, nearest, plain, printable, shown
from sim.scenario.yaml_text import parse_yaml
from sim.spec import Name, Positive, Spec, Text, rising
from sim.tables.files import scenario_file
from sim.units import FloatArray

MAX_RUNS: Final = 100_000
"""Runs that a study may have."""

Count = Annotated[int, Field(ge=1, le=MAX_RUNS)]


@dataclass(frozen=True, slots=True)
class Axis:
    """A field of the scenario, and the values that it takes."""

    path: str
    values: tuple[Any, ...]

    @property
    def kind(self) -> str:
        """Arrow type of its column: numbers or truths where all values are such, else text."""
        kinds = {type(value) for value in self.values}
        if kinds == {bool}:
            return "bool"
        if kinds == {int}:
            return "int64"
        return "double" if kinds <= {int, float} else "string"

    def cell(self, value: Any) -> Any:
        """Return a value as its column holds it: what is neither number nor text stands as JSON."""
        return json.dumps(value) if self.kind == "string" and not isinstance(value, str) else value


class ValueRange(Spec):
    """The numbers from one to another, both among them."""

    first: float
    """The lowest."""
    last: float
    """The highest."""
    count: Count | None = None
    """How many; left out where the design draws them."""
    scale: Literal["linear", "log"] = "linear"
    """Whether neighbours are the same difference or the same ratio apart."""

    _rises = rising("first", "last")

    @model_validator(mode="after")
    def _has_a_logarithm(self) -> Self:
        if self.scale == "log" and self.first <= 0.0:
            raise ValueError(f"first must be above 0 on a log scale; got {self.first:g}")
        return self

    def at(self, shares: FloatArray) -> list[float]:
        """Return the numbers at shares of the way, 0 to 1; twelve digits are the same on every processor."""
        if self.scale == "log":
            numbers = self.first * (self.last / self.first) ** shares
        else:
            numbers = self.first + (self.last - self.first) * shares
        return [float(f"{number:.12g}") for number in numbers]


class Design(Spec):
    """Which combinations of the axes' values are run."""

    type: Literal["product", "zip", "latin-hypercube", "sobol"] = "product"
    """Every combination; the first values together, then the second ones, and so on; or drawn so that each
    axis is covered evenly, ranges anywhere within them (McKay et al. 1979; Sobol' 1967, scrambled)."""
    count: Count | None = None
    """How many are drawn; for ``sobol`` best a power of two."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Seed of what is drawn."""

    @model_validator(mode="after")
    def _counts_what_it_draws(self) -> Self:
        if self.is_drawn != (self.count is not None):
            raise ValueError(f"count goes with latin-hypercube and sobol alone; got {self.type}")
        return self

    @property
    def is_drawn(self) -> bool:
        """Whether the combinations are drawn."""
        return self.type in {"latin-hypercube", "sobol"}

    def count_of(self, sizes: Sequence[int]) -> int:
        """Return how many combinations there are of axes of these sizes."""
        if self.count is not None:
            return self.count
        return max(sizes, default=1) if self.type == "zip" else int(np.prod(sizes, dtype=object))

    def rows(self, axes: Sequence[list[Any] | ValueRange]) -> Iterator[tuple[Any, ...]]:
        """Return the combinations, a value for each axis; of a product the first axis changes slowest."""
        if self.count is not None and axes:
            shares = self._drawn(self.count, len(axes))
            return zip(*(_at(axis, share) for axis, share in zip(axes, shares.T, strict=True)), strict=True)
        values = [listed(axis) for axis in axes]
        return zip(*values, strict=True) if self.type == "zip" and values else product(*values)

    def _drawn(self, count: int, axis_count: int) -> FloatArray:
        """Return shares of the way along each axis, a row a combination."""
        from scipy.stats import qmc  # noqa: PLC0415  # slow to import, and few studies draw

        sampler = qmc.LatinHypercube if self.type == "latin-hypercube" else qmc.Sobol
        return np.asarray(sampler(axis_count, seed=self.seed).random(count), dtype=np.float64)


def listed(axis: list[Any] | ValueRange) -> list[Any]:
    """Return the values of an axis that nobody draws."""
    return axis if isinstance(axis, list) else axis.at(np.linspace(0.0, 1.0, axis.count or 1))


def _at(axis: list[Any] | ValueRange, shares: FloatArray) -> list[Any]:
    if isinstance(axis, list):
        return [axis[int(share * len(axis))] for share in shares]
    return axis.at(shares)


def taken(paths: Mapping[str, Any], rows: Sequence[tuple[Any, ...]]) -> tuple[Axis, ...]:
    """Return the axes with the values that they take in these combinations, each once, in their order."""
    return tuple(
        Axis(path, tuple({repr(row[number]): row[number] for row in rows}.values()))
        for number, path in enumerate(paths)
    )


BESIDE: Final = ("studies", "regions")
"""Files in folders of these names may name scenarios that lie in the folder above."""
AnySpec = TypeVar("AnySpec", bound=Spec)

ScenarioName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]


class StudyFigure(Spec):
    """Two metrics against each other: a point for each combination of values, means of its replications.

    A line joins the points that differ in the last axis of numbers alone; its values stand at the points.
    """

    x: Annotated[str, Field(min_length=1, max_length=200)]
    """Metric to the right."""
    y: Annotated[str, Field(min_length=1, max_length=200)]
    """Metric upwards."""


_AXES: Final[dict[str, JsonValue]] = {"additionalProperties": {"type": ["array", "object"]}}


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
    axes: dict[str, JsonValue] = Field(default_factory=dict, json_schema_extra=_AXES)
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


def study_file(tree: Node, known: Sequence[Fault], path: Path | None = None, scenario: Path | None = None) -> StudyFile:
    """Return what a study says that lies in a file, or whose scenario is known; raise InputError as above."""
    spec, found = validated(StudySpec, tree)
    faults = [*known, *found, *_axis_faults(tree, Design() if spec is None else spec.design)]
    if spec is not None and path is not None:
        scenario = scenario_path(path, spec.scenario, ("scenario",), tree, faults)
    if spec is None or scenario is None or faults:
        raise InputError(faults)
    return StudyFile(spec, tree, scenario)


def validated(model: type[AnySpec], tree: Node) -> tuple[AnySpec | None, list[Fault]]:
    """Return what a file describes, or what is wrong with it."""
    try:
        return model.model_validate_json(json.dumps(plain(tree))), []
    except ValidationError as error:
        return None, faults_of(error, model, tree)


def scenario_path(file: Path, said: str, path: tuple[str | int, ...], tree: Node, faults: list[Fault]) -> Path | None:
    """Return the scenario that a file names in one of its fields; a fault is added if there is none."""
    folder = file.parent.resolve()
    folders = [folder, folder.parent] if folder.name in BESIDE else [folder]
    message = f"no such file: {said}; looked in {', '.join(map(str, folders))} and in the examples"
    try:
        found = scenario_file(said, folders)
    except InputError as error:
        found, message = None, error.faults[0].message
    if found is None:
        faults.append(Fault(str(nearest(tree, path).place), ".".join(map(str, path)), message))
    return found


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
