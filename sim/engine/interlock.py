"""Grants loads leave to draw more: one after the other, once the fleets have released what they need."""

from collections.abc import Callable, Sequence
from typing import Final

from sim.ai.notice import Notice
from sim.clock import Clock
from sim.engine.bus import Bus, Planned
from sim.recording import Track

CLOSE_MW: Final = 1e-6
"""Power this near is there [MW]."""
RISING_S: Final = 60.0
"""A rise that was granted counts so long, or until it is there [s]; beyond any snap-back."""


class Request:
    """A load's request to rise to a level.

    Parameters
    ----------
    desk
        Who grants it.
    track
        The load's power [MW].
    level_mw
        Where it wants to rise to [MW].
    """

    def __init__(self, desk: "InterlockDesk", track: Track, level_mw: float) -> None:
        self._desk = desk
        self._track = track
        self.level_mw = level_mw
        self.granted_s: float | None = None
        """When it was granted [s]; None: not yet."""

    def is_granted(self) -> bool:
        """Return whether it is granted, now or before."""
        return self.granted_s is not None or self._desk.grant(self)

    def close(self) -> None:
        """Rise from now on."""
        self._desk.close(self)

    def missing_mw(self, now_s: float) -> float:
        """Return how far the load still has to rise [MW]."""
        return max(0.0, self.level_mw - self._track.at(now_s))


class InterlockDesk:
    """Where loads ask: requests are granted in turn, with all rises under way summed.

    Parameters
    ----------
    clock, bus
        The clock, and the bus that AI draws from.
    announce
        Told of each request at once: the policy must leave it its power.
    limit_mw
        Returns the limit now [MW].
    fleets
        Returns the live fleets.
    """

    def __init__(
        self,
        clock: Clock,
        bus: Bus,
        announce: Callable[[Notice], None],
        limit_mw: Callable[[], float],
        fleets: Callable[[], Sequence[Planned]],
    ) -> None:
        self._clock = clock
        self._bus = bus
        self._announce = announce
        self._limit_mw = limit_mw
        self._fleets = fleets
        self._waiting: list[Request] = []
        self._rising: list[Request] = []

    def ask(self, load: str, track: Track, level_mw: float, within_s: float) -> Request:
        """Take a load's request, which goes on by itself after a time [s]."""
        now_s = self._clock.now
        request = Request(self, track, level_mw)
        change_mw = request.missing_mw(now_s)
        until_s = now_s + within_s
        self._announce(Notice(load, "resume", now_s, until_s, change_mw, now_s, level_mw))
        self._waiting.append(request)
        return request

    def close(self, request: Request) -> None:
        """Take note that a load rises, granted or not."""
        if request in self._waiting:
            self._waiting.remove(request)
            request.granted_s = self._clock.now
            self._rising.append(request)

    def grant(self, request: Request) -> bool:
        """Grant a request if it is its turn and the power is free; return whether it is granted."""
        if self._waiting and self._waiting[0] is not request:
            return False
        now_s = self._clock.now
        self._rising = [each for each in self._rising if self._is_under_way(each, now_s)]
        rises_mw = sum(each.missing_mw(now_s) for each in (*self._rising, request))
        room_mw = self._limit_mw() - self._bus.power(now_s)[0] - rises_mw
        fleets_mw = sum(max(mw for _, mw, _ in fleet.ahead(now_s)) for fleet in self._fleets())
        if fleets_mw > room_mw + CLOSE_MW:
            return False
        self.close(request)
        return True

    @staticmethod
    def _is_under_way(request: Request, now_s: float) -> bool:
        since_s = request.granted_s
        return since_s is not None and now_s < since_s + RISING_S and request.missing_mw(now_s) > CLOSE_MW
