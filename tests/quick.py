"""Runs as `sim.run` makes them, except that a metric is worked out when a test asks for it.

All metrics of a short run take twenty times as long as the run; most tests look at one or two of them.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property

from sim.engine.campus import Campus
from sim.metrics import Measurement, measure, metrics_of
from sim.metrics.base import measure as measure_some
from sim.metrics.mining import with_blocks
from sim.recording import Recording
from sim.result import Result
from sim.rng import BLOCKS
from sim.scenario import Scenario
from sim.simulation import provenance


class WhenAsked(Mapping[str, Measurement]):
    """Metrics of a recording by name; whoever goes through them all has them all worked out."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._plain = {metric.name: metric for metric in metrics_of(recording.load_kinds)}
        self._found: dict[str, Measurement] = {}

    def __getitem__(self, name: str) -> Measurement:
        """Return one metric."""
        if name not in self._found:
            one = measure_some(self._recording, (self._plain[name],)) if name in self._plain else self._all
            self._found[name] = one[name]
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names, in the order of a result."""
        return iter(self._all)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._all)

    @cached_property
    def _all(self) -> Mapping[str, Measurement]:
        return measure(self._recording)


def run(scenario: Scenario) -> Result:
    """Return the run of a scenario, as `sim.run` does."""
    pool, luck = scenario.market.bitcoin.paid_by(), scenario.span.stream(BLOCKS)
    recording = with_blocks(Campus(scenario).run(), pool, luck)
    return Result(scenario, recording, WhenAsked(recording), provenance(scenario))  # type: ignore[arg-type]
