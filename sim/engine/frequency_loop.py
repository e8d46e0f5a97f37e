"""The grid's frequency inside the run: moved by the site, and told to the controller as it moves."""

from collections.abc import Sequence
from math import inf, nextafter
from typing import Final

from sim.engine.alarm import Alarm
from sim.engine.clock import Clock
from sim.engine.site_power import SitePower
from sim.grid.frequency.live import PASSED_HZ, LiveFrequency
from sim.grid.frequency.model import GridModel
from sim.grid.frequency_spec import REPORT_STEP_HZ
from sim.grid.line import Line
from sim.recording import Track
from sim.scenario.model import Scenario

SETTLED_START_S: Final = 0.0
"""Whatever stands at this time was there before the run: the grid is in balance with it."""


class FrequencyLoop:
    """Follows frequency exactly between the instants in which something changes, and reports it by exception.

    A report is due each time frequency has moved by a step since the last one, and when it passes a level
    that somebody watches. The time is found ahead, so that nothing is scanned.

    Parameters
    ----------
    clock
        The clock.
    site
        What the site draws.
    grid
        The grid.
    levels_hz
        Frequencies that are watched [Hz].
    step_hz
        How far frequency moves from report to report [Hz].
    track
        Where it is recorded [Hz].
    end_s
        End of the run [s].
    """

    def __init__(
        self,
        clock: Clock,
        site: SitePower,
        grid: GridModel,
        levels_hz: Sequence[float],
        step_hz: float,
        track: Track,
        end_s: float,
    ) -> None:
        self._clock = clock
        self._site = site
        self._live = LiveFrequency(grid)
        self._levels_hz = tuple(levels_hz)
        self._step_hz = step_hz
        self._record = track.set
        self._end_s = end_s
        self._grid = grid
        self._alarm = Alarm(clock, self._ask_to_be_read)
        self._lost_mw = 0.0
        self._balance_mw = 0.0
        self._lines: list[Line] = []
        self.reported_hz = grid.nominal_hz
        """Frequency as last reported [Hz]."""

    def lose(self, lost_mw: float) -> None:
        """Let the grid be short of so much generation from now on [MW]."""
        self._lost_mw = self._grid.as_load_mw(lost_mw)
        self._ask_to_be_read()

    def read(self, now_s: float) -> bool:
        """Go on to now, and return whether a report is due."""
        self._advance(now_s)
        low_hz, high_hz = self._band_hz()
        return not low_hz - PASSED_HZ <= self._live.frequency_hz <= high_hz + PASSED_HZ

    def report(self) -> float:
        """Return the frequency to which it was last read [Hz]; the next report counts from there."""
        self.reported_hz = self._live.frequency_hz
        return self.reported_hz

    def watch(self, now_s: float) -> None:
        """Look ahead, once the fleets have been told: when is the next report due."""
        site = self._site.ahead(now_s)
        if now_s == SETTLED_START_S:
            self._balance_mw = site[0].value_mw + self._lost_mw
        off_mw = self._lost_mw - self._balance_mw
        self._lines = [line._replace(value_mw=line.value_mw + off_mw) for line in site]
        until_s = min(self._site.known_until_s, self._end_s)
        due_s = self._live.when_outside(self._lines, until_s, *self._band_hz())
        due_s = min(max(due_s, nextafter(now_s, inf)), self._site.known_until_s)
        self._alarm.set(due_s if due_s < self._end_s else inf)

    def finish(self) -> None:
        """Go on to the end of the run."""
        self._advance(self._end_s)

    def _advance(self, now_s: float) -> None:
        if now_s > self._live.time_s and self._lines:
            self._live.advance(self._lines, now_s, self._record)

    def _ask_to_be_read(self) -> None:
        self._clock.unsettled = True

    def _band_hz(self) -> tuple[float, float]:
        """Return the frequencies between which nothing need be told [Hz]."""
        now_hz, levels_hz = self.reported_hz, self._levels_hz
        low_hz = max([now_hz - self._step_hz, *(level for level in levels_hz if level < now_hz)])
        high_hz = min([now_hz + self._step_hz, *(level for level in levels_hz if level >= now_hz)])
        return low_hz, high_hz


def is_closed_loop(scenario: Scenario) -> bool:
    """Return whether a scenario has frequency followed inside the run."""
    frequency = scenario.grid.frequency
    return frequency is not None and frequency.closed_loop


def loop_of(clock: Clock, site: SitePower, scenario: Scenario, track: Track) -> FrequencyLoop:
    """Return the loop of a scenario that has one."""
    frequency = scenario.grid.frequency
    if frequency is None:
        raise ValueError("a closed loop needs grid.frequency")
    step_hz = REPORT_STEP_HZ if frequency.report_step_hz is None else frequency.report_step_hz
    levels_hz = scenario.policy.watched_hz or ()
    return FrequencyLoop(clock, site, frequency.model(), levels_hz, step_hz, track, scenario.end_s)
