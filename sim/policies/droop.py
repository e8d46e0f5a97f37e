"""Fleets that follow the grid's frequency: as a governor does, to hold an island, or off when it is low."""

from dataclasses import dataclass, field
from math import copysign, inf
from typing import Annotated, Literal

from pydantic import Field

from sim.policies.base import Decision, FleetView, Observation, PolicySpec, WrapperPolicy, WrapperSpec, reachable_mw
from sim.policies.ramp import earlier_s
from sim.spec import Fraction, NonNegative, Positive, PositiveFraction, rising
from sim.units import SECONDS_PER_MINUTE

Deadband = Annotated[float, Field(ge=0.0, le=1.0)]
Nominal = Annotated[float, Field(ge=10.0, le=400.0)]


class Droop(WrapperSpec):
    r"""Let another policy decide, and draw less where frequency is low, more where it is high.

    Notes
    -----
    .. math:: P = P_0 + K\,\mathrm{dead}(f - f_0, b), \qquad K = \frac{\Delta P}{R\,f_0},

    with the inner target :math:`P_0`, droop :math:`R`, deadband :math:`b` without step, and
    :math:`\Delta P` the range of all fleets, rated less minimum power. The sum stays within what the fleets
    can draw, and where frequency raises it, within the headroom. It is asked each time frequency has moved by
    `report_step_hz` of the grid's frequency, so that its target stands off the line by less than that.

    The form is that of governors under NERC BAL-001-TRE-2 (primary response of ERCOT's generators; deadband
    and droop as of 2024, unverified); that a load may sell it as responsive reserve is ERCOT's rule
    (unverified).
    """

    type: Literal["droop"]
    droop_fraction: PositiveFraction = 0.05
    """Deviation, over nominal frequency, that moves all fleets through their whole range [1] (unverified)."""
    deadband_hz: Deadband = 0.017
    """Half-width of the deadband, without step [Hz] (BAL-001-TRE-2, unverified)."""
    range_mw: Positive | None = None
    """Power that the droop is of [MW]; left out: rated less minimum power of all fleets."""
    nominal_hz: Nominal = 60.0
    """Nominal frequency [Hz]; that of the grid."""

    @property
    def watched_hz(self) -> tuple[float, ...]:
        """What the inner policy must be told of [Hz]."""
        return self.inner.watched_hz or ()

    def start(self) -> "DroopPolicy":
        """Return a fresh policy for one run."""
        return DroopPolicy(self.inner.start(), self)


class DroopPolicy(WrapperPolicy[Droop]):
    """The policy in a run: the inner one, and the line of the droop."""

    def changed(self, wish: Decision, observation: Observation) -> Decision:
        """Return the inner decision, moved by frequency."""
        if observation.frequency_hz is None:
            return wish
        off_hz = beyond_hz(observation.frequency_hz - self.spec.nominal_hz, self.spec.deadband_hz)
        if off_hz == 0.0:
            return wish
        range_mw = self.spec.range_mw or fleet_range_mw(observation.fleets)
        gain = droop_gain_mw_per_hz(range_mw, self.spec.droop_fraction, self.spec.nominal_hz)
        base_mw = reachable_mw(wish.target_mw, observation.fleets)
        moved_mw = reachable_mw(base_mw + gain * off_hz, observation.fleets)
        if moved_mw > base_mw:
            moved_mw = min(moved_mw, max(base_mw, observation.headroom_mw))
        reason = "droop: low" if off_hz < 0.0 else "droop: high"
        return wish._replace(target_mw=moved_mw, reason=reason)


def beyond_hz(deviation_hz: float, deadband_hz: float) -> float:
    """Return a deviation less a deadband without step [Hz].

    Examples
    --------
    >>> [round(beyond_hz(hz, 0.017), 3) for hz in (-0.1, 0.01, 0.1)]
    [-0.083, 0.0, 0.083]
    """
    return copysign(max(0.0, abs(deviation_hz) - deadband_hz), deviation_hz)


