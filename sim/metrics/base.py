"""What a metric is, and how all of them are measured."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeVar

from sim.recording import Recording
from sim.shipped import shipped
from sim.units import unit_of

F = TypeVar("F")
SUMMARIES: Final[Mapping[str, str]] = shipped("sim.metrics", "summaries.json")
"""What metrics are, in one line each, by name."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A named number with a unit, computed from a Recording alone."""

    name: str
    """Name, ending in its unit; what ``metrics.json`` and a table call it."""
    summary: str
    """What it is, in one line."""
    measure: Callable[[Recording], float]
    """Computes it; NaN where the run cannot tell."""
    compares: bool = False
    """Whether the same number for the site without mining says something."""
    needs: str = ""
    """Signal or fact without which a run does not have it; empty: every run has it."""

    @property
    def unit(self) -> str:
        """Unit of its value: what its name ends in."""
        return unit_of(self.name) or "1"


@dataclass(frozen=True, slots=True)
class LoadMetric:
    """A metric that each load of one kind has, ``ai.<load>.<name>``, or each hall, or each service sold."""

    kind: str
    """Type of the loads that have it: ``training``."""
    name: str
    """Name after the load's, ending in its unit."""
    summary: str
    """What it is, in one line."""
    measure: Callable[[Recording, str], float]
    """Computes it from the recording and the name of the load."""
    family: str = "ai"
    """First part of its name."""

    @property
    def unit(self) -> str:
        """Unit of its value: what its name ends in."""
        return unit_of(self.name) or "1"

    def of(self, load: str) -> Metric:
        """Return the metric of one load."""
        return Metric(
            f"{self.family}.{load}.{self.name}",
            self.summary,
            lambda recording: self.measure(recording, load),
        )


class Measurement(float):
    """A metric's value: a float that knows its unit, its meaning, and its value without mining.

    NaN means that the run cannot tell, such as a 5-minute ramp in a run of one minute.
    """

    unit: str
    summary: str
    baseline: float | None
    """The same metric for the site without mining; None where that says nothing."""

    def __new__(cls, value: float, metric: Metric, baseline: float | None = None) -> Self:
        """Return the value with the metric's unit and summary."""
        measurement = super().__new__(cls, value)
        measurement.unit = metric.unit
        measurement.summary = metric.summary
        measurement.baseline = baseline
        return measurement

    def __getnewargs__(self) -> tuple[float, Metric, float | None]:  # type: ignore[override]  # more than a float's
        """Return what a copy is made from; its unit comes with its other attributes."""
        return float(self), Metric("", self.summary, float), self.baseline  # type: ignore[arg-type]  # never called

    @property
    def value(self) -> float:
        """The bare number."""
        return float(self)

    @property
    def difference(self) -> float | None:
        """The value less its value without mining; None where that says nothing."""
        return None if self.baseline is None else float(self) - self.baseline


def told(
    name: str, measure: Callable[[Recording], float], *, compares: bool = False, needs: str = ""
) -> Metric:
    """Return a metric whose summary stands in ``summaries.json``; parameters as the fields of `Metric`."""
    return Metric(name, SUMMARIES[name], measure, compares, needs)


def compared(
    name: str, summary: str, found: Callable[[Recording], F | None], number: Callable[[F], float]
) -> Metric:
    """Return the metric that is a number of what is found once in a run and in the site without mining.

    Parameters
    ----------
    name, summary
        Those of the metric.
    found
        What is found in a recording; None where there is nothing.
    number
        The metric, of what was found; NaN where there is nothing.
    """

    def measure(recording: Recording) -> float:
        figures = recording.once(found)
        return float("nan") if figures is None else float(number(figures))

    return Metric(name, summary, measure, compares=True)


def measure(recording: Recording, metrics: Sequence[Metric]) -> Mapping[str, Measurement]:
    """Return the measurement by name of every metric that the run has, in the order given."""
    baseline = recording.once(Recording.without_mining)
    return {
        metric.name: Measurement(
            metric.measure(recording), metric, metric.measure(baseline) if metric.compares else None
        )
        for metric in metrics
        if not metric.needs or metric.needs in recording.signals or recording.states(metric.needs)
    }
