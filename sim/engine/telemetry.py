"""Reads AI power off the bus, and delivers each reading after its delay."""

from collections.abc import Callable
from functools import partial
from math import inf, nextafter

from simpy import Event

from sim.clock import Alarm, Clock
from sim.engine.bus import Bus
from sim.scenario.model import ControllerSpec


class Telemetry:
    """Reads the bus when a load states its power, and while that moves, each time by the deadband.

    Parameters
    ----------
    clock, bus
        The clock, and the bus that is read.
    spec
        Delay, deadband, scan.
    receive
        Told each reading that differs from the one before, when it arrives [MW].
    is_watched
        Whether someone follows the site's power itself: then each reading asks for a settle.
    """

    def __init__(
        self,
        clock: Clock,
        bus: Bus,
        spec: ControllerSpec,
        receive: Callable[[float], None],
        *,
        is_watched: bool = False,
    ) -> None:
        self._clock = clock
        self._bus = bus
        self._delay_s = spec.telemetry_delay_s
        self._deadband_mw = spec.telemetry_deadband_mw
        self._scan_s = spec.telemetry_scan_s
        self._receive = receive
        self._is_watched = is_watched
        self._read_mw: float | None = None
        self._again = Alarm(clock, self._ask_to_be_read)

    def read(self) -> None:
        """Take a reading: a load has stated its power, or a line has moved by the deadband."""
        now_s = self._clock.now
        if self._is_watched:
            self._clock.unsettled = True
        power_mw, slope_mw_per_s = self._bus.power(now_s)
        if slope_mw_per_s != 0.0 or self._again.due_s < inf:
            self._again.set(self._next_reading_s(now_s, slope_mw_per_s))
        if power_mw == self._read_mw:
            return
        # The site stood like this before the run began, so its first telemetry is already there.
        steady = self._read_mw is None
        self._read_mw = power_mw
        if steady or self._delay_s == 0.0:
            self._receive(power_mw)
        else:
            self._clock.timeout(self._delay_s).callbacks.append(partial(self._arrive, power_mw))

    def _arrive(self, power_mw: float, _: Event) -> None:
        self._receive(power_mw)

    def _next_reading_s(self, now_s: float, slope_mw_per_s: float) -> float:
        if slope_mw_per_s == 0.0:
            return inf
        # a slope too steep for the clock is read at its next step, not at this instant again and again
        wait_s = max(self._deadband_mw / abs(slope_mw_per_s), self._scan_s)
        return max(now_s + wait_s, nextafter(now_s, inf))

    def _ask_to_be_read(self) -> None:
        self._clock.unread = True
