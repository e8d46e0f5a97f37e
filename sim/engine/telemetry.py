"""Reads AI power: off the bus, or of loads that run ahead, and delivers each reading after its delay."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf, nextafter

import numpy as np

from sim.ai.base import Outlet
from sim.ai.notice import Notice
from sim.clock import HEADWAY_S, MOST_INSTANTS, Alarm, Clock
from sim.engine.bus import BANK_SIZE, Bus
from sim.engine.frequency_loop import is_followed
from sim.engine.give_way import gives_way
from sim.engine.observation import Published
from sim.errors import RunError
from sim.grid.events import VoltageSag
from sim.recording import Track
from sim.scenario.model import ControllerSpec, Scenario
from sim.signals import Signal
from sim.signals.breakpoints import places_at
from sim.units import FloatArray, IndexArray


@dataclass(eq=False)
class Telemetry:
    """Reads the bus when a load states its power, and while that moves, each time by the deadband."""

    clock: Clock
    """The clock."""
    bus: Bus
    """The bus that is read."""
    spec: ControllerSpec
    """Delay, deadband, scan."""
    receive: Callable[[float], None]
    """Told each reading that differs from the one before, when it arrives [MW]."""
    is_watched: bool = False
    """Whether someone follows the site's power itself: then each reading asks for a settle."""

    def __post_init__(self) -> None:
        """Begin with nothing read yet."""
        self._read_mw: float | None = None
        self._again = Alarm(self.clock, self.clock.ask_to_read)

    def read(self) -> None:
        """Take a reading: a load has stated its power, or a line has moved by the deadband."""
        now_s = self.clock.now
        if self.is_watched:
            self.clock.unsettled = True
        power_mw, slope_mw_per_s = self.bus.power(now_s)
        if slope_mw_per_s != 0.0 or self._again.due_s < inf:
            self._again.set(self._next_reading_s(now_s, slope_mw_per_s))
        if power_mw == self._read_mw:
            return
        # The site stood like this before the run began, so its first telemetry is already there.
        steady = self._read_mw is None
        self._read_mw = power_mw
        if steady or self.spec.telemetry_delay_s == 0.0:
            self.receive(power_mw)
        else:
            self.clock.timeout(self.spec.telemetry_delay_s).callbacks.append(lambda _: self.receive(power_mw))

    def _next_reading_s(self, now_s: float, slope_mw_per_s: float) -> float:
        if slope_mw_per_s == 0.0:
            return inf
        # a slope too steep for the clock is read at its next step, not at this instant again and again
        wait_s = max(self.spec.telemetry_deadband_mw / abs(slope_mw_per_s), self.spec.telemetry_scan_s)
        return max(now_s + wait_s, nextafter(now_s, inf))


Bank = Sequence[FloatArray]
"""Breakpoints of some loads, added up together: of each load times [s], powers [MW] and slopes [MW/s]."""