def droop_gain_mw_per_hz(range_mw: float, droop_fraction: float, nominal_hz: float = 60.0) -> float:
    """Return the gain of a droop, K = range/(droop nominal) [MW/Hz].

    Examples
    --------
    >>> droop_gain_mw_per_hz(60.0, 0.05)
    20.0
    """
    return range_mw / (droop_fraction * nominal_hz)


def fleet_range_mw(fleets: tuple[FleetView, ...]) -> float:
    """Return rated less minimum power of all fleets [MW]."""
    return sum(fleet.rated_mw - fleet.minimum_mw for fleet in fleets)


class IslandFrequency(PolicySpec):
    r"""Draw more where frequency is high and less where it is low, until it is back at nominal.

    Notes
    -----
    A proportional-integral controller,

    .. math:: P = B + K e + I, \qquad \dot I = \frac{K}{T_i} e, \qquad K = \frac{\Delta P}{R f_0},

    with :math:`e = f - f_0` outside the deadband and 0 within, base :math:`B` of the fleets' range
    :math:`\Delta P`, and droop :math:`R`. It stays between the fleets' minimum and the least of their rated
    power and the headroom; the integral stops where the sum :math:`B + I` would leave those limits. Between
    two decisions the error is the last one seen. The general form is every textbook's; its parameters
    are assumptions, to be chosen by island and latency (how much a late droop bears).
    """

    type: Literal["island-frequency"]
    base_fraction: Fraction = 0.5
    """Where in their range the fleets stand at nominal frequency [1]: room both ways; assumption."""
    droop_fraction: PositiveFraction = 0.05
    """Deviation, over nominal frequency, that alone moves all fleets through their range [1]; assumption."""
    integral_time_s: Positive = 30.0
    """Time in which the integral repeats the proportional part [s]; assumption."""
    deadband_hz: Deadband = 0.005
    """Deviation within which the fleets stand [Hz]; assumption."""
    step_s: Annotated[float, Field(ge=0.1, le=3600.0)] = 1.0
    """Time between two decisions while frequency is off [s]; assumption."""
    margin_mw: NonNegative = 0.0
    """Power kept free below the limit [MW]."""
    nominal_hz: Nominal = 60.0
    """Nominal frequency [Hz]; that of the grid."""

    @property
    def watched_hz(self) -> tuple[float, ...]:
        """Nothing but the reports [Hz]."""
        return ()

    def start(self) -> "IslandFrequencyPolicy":
        """Return a fresh policy for one run."""
        return IslandFrequencyPolicy(self)


class IslandFrequencyPolicy:
    """The policy in a run: its integral, and the error that was last seen."""

    def __init__(self, spec: IslandFrequency) -> None:
        self._spec = spec
        self._integral_mw = 0.0
        self._error_hz = 0.0
        self._seen_s = 0.0

    def decide(self, observation: Observation) -> Decision:
        """Return base, proportional part and integral, within the limits."""
        spec, fleets = self._spec, observation.fleets
        range_mw = fleet_range_mw(fleets)
        low_mw = sum(fleet.minimum_mw for fleet in fleets)
        free_mw = observation.headroom_mw - spec.margin_mw
        high_mw = max(0.0, min(low_mw + range_mw, free_mw))
        low_mw = min(low_mw, high_mw)
        gain = droop_gain_mw_per_hz(range_mw, spec.droop_fraction, spec.nominal_hz)
        base_mw = low_mw + spec.base_fraction * range_mw
        passed_s = observation.time_s - self._seen_s
        self._integral_mw += gain * self._error_hz * passed_s / spec.integral_time_s
        self._integral_mw = min(max(self._integral_mw, low_mw - base_mw), high_mw - base_mw)
        self._error_hz, self._seen_s = self._error(observation), observation.time_s
        wish_mw = base_mw + self._integral_mw + gain * self._error_hz
        target_mw = min(max(wish_mw, low_mw), high_mw)
        wake_at_s = observation.time_s + spec.step_s if self._error_hz else None
        return Decision(target_mw, self._reason(wish_mw, target_mw), wake_at_s)

    def _error(self, observation: Observation) -> float:
        if observation.frequency_hz is None:
            return 0.0
        off_hz = observation.frequency_hz - self._spec.nominal_hz
        return off_hz if abs(off_hz) > self._spec.deadband_hz else 0.0

    def _reason(self, wish_mw: float, target_mw: float) -> str:
        if wish_mw != target_mw:
            return "frequency: at a limit"
        return "frequency: correcting" if self._error_hz else "frequency: held"


