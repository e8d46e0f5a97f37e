"""Hold the frequency of an island with the fleets."""

from typing import Annotated, Literal

from pydantic import Field

from sim.policies.base import Decision, Observation, PolicySpec
from sim.policies.droop import Deadband, DroopFraction, Nominal, droop_gain_mw_per_hz, fleet_range_mw
from sim.spec import Fraction, NonNegative, Positive


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
    droop_fraction: DroopFraction = 0.05
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
