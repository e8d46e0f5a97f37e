"""Keeps an announced lower limit, whatever the policy: the fleets go down as late as they can."""

from collections.abc import Iterator
from math import inf
from operator import add
from typing import Final

from sim.clock import Alarm
from sim.engine.prices import Core
from sim.market.moving_limit import STEP_S, LimitChange
from sim.mining.duties import ORDER, Duty

REASON: Final = "limit"
"""What the duty is called in the log."""


class LimitKeeper:
    """The duty to be at an announced lower limit when it binds, and to stay there until it is over.

    The start is reckoned anew at every settle, from what the fleets draw over the new limit by then, or may
    have risen to, and how fast they can fall; once begun, the duty stays. AI that rises later takes its room
    from the fleets, as far as telemetry knows of it.

    Parameters
    ----------
    core
        What the campus is made of.
    """

    def __init__(self, core: Core) -> None:
        self._limit_mw = core.courses.limit_mw
        self._connection = core.courses.connection
        self._waiting = [change for change in self._connection.changes if change.binds]
        self._kept: list[LimitChange] = []
        self._published = core.published
        self._alarm = Alarm(core.clock, core.published.notice)

    def duties(self, now_s: float, ai_power_mw: float, told_mw: float) -> Iterator[Duty]:
        """Yield a duty for each lower limit to be kept now.

        Parameters
        ----------
        now_s
            The time [s].
        ai_power_mw
            AI power as telemetered [MW].
        told_mw
            What the fleets have been told to draw [MW].
        """
        self._kept = [change for change in self._kept if not self._is_over(change, now_s)]
        self._begin(now_s, ai_power_mw, told_mw)
        for change in self._kept:
            yield Duty(ORDER, REASON, cap_mw=max(0.0, self._level_mw(change, now_s) - ai_power_mw))

    def _is_over(self, change: LimitChange, now_s: float) -> bool:
        """Tell whether a change no longer binds: the next one does, or a ramp has led as high as before."""
        if now_s >= change.until_s:
            return True
        rises = change.limit_mw >= change.highest_mw and now_s >= change.binds_at_s
        return rises and float(self._connection.in_force_mw.at(now_s)) >= change.highest_mw

    def _begin(self, now_s: float, ai_power_mw: float, told_mw: float) -> None:
        """Begin with what must begin now, and set the alarm for what comes next."""
        next_s = inf
        for change in list(self._waiting):
            if now_s < change.announced_at_s:
                next_s = min(next_s, change.announced_at_s)
                continue
            most_mw = max(told_mw, self._most_mw(now_s, change, ai_power_mw))
            drop_mw = max(0.0, most_mw - max(0.0, self._after_mw(change) - ai_power_mw))
            start_s = change.binds_at_s - self.shed_s(drop_mw)
            if now_s >= start_s:
                self._waiting.remove(change)
                self._kept.append(change)
            else:
                next_s = min(next_s, start_s)
        self._alarm.set(next_s)

    def shed_s(self, drop_mw: float) -> float:
        """Return how long the fleets need to fall by a power [MW], the slowest of them taken for all [s]."""
        fleets = self._published.fleets
        ramps_s = [min(drop_mw, fleet.rated_mw) / fleet.ramp_down_mw_per_s for fleet in fleets]
        delays_s = [fleet.latency_s + fleet.fall_s for fleet in fleets]
        return max(map(add, delays_s, ramps_s), default=0.0)

    def _most_mw(self, now_s: float, change: LimitChange, ai_power_mw: float) -> float:
        """Return what the fleets may have risen to when a change binds, by the limit until then [MW]."""
        if now_s >= change.binds_at_s:
            return 0.0
        limit_mw = self._limit_mw.clip_time(now_s, change.binds_at_s).maximum()
        return min(limit_mw - ai_power_mw, sum(fleet.rated_mw for fleet in self._published.fleets))

    def _after_mw(self, change: LimitChange) -> float:
        """Return the lowest that the site may draw soon after a change binds [MW]."""
        return float(self._limit_mw.at(min(change.binds_at_s + STEP_S * change.is_ramped, self._limit_mw.end_s)))

    def _level_mw(self, change: LimitChange, now_s: float) -> float:
        """Return what the site must have come down to by when a command of now has been followed [MW]."""
        ahead_s = now_s + (self.shed_s(0.0) + STEP_S) * change.is_ramped
        time_s = min(max(ahead_s, change.binds_at_s), change.until_s, self._limit_mw.end_s)
        return float(min(self._limit_mw.at(time_s), self._limit_mw.at(max(now_s, change.binds_at_s))))
