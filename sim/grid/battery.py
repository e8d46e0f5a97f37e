r"""A battery at the interconnection that limits how fast the site's power changes.

Notes
-----
The grid sees :math:`g(t)`, which follows the site's own power :math:`s(t)` no faster than the ramp limit
:math:`r`; the battery draws :math:`b = g - s` (charging positive). Within a segment on which :math:`s` is a
straight line,

.. math::

    \dot g = \begin{cases} \dot s & g = s + b_0,\ |\dot s| \le r \\
    r\,\operatorname{sgn}(s + b_0 - g) & \text{else} \end{cases}, \qquad
    |b| \le P, \qquad
    \dot E = \begin{cases} \eta\, b & b > 0 \\ b / \eta & b < 0 \end{cases}, \qquad 0 \le E \le E_{max}

with :math:`\eta` the square root of the round-trip efficiency. The bias :math:`b_0` brings the charge back to
the wanted level at a small constant power. What the battery cannot do, the grid sees at once: a full battery
does not charge, an empty one does not discharge. All changes of direction are found exactly: where lines
meet, and where the charge, quadratic between them, reaches a bound.

It sees the site's power without delay (inverters act within 0.1 s). Its own standby power, temperature, and
the loss of capacity with age are left out; wear is a cost per megawatt-hour of discharge.
"""

from dataclasses import dataclass
from math import inf, sqrt
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from sim.recording import Track
from sim.signals import Signal
from sim.spec import Fraction, NonNegative, Positive, Spec
from sim.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE

_SAME_MW = 1e-9
_CENTRED_FRACTION = 0.02
_SAME_MWH = 1e-12
_SOON_S = 1e-6
"""Shorter pieces than this are not told apart [s]."""


class Battery(Spec):
    """A battery that limits the ramps of the whole site."""

    type: Literal["battery"] = "battery"
    """Kind of storage."""
    power_mw: Positive
    """Most that it draws or gives [MW]."""
    energy_mwh: Positive
    """Energy it holds when full [MWh]."""
    ramp_limit_mw_per_min: Positive
    """How fast the power seen by the grid may change, up and down [MW/min]."""
    round_trip_efficiency_fraction: Annotated[float, Field(gt=0.0, le=1.0)] = 0.86
    """Energy given back over energy taken; 0.82 to 0.88 is usual for lithium-ion systems (unverified)."""
    wanted_charge_fraction: Fraction = 0.5
    """Charge it starts with and returns to."""
    recharge_mw: NonNegative = 1.0
    """Power with which it returns to the wanted charge [MW]; an assumption."""
    wear_usd_per_mwh: NonNegative = 20.0
    """Wear of a megawatt-hour given [USD/MWh]; an assumption: 200 USD/kWh over 10,000 cycles."""

    @model_validator(mode="after")
    def _recharge_within_power(self) -> Self:
        if self.recharge_mw > self.power_mw:
            raise ValueError(
                f"recharge_mw is {self.recharge_mw:g} MW; must not be above power_mw, {self.power_mw:g} MW"
            )
        return self


class Smoothed(NamedTuple):
    """What a battery makes of a site's power."""

    battery_mw: Signal
    """Power it draws; below zero when it gives [MW]."""
    final_mwh: float
    """Charge at the end [MWh]."""


def smooth(site_mw: Signal, battery: Battery) -> Smoothed:
    """Return what a battery draws so that the site's ramps stay within its limit, as far as it can.

    Parameters
    ----------
    site_mw
        Power of loads and miners [MW].
    battery
        The battery.

    Returns
    -------
    Smoothed
        The battery's power and its final charge.

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
    track = Track()
    state = _State(battery, float(site_mw.value[0]))
    ends_s = [*site_mw.time_s[1:].tolist(), site_mw.end_s]
    segments = zip(
        site_mw.time_s.tolist(), site_mw.value.tolist(), site_mw.slope_per_s.tolist(), ends_s, strict=True
    )
    for start_s, value_mw, slope_mw_per_s, end_s in segments:
        state.follow(start_s, value_mw, slope_mw_per_s, end_s, track)
    return Smoothed(track.freeze(site_mw.end_s), state.charge_mwh)


@dataclass
class _Line:
    """The site's power on one segment."""

    value_mw: float
    slope: float


