"""The relay at the interconnection: stops the fleets once the site has been too high for too long."""

from collections.abc import Callable, Iterator
from math import inf
from typing import Final

from sim.clock import Alarm, Clock
from sim.engine.site_power import SitePower
from sim.grid.interconnection import Trip
from sim.mining.duties import TRIP, Duty
from sim.units import SECONDS_PER_MINUTE

RISES_MW: Final = 1e-6
"""The site is above from one watt above the level on: fleets that fill it up exactly miss it by rounding."""
FALLS_MW: Final = 0.5e-6
"""It is no longer above from half a watt above the level down: rounding must not turn a crossing back."""


class TripRelay:
    """Meters the site exactly, at every instant, and reckons ahead when it will cross the level.

    Fleets know their ramps ahead and AI states its power in lines, so that the next crossing is known: no
    scan is needed, and one alarm does.

    Parameters
    ----------
    clock
        The clock.
    site
        What the site draws.
    trip
        Level, delay and hold.
    log
        Records a trip with the power above the level [MW], and its end.
    """

    def __init__(
        self,
        clock: Clock,
        site: SitePower,
        trip: Trip,
        log: Callable[[str, float], None],
    ) -> None:
        self._site = site
        self._trip = trip
        self._log = log
        self._clock = clock
        self._alarm = Alarm(clock, self._ask_to_be_read)
        self._level_mw = inf
        self._above_since_s = inf
        self._crossing_s = inf
        self._held_until_s = -inf
        self._tripped = False

    def duties(self) -> Iterator[Duty]:
        """Yield the duty to stand still while tripped."""
        if self._tripped:
            yield Duty(TRIP, "exceedance trip", cap_mw=0.0)

    def read(self, now_s: float, limit_mw: float) -> None:
        """Take note of the site's power now, and trip or come back where it is time."""
        self._level_mw = self._trip.level_mw(limit_mw)
        power_mw = self._site.ahead(now_s)[0].value_mw
        self._cross(now_s, power_mw)
        self._crossing_s = inf
        if self._tripped and now_s >= self._held_until_s:
            self._tripped = False
            self._log("trip-over", power_mw - self._level_mw)
            if self._above_since_s < inf:
                self._above_since_s = now_s  # the count begins afresh
        if not self._tripped and now_s >= self._above_since_s + self._trip.after_s:
            self._tripped = True
            self._held_until_s = now_s + self._trip.hold_min * SECONDS_PER_MINUTE
            self._log("trip", power_mw - self._level_mw)

    def watch(self, now_s: float) -> None:
        """Reckon ahead, once the fleets have been told what to do, when to read next."""
        # the first command of a run finds the fleets where it sends them: a jump
        self._cross(now_s, self._site.ahead(now_s)[0].value_mw)
        self._crossing_s = self._next_crossing_s(now_s)
        due_s = self._held_until_s if self._tripped else self._above_since_s + self._trip.after_s
        self._alarm.set(min(self._crossing_s, due_s, self._site.known_until_s))

    def _ask_to_be_read(self) -> None:
        self._clock.unsettled = True

    def _cross(self, now_s: float, power_mw: float) -> None:
        """Note whether the site is above: by a crossing that was reckoned, or by a jump."""
        above = self._above_since_s < inf
        if self._crossing_s <= now_s:
            above = not above
        if above and power_mw <= self._level_mw + FALLS_MW:
            above = False
        elif power_mw > self._level_mw + RISES_MW:
            above = True
        if not above:
            self._above_since_s = inf
        elif self._above_since_s == inf:
            self._above_since_s = now_s

    def _next_crossing_s(self, now_s: float) -> float:
        """Return when the site will next leave the side that it is on [s]; infinity: not as things stand."""
        above = self._above_since_s < inf
        sign = -1.0 if above else 1.0
        level_mw = self._level_mw + (FALLS_MW if above else RISES_MW)
        lines = self._site.ahead(now_s)
        ends_s = [line.from_s for line in lines[1:]] + [inf]
        for line, end_s in zip(lines, ends_s, strict=True):
            beyond_mw = sign * (line.value_mw - level_mw)
            slope_mw_per_s = sign * line.slope_mw_per_s
            if beyond_mw >= 0.0 and line.from_s > now_s:
                return line.from_s
            if slope_mw_per_s > 0.0:
                crossing_s = max(now_s, line.from_s - beyond_mw / slope_mw_per_s)
                if crossing_s < end_s:
                    return crossing_s
        return inf
