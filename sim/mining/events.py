"""What befalls fleets: by the clock the pool is lost, and in a voltage sag supplies drop out."""

from typing import Annotated, Literal

from pydantic import Field

from sim.spec import SIZED, Fraction, Name, Spec, Timed


class PoolLoss(Timed):
    """A time in which no pool takes the hashes of some cohorts, as when a network link fails."""

    type: Literal["pool-loss"]
    duration_s: Annotated[float, Field(gt=0.0, le=1e8), SIZED]
    """How long [s]."""
    fleets: Annotated[tuple[Name, ...], Field(max_length=1000)] | None = None
    """Cohorts that lose their pool; left out: all."""

    def span_s(self, start_utc_s: float) -> tuple[float, float]:
        """Return its beginning and end [s from the scenario's start, at ``start_utc_s``]."""
        from_s = self.first_s(start_utc_s)
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


class DropOut(Spec):
    """What power supplies without storage do in a voltage sag: they drop out, and all they feed boots anew.

    Down to ``below_pu`` they draw what they did, more current at less voltage.
    """

    below_pu: Fraction = 0.7
    """Voltage below which they drop out [pu of nominal]. Default: as ITIC has it, or worse; unverified."""
    after_s: Annotated[float, Field(ge=0.0, le=60.0)] = 0.02
    """Time of a sag that their capacitors bridge [s]. Default: as ITIC has it, or worse; unverified."""
    restart_s: Annotated[float, Field(ge=0.0, le=86_400.0)] = 300.0
    """Time from voltage back until they can be told to draw power again [s]: a cold start of supplies,
    controllers and network. Default: assumption, 300 to 900; the boot of machines comes on top."""
