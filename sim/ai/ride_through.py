"""What a hall does when the grid's voltage sags: it counts, goes to its own supply, and comes back.

A power supply rides through a short sag, on less power where it is deep. A double conversion goes to its
batteries and walks in again. Many halls count sags and, after the third in a minute, transfer to batteries
and generators, from where an operator brings them back. Their load is then gone from the grid at once.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from numpy.random import Generator as RandomStream
from pydantic import Field
from simpy import Environment

from sim.ai.base import Outlet, SetPower, StatedPower
from sim.clock import At, Clock, Timer
from sim.recording import Track
from sim.spec import SIZED, Positive, Spec, rising
from sim.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE

LEAST_MW: Final = 1e-6
"""A hall that needs less than this returns as one that needs so much [MW]."""
FULL_POWER_PU: Final = 0.9
"""Voltage down to which a load draws all that it needs [pu]; assumption: the edge of the continuous range."""


class Ups(Spec):
    """A double conversion: outside its window the rectifier leaves the grid, and batteries carry the hall.

    The batteries last as long as it takes; that they run empty is not simulated.
    """

    below_pu: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.85
    """Voltage below which the rectifier leaves the grid at once [pu of nominal]. Default: a window of -15 %;
    unverified."""
    return_s: Annotated[float, Field(ge=0.0, le=86_400.0)] = 10.0
    """Time for which voltage must be back before the rectifier returns [s]. Default: unverified."""
    walk_in_s: Annotated[float, Field(gt=0.0, le=3600.0), SIZED] = 20.0
    """Time in which it then takes all power back, in a straight line [s]. Default: 10 to 30 s; unverified."""


class RideThrough(Spec):
    """When a hall leaves the grid, and how it returns."""

    ups: Ups | None = None
    """Its double conversion; left out: a sag that does not count leaves the hall on the grid."""
    trip_pu: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.8
    """A sag counts where the voltage left is below this [pu of nominal]. Default: within 0.7 to 0.9;
    unverified."""
    trip_s: Annotated[float, Field(ge=0.0, le=60.0)] = 0.02
    """A sag counts where it lasts at least this long [s]. Default: unverified."""
    strike_count: Annotated[int, Field(ge=1, le=100)] | None = 3
    """Sags within the window that make the hall transfer, to stay away; null: it counts none. Default: three
    in a minute, as reported of halls in northern Virginia in July 2024."""
    window_s: Annotated[float, Field(gt=0.0, le=86_400.0), SIZED] = 60.0
    """Time within which sags are counted together [s]. Default: as above."""
    transfer_s: Annotated[float, Field(ge=0.0, le=60.0)] = 0.5
    """Time from the last of them to the hall's own supply [s]. Default: below 1 s; unverified."""
    reconnection: Literal["lognormal", "manual"] = "lognormal"
    """``lognormal``: after a time that is drawn; ``manual``: at an event of type ``reconnect``."""
    off_median_h: Positive = 2.0
    """Median time until the hall begins to return, where it is drawn [h]. Default: unverified."""
    off_sigma: Annotated[float, Field(ge=0.0, le=3.0)] = 0.55
    """Spread of that time: standard deviation of its logarithm. Default: 1 to 6 h hold nine in ten;
    unverified."""
    return_mw_per_min: Positive = 10.0
    """Most that the power at the meter rises by while the hall returns [MW/min]. Default: the limit of a
    planner's example for a site of 150 MW (arXiv:2606.21833)."""

    _transfers_within_the_window = rising("transfer_s", "window_s", strictly=False)

    def counts(self, left_pu: float, duration_s: float) -> bool:
        """Return whether a sag counts: deep enough, and long enough."""
        return self.strike_count is not None and left_pu < self.trip_pu and duration_s >= self.trip_s


class Feeder(Outlet):
    """What a load draws of the grid while voltage sags: its current is limited, so that power falls with it.

    Down to `FULL_POWER_PU` it draws all that it needs, below that in proportion to voltage, at 0 V nothing.

    Parameters
    ----------
    clock
        The clock.
    set_grid_mw
        States the power drawn.
    """

    def __init__(self, clock: Clock, set_grid_mw: SetPower) -> None:
        self._clock = clock
        self._set_grid_mw = set_grid_mw
        self._need = StatedPower(0.0, 0.0)
        self._sags_pu: list[float] = []
        self._share = 1.0

    def set_power_mw(self, power_mw: float, slope_mw_per_s: float = 0.0) -> None:
        """Take note of the power needed [MW], and its slope [MW/s], and draw what voltage leaves of it."""
        self._need = StatedPower(self._clock.now, power_mw, slope_mw_per_s)
        self._set_grid_mw(power_mw * self._share, slope_mw_per_s * self._share)

    def feel(self, left_pu: float, *, begins: bool) -> None:
        """Feel a sag to some voltage [pu] begin, or end; of several at once the deepest counts."""
        if begins:
            self._sags_pu.append(left_pu)
        else:
            self._sags_pu.remove(left_pu)
        self._share = min([1.0, *(sag_pu / FULL_POWER_PU for sag_pu in self._sags_pu)])
        self.set_power_mw(self._need.at(self._clock.now), self._need.mw_per_s)


