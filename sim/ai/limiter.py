"""Stands between a load and where it draws its power: the load never draws more than its cap."""

from collections.abc import Callable
from math import inf
from typing import Final

from sim.ai.base import Connection, Outlet, StatedPower
from sim.ai.flexibility import Flexibility
from sim.clock import Alarm, At
from sim.recording import Track

CLOSE_MW: Final = 1e-9
APART_S: Final = 1e-6
"""What lies nearer than this is not told apart."""
HEADROOM: Final = 1.05
"""What a load that drifts with demand is taken to want over what it needs; assumption: else its cap would cut
off each breath of demand, and be told anew."""

Tracks = Callable[[str], Track]
Tell = Callable[[], None]


class Limiter(Outlet):
    """Lets a load draw what it needs, up to a cap that comes after a response and in a ramp.

    Parameters
    ----------
    connection
        Its clock, where power is drawn, and a log of ``cap``, with the cap told or all that is stated [MW].
    spec
        How the load gives way.
    stated_mw
        Most that it states to draw [MW].
    track
        Returns tracks of the load by name: ``need_mw``, the power needed, and ``undone_mw``, that of it whose
        work is not done for the cap [MW].
    more
        Told when the load needs more than ever under a cap; None: it does not drift with demand, and may need
        all that it states at any time.
    """

    def __init__(
        self, connection: Connection, spec: Flexibility, stated_mw: float, track: Tracks, more: Tell | None
    ) -> None:
        self._clock, self._log, self._set_drawn_mw = connection.env, connection.log, connection.set_power_mw
        self.need, self._record_undone = track("need_mw"), track("undone_mw").set
        self._more, self.spec, self.stated_mw = more, spec, stated_mw
        self._alarm = Alarm(self._clock, self._restate)
        self._need = self._drawn = StatedPower(0.0, 0.0)
        self._cap, self._level_mw, self._reached_s = StatedPower(0.0, inf), inf, inf
        self._undone_mws = self._counted_s = 0.0
        self.lead_s = spec.response_s + spec.ramp_s
        """Time from a cap's being told until it holds [s]."""
        self._least_mw, self._headroom = (stated_mw, 1.0) if more is None else (0.0, HEADROOM)
        self.want_mw = self._least_mw
        """The most that it is taken to need [MW]."""
        self.told_mw = inf
        """The cap that it was told last [MW]; infinity: none."""

    def set_power_mw(self, power_mw: float, slope_mw_per_s: float = 0.0) -> None:
        """Take note of the power needed [MW], and its slope [MW/s], and draw what the cap leaves of it."""
        self.undone_mws()
        self._need = StatedPower(self._clock.now, power_mw, slope_mw_per_s)
        self.need.set(*self._need)
        self._restate()
        if power_mw > self.want_mw:
            self.want_mw = power_mw * self._headroom
            if self._more is not None and self._level_mw < inf:
                self._more()

    def forget(self) -> None:
        """Take the load to need what it states, or what it needs now."""
        self.want_mw = max(self._least_mw, self._need.at(self._clock.now) * self._headroom)

    def cap(self, level_mw: float, others_s: float) -> None:
        """Be told a cap [MW], infinity: none; a higher one comes once others have had their time [s]."""
        before_mw, self.told_mw = self.told_mw, level_mw
        after_s = others_s if before_mw < level_mw < inf else 0.0
        from_s = self._clock.now + after_s + self.spec.response_s
        At(self._clock, from_s).callbacks.append(lambda _: self._begin(level_mw))
        self._log("cap", min(level_mw, self.stated_mw))

    def undone_mws(self) -> float:
        """Return the energy so far that would have done the work left undone [MW s]."""
        from_s, now_s = self._counted_s, self._clock.now
        self._undone_mws += (now_s - from_s) * (self._undone_mw(from_s) + self._undone_mw(now_s)) / 2.0
        self._counted_s = now_s
        return self._undone_mws

    def _begin(self, level_mw: float) -> None:
        """Go to a cap; one that lets more through counts only where none was told since."""
        if level_mw > self._level_mw and level_mw != self.told_mw:
            return
        now_s, goal_mw = self._clock.now, level_mw
        from_mw = self._cap.at(now_s)
        if level_mw < from_mw:
            from_mw = max(level_mw, min(from_mw, self._need.at(now_s)))
        elif level_mw == inf:
            goal_mw = max(from_mw, self.want_mw)
        slope = (goal_mw - from_mw) / self.spec.ramp_s if from_mw < inf else 0.0
        self._cap, self._level_mw = StatedPower(now_s, from_mw, slope), level_mw
        self._reached_s = now_s + self.spec.ramp_s
        self._restate()

    def _restate(self) -> None:
        """Draw the lower of need and cap, and look again where they meet, the cap stops, or work bends."""
        self.undone_mws()
        now_s = self._clock.now
        if now_s >= self._reached_s:
            self._cap, self._reached_s = StatedPower(now_s, self._level_mw), inf
        need, cap = (StatedPower(now_s, line.at(now_s), line.mw_per_s) for line in (self._need, self._cap))
        gap_mw, closing = cap.mw - need.mw, need.mw_per_s - cap.mw_per_s
        is_tied = abs(gap_mw) <= CLOSE_MW + abs(closing) * APART_S
        binds = closing > 0.0 if is_tied else gap_mw < 0.0
        self._need, self._drawn = need, cap if binds else need
        meets_s = gap_mw / closing if closing != 0.0 and not is_tied else inf
        after_s = min(self._reached_s - now_s, meets_s if meets_s > 0.0 else inf, self._bends_s())
        length_s = after_s if after_s < inf else 1.0
        undone_mw = self._undone_mw(now_s)
        self._record_undone(now_s, undone_mw, (self._undone_mw(now_s + length_s) - undone_mw) / length_s)
        self._set_drawn_mw(self._drawn.mw, self._drawn.mw_per_s)
        self._alarm.set(now_s + after_s)

    def _bends_s(self) -> float:
        """Return after how long the share that is drawn comes to a bend of the throughput's curve [s]."""
        need, drawn = self._need, self._drawn
        rates = [(share, drawn.mw_per_s - share * need.mw_per_s) for share in self.spec.curve[0]]
        times_s = [(share * need.mw - drawn.mw) / rate for share, rate in rates if rate != 0.0]
        return min((time_s for time_s in times_s if drawn is not need and time_s > APART_S), default=inf)

    def _undone_mw(self, time_s: float) -> float:
        """Return the power needed whose work is not done [MW]."""
        need_mw = self._need.at(time_s)
        if self._drawn is self._need or need_mw <= 0.0:
            return 0.0
        return need_mw * self.spec.lost_fraction(self._drawn.at(time_s) / need_mw)
