"""The grid's frequency inside the run: moved by the site, or measured, and told to the controller."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, nextafter
from typing import Final

from sim.clock import Alarm, Clock, feed
from sim.engine.bus import SitePower
from sim.engine.prices import Core
from sim.grid.events import shortfall
from sim.grid.frequency.live import PASSED_HZ, LiveFrequency
from sim.grid.frequency.measured import MeasuredFrequency
from sim.grid.line import Line
from sim.grid.spec import REPORT_STEP_HZ
from sim.scenario.model import Scenario

SETTLED_START_S: Final = 0.0
"""Whatever stands at this time was there before the run: the grid is in balance with it."""
REACHED_HZ: Final = 1.5 * PASSED_HZ
"""A level counts as reached half of `PASSED_HZ` before it [Hz]: a relay that trips *at* it trips there."""


@dataclass(eq=False)
class FrequencyLoop:
    """Follows frequency exactly between the instants in which something changes, and reports it by exception.

    A report is due each time frequency has moved by a step since the last one, and when it reaches a level
    that somebody watches, or leaves it. The time is found ahead, so that nothing is scanned.
    """

    clock: Clock
    """The clock."""
    source: LiveFrequency | MeasuredFrequency
    """Where frequency comes from."""
    site: SitePower | None
    """What the site draws; None where it moves nothing."""
    levels_hz: Sequence[float]
    """Frequencies that are watched [Hz]."""
    step_hz: float
    """How far frequency moves from report to report [Hz]."""
    record: Callable[[float, float, float], None] | None
    """Told the start [s], the frequency there [Hz] and the slope [Hz/s] of each chord; None: nobody is."""
    end_s: float
    """End of the run [s]."""

    def __post_init__(self) -> None:
        """Begin with nothing done yet."""
        self.levels_hz = tuple(self.levels_hz)
        self._alarm = Alarm(self.clock, self.clock.ask_to_settle)
        self._lost_mw = 0.0
        self._balance_mw = 0.0
        self._lines: list[Line] = []
        self.reported_hz = self.source.frequency_hz
        """Frequency as last reported [Hz]."""

    def lose(self, load_mw: float) -> None:
        """Let the grid be short of generation from now on, given as the load that moves it as much [MW]."""
        self._lost_mw = load_mw
        self.clock.ask_to_settle()

    def read(self, now_s: float) -> bool:
        """Go on to now, and return whether a report is due."""
        self._advance(now_s)
        low_hz, high_hz = self._band_hz()
        return not low_hz - PASSED_HZ <= self.source.frequency_hz <= high_hz + PASSED_HZ

    def report(self) -> float:
        """Return the frequency to which it was last read [Hz]; the next report counts from there."""
        now_hz = self.source.frequency_hz
        # what stands at a level to rounding is told as that level: a relay counts it as reached
        near_hz = (level_hz for level_hz in self.levels_hz if abs(level_hz - now_hz) <= PASSED_HZ)
        self.reported_hz = next(near_hz, now_hz)
        return self.reported_hz

    def watch(self, now_s: float) -> None:
        """Look ahead, once the fleets have been told: when is the next report due."""
        until_s = self._look_at_site(now_s)
        due_s = self.source.when_outside(self._lines, min(until_s, self.end_s), *self._band_hz())
        due_s = min(max(due_s, nextafter(now_s, inf)), until_s, self.source.looks_until_s())
        self._alarm.set(due_s if due_s < self.end_s else inf)

    def finish(self) -> None:
        """Go on to the end of the run."""
        self._advance(self.end_s)

    def _look_at_site(self, now_s: float) -> float:
        """Take the site's power ahead, and return up to when it is known [s]."""
        if self.site is None:
            return inf
        site = self.site.ahead(now_s)
        if now_s == SETTLED_START_S:
            self._balance_mw = site[0].value_mw + self._lost_mw
        off_mw = self._lost_mw - self._balance_mw
        self._lines = [line._replace(value_mw=line.value_mw + off_mw) for line in site]
        return self.site.known_until_s

    def _advance(self, now_s: float) -> None:
        if now_s > self.source.time_s and (self._lines or self.site is None):
            self.source.advance(self._lines, now_s, self.record)

    def _band_hz(self) -> tuple[float, float]:
        """Return the frequencies between which nothing need be told [Hz]: up to a level, and off it."""
        now_hz, levels_hz = self.reported_hz, self.levels_hz
        low_hz = [level + REACHED_HZ for level in levels_hz if level < now_hz]
        high_hz = [level - REACHED_HZ for level in levels_hz if level > now_hz]
        at_hz = [level for level in levels_hz if level == now_hz]
        return max([now_hz - self.step_hz, *low_hz, *at_hz]), min([now_hz + self.step_hz, *high_hz, *at_hz])


def is_followed(scenario: Scenario) -> bool:
    """Return whether a scenario has frequency followed inside the run."""
    frequency = scenario.grid.frequency
    return frequency is not None and frequency.is_followed


def open_frequency(core: Core, site: SitePower) -> FrequencyLoop | None:
    """Record what happens on the grid, and return what follows its frequency; None where nobody does.

    Parameters
    ----------
    core
        What the campus is made of.
    site
        What the site draws.
    """
    clock, recorder, _, _, scenario = core
    lost_mw = shortfall(scenario.events, scenario.start_utc_s, scenario.end_s)
    if lost_mw is not None:
        recorder.give("grid_shortfall_mw", lost_mw)
    spec = scenario.grid.frequency
    if spec is None or not spec.is_followed:
        return None
    measured = None if spec.measured is None else spec.measured.frequency_hz(scenario.span, spec.nominal_hz)
    if measured is not None:
        recorder.give("frequency_measured_hz", measured)
        if not spec.has_grid:
            recorder.give("frequency_hz", measured)
    live = LiveFrequency(spec.model()) if spec.has_grid else None
    source = live if measured is None else MeasuredFrequency(measured, spec.nominal_hz, live)
    if source is None:
        raise ValueError("a closed loop needs a grid, or measured frequency")
    step_hz = REPORT_STEP_HZ if spec.report_step_hz is None else spec.report_step_hz
    # where the site moves nothing, nothing is recorded
    moved, record = (None, None) if live is None else (site, recorder.track("frequency_hz").set)
    levels_hz = scenario.policy.watched_hz or ()
    loop = FrequencyLoop(clock, source, moved, levels_hz, step_hz, record, scenario.end_s)
    if lost_mw is not None:
        feed(clock, lost_mw * spec.model().as_load_mw(1.0), loop.lose)
    return loop