@dataclass(eq=False)
class GridSwitch:
    """Stands between a hall and the grid: passes its power on, or takes it off and brings it back."""

    env: Environment
    """The clock."""
    spec: RideThrough
    """What the scenario says of the hall's ride-through."""
    set_grid_mw: SetPower
    """States the power at the meter."""
    backup: Track
    """Track for the power that the hall's own supply carries [MW]."""
    log: Callable[[str, float], None]
    """Records ``strike`` with the voltage left [pu], ``transfer`` with the power lost [MW], ``reconnect``
    with the power to come [MW], ``returned`` with the power reached [MW]."""
    draws: RandomStream
    """The hall's random stream for times off the grid."""
    timer: Callable[[Callable[[], None]], Timer]
    """Makes a timer that calls back."""

    def __post_init__(self) -> None:
        """Begin on the grid."""
        self._record_backup = self.backup.set
        self._strikes_s: deque[float] = deque(maxlen=self.spec.strike_count or 1)
        self._back = self.timer(self._check_back)
        self._rise_mw_per_s = 0.0
        self._need = StatedPower(0.0, 0.0)
        self._state: Literal["on", "leaving", "off", "returning"] = "on"
        self._returning_since_s = 0.0
        self._stays_away = False
        self._voltage_back_s = 0.0
        self.backup.set(self.env.now, 0.0)

    def set_power_mw(self, power_mw: float, slope_mw_per_s: float = 0.0) -> None:
        """Take note of what the hall needs [MW], and its slope [MW/s]; the grid carries it if it may."""
        self._need = StatedPower(self.env.now, power_mw, slope_mw_per_s)
        if self._state in ("on", "leaving"):
            self.set_grid_mw(power_mw, slope_mw_per_s)
        elif self._state == "off":
            self._record_backup(self.env.now, power_mw, slope_mw_per_s)
        else:
            self._share()

    def sag(self, left_pu: float, duration_s: float) -> None:
        """Feel a sag that leaves so much voltage [pu] for so long [s]."""
        spec, ups = self.spec, self.spec.ups
        if self._stays_away or self._state == "leaving":
            return
        if spec.counts(left_pu, duration_s):
            self.log("strike", left_pu)
            strikes_s = self._strikes_s
            strikes_s.append(self.env.now)
            # the oldest and the newest may lie exactly the window apart
            if len(strikes_s) == strikes_s.maxlen and strikes_s[-1] - strikes_s[0] <= spec.window_s:
                strikes_s.clear()
                self._state = "leaving" if self._state == "on" else self._state
                self._later(spec.transfer_s, self._transfer)
        if ups is not None and left_pu < ups.below_pu:
            self._leave()
            self._voltage_back_s = max(self._voltage_back_s, self.env.now + duration_s)
            self._later(self._voltage_back_s + ups.return_s - self.env.now, self._walk_in)

    def reconnect(self) -> None:
        """Begin to return to the grid; nothing where the hall is on it."""
        if self._state == "off":
            self._stays_away = False
            self._return(self.spec.return_mw_per_min / SECONDS_PER_MINUTE)

    def _walk_in(self) -> None:
        """Return from the batteries, unless voltage has sagged again or the hall is to stay away."""
        ups = self.spec.ups
        if ups is None or self._state != "off" or self._stays_away:
            return
        if self.env.now >= self._voltage_back_s + ups.return_s:
            self._return(max(self._need.at(self.env.now), LEAST_MW) / ups.walk_in_s)

    def _return(self, rise_mw_per_s: float) -> None:
        self._state = "returning"
        self._returning_since_s, self._rise_mw_per_s = self.env.now, rise_mw_per_s
        self.log("reconnect", self._need.at(self.env.now))
        self._share()

    def _leave(self) -> None:
        if self._state == "off":
            return
        need_mw = self._need.at(self.env.now)
        self.log("transfer", need_mw if self._state != "returning" else self._risen_mw())
        self._state = "off"
        self._back.set(math.inf)
        self.set_grid_mw(0.0)
        self._record_backup(self.env.now, need_mw, self._need.mw_per_s)

    def _transfer(self) -> None:
        if self._stays_away:
            return
        self._leave()
        self._stays_away = True
        if self.spec.reconnection == "lognormal":
            spread = math.exp(self.spec.off_sigma * self.draws.standard_normal())
            self._later(self.spec.off_median_h * SECONDS_PER_HOUR * spread, self.reconnect)

    def _later(self, after_s: float, what: Callable[[], None]) -> None:
        At(self.env, self.env.now + after_s).callbacks.append(lambda _: what())

    def _check_back(self) -> None:
        if self._state == "returning":
            self._share()

    def _share(self) -> None:
        """Let the grid carry what has risen so far, the own supply the rest; hand over once it is all."""
        now_s, need_mw, risen_mw = self.env.now, self._need.at(self.env.now), self._risen_mw()
        gap_mw, closing = need_mw - risen_mw, self._rise_mw_per_s - self._need.mw_per_s
        if gap_mw <= 1e-9 * (1.0 + need_mw):
            self._state = "on"
            self._back.set(math.inf)
            self.set_grid_mw(need_mw, self._need.mw_per_s)
            self._record_backup(now_s, 0.0)
            self.log("returned", need_mw)
            return
        self.set_grid_mw(risen_mw, self._rise_mw_per_s)
        self._record_backup(now_s, gap_mw, -closing)
        self._back.set(now_s + gap_mw / closing if closing > 0.0 else math.inf)

    def _risen_mw(self) -> float:
        return self._rise_mw_per_s * (self.env.now - self._returning_since_s)
