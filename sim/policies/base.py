"""What a policy sees, what it answers, and what it is."""

from abc import abstractmethod
from math import inf
from typing import NamedTuple, Protocol

from sim.ai.notice import Notice
from sim.spec import Spec


class FleetView(NamedTuple):
    """One fleet as a policy sees it."""

    name: str
    minimum_mw: float
    """Power it draws at the least [MW]."""
    rated_mw: float
    """Power it draws at the most [MW]."""
    efficiency_j_per_th: float
    """Energy one terahash takes [J/TH]."""
    breakeven_usd_per_mwh: float
    """Power price at which it earns nothing, pool fee deducted [USD/MWh]."""
    available_mw: float = inf
    """Power it can draw now, without machines in repair and what heat takes [MW]; infinity: as rated."""


class Observation(NamedTuple):
    """What telemetry and publication have delivered by now; nothing of the future."""

    time_s: float
    """Time of the observation [s]."""
    ai_power_mw: float
    """AI power as last telemetered [MW]."""
    limit_mw: float
    """Limit of the interconnection [MW]."""
    price_usd_per_mwh: float
    """Power price as last published [USD/MWh]."""
    hashprice_usd_per_ph_day: float
    """Revenue of one PH/s held for a day [USD/(PH/s)/d]."""
    commanded_mw: float
    """What the fleets were last told to draw, together [MW]."""
    fleets: tuple[FleetView, ...]
    """The fleets, in merit order: the most efficient first."""
    notices: tuple[Notice, ...] = ()
    """What tenants have announced and is not over, in the order in which it arrived."""

    @property
    def headroom_mw(self) -> float:
        """Limit less AI power; below zero when AI alone exceeds the limit [MW]."""
        return self.limit_mw - self.ai_power_mw


class Decision(NamedTuple):
    """What a policy wants of all fleets together."""

    target_mw: float
    """Power the fleets are to draw, at least 0 [MW]; the executor clips it to what they can."""
    reason: str
    """Why, in a few words that do not vary with the numbers; a report splits energy by it."""
    wake_at_s: float | None = None
    """Ask again at this time even if nothing changes [s]; None: only on change."""


class Policy(Protocol):
    """Decides what the fleets should draw: pure, with own state only.

    A policy has no clock, no randomness and no future, so that a user may run the same one on a site.
    """

    def decide(self, observation: Observation) -> Decision:
        """Return the power wanted of all fleets together, and why."""


class PolicySpec(Spec):
    """Base of every policy's description."""

    @abstractmethod
    def start(self) -> Policy:
        """Return a fresh policy for one run."""


class StatelessPolicy(PolicySpec):
    """Base of a policy that remembers nothing: it is its own description."""

    def start(self) -> Policy:
        """Return the policy itself."""
        return self

    @abstractmethod
    def decide(self, observation: Observation) -> Decision:
        """Return the power wanted of all fleets together, and why."""
