"""What a metric is, how all of them are measured, and which of them a reader wants first."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan, nan
from typing import Final, Self, TypeVar

from sim.recording import Recording
from sim.shipped import shipped
from sim.units import unit_of

F = TypeVar("F")
SUMMARIES: Final[Mapping[str, str]] = shipped("sim.metrics", "summaries.json")
"""What metrics are, in one line each, by their keys; `Metric.key` says what these are."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A named number with a unit, computed from a Recording alone."""

    key: str
    """Its key in ``summaries.json``: its name; of a family that of all, ``load_factor_{minutes}min_ratio``,
    where each has its own words for what stands in braces."""
    measure: Callable[[Recording], float]
    """Computes it; NaN where the run cannot tell."""
    compares: bool = False
    """Whether the same number for the site without mining says something."""
    needs: str = ""
    """Signal or fact without which a run does not have it; empty: every run has it."""
    words: Mapping[str, str] = field(default_factory=dict)
    """What stands for the words in braces, in its key and in its summary."""

    @property
    def name(self) -> str:
        """Name, ending in its unit; what ``metrics.json`` and a table call it."""
        return self.key.format_map(self.words)

    @property
    def summary(self) -> str:
        """What it is, in one line."""
        return SUMMARIES[self.key].format_map(self.words)

    @property
    def unit(self) -> str:
        """Unit of its value: what its name ends in."""
        return unit_of(self.name) or "1"


@dataclass(frozen=True, slots=True)
class LoadMetric:
    """A metric that each load of one type has; or each hall, fleet, service sold, month, coincident peak."""

    key: str
    """Its key in ``summaries.json``: its name, with who has it in braces, ``ai.{training}.stall_mean_s``."""
    measure: Callable[[Recording, str], float]
    """Computes it from the recording and the name of the load."""
    compares: bool = False
    """Whether the same number for the site without mining says something."""

    @property
    def kind(self) -> str:
        """Type of the loads that have it: ``training``."""
        return self.key.partition("{")[2].partition("}")[0]

    def of(self, load: str) -> Metric:
        """Return the metric of one load."""
        words = {self.kind: load}
        return Metric(self.key, lambda recording: self.measure(recording, load), self.compares, words=words)


class Measurement(float):
    """A metric's value: a float that knows its unit, its meaning, and its value without mining.

    NaN means that the run cannot tell, such as a 5-minute ramp in a run of one minute.
    """

    unit: str
    summary: str
    baseline: float | None
    """The same metric for the site without mining; None where that says nothing."""

    def __new__(cls, value: float, unit: str = "1", summary: str = "", baseline: float | None = None) -> Self:
        """Return the value with the metric's unit and summary."""
        measurement = super().__new__(cls, value)
        measurement.unit, measurement.summary, measurement.baseline = unit, summary, baseline
        return measurement

    @property
    def value(self) -> float:
        """The bare number."""
        return float(self)

    @property
    def difference(self) -> float | None:
        """The value less its value without mining; None where that says nothing."""
        return None if self.baseline is None else float(self) - self.baseline


def ratio(part: float, whole: float) -> float:
    """Return a part over a whole; NaN where the whole is not above zero."""
    return part / whole if whole > 0.0 else nan


def numbers_of(
    found: Callable[[Recording], F | None],
    *,
    compares: bool = False,
    words: Mapping[str, str] | None = None,
    needs: str = "",
) -> Callable[[str, Callable[[F], float]], Metric]:
    """Return what makes a metric, by its key, of each number of what is found once in a recording.

    Parameters
    ----------
    found
        What is found; None where there is nothing, and each number is NaN.
    compares, words, needs
        Those of the metrics.
    """

    def metric(key: str, number: Callable[[F], float]) -> Metric:
        def measure(recording: Recording) -> float:
            figures = recording.once(found)
            return nan if figures is None else float(number(figures))

        return Metric(key, measure, compares, needs, words or {})

    return metric


def measure(recording: Recording, metrics: Sequence[Metric]) -> Mapping[str, Measurement]:
    """Return the measurement by name of every metric that the run has, in the order given.

    Each is worked out once for a recording, as by `Recording.once`.
    """
    baseline = recording.once(Recording.without_mining)
    return {
        metric.name: Measurement(
            recording.once(metric.measure),
            metric.unit,
            metric.summary,
            baseline.once(metric.measure) if metric.compares else None,
        )
        for metric in metrics
        if not metric.needs or metric.needs in recording.signals or recording.states(metric.needs)
    }


_SHOWN: Final = shipped("sim.metrics", "headlines.json")
HEADLINES: Final[tuple[str, ...]] = tuple(_SHOWN["headlines"])
"""The metrics that a reader wants first, wherever the run can tell them; a terminal shows these, the page and
the files all."""
IF_ANY: Final[tuple[str, ...]] = tuple(_SHOWN["if_any"])
"""Shown with them where they are not zero."""
COMPARED: Final[dict[str, str]] = _SHOWN["compared"]
"""Summary of what a comparison measures besides the metrics of a run."""
OF_LOADS: Final = ("ai.", "given_up.")
"""What the names of the loads' own metrics begin with; shown wherever the run can tell them."""


def headlines(metrics: Mapping[str, float]) -> Iterator[str]:
    """Yield the names of the metrics to show first, in the order in which the run has them."""
    for name, value in metrics.items():
        wanted = name in HEADLINES or name.startswith(OF_LOADS) or (name in IF_ANY and value != 0.0)
        if wanted and not isnan(value):
            yield name
