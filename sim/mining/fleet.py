"""Fleets of miners: what a scenario says of one, and the live one that follows commands."""

from abc import abstractmethod
from math import inf, nextafter
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from sim.bitcoin import hashrate_ph_s
from sim.clock import HasNow
from sim.mining.events import DropOut, Stuck
from sim.mining.running import FleetConnection, RunningFleet
from sim.mining.worth import Piece, Worth
from sim.recording import Track
from sim.signals import Signal
from sim.spec import Name, NonNegative, Positive, Spec, rising


class Location(Spec):
    """Where a fleet stands, if not in buildings of its own."""

    hall: Name
    """Hall in whose free rack units its miners stand; they must fit in units and in power."""


class FleetSpec(Spec):
    """Base of what a scenario says of a fleet, whatever it makes; engine, policies and bounds ask no more."""

    if TYPE_CHECKING:  # each says these as a field or a property; here they would come before its own fields
        name: str
        """Name of the fleet; stands in signals and metrics."""
        location: Location | None
        """Where it stands; None: in buildings of its own."""
        drop_out: DropOut
        """What its power supplies do in a voltage sag."""

        @property
        def minimum_mw(self) -> float:
            """Power it draws at the least [MW]."""

        @property
        def efficiency_j_per_th(self) -> float:
            """Energy one terahash takes [J/TH]; infinity for a fleet that makes none."""

    @property
    @abstractmethod
    def full_mw(self) -> float:
        """Power it draws at the most, at the meter [MW]."""

    @property
    @abstractmethod
    def worth(self) -> Worth:
        """What it makes over its power, all machines at work: no state of it makes more."""

    @property
    def product_usd_per_mwh(self) -> float | None:
        """What a MWh earns at full power, where it makes no hashes [USD/MWh]; None for miners."""
        return None if self.worth.is_hash else self.worth.output(self.full_mw) / self.full_mw

    @property
    def levels(self) -> tuple[tuple[float, float], ...]:
        """Power [MW] and hash rate [PH/s] of each level that a policy may choose; empty: on or off."""
        return ()

    @property
    def response_times(self) -> tuple[float, float, float, float]:
        """Latency [s], fastest rise and fall [MW/s], and what a fall takes besides [s]; as if at once."""
        return 0.0, inf, inf, 0.0

    @property
    def return_s(self) -> float | None:
        """Time after which it can be woken once its breakers were opened [s]; None: it has none."""
        return None

    @abstractmethod
    def start(self, connection: FleetConnection) -> RunningFleet:
        """Return the fleet for one run."""


class RampedSpec(FleetSpec):
    """Base of fleets that are ramp-limited megawatts, whatever they make."""

    drop_out: DropOut = DropOut()
    """What it does in a voltage sag."""

    if TYPE_CHECKING:
        ramp_up_mw_per_s: float
        """How fast its power rises [MW/s]."""
        ramp_down_mw_per_s: float
        """How fast its power falls [MW/s]."""
        latency_s: float
        """Time from a command to the start of its ramp [s]."""
        initial_mw: float | None
        """Power at the start [MW]; None: the policy's first target."""

    @property
    def response_times(self) -> tuple[float, float, float, float]:
        """Latency [s], fastest rise and fall [MW/s], and what a fall takes besides [s]."""
        return self.latency_s, self.ramp_up_mw_per_s, self.ramp_down_mw_per_s, 0.0

    def start(self, connection: FleetConnection) -> RunningFleet:
        """Return the fleet for one run."""
        commanded, power = connection.track("commanded_mw"), connection.track("power_mw")
        return LiveFleet(connection.clock, self, commanded, power)