class _State:
    """The battery as time goes on: what the grid sees, the charge, and whether it is being brought back."""

    def __init__(self, battery: Battery, site_mw: float) -> None:
        self._limit = battery.ramp_limit_mw_per_min / SECONDS_PER_MINUTE
        self._power_mw = battery.power_mw
        self._full_mwh = battery.energy_mwh
        self._wanted_mwh = battery.wanted_charge_fraction * battery.energy_mwh
        self._efficiency = sqrt(battery.round_trip_efficiency_fraction)
        self._recharge_mw = battery.recharge_mw
        self._grid_mw = site_mw
        self._bias_mw = 0.0
        self.charge_mwh = self._wanted_mwh

    def follow(self, start_s: float, value_mw: float, slope: float, end_s: float, track: Track) -> None:
        """Go through one segment of the site's power, piece by piece."""
        now_s, line = start_s, _Line(value_mw, slope)
        while now_s < end_s:
            rate = self._choose(line)
            drawn_mw = self._grid_mw - line.value_mw
            drawn_rate = rate - line.slope
            track.set(now_s, drawn_mw, drawn_rate)
            until_s = min(end_s, now_s + self._piece_s(line, rate))
            if until_s <= now_s:
                until_s = min(end_s, now_s + _SOON_S)  # below the clock's resolution
            self._advance(line, rate, until_s - now_s)
            now_s = until_s

    def _choose(self, line: _Line) -> float:
        """Settle what the grid sees now, and return how fast it changes [MW/s]."""
        self._recentre()
        low_mw, high_mw = self._range(line)
        wanted_mw = min(max(line.value_mw + self._bias_mw, low_mw), high_mw)
        self._grid_mw = min(max(self._grid_mw, low_mw), high_mw)
        gap_mw = wanted_mw - self._grid_mw
        if abs(gap_mw) <= _SAME_MW:
            self._grid_mw = wanted_mw
            if abs(line.slope) <= self._limit:
                return line.slope
            gap_mw = line.slope
        rate = self._limit if gap_mw > 0.0 else -self._limit
        close_mw = _SAME_MW + _SOON_S * abs(rate - line.slope)  # as good as there
        if rate < line.slope and self._grid_mw <= low_mw + close_mw:
            self._grid_mw, rate = low_mw, line.slope
        elif rate > line.slope and self._grid_mw >= high_mw - close_mw:
            self._grid_mw, rate = high_mw, line.slope
        return rate

    def _range(self, line: _Line) -> tuple[float, float]:
        """Return what the grid may see, given the battery's power and charge [MW]."""
        give_mw = self._power_mw if self.charge_mwh > _SAME_MWH else 0.0
        take_mw = self._power_mw if self.charge_mwh < self._full_mwh - _SAME_MWH else 0.0
        return line.value_mw - give_mw, line.value_mw + take_mw

    def _recentre(self) -> None:
        away_mwh = self._wanted_mwh - self.charge_mwh
        if abs(away_mwh) > _CENTRED_FRACTION * self._full_mwh and self._bias_mw == 0.0:
            self._bias_mw = self._recharge_mw if away_mwh > 0.0 else -self._recharge_mw
        elif self._bias_mw * away_mwh <= _SAME_MWH:
            self._bias_mw = 0.0

    def _piece_s(self, line: _Line, rate: float) -> float:
        """Return how long nothing changes but along the lines [s]."""
        drawn_mw, drawn_rate = self._grid_mw - line.value_mw, rate - line.slope
        meets = [self._bias_mw, 0.0, self._power_mw, -self._power_mw]
        times_s = [(level - drawn_mw) / drawn_rate for level in meets] if drawn_rate else []
        # a level just met must not be met again at once
        piece_s = min((time_s for time_s in times_s if time_s > _SOON_S), default=inf)
        charging = drawn_mw + 0.5 * drawn_rate * _SOON_S > 0.0
        efficiency = self._efficiency if charging else 1.0 / self._efficiency
        marks_mwh = [0.0, self._full_mwh]
        if self._bias_mw:
            marks_mwh.append(self._wanted_mwh)
        for mark_mwh in marks_mwh:
            needed = (mark_mwh - self.charge_mwh) * SECONDS_PER_HOUR / efficiency
            piece_s = min(piece_s, _first_time_s(drawn_mw, drawn_rate, needed))
        return piece_s

    def _advance(self, line: _Line, rate: float, length_s: float) -> None:
        drawn_mw, drawn_rate = self._grid_mw - line.value_mw, rate - line.slope
        taken_mws = (drawn_mw + 0.5 * drawn_rate * length_s) * length_s
        efficiency = self._efficiency if taken_mws > 0.0 else 1.0 / self._efficiency
        charge_mwh = self.charge_mwh + efficiency * taken_mws / SECONDS_PER_HOUR
        self.charge_mwh = min(max(charge_mwh, 0.0), self._full_mwh)
        self._grid_mw += rate * length_s
        line.value_mw += line.slope * length_s


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
