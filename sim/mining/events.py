"""What happens to fleets by the clock: the pool is lost."""

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from sim.spec import Name, NonNegative, Spec


class PoolLoss(Spec):
    """A time in which no pool takes the hashes of some cohorts, as when a network link fails."""

    type: Literal["pool-loss"]
    at: AwareDatetime | None = None
    """When, ISO 8601 with an offset; or ``at_s``."""
    at_s: NonNegative | None = None
    """When [s from the scenario's start]; or ``at``."""
    duration_s: Annotated[float, Field(gt=0.0, le=1e8)]
    """How long [s]."""
    fleets: Annotated[tuple[Name, ...], Field(max_length=1000)] | None = None
    """Cohorts that lose their pool; left out: all."""

    @model_validator(mode="after")
    def _one_time(self) -> Self:
        if (self.at is None) == (self.at_s is None):
            raise ValueError("an event needs a time: at or at_s, one of them")
        return self

    def span_s(self, start_utc_s: float) -> tuple[float, float]:
        """Return its beginning and end [s from the scenario's start, at ``start_utc_s``]."""
        from_s = (self.at_s or 0.0) if self.at is None else self.at.timestamp() - start_utc_s
        return from_s, from_s + self.duration_s


def merged(spans_s: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return spans in order of time, those that touch as one.

    Examples
    --------
    >>> merged([(5.0, 8.0), (0.0, 2.0), (6.0, 9.0)])
    [(0.0, 2.0), (5.0, 9.0)]
    """
    found: list[tuple[float, float]] = []
    for from_s, to_s in sorted(spans_s):
        if found and from_s <= found[-1][1]:
            found[-1] = (found[-1][0], max(to_s, found[-1][1]))
        else:
            found.append((from_s, to_s))
    return found