class UnderFrequency(WrapperSpec):
    """Let another policy decide, but stop all fleets once frequency has been too low for too long.

    Notes
    -----
    Frequency at or below `trip_hz` for `trip_after_s` without a break trips the fleets: the target is their
    minimum, and the breakers of those that have some open (`breaker_open_s`, a cohort's `breaker`). They come
    back to the inner target, at the pace of their own batches and ramps, once frequency has been at or above
    `restore_hz` for `restore_after_min` without a break. Both levels are watched: the passing of neither
    waits for a report. The controller's minimum interval counts for the relay as well.

    59.7 Hz within 0.5 s (30 cycles) is what ERCOT asks of load resources behind under-frequency relays; they
    return within 3 h of the recall (59.7 Hz: ERCOT documents as quoted by developers; times unverified).
    """

    type: Literal["under-frequency"]
    trip_hz: Nominal = 59.7
    """Frequency at or below which the time to the trip runs [Hz]."""
    trip_after_s: NonNegative = 0.5
    """Time at or below that until the trip [s] (unverified)."""
    restore_hz: Nominal = 59.95
    """Frequency at or above which all is clear [Hz]; assumption."""
    restore_after_min: NonNegative = 10.0
    """Time for which all must be clear before the fleets come back [min]; assumption."""

    _is_restored_above = rising("trip_hz", "restore_hz")

    @property
    def watched_hz(self) -> tuple[float, ...]:
        """Trip and restore levels, and what the inner policy must be told of [Hz]."""
        return (self.trip_hz, self.restore_hz, *(self.inner.watched_hz or ()))

    def start(self) -> "UnderFrequencyPolicy":
        """Return a fresh policy for one run."""
        return UnderFrequencyPolicy(self.inner.start(), self)


@dataclass(eq=False)
class UnderFrequencyPolicy(WrapperPolicy[UnderFrequency]):
    """The policy in a run: the inner one, and the relay."""

    _due_s: float = field(default=inf, init=False)  # of the trip, or of the return
    _tripped: bool = field(default=False, init=False)

    def changed(self, wish: Decision, observation: Observation) -> Decision:
        """Return the inner decision, or a stop."""
        frequency_hz, now_s = observation.frequency_hz, observation.time_s
        if frequency_hz is None:
            return wish
        self._time(frequency_hz, now_s)
        if now_s >= self._due_s:
            self._tripped = not self._tripped
            self._due_s = inf
            self._time(frequency_hz, now_s)
        wake_at_s = earlier_s(wish.wake_at_s, self._due_s if self._due_s > now_s else None)
        wake_at_s = None if wake_at_s == inf else wake_at_s
        if self._tripped:
            off = tuple(fleet.name for fleet in observation.fleets)
            return wish._replace(target_mw=0.0, reason="under-frequency", wake_at_s=wake_at_s, off=off)
        return wish._replace(wake_at_s=wake_at_s)

    def _time(self, frequency_hz: float, now_s: float) -> None:
        """Start the time to the trip or to the return where it begins, and stop it at a break."""
        runs = frequency_hz >= self.spec.restore_hz if self._tripped else frequency_hz <= self.spec.trip_hz
        wait_s = self.spec.restore_after_min * SECONDS_PER_MINUTE if self._tripped else self.spec.trip_after_s
        if not runs:
            self._due_s = inf
        elif self._due_s == inf:
            self._due_s = now_s + wait_s
