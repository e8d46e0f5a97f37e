"""When sleeping machines go off behind their breakers: once standby has cost what coming back costs."""

from collections.abc import Iterable
from typing import Final

from sim.policies.base import FleetView, Observation
from sim.policies.ramp import earlier_s
from sim.units import SECONDS_PER_HOUR

SPENT_USD: Final = 0.01
"""What is left to spend on standby counts as nothing below this [USD]."""


class Standby:
    """Reckons what the standby of each fleet that does not pay has cost since it last paid."""

    def __init__(self) -> None:
        self._left_usd: dict[str, float] = {}
        self._asked_s = self._usd_per_mwh = 0.0

    def off(
        self, observation: Observation, usd_per_mwh: float, pay: Iterable[bool]
    ) -> tuple[tuple[str, ...], float | None]:
        """Return the fleets to be off, and when the next one will have spent enough [s].

        Parameters
        ----------
        observation
            What is known.
        usd_per_mwh
            Price of power, delivery included [USD/MWh].
        pay
            Whether each fleet pays at that price.
        """
        passed_h = (observation.time_s - self._asked_s) / SECONDS_PER_HOUR
        spent_usd_per_mw = max(0.0, self._usd_per_mwh) * passed_h
        self._usd_per_mwh, self._asked_s = usd_per_mwh, observation.time_s
        is_reserve = any(observation.awards_mw) or observation.next_awards is not None
        before_usd, self._left_usd = self._left_usd, {}
        due_s: float | None = None
        for fleet, pays in zip(observation.fleets, pay, strict=True):
            if fleet.return_s is None or pays or is_reserve:
                continue
            left_usd = _return_usd(fleet)
            if fleet.name in before_usd:
                left_usd = before_usd[fleet.name] - spent_usd_per_mw * fleet.minimum_mw
            self._left_usd[fleet.name] = left_usd
            usd_per_h = usd_per_mwh * fleet.minimum_mw
            if left_usd > SPENT_USD and usd_per_h > 0.0:
                due_s = earlier_s(due_s, observation.time_s + left_usd / usd_per_h * SECONDS_PER_HOUR)
        return tuple(name for name, usd in self._left_usd.items() if usd <= SPENT_USD), due_s


def _return_usd(fleet: FleetView) -> float:
    """Return the most that a fleet misses while it comes back [USD]: it is paid, and power costs nothing."""
    return fleet.breakeven_usd_per_mwh * fleet.rated_mw * (fleet.return_s or 0.0) / SECONDS_PER_HOUR
