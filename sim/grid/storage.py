r"""A battery at the interconnection, and what it makes of a site's power, exactly.

Notes
-----
The grid sees :math:`g(t)`; the battery draws :math:`b = g - s` (charging positive) beside the site's own
power :math:`s(t)`. It wants :math:`w = \min(s + b_0, L)`, with the shaving level :math:`L` and a bias
:math:`b_0` that brings the charge back to the wanted level at a small constant power. :math:`g` follows
:math:`w` no faster than the ramp limit :math:`r`, and stays within what the battery can do:

.. math::

    \dot g = \begin{cases} \dot w & g = w,\ |\dot w| \le r \\
    r\,\operatorname{sgn}(w - g) & \text{else} \end{cases}, \qquad
    s - P \le g \le \max(s - P, \min(s + P, L)), \qquad
    \dot E = \begin{cases} \eta\, b & b > 0 \\ b / \eta & b < 0 \end{cases}, \qquad 0 \le E \le E_{max}

with :math:`\eta` the square root of the round-trip efficiency. An empty battery has no :math:`P` to give, a
full one none to take: the grid then sees the site at once. As :math:`s` is piecewise linear, so is :math:`b`;
all changes of direction are found exactly: where lines meet, and where the charge, quadratic between them,
reaches a bound.

It sees the site's power without delay (inverters act within 0.1 s). Its own standby power, temperature, and
the loss of capacity with age are left out; wear is a cost per megawatt-hour of discharge.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import repeat
from math import ceil, copysign, inf, sqrt
from typing import Literal, NamedTuple

from sim.recording import Recording, Track
from sim.signals import Signal, total
from sim.signals.breakpoints import merged_times
from sim.spec import Fraction, NonNegative, Positive, PositiveFraction, Spec, rising, some_of
from sim.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE


class Battery(Spec):
    """A battery at the interconnection: limits the ramps of the whole site, shaves its peaks, or both."""

    type: Literal["battery"] = "battery"
    """Kind of storage."""
    power_mw: Positive
    """Most that it draws or gives [MW]."""
    energy_mwh: Positive
    """Energy it holds when full [MWh]."""
    ramp_limit_mw_per_min: Positive | None = None
    """How fast the power seen by the grid may change, up and down [MW/min]. Where left out: at any rate."""
    shave_above_mw: Positive | None = None
    """Power seen by the grid above which it gives, and beyond which it does not recharge [MW]. Where left
    out: none."""
    round_trip_efficiency_fraction: PositiveFraction = 0.86
    """Energy given back over energy taken; 0.82 to 0.88 is usual for lithium-ion systems (unverified)."""
    wanted_charge_fraction: Fraction = 0.5
    """Charge it starts with and returns to."""
    recharge_mw: NonNegative = 1.0
    """Power with which it returns to the wanted charge, at the most [MW]; an assumption. Less where ending it
    on the ramp limit would overshoot by more than 1 % of the energy."""
    wear_usd_per_mwh: NonNegative = 20.0
    """Wear of a megawatt-hour given [USD/MWh]; an assumption: 200 USD/kWh over 10,000 cycles."""

    _has_a_rule = some_of("ramp_limit_mw_per_min", "shave_above_mw", most=2)

    _recharge_within_power = rising("recharge_mw", "power_mw", strictly=False)


_SAME_MW = 1e-9
_CENTRED_FRACTION = 0.02
_OVERSHOOT_FRACTION = 0.01
_SAME_MWH = 1e-12
_SOON_S = 1e-6
"""Shorter pieces than this are not told apart [s]."""
CHARGE_ERROR_FRACTION = 1e-4
"""Charge, quadratic in time, is recorded in lines that are off by less than this share of the energy."""


class Smoothed(NamedTuple):
    """What a battery makes of a site's power."""

    battery_mw: Signal
    """Power it draws; below zero when it gives [MW]."""
    charge_mwh: Signal
    """Its charge; exact at breakpoints, within `CHARGE_ERROR_FRACTION` of its energy between [MWh]."""


