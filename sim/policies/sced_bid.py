"""Bid to buy: follow the base points that a real-time market gives a controllable load."""

from typing import Annotated, Literal

from pydantic import Field

from sim.policies.base import Decision, Observation, PolicySpec, running_mw, within_headroom
from sim.policies.outlook import period_at, period_start_s
from sim.policies.price_threshold import Price
from sim.spec import NonNegative
from sim.units import SECONDS_PER_MINUTE


class ScedBid(PolicySpec):
    r"""Buy each fleet's power at its bid, and move in a line from one base point to the next.

    Notes
    -----
    The bid of fleet :math:`g` is :math:`b_g - a - c`: break-even price less adder less bid margin. At every
    multiple of the interval from the run's start the base point is the rated power of the fleets whose bid is
    above the price then published, and the minimum power of the others. From there on the target goes in a
    line from the base point before to the new one, which it has reached as the interval ends. The line is a
    staircase of :math:`n` steps at the line's own mean: the energy is the line's, and the target is off it by
    :math:`|\Delta| / 2n` at most. All is cut at :math:`L - m - P^{AI}`, at once.

    The price does not know of the bid: the load is too small to move it.

    References
    ----------
    ERCOT, ercot.com/services/programs/load/laar: controllable load resources bid to buy in SCED, and get a
    base point each 5 minutes.
    """

    type: Literal["sced-bid"]
    interval_min: Annotated[float, Field(ge=0.1, le=1440.0)] = 5.0
    """Time between two base points [min]; ERCOT's dispatch runs every 5."""
    ramp_step_count: Annotated[int, Field(ge=1, le=1000)] = 10
    """Steps of the line between two base points; 1: half of the way at once, the rest at the next base point.
    Assumption."""
    adder_usd_per_mwh: Price = 0.0
    """What delivery costs on top of the power price [USD/MWh]; the bid is lower by it."""
    bid_margin_usd_per_mwh: Price = 0.0
    """What the bid stays below break-even besides [USD/MWh]: wear, risk."""
    margin_mw: NonNegative = 0.0
    """Power kept free below the limit [MW]."""

    @property
    def interval_s(self) -> float:
        """Time between two base points [s]."""
        return self.interval_min * SECONDS_PER_MINUTE

    def start(self) -> "ScedBidPolicy":
        """Return a fresh policy for one run."""
        return ScedBidPolicy(self)


class ScedBidPolicy:
    """The policy in a run: the base point it comes from, and the one it goes to."""

    def __init__(self, spec: ScedBid) -> None:
        self._spec = spec
        self._interval: int | None = None
        self._from_mw = 0.0
        self._to_mw = 0.0

    def decide(self, observation: Observation) -> Decision:
        """Return where the line between two base points stands, cut at the headroom less the margin."""
        interval = period_at(observation.time_s, self._spec.interval_s)
        if interval != self._interval:
            base_mw = self._base_mw(observation)
            self._from_mw = base_mw if self._interval is None else self._to_mw
            self._to_mw = base_mw
            self._interval = interval
        target_mw, wake_at_s = self._on_the_line(interval, observation.time_s)
        running = target_mw > sum(fleet.minimum_mw for fleet in observation.fleets)
        reason = "base point" if running else "price above bid"
        return within_headroom(target_mw, reason, observation, self._spec.margin_mw, wake_at_s)

    def _base_mw(self, observation: Observation) -> float:
        """Return the base point: what is bought at the price of now [MW]."""
        off_usd_per_mwh = self._spec.adder_usd_per_mwh + self._spec.bid_margin_usd_per_mwh
        fleets, price = observation.fleets, observation.price_usd_per_mwh
        return running_mw(fleets, (fleet.breakeven_usd_per_mwh - off_usd_per_mwh > price for fleet in fleets))

    def _on_the_line(self, interval: int, now_s: float) -> tuple[float, float]:
        """Return the target of this step [MW], and when the next begins [s]."""
        count, begin_s = self._spec.ramp_step_count, period_start_s(interval, self._spec.interval_s)
        end_s = period_start_s(interval + 1, self._spec.interval_s)
        if self._from_mw == self._to_mw:
            return self._to_mw, end_s
        step_s = self._spec.interval_s / count
        step = min(period_at(now_s, step_s, begin_s), count - 1)
        target_mw = self._from_mw + (self._to_mw - self._from_mw) * (step + 0.5) / count
        return target_mw, end_s if step == count - 1 else period_start_s(step + 1, step_s, begin_s)
