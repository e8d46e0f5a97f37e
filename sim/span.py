"""What every part of a run may know of the whole: its files, its time, its random streams."""

from dataclasses import dataclass

from numpy.random import Generator

from sim.rng import stream
from sim.tables import Files


@dataclass(frozen=True, slots=True)
class Span:
    """The stretch of time of one run, with what may be read and drawn for it."""

    files: Files
    """The folders that the scenario may read from."""
    start_utc_s: float
    """The run's start [s since 1970-01-01T00:00Z]."""
    end_s: float
    """The run's end [s from its start], above 0."""
    seed: int = 0
    """Seed of all random streams."""

    @property
    def end_utc_s(self) -> float:
        """The run's end [s since 1970-01-01T00:00Z]."""
        return self.start_utc_s + self.end_s

    def stream(self, name: str) -> Generator:
        """Return the random stream of a name, from its beginning; the names stand in `sim.rng`."""
        return stream(self.seed, name)
