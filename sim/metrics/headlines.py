"""The metrics that a reader wants first; a terminal shows these, the page and the files all."""

from collections.abc import Iterator, Mapping
from math import isnan
from typing import Final

from sim.shipped import shipped

_SHOWN: Final = shipped("sim.metrics", "headlines.json")
HEADLINES: Final[tuple[str, ...]] = tuple(_SHOWN["headlines"])
"""Shown wherever the run can tell them."""
IF_ANY: Final[tuple[str, ...]] = tuple(_SHOWN["if_any"])
"""Shown where they are not zero."""
COMPARED: Final[dict[str, str]] = _SHOWN["compared"]
"""Summary of what a comparison measures besides the metrics of a run."""
OF_LOADS: Final = "ai."
"""What the names of the loads' own metrics begin with; shown wherever the run can tell them."""


def headlines(metrics: Mapping[str, float]) -> Iterator[str]:
    """Yield the names of the metrics to show first, in the order in which the run has them."""
    for name, value in metrics.items():
        wanted = name in HEADLINES or name.startswith(OF_LOADS) or (name in IF_ANY and value != 0.0)
        if wanted and not isnan(value):
            yield name
