"""Where AI loads connect: each has a port, the bus adds them up."""

from sim.clock import Clock
from sim.recording import Track


class Port:
    """One load's connection: takes the power it states, and records it.

    Parameters
    ----------
    clock, bus
        Told that something has changed.
    track
        Where the power is recorded [MW].
    """

    __slots__ = ("_bus", "_clock", "_record", "power_mw", "since_s", "slope_mw_per_s")

    def __init__(self, clock: Clock, bus: "Bus", track: Track) -> None:
        self._clock = clock
        self._bus = bus
        self._record = track.set
        self.power_mw = 0.0
        self.slope_mw_per_s = 0.0
        self.since_s = 0.0

    def set_power_mw(self, power_mw: float, slope_mw_per_s: float = 0.0) -> None:
        """Draw ``power_mw`` [MW] from now on, changing by ``slope_mw_per_s`` [MW/s]."""
        clock = self._clock
        now_s = clock.now
        self.power_mw = power_mw
        self.slope_mw_per_s = slope_mw_per_s
        self.since_s = now_s
        self._record(now_s, power_mw, slope_mw_per_s)
        self._bus.restated = True
        clock.unsettled = True


class Bus:
    """Adds up what the loads draw; afresh each time, in the order in which they were connected."""

    def __init__(self) -> None:
        self.restated = False
        """Set when a load states its power; cleared by whoever reads the bus."""
        self._ports: list[Port] = []

    def connect(self, clock: Clock, track: Track) -> Port:
        """Return a new port."""
        port = Port(clock, self, track)
        self._ports.append(port)
        return port

    def power(self, now_s: float) -> tuple[float, float]:
        """Return the power of all loads now [MW], and its slope [MW/s]."""
        power_mw = 0.0
        slope_mw_per_s = 0.0
        for port in self._ports:
            power_mw += port.power_mw
            slope = port.slope_mw_per_s
            if slope:
                power_mw += slope * (now_s - port.since_s)
                slope_mw_per_s += slope
        return power_mw, slope_mw_per_s
