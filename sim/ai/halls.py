"""A hall: loads state IT power to it, it states power at the meter: IT power, losses, cooling.

``Hall`` is what a scenario says, ``LiveHall`` runs. Between events power moves in straight lines that miss
the exact curve of losses and lagging cooling by no more than the hall's ``error_mw``.
"""

import math
from collections.abc import Callable
from typing import Annotated, Final, Self

import numpy as np
from pydantic import Field, model_validator

from sim.ai.base import Bank, Inlet, SetPower
from sim.ai.cooling import AirCooling, AnyCooling, Lagging, cooling_ratio, lagging
from sim.ai.facility import PowerChain, RackMiner, Racks, SpareModules, fed_curvature_per_mw, fed_mw, miner_capacity_mw
from sim.ai.ride_through import RideThrough
from sim.clock import Clock, Timer
from sim.recording import Track
from sim.signals import Signal
from sim.spec import Name, Positive, Spec

_LONGEST_S: Final = 86_400.0
"""A straight line is looked at again after this long [s]."""
_BRIEF_S: Final = 1.0
"""Cooling does not change its time constant more often than this [s]."""
_FULL: Final = 1.0 - 1e-12
"""A hall this full counts as full: its last bit is rounding."""


class Hall(Spec):
    """A hall of racks, with its power and cooling."""

    name: Name
    """Name of the hall; loads and fleets name it as theirs."""
    racks: Racks
    """Its racks."""
    nameplate_mw: Positive | None = None
    """IT power that power and cooling serve with every module at work [MW]. Left out: what the racks need,
    and the spare modules."""
    ai_mw: Positive | None = None
    """IT power let to AI [MW]: loads that want more, together, are held to it. Left out: all that racks and
    plant serve with the spare modules kept."""
    reserve: SpareModules = SpareModules()
    """Spare modules of power and cooling."""
    losses: PowerChain = PowerChain()
    """Conversion between the meter and the racks."""
    cooling: AnyCooling = AirCooling()
    """Cooling: ``air``, ``liquid`` or ``immersion``."""
    miner: RackMiner = RackMiner()
    """Miner that goes into free units of the racks."""
    ride_through: RideThrough | None = None
    """What the hall does when the voltage sags; left out: nothing, it draws on."""
    error_mw: Annotated[float, Field(ge=1e-4, le=10.0)] = 0.05
    """Most that the straight lines of power at the meter miss the exact curve by [MW]; a smaller one takes
    more events, by the square root."""

    @model_validator(mode="after")
    def _ai_fits(self) -> Self:
        if self.ai_mw is not None and self.ai_mw > self.servable_mw * (1.0 + 1e-9):
            raise ValueError(f"ai_mw is {self.ai_mw:g} MW; racks and plant serve {self.servable_mw:g} MW")
        return self

    @property
    def plant_mw(self) -> float:
        """IT power that power and cooling serve with every module at work [MW]."""
        if self.nameplate_mw is not None:
            return self.nameplate_mw
        return self.racks.total_mw / self.reserve.usable_fraction

    @property
    def usable_mw(self) -> float:
        """IT power that they serve with the spare modules kept [MW]."""
        return self.plant_mw * self.reserve.usable_fraction

    @property
    def servable_mw(self) -> float:
        """IT power that racks and plant serve, spare modules kept [MW]."""
        return min(self.usable_mw, self.racks.total_mw)

    @property
    def rated_it_mw(self) -> float:
        """IT power that AI loads are held to [MW]."""
        return self.servable_mw if self.ai_mw is None else self.ai_mw

    @property
    def fixed_mw(self) -> float:
        """Power that the hall draws at any load [MW]."""
        return self.cooling.fixed_fraction * self.rated_it_mw

    @property
    def rated_mw(self) -> float:
        """Most that the hall draws at the meter [MW]: full of AI, on a day of the design temperature."""
        fed = float(fed_mw(self.rated_it_mw, self.plant_mw, self.losses.stages))
        return fed + self.fixed_mw + self.cooling.design_ratio * self.rated_it_mw

    @property
    def base_mw(self) -> float:
        """Most that it draws at the meter at no IT power, the error of its lines included [MW]."""
        return float(fed_mw(0.0, self.plant_mw, self.losses.stages)) + self.fixed_mw + self.error_mw

    @property
    def feed_ratio(self) -> float:
        """Most that a MW of IT power adds to what is fed: losses are convex, their chord lies above them."""
        fed = fed_mw(np.array([0.0, self.rated_it_mw]), self.plant_mw, self.losses.stages)
        return float(np.ptp(fed)) / self.rated_it_mw

    @property
    def miner_capacity_mw(self) -> float:
        """IT power of rack-form miners that the hall has room and power for [MW]."""
        plant_mw = self.plant_mw if self.reserve.miners_may_use else self.usable_mw
        return miner_capacity_mw(self.racks, self.miner, self.rated_it_mw, plant_mw)

    def cooling_signal(self, outdoor_c: Signal) -> Signal:
        """Return cooling power over IT power, once caught up, over the run; straight from hour to hour."""
        cooling = self.cooling
        plant = (cooling.base_ratio, cooling.design_ratio, cooling.free_c, cooling.design_c)
        ratio = Signal.linear(outdoor_c.time_s, cooling_ratio(outdoor_c.value, *plant), outdoor_c.end_s)
        return ratio.simplify()


