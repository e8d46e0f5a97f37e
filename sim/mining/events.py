"""What befalls fleets: the pool is lost, blocks do not answer, and in a voltage sag supplies drop out."""

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from sim.spec import Fraction, Name, NonNegative, PositiveFraction, Spec, Spell


class PoolLoss(Spell):
    """A time in which no pool takes the hashes of some cohorts, as when a network link fails."""

    type: Literal["pool-loss"]
    fleets: Annotated[tuple[Name, ...], Field(max_length=1000)] | None = None
    """Cohorts that lose their pool; left out: all."""


class StuckBlocks(Spell):
    """A time in which some blocks of fleets follow no order: they stay at what they were told before.

    Which blocks of a cohort these are is drawn; of any other fleet it is a share of its power. Blocks that
    lose their supply, because heat trips them or breakers open, answer again.
    """

    type: Literal["stuck-blocks"]
    share_fraction: PositiveFraction
    """Share of the blocks of each fleet, rounded up to whole blocks."""
    fleets: Annotated[tuple[Name, ...], Field(max_length=1000)] | None = None
    """Fleets that it strikes; left out: all."""
    noticed_after_s: NonNegative = 10.0
    """Time until the site knows that they do not answer [s]: until then it counts on them. Default:
    assumption, two missed signs of life every 5 s."""


class Stuck(NamedTuple):
    """What is known of the blocks of a fleet that do not answer."""

    power_mw: float = 0.0
    """What they draw, whatever is commanded [MW]."""
    slowed_fraction: float = 0.0
    """What the fleet's ramps have lost with them."""


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