def smooth(site_mw: Signal, battery: Battery, limit_mw: Signal | None = None) -> Smoothed:
    """Return what a battery draws so that the grid sees what it is to see, as far as it can.

    Parameters
    ----------
    site_mw
        Power of loads and miners [MW].
    battery
        The battery.
    limit_mw
        Limit of the site, beyond which it does not recharge [MW]; None: there is none.

    Returns
    -------
    Smoothed
        The battery's power and its charge.

    Examples
    --------
    A site that falls by 10 MW at once, before a battery that lets 10 MW/min pass: it takes the difference,
    which is gone after a minute.

    >>> site = Signal.steps([0.0, 60.0], [50.0, 40.0], 300.0)
    >>> battery = Battery(power_mw=20.0, energy_mwh=10.0, ramp_limit_mw_per_min=10.0, recharge_mw=0.0)
    >>> taken = smooth(site, battery).battery_mw
    >>> taken.at([59.0, 60.0, 90.0, 120.0]).round(6).tolist()
    [0.0, 10.0, 5.0, 0.0]
    """
    return Storage(battery, limit_mw).follow(site_mw)


class _Course(NamedTuple):
    """A power and how fast it changes; site, wish and bounds are such lines."""

    mw: float
    mw_per_s: float

    def is_at(self, other: "_Course") -> bool:
        """Tell whether both are the same now, or will be sooner than times are told apart."""
        return abs(self.mw - other.mw) <= _SAME_MW + abs(self.mw_per_s - other.mw_per_s) * _SOON_S

    def plus(self, power_mw: float) -> "_Course":
        return _Course(self.mw + power_mw, self.mw_per_s)

    def after(self, length_s: float) -> "_Course":
        return _Course(self.mw + self.mw_per_s * length_s, self.mw_per_s)


def _lower(one: _Course, other: _Course) -> _Course:
    """Return the line that is the lower one from now on."""
    return min(one, other, key=lambda line: line.mw_per_s) if one.is_at(other) else min(one, other)


def _upper(one: _Course, other: _Course) -> _Course:
    return max(one, other, key=lambda line: line.mw_per_s) if one.is_at(other) else max(one, other)


def with_battery(recording: Recording, battery: Battery) -> Recording:
    """Return the recording of a site behind its battery, of which no load and no fleet knows.

    Parameters
    ----------
    recording
        The run, site power without the battery.
    battery
        The battery.

    Returns
    -------
    Recording
        With the battery's power and charge, its power on AI alone, and site power as the grid sees it.
    """
    site, ai, limit = (recording[name] for name in ("site_power_mw", "ai_power_mw", "limit_mw"))
    found = smooth(site, battery, limit)
    signals = dict(recording.signals)
    signals["site_power_mw"] = total([site, found.battery_mw])
    signals["battery_power_mw"] = found.battery_mw
    signals["battery_charge_mwh"] = found.charge_mwh
    signals["battery_alone_power_mw"] = (
        smooth(ai, battery, limit).battery_mw if recording.fleet_names else found.battery_mw
    )
    return replace(recording, signals=signals)


@dataclass(frozen=True, slots=True)
class _Tracks:
    """Where a battery's power and charge are written down."""

    power: Track
    charge: Track


