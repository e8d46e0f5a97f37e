"""Fleets of miners: what a scenario says of one, and the live one that follows commands."""

from math import inf, nextafter
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from simpy import Environment

from sim.mining.stack import Segment
from sim.recording import Track
from sim.signals import Signal
from sim.spec import Name, NonNegative, Positive, Spec


class Location(Spec):
    """Where a fleet stands, if not in buildings of its own."""

    hall: Name
    """Hall in whose free rack units its miners stand; they must fit in units and in power."""


class AggregateFleet(Spec):
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
    initial_mw: NonNegative | None = None
    """Power at the start [MW]; left out: the policy's first target, so that the run starts steady."""
    location: Location | None = None
    """Where it stands; left out: in buildings of its own."""

    @property
    def full_mw(self) -> float:
        """Power at full mining, at the meter [MW]."""
        return self.rated_mw

    @property
    def response_times(self) -> tuple[float, float, float, float]:
        """Latency [s], fastest rise and fall [MW/s], and what a fall takes besides [s]."""
        return self.latency_s, self.ramp_up_mw_per_s, self.ramp_down_mw_per_s, 0.0

    @model_validator(mode="after")
    def _range_is_a_range(self) -> Self:
        if self.minimum_mw > self.rated_mw:
            raise ValueError(
                f"minimum_mw is {self.minimum_mw:g} MW; must not be above rated_mw, {self.rated_mw:g} MW"
            )
        if self.initial_mw is not None and not self.minimum_mw <= self.initial_mw <= self.rated_mw:
            raise ValueError(
                f"initial_mw is {self.initial_mw:g} MW; must lie between minimum_mw, {self.minimum_mw:g} MW, "
                f"and rated_mw, {self.rated_mw:g} MW"
            )
        return self


class LiveFleet:
    """A fleet that follows commands: each starts a ramp after the latency, taking over from the one before.

    The first command finds the fleet standing where it sends it, or at its ``initial_mw``: a run starts
    steady. Neither the latency nor a ramp needs an event: both are recorded ahead, and a ramp's end is
    withdrawn if a command takes over before.

    Parameters
    ----------
    env
        The clock.
    spec
        What the scenario says of the fleet.
    commanded, power
        Tracks on which command and power are recorded [MW].
    """

    def __init__(self, env: Environment, spec: AggregateFleet, commanded: Track, power: Track) -> None:
        self.spec = spec
        self.minimum_mw = spec.minimum_mw
        self.rated_mw = spec.rated_mw
        self._up_mw_per_s = spec.ramp_up_mw_per_s
        self._down_mw_per_s = spec.ramp_down_mw_per_s
        self._latency_s = spec.latency_s
        self._env = env
        self._record_command = commanded.set
        self._power = power
        self.commanded_mw = spec.minimum_mw
        """What it was last told to draw; its minimum before that [MW]."""
        self._told = False
        self._from_s = 0.0
        self._from_mw = spec.minimum_mw
        self._rate_mw_per_s = 0.0
        self._until_s = 0.0
        self._goal_mw = spec.minimum_mw

    @property
    def available_mw(self) -> float:
        """Power it can draw at the most, now [MW]."""
        return self.rated_mw

    def segments(self) -> tuple[Segment, ...]:
        """Return what it can draw above its minimum: one piece."""
        return (Segment(self.rated_mw - self.minimum_mw, self.spec.efficiency_j_per_th),)

    def power_between(self, from_s: float, to_s: float) -> Signal:
        """Return what the fleet drew from one time [s] to a later one, at most now [MW]."""
        return self._power.power_between(from_s, to_s)

    def ahead(self, now_s: float) -> list[tuple[float, float, float]]:
        """Return its power from now on, unless it is told otherwise: time [s], value [MW], slope [MW/s]."""
        return self._power.ahead(now_s)

    @property
    def known_until_s(self) -> float:
        """Up to when that is known [s]: latency and ramp of every command are recorded ahead."""
        return inf

    def command(self, power_mw: float) -> None:
        """Tell the fleet to go to a power within its range [MW]; repeating a command does nothing."""
        power_mw = min(power_mw, self.rated_mw)  # minimum and range may add up to a hair more
        if power_mw == self.commanded_mw and self._told:
            return
        if not self._told:
            self._told = True
            initial_mw = self.spec.initial_mw
            self._stand(power_mw if initial_mw is None else initial_mw)
        now_s = self._env.now
        self.commanded_mw = power_mw
        self._record_command(now_s, power_mw)
        self._ramp_from(now_s + self._latency_s, power_mw)

    def _stand(self, power_mw: float) -> None:
        self._goal_mw = power_mw
        self._power.set(self._env.now, power_mw)

    def _ramp_from(self, start_s: float, goal_mw: float) -> None:
        # Commands arrive in the order in which they were given, so none can come before this one's start.
        from_mw = self._goal_mw
        if start_s < self._until_s:
            from_mw = self._from_mw + self._rate_mw_per_s * (start_s - self._from_s)
            self._power.withdraw_last()
        change_mw = goal_mw - from_mw
        length_s = change_mw / self._up_mw_per_s if change_mw > 0.0 else -change_mw / self._down_mw_per_s
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
