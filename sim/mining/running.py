"""A fleet in a run: what it is given, and what it can be told and asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from numpy.random import Generator

from sim.clock import HasNow, Timer
from sim.mining.events import Stuck
from sim.mining.worth import Piece
from sim.recording import Track
from sim.signals import Signal

if TYPE_CHECKING:
    from sim.mining.fleet import FleetSpec

Streams = Callable[[str], Generator]
"""Returns the random stream of a name, apart from those of all other fleets."""


@dataclass(frozen=True, slots=True)
class FleetConnection:
    """All that a fleet is given: a clock and timers, tracks, a log, its random streams, what befalls it."""

    clock: HasNow
    """The clock."""
    timer: Callable[[Callable[[], None]], Timer]
    """Makes a timer that calls back."""
    track: Callable[[str], Track]
    """Returns the track of one of the fleet's signals, by the end of its name."""
    log: Callable[[str, float], None]
    """Records that something happened: its kind, and a number that goes with it."""
    streams: Streams
    """Returns the fleet's random stream of a name."""
    changed: Callable[[], None]
    """Called when what the fleet can draw has changed, other than by a command."""
    end_s: float
    """End of the run [s]."""
    outdoor_c: Callable[[], Signal]
    """Returns the outdoor temperature [°C]."""
    pool_losses: Sequence[tuple[float, float]] = ()
    """When the pool is lost, and back [s], in order of time."""


class RunningFleet(Protocol):
    """A fleet in a run: it follows commands, and says what it can draw."""

    @property
    def spec(self) -> "FleetSpec":
        """What the scenario says of it."""

    @property
    def minimum_mw(self) -> float:
        """Power it draws at the least, now [MW]."""

    @property
    def available_mw(self) -> float:
        """Power it can draw at the most, now [MW]."""

    @property
    def commanded_mw(self) -> float:
        """What it was last told to draw; its minimum before that [MW]."""

    @property
    def commands_itself(self) -> bool:
        """Whether that may change without a word from the executor, as when it tries again."""

    def pieces(self) -> Sequence[Piece]:
        """Return what it can draw above its minimum, now, from below, and what that makes."""

    def command(self, power_mw: float) -> None:
        """Tell it to go to a power in its range [MW]."""

    def power_between(self, from_s: float, to_s: float) -> Signal:
        """Return what it drew from one time [s] to a later one, at most now [MW]."""

    def ahead(self, now_s: float) -> list[tuple[float, float, float]]:
        """Return its power from now on, unless it is told otherwise: time [s], value [MW], slope [MW/s]."""

    @property
    def known_until_s(self) -> float:
        """Up to when that is known [s]."""

    def finish(self, end_s: float) -> None:
        """Go through all that happens up to a time, such as the end of the run [s]."""

    @property
    def start_count(self) -> int | None:
        """Machines woken so far; None: it has none of its own."""

    def supply(self, *, is_on: bool) -> None:
        """Open its breakers once all of it sleeps, or close them; nothing where it has none."""

    def drop_out(self, *, is_out: bool) -> None:
        """Lose the supply and draw nothing, or follow commands again, from no power."""

    @property
    def stuck(self) -> Stuck:
        """What is known of blocks that do not answer."""

    def stick(self, share_fraction: float) -> float:
        """Have a share of its blocks follow no order from now on, unnoticed, and return their power [MW].

        0: all follow orders again.
        """

    def notice_stuck(self) -> None:
        """Take in which blocks do not answer, if any."""