class LiveHall:
    """A hall while it runs: adds up its loads, follows their heat with cooling, states power at the meter.

    Parameters
    ----------
    env
        The clock.
    spec
        What the scenario says of the hall.
    set_power_mw
        States the hall's power at the meter.
    cooling
        Cooling power over IT power, once caught up, over the run.
    it_track, cooling_track
        Where the hall's IT power and its cooling power are recorded [MW].
    log
        Records ``capped``, with the IT power wanted [MW].
    timer
        Makes a timer that calls back.
    """

    def __init__(
        self,
        env: Clock,
        spec: Hall,
        set_power_mw: SetPower,
        cooling: Signal,
        it_track: Track,
        cooling_track: Track,
        log: Callable[[str, float], None],
        timer: Callable[[Callable[[], None]], Timer],
    ) -> None:
        self._env = env
        self._set_power_mw = set_power_mw
        self._ratios = cooling.time_s.tolist(), cooling.value.tolist(), cooling.slope_per_s.tolist()
        self._piece = 0
        self._record_it, self._record_cooling = it_track.set, cooling_track.set
        self._log = log
        self._alarm = timer(self.restate)
        self._bank = Bank(env, self.restate)
        self._most_mw, self._plant_mw, self._fixed_mw = spec.rated_it_mw, spec.plant_mw, spec.fixed_mw
        self._stages = spec.losses.stages
        self._curvature = fed_curvature_per_mw(spec.plant_mw, spec.losses.stages)
        self._lags_s = spec.cooling.lag_up_s, spec.cooling.lag_down_s
        self._error_mw = spec.error_mw / 2.0  # one half for the lines, one for the end of a decay
        self._cooling: Lagging | None = None
        self._since_s = 0.0
        self._it = (-1.0, 0.0)
        self._capped = False

    def inlet(self, track: Track) -> Inlet:
        """Return where a new load states its IT power."""
        return self._bank.inlet(track)

    def restate(self) -> None:
        """State the power at the meter from now on, and look again before a straight line goes wrong."""
        now_s = self._env.now
        it_mw, it_slope, changes_after_s = self._it_power(now_s)
        if (it_mw, it_slope) != self._it:
            self._it = (it_mw, it_slope)
            self._record_it(now_s, it_mw, it_slope)
        ratio, ratio_slope, bends_after_s = self._ratio(now_s)
        target = (it_mw * ratio, it_mw * ratio_slope + it_slope * ratio, it_slope * ratio_slope)
        cooling_now = self._cooling_now_mw(now_s, target[0])
        cooling = lagging(cooling_now, target, *self._lags_s)
        self._cooling, self._since_s = cooling, now_s
        settled = abs(cooling.excess_mw) <= self._error_mw
        after_s = min(changes_after_s, bends_after_s, self._straight_s(cooling, it_slope, settled=settled))
        if settled:
            cooling_now -= cooling.excess_mw
            cooling_then = cooling.smooth_mw(after_s)
        else:
            cooling_then = cooling.at_mw(after_s)
        cooling_slope = (cooling_then - cooling_now) / after_s
        fed_now = self._fed_mw(it_mw)
        fed_slope = (self._fed_mw(it_mw + it_slope * after_s) - fed_now) / after_s if it_slope else 0.0
        self._record_cooling(now_s, cooling_now, cooling_slope)
        self._set_power_mw(fed_now + self._fixed_mw + cooling_now, fed_slope + cooling_slope)
        still = settled and it_slope == 0.0 and ratio_slope == 0.0
        self._alarm.set(min(changes_after_s, bends_after_s) + now_s if still else now_s + after_s)

    def _it_power(self, now_s: float) -> tuple[float, float, float]:
        """Return IT power [MW], its slope [MW/s], and after how long it meets or leaves its cap [s]."""
        wanted_mw, slope = self._bank.power(now_s)
        most_mw, tick_s = self._most_mw, 2.0 * math.ulp(now_s + 1.0)  # what the clock can tell apart
        over = wanted_mw > most_mw or (wanted_mw >= most_mw * _FULL and slope > 0.0)
        if over and not self._capped:
            self._log("capped", wanted_mw)
        self._capped = over
        if over:
            leaves_s = (most_mw * _FULL - wanted_mw) / slope if slope < 0.0 else math.inf
            return most_mw, 0.0, max(leaves_s, tick_s)
        meets_s = (most_mw - wanted_mw) / slope if slope > 0.0 else math.inf
        return wanted_mw, slope, max(meets_s, tick_s)

    def _ratio(self, now_s: float) -> tuple[float, float, float]:
        """Return cooling over IT power, its slope [1/s], and after how long the slope changes [s]."""
        times_s, values, slopes = self._ratios
        last = len(times_s) - 1
        while self._piece < last and times_s[self._piece + 1] <= now_s:
            self._piece += 1
        piece = self._piece
        slope = slopes[piece]
        bends_after_s = times_s[piece + 1] - now_s if piece < last else math.inf
        return values[piece] + slope * (now_s - times_s[piece]), slope, bends_after_s

    def _cooling_now_mw(self, now_s: float, target_mw: float) -> float:
        """Return what cooling draws now; the hall has run for long before the run begins [MW]."""
        if self._cooling is None or now_s == 0.0:
            return target_mw
        return max(0.0, self._cooling.at_mw(now_s - self._since_s))

    def _straight_s(self, cooling: Lagging, it_slope: float, *, settled: bool) -> float:
        """Return for how long straight lines hold to the error stated [s]."""
        bend = self._curvature * it_slope * it_slope + 2.0 * abs(cooling.second)
        if not settled:
            bend += abs(cooling.excess_mw) / (cooling.lag_s * cooling.lag_s)
        straight_s = math.sqrt(8.0 * self._error_mw / bend) if bend > 0.0 else _LONGEST_S
        return min(straight_s, max(cooling.meets_after_s(), _BRIEF_S), _LONGEST_S)

    def _fed_mw(self, it_mw: float) -> float:
        return float(fed_mw(it_mw, self._plant_mw, self._stages))