class AggregateFleet(RampedSpec):
    """A fleet seen as ramp-limited megawatts; knows nothing of single machines."""

    name: Name
    """Name of the fleet; stands in signals and metrics."""
    type: Literal["aggregate"]
    rated_mw: Positive
    """Power at full mining, at the meter [MW]."""
    minimum_mw: NonNegative = 0.0
    """Power the fleet keeps drawing when told to stop [MW]."""
    ramp_up_mw_per_s: Positive
    """How fast its power rises [MW/s]."""
    ramp_down_mw_per_s: Positive
    """How fast its power falls [MW/s]."""
    latency_s: Annotated[float, Field(ge=0.0, le=86_400.0)] = 0.0
    """Time from a command to the start of its ramp [s]."""
    efficiency_j_per_th: Positive
    """Energy one terahash takes at the meter [J/TH]."""
    breaker_open_s: Annotated[float, Field(ge=0.0, le=60.0)] | None = None
    """Time in which its breakers open where a relay tells them to, past all firmware [s]; it draws nothing
    until they close, and then comes back by its latency and ramp. Left out: it has none."""
    initial_mw: NonNegative | None = None
    """Power at the start [MW]; left out: the policy's first target, so that the run starts steady."""
    location: Location | None = None
    """Where it stands; left out: in buildings of its own."""

    @property
    def full_mw(self) -> float:
        """Power at full mining, at the meter [MW]."""
        return self.rated_mw

    @property
    def worth(self) -> Worth:
        """What it hashes over its power: a straight line."""
        ph_s_per_mw = hashrate_ph_s(1.0, self.efficiency_j_per_th)
        piece = Piece(self.rated_mw - self.minimum_mw, ph_s_per_mw)
        return Worth(self.minimum_mw, ph_s_per_mw * self.minimum_mw, (piece,) if piece.width_mw else ())

    _is_a_range = rising("minimum_mw", "initial_mw", "rated_mw", strictly=False)


