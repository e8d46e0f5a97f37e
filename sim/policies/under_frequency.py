"""Another policy's target, unless frequency is too low: then the fleets stand still."""

from math import inf
from typing import Literal, Self

from pydantic import model_validator

from sim.policies.base import Decision, Observation, Policy, WrapperSpec
from sim.policies.droop import Nominal
from sim.policies.ramp import earlier_s
from sim.spec import NonNegative
from sim.units import SECONDS_PER_MINUTE


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

    @model_validator(mode="after")
    def _is_restored_above(self) -> Self:
        if not self.restore_hz > self.trip_hz:
            raise ValueError(
                f"restore_hz is {self.restore_hz:g} Hz; must be above trip_hz, {self.trip_hz:g} Hz"
            )
        return self

    @property
    def watched_hz(self) -> tuple[float, ...]:
        """Trip and restore levels, and what the inner policy must be told of [Hz]."""
        return (self.trip_hz, self.restore_hz, *(self.inner.watched_hz or ()))

    def start(self) -> "UnderFrequencyPolicy":
        """Return a fresh policy for one run."""
        restore_after_s = self.restore_after_min * SECONDS_PER_MINUTE
        return UnderFrequencyPolicy(
            self.inner.start(), self.trip_hz, self.trip_after_s, self.restore_hz, restore_after_s
        )


class UnderFrequencyPolicy:
    """The policy in a run: the inner one, and the relay.

    Parameters
    ----------
    inner
        The policy that is asked first; any one.
    trip_hz, trip_after_s
        Frequency at or below which the time to the trip runs [Hz], and that time [s].
    restore_hz, restore_after_s
        Frequency at or above which all is clear [Hz], and for how long it must be [s].
    """

    def __init__(
        self, inner: Policy, trip_hz: float, trip_after_s: float, restore_hz: float, restore_after_s: float
    ) -> None:
        self._inner = inner
        self._trip_hz, self._trip_after_s = trip_hz, trip_after_s
        self._restore_hz, self._restore_after_s = restore_hz, restore_after_s
        self._due_s = inf  # of the trip, or of the return
        self._tripped = False

    def decide(self, observation: Observation) -> Decision:
        """Return the inner decision, or a stop."""
        wish = self._inner.decide(observation)
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
        runs = frequency_hz >= self._restore_hz if self._tripped else frequency_hz <= self._trip_hz
        wait_s = self._restore_after_s if self._tripped else self._trip_after_s
        if not runs:
            self._due_s = inf
        elif self._due_s == inf:
            self._due_s = now_s + wait_s
