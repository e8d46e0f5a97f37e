"""Voltage at the connection, where the scenario says how strong the grid is; not computed otherwise."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, nan
from typing import Final

import numpy as np

from sim.grid.ride_through import LAW, RideThroughJudgement, judge_events
from sim.grid.voltage import (
    Impedance,
    highest_power_mw,
    long_term_flicker,
    reactive_mvar,
    short_circuit_ratio,
    short_term_flicker,
    voltage_pu,
)
from sim.metrics.base import Metric, numbers_of
from sim.metrics.resolution import hides_swings
from sim.recording import Recording
from sim.signals import FloatArray, Signal
from sim.signals.changes import Changes, changes

FINE_S: Final = 0.01
"""Steps in which power is looked at after a sag, for `FINELY_S` [s]."""
FINELY_S: Final = 10.0
COARSE_S: Final = 1.0
"""Steps thereafter, up to `LOOKED_S` after it [s]."""
LOOKED_S: Final = 3600.0
LEVELS: Final = 1001
"""Powers between the lowest and the highest at which voltage is looked at, where it need not fall
steadily."""


@dataclass(frozen=True, slots=True)
class GridStrength:
    """The connection of a recording."""

    short_circuit_mva: float
    """Short-circuit power [MVA]."""
    impedance: Impedance
    """What lies behind it."""
    power_factor: float
    """Active over apparent power of the site, below 0 where reactive power is given."""

    @classmethod
    def recorded(cls, recording: Recording) -> "GridStrength | None":
        """Return what a recording says of its connection; None where that is nothing."""
        grid = recording.facts.grid
        strength_mva, x_over_r = grid.short_circuit_mva, grid.x_over_r_ratio
        power_factor = grid.power_factor_ratio
        if strength_mva is None or x_over_r is None or power_factor is None:
            return None
        return cls(strength_mva, Impedance.of(strength_mva, x_over_r), power_factor)

    def voltage_pu(self, power_mw: FloatArray) -> FloatArray:
        """Return the voltage at active powers [MW]; NaN where it collapses [pu]."""
        return voltage_pu(power_mw, reactive_mvar(power_mw, self.power_factor), self.impedance)


@dataclass(frozen=True, slots=True)
class VoltageFigures:
    """What a run does to the voltage."""

    lowest_pu: float
    """Lowest voltage [pu]; NaN in a collapse."""
    highest_pu: float
    """Highest voltage [pu]; NaN in a collapse."""
    collapse_s: float
    """Time for which the site wants more than the connection can carry at any voltage [s]."""
    largest_change_pu: float
    """Largest change in one move of power [pu]; NaN in a collapse."""
    short_term: float
    """Largest short-term flicker severity; NaN in a run below 10 min, and where a load's swings are hidden: in the
    iterations of training, or between the rows of a trace."""
    long_term: float
    """Largest long-term flicker severity; NaN in a run below 2 h, and as above."""


def voltage_figures(recording: Recording) -> VoltageFigures | None:
    """Return what the site does to the voltage at its connection; None where its strength is not given."""
    connection = GridStrength.recorded(recording)
    if connection is None:
        return None
    site = recording["site_power_mw"]
    voltages_pu = connection.voltage_pu(np.linspace(site.minimum(), site.maximum(), LEVELS))
    moves, swings_pu = _voltage_moves(site, connection)
    short_term = (
        np.empty(0)
        if hides_swings(recording)
        else short_term_flicker(moves.start_s, swings_pu, moves.length_s, site.end_s)
    )
    return VoltageFigures(
        lowest_pu=float(np.min(voltages_pu)),
        highest_pu=float(np.max(voltages_pu)),
        collapse_s=site.time_above(highest_power_mw(connection.power_factor, connection.impedance)),
        largest_change_pu=float(np.max(swings_pu, initial=0.0)),
        short_term=_largest(short_term),
        long_term=_largest(long_term_flicker(short_term)),
    )


def _voltage_moves(site_mw: Signal, connection: GridStrength) -> tuple[Changes, FloatArray]:
    """Return the moves of the site's power, and how far voltage goes in each, shape (n,) [pu]."""
    moves = changes(site_mw)
    return moves, np.abs(connection.voltage_pu(moves.after) - connection.voltage_pu(moves.before))


def largest_voltage_step(site_mw: Signal, connection: GridStrength) -> tuple[float, float]:
    """Return the largest change of voltage in one move of power [pu], and when that ends [s].

    Infinite where voltage collapses, and 0 without an end where power does not move.
    """
    moves, swings_pu = _voltage_moves(site_mw, connection)
    if not swings_pu.size:
        return 0.0, nan
    sizes_pu = np.nan_to_num(swings_pu, nan=inf)
    place = int(np.argmax(sizes_pu))
    return float(sizes_pu[place]), float(moves.end_s[place])


def sags_judged(recording: Recording) -> list[RideThroughJudgement] | None:
    """Return what the site did at each sag of voltage, by the envelope of the run; None without any.

    A ramp counts as at the level of the last look at it, so that power is back a step late at the most.
    """
    voltage = recording.signals.get("voltage_pu")
    if voltage is None or voltage.end_s == 0.0:
        return None
    site = recording["site_power_mw"]
    looks_s = np.append(np.arange(0.0, FINELY_S, FINE_S), np.arange(FINELY_S, LOOKED_S, COARSE_S))
    times_s = [voltage.time_s, site.time_s, *(voltage.time_s[:, np.newaxis] + looks_s)]
    times = np.unique(np.concatenate(times_s))
    times = times[times < voltage.end_s]
    (envelope,) = recording.facts.grid.envelope or (LAW,)
    return judge_events(times, voltage.at(times), site.at(times), envelope)


def _largest(values: FloatArray) -> float:
    return float(np.max(values)) if values.size else float("nan")


def _longest(lengths_s: Iterable[float]) -> float:
    """Return the longest time [s]; NaN without any, and where one never ended."""
    return _largest(np.array(list(lengths_s)))


def _ratio(recording: Recording) -> float:
    connection, limit_mw = GridStrength.recorded(recording), recording["limit_mw"].maximum()
    if connection is None or limit_mw <= 0.0:
        return float("nan")
    return short_circuit_ratio(connection.short_circuit_mva, limit_mw)


_of_it = numbers_of(voltage_figures, compares=True)
_of_sags = numbers_of(sags_judged, compares=True, needs="voltage_pu")

CATALOGUE = (
    Metric("short_circuit_ratio", _ratio),
    _of_sags("ride_through_violation_count", lambda events: sum(event.verdict == "violation" for event in events)),
    _of_sags("ride_through_recovery_max_s", lambda events: _longest(event.recovery_s for event in events)),
    _of_it("voltage_min_pu", lambda found: found.lowest_pu),
    _of_it("voltage_max_pu", lambda found: found.highest_pu),
    _of_it("voltage_collapse_s", lambda found: found.collapse_s),
    _of_it("voltage_change_max_pu", lambda found: found.largest_change_pu),
    _of_it("flicker_short_term_ratio", lambda found: found.short_term),
    _of_it("flicker_long_term_ratio", lambda found: found.long_term),
)
