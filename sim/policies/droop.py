"""Another policy's target, moved with the grid's frequency as a governor moves its turbine."""

from math import copysign
from typing import Annotated, Literal

from pydantic import Field

from sim.policies.base import Decision, FleetView, Observation, Policy, WrapperSpec, reachable_mw
from sim.spec import Positive, PositiveFraction

DroopFraction = PositiveFraction
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
    droop_fraction: DroopFraction = 0.05
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
        return DroopPolicy(
            self.inner.start(), self.droop_fraction, self.deadband_hz, self.nominal_hz, self.range_mw
        )


class DroopPolicy:
    """The policy in a run: the inner one, and the line of the droop.

    Parameters
    ----------
    inner
        The policy that is asked first; any one.
    droop_fraction
        Deviation, over nominal frequency, that moves the whole range [1].
    deadband_hz
        Half-width of the deadband, without step [Hz].
    nominal_hz
        Nominal frequency [Hz].
    range_mw
        Power that the droop is of [MW]; None: rated less minimum power of all fleets.
    """

    def __init__(
        self,
        inner: Policy,
        droop_fraction: float,
        deadband_hz: float,
        nominal_hz: float,
        range_mw: float | None = None,
    ) -> None:
        self._inner = inner
        self._droop_fraction = droop_fraction
        self._deadband_hz = deadband_hz
        self._nominal_hz = nominal_hz
        self._range_mw = range_mw

    def decide(self, observation: Observation) -> Decision:
        """Return the inner decision, moved by frequency."""
        wish = self._inner.decide(observation)
        if observation.frequency_hz is None:
            return wish
        off_hz = beyond_hz(observation.frequency_hz - self._nominal_hz, self._deadband_hz)
        if off_hz == 0.0:
            return wish
        gain = droop_gain_mw_per_hz(
            fleet_range_mw(observation.fleets) if self._range_mw is None else self._range_mw,
            self._droop_fraction,
            self._nominal_hz,
        )
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
