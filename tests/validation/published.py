"""A registry of published numbers, and of what this project makes of them.

A module ``published_<topic>.py`` beside this one names its ``TITLE`` and lists its ``CASES``; that is all it
takes to have them tested (``test_published.py``) and shown (``make validate``).
"""

import importlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

HERE = Path(__file__).parent
DATA = HERE.parents[1].parent / "shared" / "data"
"""Real files that do not ship with the project."""


class Tolerance(Protocol):
    """What still counts as agreement."""

    def limits(self, published: float) -> tuple[float, float]:
        """Return the lowest and the highest value that agrees."""


@dataclass(frozen=True)
class Relative:
    """Within a fraction of the published number."""

    fraction: float

    def limits(self, published: float) -> tuple[float, float]:
        margin = abs(published) * self.fraction
        return published - margin, published + margin

    def __str__(self) -> str:
        return f"± {self.fraction * 100:g} %"


@dataclass(frozen=True)
class Absolute:
    """Within an amount of the published number, in its unit."""

    amount: float

    def limits(self, published: float) -> tuple[float, float]:
        return published - self.amount, published + self.amount

    def __str__(self) -> str:
        return f"± {self.amount:.3g}"


@dataclass(frozen=True)
class Band:
    """From a lowest to a highest value, both allowed."""

    low: float = -math.inf
    high: float = math.inf

    def limits(self, published: float) -> tuple[float, float]:  # noqa: ARG002  # as in Tolerance
        return self.low, self.high

    def __str__(self) -> str:
        if self.high == math.inf:
            return f"at least {self.low:g}"
        return f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class PublishedCase:
    """One number to hold ours against, and how to get ours; it is one of the three kinds below."""

    name: str
    source: str
    published: float
    ours: Callable[[], float]
    tolerance: Tolerance
    unit: str = "1"
    slow: bool = False
    """Takes more than 3 s."""
    needs: str = ""
    """File of the data folder without which there is nothing to compare."""

    @property
    def kind(self) -> str:
        """Return what agreement says: ``evidence``, ``calibration`` or ``identity``."""
        return type(self).__name__.lower()

    @property
    def missing(self) -> str:
        """Why the case cannot be had here; empty if it can."""
        return "" if not self.needs or (DATA / self.needs).is_file() else f"needs {self.needs} in ../shared/data"

    def agrees(self, value: float) -> bool:
        """Tell whether a value of ours is within the tolerance."""
        low, high = self.tolerance.limits(self.published)
        return low <= value <= high


class Evidence(PublishedCase):
    """A publication that nothing in the project was set from: it could have come out otherwise."""


class Calibration(PublishedCase):
    """The record that a constant was set from: it says how well the constant fits, not whether it is true."""


class Identity(PublishedCase):
    """Formula against formula, a number worked out by hand, or a file read back: it checks the code alone."""


def groups() -> dict[str, Sequence[PublishedCase]]:
    """Return the cases of every topic, by its title."""
    names = sorted(path.stem for path in HERE.glob("published_*.py"))
    modules = [importlib.import_module(name) for name in names]
    return {module.TITLE: module.CASES for module in modules}
