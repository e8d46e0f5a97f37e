"""Simulated time by the clock on the wall, over stops and starts."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sim.errors import RunError
from sim.live.journal import Journal
from sim.live.shadow import Shadow

JUMP_S: Final = 1.0
"""The clock on the wall has jumped where it moves by so much more or less than time has passed [s]."""


class WallPace:
    """Says what time it is in a shadow, and notices when the clock on the wall jumps: time goes on evenly then.

    Parameters
    ----------
    folder
        Where to keep when it began, for another start to go on from there.
    run_key
        Of the scenario; the folder is of one.
    factor
        Simulated seconds to each second on the wall.
    first_s
        Simulated time at which it begins [s], where the folder is new.

    Raises
    ------
    RunError
        The folder is of another scenario, or of another factor.
    """

    def __init__(self, folder: Path, run_key: str, factor: float, first_s: float) -> None:
        self._factor, self._wall_s, self._even_s = factor, time.time(), time.monotonic()
        self.jump_count = 0
        journal = Journal(folder / "began.csv", ("run_key", "factor", "began_utc_s", "first_s"))
        own, began = [run_key, repr(factor)], [repr(self._wall_s), repr(first_s)]
        if journal.kept and journal.kept[0][:2] != own:
            raise RunError(f"{folder} is of another scenario or factor: begin a new one")
        if not journal.kept:
            journal.add([*own, *began])
            journal.sync()
        began_utc_s, kept_s = map(float, journal.kept[0][2:] if journal.kept else began)
        self._first_s = kept_s + (self._wall_s - began_utc_s) * factor

    def now_s(self) -> float:
        """Return the present simulated time [s]."""
        passed_s = time.monotonic() - self._even_s
        if abs(time.time() - self._wall_s - passed_s) > JUMP_S:
            self.jump_count += 1
            self._wall_s = time.time() - passed_s
        return self._first_s + passed_s * self._factor


def follow(shadow: Shadow, pace: WallPace, scan_s: float, tell: Callable[[float], None]) -> float:
    """Have a shadow go on with time until its end; return the longest time between two scans [s on the wall].

    Parameters
    ----------
    shadow
        The shadow.
    pace
        Says what time it is.
    scan_s
        Wall time from one look at what has come to the next [s].
    tell
        Told the simulated time [s] after each.
    """
    longest_s, last_s = 0.0, time.monotonic()
    while shadow.time_s < shadow.end_s:
        shadow.step(min(pace.now_s(), shadow.end_s))
        tell(shadow.time_s)
        time.sleep(scan_s)
        longest_s, last_s = max(longest_s, time.monotonic() - last_s), time.monotonic()
    return longest_s
