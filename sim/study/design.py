"""Which values the fields of a study take together: axes of values, and the combinations that are run."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Any, Final, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from sim.spec import Spec
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

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.first >= self.last:
            raise ValueError(f"first must be below last; got {self.first:g} and {self.last:g}")
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