class LiveFleet:
    """A fleet of ramp-limited megawatts that follows commands.

    Each command starts a ramp after the latency, taking over from the one before. The first finds the fleet
    standing where it sends it, or at its ``initial_mw``: a run starts steady. Neither the latency nor a ramp
    needs an event: both are recorded ahead, and a ramp's end is withdrawn if a command takes over before.

    Parameters
    ----------
    clock
        The clock.
    spec
        What the scenario says of the fleet.
    commanded, power
        Tracks on which command and power are recorded [MW].
    """

    def __init__(self, clock: HasNow, spec: RampedSpec, commanded: Track, power: Track) -> None:
        self.spec = spec
        self.minimum_mw = spec.minimum_mw
        self.rated_mw = spec.full_mw
        self._pieces = spec.worth.pieces
        self._up_mw_per_s, self._down_mw_per_s = spec.ramp_up_mw_per_s, spec.ramp_down_mw_per_s
        self._latency_s = spec.latency_s
        self._clock = clock
        self._record_command = commanded.set
        self._power = power
        self.commands_itself = False
        """Whether what it was told may change by itself."""
        self.known_until_s = inf
        """Up to when its power is known [s]: latency and ramp of every command are recorded ahead."""
        self.start_count = None
        """Machines woken so far: it has none of its own."""
        self.commanded_mw = spec.minimum_mw
        """What it was last told to draw; its minimum before that [MW]."""
        self._told, self._is_on = False, True
        self._breakers_closed, self._dropped_out = True, False
        self._from_s = 0.0
        self._from_mw = spec.minimum_mw
        self._rate_mw_per_s = 0.0
        self._until_s = 0.0
        self._goal_mw = spec.minimum_mw
        self._is_stuck = self.stuck = Stuck()

    @property
    def available_mw(self) -> float:
        """Power it can draw at the most, now [MW]."""
        return self.rated_mw if self._is_on else 0.0

    def pieces(self) -> tuple[Piece, ...]:
        """Return what it can draw above its minimum, from below, and what that makes."""
        answers = 1.0 - self.stuck.slowed_fraction
        if answers < 1.0:
            return tuple(Piece(width_mw * answers, made) for width_mw, made in self._pieces)
        return self._pieces if self._is_on else ()

    def stick(self, share_fraction: float) -> float:
        """Have a share of its blocks stay at what they were told, and return that [MW]; 0: none does."""
        was_stuck = self._is_stuck.slowed_fraction > 0.0
        self._is_stuck = Stuck(share_fraction * self.commanded_mw, share_fraction)
        if was_stuck:
            self.notice_stuck()
            if self._is_on:
                self._ramp_from(self._clock.now + self._latency_s, self.commanded_mw)
        return self._is_stuck.power_mw

    def notice_stuck(self) -> None:
        """Take in which blocks do not answer, if any."""
        self.stuck = self._is_stuck
        kept_mw, share = self.stuck
        self.minimum_mw = kept_mw + (1.0 - share) * self.spec.minimum_mw
        self.rated_mw = kept_mw + (1.0 - share) * self.spec.full_mw

    def supply(self, *, is_on: bool) -> None:
        """Open its breakers, or close them again; nothing where it has none."""
        open_s: float | None = getattr(self.spec, "breaker_open_s", None)
        if open_s is not None and is_on is not self._breakers_closed:
            self._breakers_closed = is_on
            self._turn(open_s)

    def drop_out(self, *, is_out: bool) -> None:
        """Lose the supply and draw nothing, or follow commands again, from no power."""
        self._dropped_out = is_out
        self._turn(0.0)
        if self._is_on and self._told:  # the command may have stood all the time
            self._ramp_from(self._clock.now + self._latency_s, self.commanded_mw)

    def _turn(self, open_s: float) -> None:
        """Go off within a time [s], or on, as breakers and supply have it."""
        is_on = self._breakers_closed and not self._dropped_out
        if is_on is self._is_on:
            return
        self.stick(0.0)
        self._is_on = is_on
        self.minimum_mw = self.spec.minimum_mw if is_on else 0.0
        if not is_on:
            self._until_s = self._clock.now + open_s
            self._goal_mw = 0.0
            self._power.cut(self._until_s)  # orders on their way find them open
            self._power.set(self._until_s, 0.0)

    def finish(self, end_s: float) -> None:
        """Do nothing: latency and ramp of every command are recorded ahead."""

    def power_between(self, from_s: float, to_s: float) -> Signal:
        """Return what the fleet drew from one time [s] to a later one, at most now [MW]."""
        return self._power.power_between(from_s, to_s)

    def ahead(self, now_s: float) -> list[tuple[float, float, float]]:
        """Return its power from now on, unless it is told otherwise: time [s], value [MW], slope [MW/s]."""
        return self._power.ahead(now_s)

    def command(self, power_mw: float) -> None:
        """Tell the fleet to go to a power within its range [MW]; repeating a command does nothing."""
        power_mw = min(power_mw, self.rated_mw)  # minimum and range may add up to a hair more
        if power_mw == self.commanded_mw and self._told:
            return
        if not self._told:
            self._told = True
            initial_mw = self.spec.initial_mw
            self._goal_mw = power_mw if initial_mw is None else initial_mw
            self._power.set(self._clock.now, self._goal_mw)
        now_s = self._clock.now
        self.commanded_mw = power_mw
        self._record_command(now_s, power_mw)
        if self._is_on and self._is_stuck.slowed_fraction < 1.0:
            if self._is_stuck != self.stuck:  # counted on, and deaf
                power_mw = self._is_stuck.power_mw + (1.0 - self._is_stuck.slowed_fraction) * power_mw
            self._ramp_from(now_s + self._latency_s, power_mw)

    def _ramp_from(self, start_s: float, goal_mw: float) -> None:
        # Commands arrive in the order in which they were given, so none can come before this one's start.
        from_mw = self._goal_mw
        if start_s < self._until_s:
            from_mw = self._from_mw + self._rate_mw_per_s * (start_s - self._from_s)
            self._power.withdraw_last()
        change_mw = goal_mw - from_mw
        length_s = change_mw / self._up_mw_per_s if change_mw > 0.0 else -change_mw / self._down_mw_per_s
        length_s /= 1.0 - self._is_stuck.slowed_fraction  # each block keeps its own pace
        until_s = start_s + length_s
        if until_s - start_s < length_s:
            until_s = nextafter(until_s, inf)  # rounded up, or a ramp fast against the clock overshoots
        rate = change_mw / (until_s - start_s) if until_s > start_s else 0.0
        self._from_s = start_s
        self._from_mw = from_mw
        self._rate_mw_per_s = rate
        self._until_s = until_s
        self._goal_mw = goal_mw
        self._power.ramp(start_s, from_mw, rate, until_s, goal_mw)