class Storage:
    """A battery as time goes on: what the grid sees, the charge, and whether it is being brought back.

    Parameters
    ----------
    battery
        What it is.
    limit_mw
        Limit of the site over all of the run, beyond which it does not recharge [MW]; None: there is none.
    """

    def __init__(self, battery: Battery, limit_mw: Signal | None = None) -> None:
        self._limits = limit_mw
        self._most = _Course(inf, 0.0)
        ramp = battery.ramp_limit_mw_per_min
        self._limit = inf if ramp is None else ramp / SECONDS_PER_MINUTE
        self._level = _Course(inf if battery.shave_above_mw is None else battery.shave_above_mw, 0.0)
        self._power_mw = battery.power_mw
        self._full_mwh = battery.energy_mwh
        self._wanted_mwh = battery.wanted_charge_fraction * battery.energy_mwh
        self._efficiency = sqrt(battery.round_trip_efficiency_fraction)
        # recharging ends on a ramp, whose area must stay below what sets it off again, or it never rests
        slack_mws = self._efficiency * _OVERSHOOT_FRACTION * battery.energy_mwh * SECONDS_PER_HOUR
        self._recharge_mw = min(battery.recharge_mw, sqrt(2.0 * slack_mws * self._limit))
        self._grid_mw: float | None = None
        self._bias_mw = 0.0
        self.charge_mwh = self._wanted_mwh
        """Charge, as far as the site has been followed [MWh]."""

    def follow(self, site_mw: Signal) -> Smoothed:
        """Return what it draws over a stretch of site power, which begins where the one before ended [MW]."""
        tracks = _Tracks(Track(), Track())
        for start_s, end_s, line, most in self._courses(site_mw):
            self._most = most
            self._follow_line(start_s, end_s, line, tracks)
        power_mw, charge_mwh = tracks.power.freeze(site_mw.end_s), tracks.charge.freeze(site_mw.end_s)
        return Smoothed(power_mw.simplify(), charge_mwh.simplify())

    def _courses(self, site_mw: Signal) -> Iterator[tuple[float, float, _Course, _Course]]:
        """Yield start and end of each segment [s], the site's power in it, and its limit."""
        times_s, limits = site_mw.time_s, self._limits
        if limits is not None:
            limits = limits.clip_time(site_mw.start_s, site_mw.end_s)
            times_s = merged_times([times_s, limits.time_s], site_mw.end_s)
        starts_s = times_s.tolist()
        lines = zip(*(column.tolist() for column in site_mw.lines_along(times_s)), strict=True)
        most = (
            repeat((inf, 0.0))
            if limits is None
            else zip(*(column.tolist() for column in limits.lines_along(times_s)), strict=True)
        )
        ends_s = [*starts_s[1:], site_mw.end_s]
        for start_s, end_s, line, bound in zip(starts_s, ends_s, lines, most, strict=False):
            yield start_s, end_s, _Course(*line), _Course(*bound)

    def _follow_line(self, start_s: float, end_s: float, site: _Course, tracks: _Tracks) -> None:
        """Go through one segment of the site's power, piece by piece."""
        now_s = start_s
        while now_s < end_s:
            grid = self._see(site)
            drawn = _Course(grid.mw - site.mw, grid.mw_per_s - site.mw_per_s)
            tracks.power.set(now_s, *drawn)
            until_s = min(end_s, now_s + self._piece_s(site, grid, drawn))
            if until_s <= now_s:
                until_s = min(end_s, now_s + _SOON_S)  # below the clock's resolution
            self._charge(now_s, until_s, drawn, tracks.charge)
            self._grid_mw = grid.after(until_s - now_s).mw
            site, self._most = site.after(until_s - now_s), self._most.after(until_s - now_s)
            now_s = until_s

    # -- power ---------------------------------------------------------------------------------------------

    def _see(self, site: _Course) -> _Course:
        """Return what the grid sees from now on."""
        self._recentre()
        low, high = self._range(site)
        wanted = _upper(low, _lower(site.plus(self._bias_mw), high))
        if self._grid_mw is None or self._limit == inf:
            self._grid_mw = wanted.mw
        grid = self._towards(wanted, min(max(self._grid_mw, low.mw), high.mw))
        if grid.mw_per_s < low.mw_per_s and grid.is_at(low):
            return low
        if grid.mw_per_s > high.mw_per_s and grid.is_at(high):
            return high
        return grid

    def _towards(self, wanted: _Course, grid_mw: float) -> _Course:
        """Return what the grid sees on its way to what is wanted, were there no bounds."""
        way_mw = wanted.mw - grid_mw
        # nearer than both move while times are not told apart: there already
        if abs(way_mw) > _SAME_MW + (self._limit + abs(wanted.mw_per_s)) * _SOON_S:
            return _Course(grid_mw, copysign(self._limit, way_mw))
        if abs(wanted.mw_per_s) > self._limit:
            return _Course(wanted.mw, copysign(self._limit, wanted.mw_per_s))
        return wanted

    def _range(self, site: _Course) -> tuple[_Course, _Course]:
        """Return the bounds of what the grid may see, given power, charge and level."""
        give_mw = self._power_mw if self.charge_mwh > _SAME_MWH else 0.0
        take_mw = self._power_mw if self.charge_mwh < self._full_mwh - _SAME_MWH else 0.0
        low, high = site.plus(-give_mw), _lower(site.plus(take_mw), self._level)
        if self._most.mw < inf:  # it may take up to the limit, but need not give above it
            high = _lower(high, _upper(site, self._most))
        return low, _upper(low, high)

    def _recentre(self) -> None:
        away_mwh = self._wanted_mwh - self.charge_mwh
        if abs(away_mwh) > _CENTRED_FRACTION * self._full_mwh and self._bias_mw == 0.0:
            self._bias_mw = self._recharge_mw if away_mwh > 0.0 else -self._recharge_mw
        elif self._bias_mw * away_mwh <= _SAME_MWH:
            self._bias_mw = 0.0

    # -- time ----------------------------------------------------------------------------------------------

    def _piece_s(self, site: _Course, grid: _Course, drawn: _Course) -> float:
        """Return how long nothing changes but along the lines [s]."""
        offsets_mw = (self._bias_mw, 0.0, self._power_mw, -self._power_mw)
        times_s = [_meet_s(drawn, offset_mw) for offset_mw in offsets_mw]
        if self._level.mw < inf:
            times_s.append(_meet_s(grid, self._level.mw))
            times_s += [_meet_s(site, self._level.mw - offset_mw) for offset_mw in offsets_mw]
        if self._most.mw < inf:
            most, slope = self._most
            times_s.append(_meet_s(_Course(grid.mw, grid.mw_per_s - slope), most))
            room = _Course(site.mw, site.mw_per_s - slope)
            times_s += [_meet_s(room, most - offset_mw) for offset_mw in offsets_mw]
        # a level just met must not be met again at once
        piece_s = min((time_s for time_s in times_s if time_s > _SOON_S), default=inf)
        efficiency = self._efficiency_of(drawn.after(0.5 * _SOON_S).mw)
        marks_mwh = [0.0, self._full_mwh]
        if self._bias_mw:
            marks_mwh.append(self._wanted_mwh)
        for mark_mwh in marks_mwh:
            needed = (mark_mwh - self.charge_mwh) * SECONDS_PER_HOUR / efficiency
            piece_s = min(piece_s, _first_time_s(*drawn, needed))
        return piece_s

    # -- charge --------------------------------------------------------------------------------------------

    def _charge(self, from_s: float, to_s: float, drawn: _Course, track: Track) -> None:
        """Record the charge over a piece in which power is a line of one sign, and move on to its end."""
        length_s = to_s - from_s
        bend_mwh = abs(drawn.mw_per_s) * length_s * length_s / 8.0 / SECONDS_PER_HOUR / self._efficiency
        parts = max(1, ceil(sqrt(bend_mwh / (CHARGE_ERROR_FRACTION * self._full_mwh))))
        before_mwh, step_s = self.charge_mwh, length_s / parts
        for part in range(1, parts + 1):
            start_mwh = self.charge_mwh
            self.charge_mwh = self._charge_after(before_mwh, drawn, step_s * part)
            slope = (self.charge_mwh - start_mwh) / step_s
            track.set(from_s + step_s * (part - 1), start_mwh, slope)

    def _charge_after(self, charge_mwh: float, drawn: _Course, length_s: float) -> float:
        taken_mws = drawn.after(0.5 * length_s).mw * length_s
        charge_mwh += self._efficiency_of(taken_mws) * taken_mws / SECONDS_PER_HOUR
        return min(max(charge_mwh, 0.0), self._full_mwh)

    def _efficiency_of(self, drawn: float) -> float:
        return self._efficiency if drawn > 0.0 else 1.0 / self._efficiency


def _meet_s(line: _Course, level_mw: float) -> float:
    """Return when a line reaches a level [s]; infinity: never."""
    return (level_mw - line.mw) / line.mw_per_s if line.mw_per_s else inf


def _first_time_s(value: float, slope: float, area: float) -> float:
    """Return when the integral of a line first reaches an area; infinity: never, or it is there already."""
    if abs(area) <= _SAME_MWH * SECONDS_PER_HOUR:
        return inf
    if slope == 0.0:
        time_s = area / value if value else inf
        return time_s if time_s > 0.0 else inf
    inside = value * value + 2.0 * slope * area
    if inside < 0.0:
        return inf
    root = sqrt(inside)
    roots = [(-value - root) / slope, (-value + root) / slope]
    return min((time_s for time_s in roots if time_s > 0.0), default=inf)
