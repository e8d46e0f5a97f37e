"""What a hall does when the grid's voltage sags: it counts, goes to its own supply, and comes back.

A power supply rides through a short sag. Many halls count sags and, after the third in a minute, transfer to
batteries and generators, from where an operator brings them back. Their load is then gone from the grid at
once.
"""

import math
from collections import deque
from collections.abc import Callable
from typing import Annotated, Literal, Self

from numpy.random import Generator as RandomStream
from pydantic import Field, model_validator
from simpy import Environment

from sim.ai.base import SetPower
from sim.clock import At, Timer
from sim.recording import Track
from sim.spec import SIZED, Positive, Spec
from sim.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE


class RideThrough(Spec):
    """When a hall leaves the grid, and how it returns."""

    trip_pu: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.8
    """A sag counts where the voltage left is below this [pu of nominal]. Default: within 0.7 to 0.9;
    unverified."""
    trip_s: Annotated[float, Field(ge=0.0, le=60.0)] = 0.02
    """A sag counts where it lasts at least this long [s]. Default: unverified."""
    strike_count: Annotated[int, Field(ge=1, le=100)] = 3
    """Sags within the window that make the hall transfer. Default: three in a minute, as reported of halls in
    northern Virginia in July 2024."""
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

    @model_validator(mode="after")
    def _transfers_within_the_window(self) -> Self:
        if self.transfer_s > self.window_s:
            raise ValueError(
                f"transfer_s is {self.transfer_s:g} s; must not be above window_s, {self.window_s:g} s"
            )
        return self

    def counts(self, left_pu: float, duration_s: float) -> bool:
        """Return whether a sag counts: deep enough, and long enough."""
        return left_pu < self.trip_pu and duration_s >= self.trip_s


class StrikeCounter:
    """Counts strikes within a moving window.

    Parameters
    ----------
    count
        Strikes that make it fire.
    window_s
        Time within which they must fall [s]; the oldest and the newest may lie exactly so far apart.

    Examples
    --------
    >>> counter = StrikeCounter(3, 60.0)
    >>> [counter.strike(time_s) for time_s in (0.0, 50.0, 70.0, 100.0)]
    [False, False, False, True]
    """

    def __init__(self, count: int, window_s: float) -> None:
        self._window_s = window_s
        self._times_s: deque[float] = deque(maxlen=count)

    def strike(self, time_s: float) -> bool:
        """Count a strike, and return whether enough lie within the window."""
        times_s = self._times_s
        times_s.append(time_s)
        return len(times_s) == times_s.maxlen and time_s - times_s[0] <= self._window_s

    def forget(self) -> None:
        """Begin anew."""
        self._times_s.clear()


class GridSwitch:
    """Stands between a hall and the grid: passes its power on, or takes it off and brings it back.

    Parameters
    ----------
    env
        The clock.
    spec
        What the scenario says of the hall's ride-through.
    set_power_mw
        States the power at the meter.
    backup
        Track for the power that the hall's own supply carries [MW].
    log
        Records ``strike`` with the voltage left [pu], ``transfer`` with the power lost [MW], ``reconnect``
        with the power to come [MW], ``returned`` with the power reached [MW].
    draws
        The hall's random stream for times off the grid.
    timer
        Makes a timer that calls back.
    """

    def __init__(
        self,
        env: Environment,
        spec: RideThrough,
        set_power_mw: SetPower,
        backup: Track,
        log: Callable[[str, float], None],
        draws: RandomStream,
        timer: Callable[[Callable[[], None]], Timer],
    ) -> None:
        self._env = env
        self._spec = spec
        self._set_grid_mw = set_power_mw
        self._record_backup = backup.set
        self._log = log
        self._draws = draws
        self._counter = StrikeCounter(spec.strike_count, spec.window_s)
        self._back = timer(self._check_back)
        self._rise_mw_per_s = spec.return_mw_per_min / SECONDS_PER_MINUTE
        self._need_mw = self._need_slope = self._need_since_s = 0.0
        self._state: Literal["on", "leaving", "off", "returning"] = "on"
        self._returning_since_s = 0.0
        backup.set(env.now, 0.0)

    def set_power_mw(self, power_mw: float, slope_mw_per_s: float = 0.0) -> None:
        """Take note of what the hall needs [MW], and its slope [MW/s]; the grid carries it if it may."""
        self._need_mw, self._need_slope, self._need_since_s = power_mw, slope_mw_per_s, self._env.now
        if self._state in ("on", "leaving"):
            self._set_grid_mw(power_mw, slope_mw_per_s)
        elif self._state == "off":
            self._record_backup(self._env.now, power_mw, slope_mw_per_s)
        else:
            self._share()

    def sag(self, left_pu: float, duration_s: float) -> None:
        """Feel a sag that leaves so much voltage [pu] for so long [s]."""
        if self._state in ("leaving", "off") or not self._spec.counts(left_pu, duration_s):
            return
        self._log("strike", left_pu)
        if self._counter.strike(self._env.now):
            self._counter.forget()
            self._state = "leaving" if self._state == "on" else self._state
            self._later(self._spec.transfer_s, self._transfer)

    def reconnect(self) -> None:
        """Begin to return to the grid; nothing where the hall is on it."""
        if self._state != "off":
            return
        self._state = "returning"
        self._returning_since_s = self._env.now
        self._log("reconnect", self._need_now_mw())
        self._share()

    def _transfer(self) -> None:
        if self._state == "off":
            return
        now_s, need_mw = self._env.now, self._need_now_mw()
        self._log("transfer", need_mw if self._state != "returning" else self._risen_mw())
        self._state = "off"
        self._back.set(math.inf)
        self._set_grid_mw(0.0)
        self._record_backup(now_s, need_mw, self._need_slope)
        if self._spec.reconnection == "lognormal":
            spread = math.exp(self._spec.off_sigma * self._draws.standard_normal())
            self._later(self._spec.off_median_h * SECONDS_PER_HOUR * spread, self.reconnect)

    def _later(self, after_s: float, what: Callable[[], None]) -> None:
        At(self._env, self._env.now + after_s).callbacks.append(lambda _: what())

    def _check_back(self) -> None:
        if self._state == "returning":
            self._share()

    def _share(self) -> None:
        """Let the grid carry what has risen so far, the own supply the rest; hand over once it is all."""
        now_s, need_mw, risen_mw = self._env.now, self._need_now_mw(), self._risen_mw()
        gap_mw, closing = need_mw - risen_mw, self._rise_mw_per_s - self._need_slope
        if gap_mw <= 1e-9 * (1.0 + need_mw):
            self._state = "on"
            self._back.set(math.inf)
            self._set_grid_mw(need_mw, self._need_slope)
            self._record_backup(now_s, 0.0)
            self._log("returned", need_mw)
            return
        self._set_grid_mw(risen_mw, self._rise_mw_per_s)
        self._record_backup(now_s, gap_mw, -closing)
        self._back.set(now_s + gap_mw / closing if closing > 0.0 else math.inf)

    def _need_now_mw(self) -> float:
        return self._need_mw + self._need_slope * (self._env.now - self._need_since_s)

    def _risen_mw(self) -> float:
        return self._rise_mw_per_s * (self._env.now - self._returning_since_s)
