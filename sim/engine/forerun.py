"""AI loads that nothing on the site can influence: they run ahead, and the site is told what it may know."""

import numpy as np

from sim.ai.notice import Notice
from sim.clock import Clock
from sim.engine.bus import BANK_SIZE
from sim.engine.frequency_loop import is_followed
from sim.engine.observation import Published
from sim.engine.readings import Readings
from sim.recording import Track
from sim.scenario.model import Scenario
from sim.signals import Signal
from sim.units import FloatArray


class Lead:
    """The terminal of a load that runs ahead: what it draws is recorded, and read later.

    Parameters
    ----------
    clock
        The clock of the loads that run ahead.
    track
        Where the power is recorded [MW].
    """

    __slots__ = ("_clock", "_first", "_track")

    def __init__(self, clock: Clock, track: Track) -> None:
        self._clock = clock
        self._track = track
        self._first = 0

    def set_power_mw(self, power_mw: float, slope_mw_per_s: float = 0.0) -> None:
        """Draw ``power_mw`` [MW] from now on, changing by ``slope_mw_per_s`` [MW/s]."""
        self._track.set(self._clock.now, power_mw, slope_mw_per_s)

    def draw(self, power_mw: Signal) -> None:
        """Draw power that is known beforehand [MW], from now on."""
        self._track.draw(power_mw)

    def rows(self, before_s: float) -> FloatArray:
        """Return the breakpoints since the last that was returned, that one included, before a time [s]."""
        rows = self._track.rows(self._first, before_s)
        self._first += max(rows.shape[1] - 1, 0)
        return rows


class Forerun:
    """The bus of loads that run ahead, in an environment of their own.

    A chunk of time after another, it lets the loads run on, merges what they draw, takes the readings that
    telemetry would take of it, and feeds their arrivals and the tenants' notices to the site's clock: the
    steps of a load cost the site nothing.

    Parameters
    ----------
    site
        The site's clock.
    published
        Told what telemetry and tenants tell.
    scenario
        Whose loads they are.
    """

    def __init__(self, site: Clock, published: Published, scenario: Scenario) -> None:
        self.clock = Clock()
        self._site = site
        self._published = published
        self._end_s = scenario.end_s
        self._readings = Readings(scenario.controller)
        self._leads: list[Lead] = []
        self._notices: list[Notice] = []
        self._notices_s: list[float] = []
        self._until_s = 0.0
        site.look_ahead = self.run_to

    def connect(self, track: Track) -> Lead:
        """Return a new terminal, whose power is recorded on a track [MW]."""
        lead = Lead(self.clock, track)
        self._leads.append(lead)
        return lead

    def announce(self, notice: Notice) -> None:
        """Take a tenant's notice, to be told at its time."""
        self._notices.append(notice)
        self._notices_s.append(self.clock.now)

    def run_to(self, time_s: float) -> None:
        """Let the loads run on to a time [s], at most the end of the run, and feed what the site is told."""
        from_s, self._until_s = self._until_s, min(time_s, self._end_s)
        self.clock.run_before(self._until_s)
        rows = [lead.rows(self._until_s) for lead in self._leads]
        banks = [rows[first : first + BANK_SIZE] for first in range(0, len(rows), BANK_SIZE)]
        self._site.feed(*self._readings.arrivals(banks, from_s, self._until_s), self._published.receive)
        self._site.feed(np.array(self._notices_s), self._notices, self._published.announce)
        self._notices, self._notices_s = [], []


def may_run_ahead(scenario: Scenario) -> bool:
    """Return whether nothing on the site can influence what AI draws, and telemetry alone looks at it.

    A trip and a frequency that is followed look at site power themselves; a hall that rides through voltage
    sags is switched off the grid and back; a load with an interlock waits for the fleets.
    """
    waits = any(getattr(load, "interlock", None) is not None for load in scenario.loads)
    rides = any(hall.ride_through is not None for hall in scenario.halls)
    return not (is_watched(scenario) or waits or rides)


def is_watched(scenario: Scenario) -> bool:
    """Return whether somebody follows site power itself, at each of its breakpoints."""
    return scenario.interconnection.trip is not None or is_followed(scenario)
