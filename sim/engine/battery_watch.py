"""What a policy sees of the battery at the interconnection: it follows site power, nobody waits for it."""

from collections.abc import Sequence
from math import sqrt

from sim.engine.bus import Metered
from sim.grid.battery import Battery
from sim.grid.storage import Storage
from sim.policies import BatteryView
from sim.signals import Signal, total


class BatteryWatch:
    """A battery's charge up to now, from all that the site has drawn by now.

    Nothing on the site waits for the battery: what it does follows from site power, and is gone through when
    a policy is asked.

    Parameters
    ----------
    battery
        What it is.
    limit_mw
        Limit of the site [MW].
    parts
        All that draws power at the site.
    """

    def __init__(self, battery: Battery, limit_mw: Signal | None, parts: Sequence[Metered]) -> None:
        self._battery = battery
        self._storage = Storage(battery, limit_mw)
        self._parts = parts
        self._followed_s = 0.0
        self._giving_mw = 0.0

    def seen(self, now_s: float) -> BatteryView:
        """Return how it stands now [s]; times must not fall."""
        if now_s > self._followed_s:
            parts = [part.power_between(self._followed_s, now_s) for part in self._parts]
            site = total([*parts, Signal.constant(0.0, now_s, self._followed_s)])
            drawn = self._storage.follow(site).battery_mw
            self._giving_mw = -float(drawn.left_limits()[-1])
            self._followed_s = now_s
        battery = self._battery
        return BatteryView(
            battery.power_mw,
            self._storage.charge_mwh,
            battery.wanted_charge_fraction * battery.energy_mwh,
            self._giving_mw,
            sqrt(battery.round_trip_efficiency_fraction),
            battery.recharge_mw,
            battery.shave_above_mw,
        )
