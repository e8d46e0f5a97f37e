"""What telemetry reads of power that is known ahead: all at once, and the same as it reads live."""

from collections.abc import Iterable, Sequence
from math import inf

import numpy as np

from sim.clock import HEADWAY_S, MOST_INSTANTS
from sim.errors import RunError
from sim.scenario.model import ControllerSpec
from sim.signals.breakpoints import IndexArray, places_at
from sim.units import FloatArray

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
        starts_s, waits_s = (
            np.append(self._last_s, stated_s),
            np.append(self._wait_s, self._waits_s(banks, stated_s)),
        )
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