class Readings:
    """Reads loads that run ahead, a chunk of time after another; see `sim.engine.telemetry.Telemetry`.

    Parameters
    ----------
    spec
        Delay, deadband, scan.
    """

    def __init__(self, spec: ControllerSpec) -> None:
        self._delay_s = spec.telemetry_delay_s
        self._deadband_mw = spec.telemetry_deadband_mw
        self._scan_s = spec.telemetry_scan_s
        self._last_s = 0.0
        self._wait_s = inf
        self._read_mw: float | None = None

    def arrivals(self, banks: Sequence[Bank], from_s: float, until_s: float) -> tuple[FloatArray, FloatArray]:
        """Return when readings arrive that differ from the one before [s], and what they say [MW].

        Parameters
        ----------
        banks
            What the loads draw, from the breakpoints on that are in force at the start of the chunk.
        from_s, until_s
            Start and end of the chunk [s]; it starts where the one before ended.
        """
        stated_s = np.unique(
            np.concatenate([np.empty(0), *(rows[0][rows[0] >= from_s] for bank in banks for rows in bank)])
        )
        times_s = self._times_s(banks, stated_s, until_s)
        if not times_s.size:
            return times_s, times_s
        power_mw = power_at_mw(banks, times_s)
        is_new = np.empty(times_s.size, dtype=np.bool_)
        is_new[0] = power_mw[0] != self._read_mw
        np.not_equal(power_mw[1:], power_mw[:-1], out=is_new[1:])
        arrivals_s = times_s[is_new] + self._delay_s
        if self._read_mw is None:
            arrivals_s[0] = times_s[0]  # the site stood like this before the run: it is known already
        self._last_s, self._read_mw = float(times_s[-1]), float(power_mw[-1])
        return arrivals_s, power_mw[is_new]

    def _times_s(self, banks: Sequence[Bank], stated_s: FloatArray, until_s: float) -> FloatArray:
        """Return when the loads are read: as one states its power, and while that moves, by the deadband."""
        starts_s = np.append(self._last_s, stated_s)
        waits_s = np.append(self._wait_s, self._waits_s(banks, stated_s))
        ends_s = np.append(stated_s, until_s)
        self._wait_s = float(waits_s[-1])
        found = [stated_s]
        if np.any(np.minimum(ends_s - starts_s, HEADWAY_S) > MOST_INSTANTS * waits_s):
            raise RunError(
                f"telemetry would read the power of AI every {waits_s.min():.2g} s, it moves so fast: set "
                "controller.telemetry_deadband_mw or telemetry_scan_s higher, or the load's ramp lower"
            )
        while True:
            # a slope too steep for the clock is read at its next step, not at one instant again and again
            starts_s = np.maximum(starts_s + waits_s, np.nextafter(starts_s, inf))
            before = starts_s < ends_s
            if not before.any():
                return np.sort(np.concatenate(found)) if len(found) > 1 else stated_s
            starts_s, waits_s, ends_s = starts_s[before], waits_s[before], ends_s[before]
            found.append(starts_s)

    def _waits_s(self, banks: Sequence[Bank], times_s: FloatArray) -> FloatArray:
        """Return how long after each time the next reading is due, unless a load states its power [s]."""
        slope_mw_per_s = np.zeros(times_s.size)
        for bank in banks:
            bank_slope = np.zeros(times_s.size)
            for time_s, _, slope in bank:
                if times_s.size and slope.any():
                    bank_slope += _in_force(slope, places_at(time_s, times_s))
            slope_mw_per_s += bank_slope
        moves = slope_mw_per_s != 0.0
        waits_s = np.full(times_s.size, inf)
        with np.errstate(over="ignore"):  # a power that hardly moves is due at no time: infinity is right
            waits_s[moves] = np.maximum(self._deadband_mw / np.abs(slope_mw_per_s[moves]), self._scan_s)
        return waits_s


def power_at_mw(banks: Iterable[Bank], times_s: FloatArray) -> FloatArray:
    """Return what all loads draw together at increasing times, added up as `sim.engine.bus.Bus` does [MW]."""
    power_mw = np.zeros(times_s.size)
    for bank in banks:
        bank_mw: FloatArray | float = 0.0
        for time_s, value_mw, slope_mw_per_s in (rows for rows in bank if rows.size):
            if time_s.size == 1 and time_s[0] <= times_s[0] and not slope_mw_per_s[0]:
                bank_mw = bank_mw + value_mw[0]  # it stands still all along
                continue
            place = places_at(time_s, times_s)
            bank_mw = bank_mw + _in_force(value_mw, place)
            if slope_mw_per_s.any():
                bank_mw += _in_force(slope_mw_per_s, place) * (times_s - time_s[place])
        power_mw += bank_mw
    return power_mw


def _in_force(column: FloatArray, place: IndexArray) -> FloatArray:
    """Return what stands at some places of a column; 0 before the first."""
    found = column[place]
    if place[0] < 0:
        found[place < 0] = 0.0
    return found


class Lead(Outlet):
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

    A trip and a frequency that is followed look at site power themselves; voltage that sags takes power from
    all; a hall that rides through sags is switched off the grid and back; a load with an interlock waits for
    the fleets; one that gives way is told its cap; one from outside is read as it comes.
    """
    waits = any(load.from_outside or getattr(load, "interlock", None) is not None for load in scenario.loads)
    rides = any(hall.ride_through is not None for hall in scenario.halls)
    sags = any(isinstance(event, VoltageSag) for event in scenario.events)
    return not (is_watched(scenario) or waits or rides or sags or gives_way(scenario))


def is_watched(scenario: Scenario) -> bool:
    """Return whether somebody follows site power itself, at each of its breakpoints."""
    return scenario.interconnection.trip is not None or is_followed(scenario)
