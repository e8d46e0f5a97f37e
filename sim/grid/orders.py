"""Orders to draw less: announced, binding after a notice, and then over."""

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from sim.spec import NonNegative, Positive, Timed
from sim.units import SECONDS_PER_MINUTE

AppliesTo = Literal["fleets", "site"]


class Order(NamedTuple):
    """An order to draw no more than a cap for some time, as site and policy know it once announced."""

    announced_at_s: float
    """When it was announced [s]."""
    binding_from_s: float
    """When it begins to bind [s]."""
    until_s: float
    """When it is over [s]."""
    cap_mw: float
    """Most that may be drawn while it binds [MW]."""
    applies_to: AppliesTo
    """What the cap is on: all fleets together, or the whole site."""
    reason: str
    """What the operator calls it."""

    def fleet_cap_mw(self, ai_power_mw: float) -> float:
        """Return what the order leaves the fleets [MW], at an AI power [MW]; the site's AI comes first."""
        return self.cap_mw if self.applies_to == "fleets" else max(0.0, self.cap_mw - ai_power_mw)


class CurtailmentOrder(Timed):
    """An order of the grid operator to draw less: announced at its time, binding after the notice.

    The controller keeps it, whatever the policy wishes; only the fleets give way. An order on the site counts
    AI power as telemetered.
    """

    type: Literal["curtailment-order"]
    notice_min: NonNegative = 30.0
    """Time from the announcement until it binds [min]. 30 min is what Texas' commission asked of one
    co-located AI load in July 2026 (Docket 59220; unverified, from a secondary source)."""
    duration_min: Positive
    """How long it binds [min]."""
    cap_mw: NonNegative
    """Most that may be drawn while it binds [MW]."""
    applies_to: AppliesTo
    """What the cap is on: ``fleets``, all of them together, or ``site``, AI included."""
    reason: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _-]{0,59}$")] = "curtailment order"
    """What it is called in the log, in a few words."""

    def order(self, start_utc_s: float) -> Order:
        """Return the order with its times [s from the scenario's start, at ``start_utc_s``].

        Examples
        --------
        >>> event = CurtailmentOrder(type="curtailment-order", at_s=60.0, duration_min=10.0, cap_mw=5.0,
        ...                          applies_to="fleets")
        >>> event.order(0.0)[:3]
        (60.0, 1860.0, 2460.0)
        """
        announced_s = self.first_s(start_utc_s)
        binding_s = announced_s + self.notice_min * SECONDS_PER_MINUTE
        until_s = binding_s + self.duration_min * SECONDS_PER_MINUTE
        return Order(announced_s, binding_s, until_s, self.cap_mw, self.applies_to, self.reason)
