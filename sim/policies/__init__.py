"""Policies: each decides from an observation alone what the fleets should draw."""

from typing import Annotated

from pydantic import Field

from sim.ai.notice import Notice
from sim.grid.orders import Order
from sim.market.marginal import PriceStep
from sim.policies.always_on import AlwaysOn
from sim.policies.base import Awards, Decision, FleetView, Observation, Policy, PolicySpec
from sim.policies.checkpoint_aware import CheckpointAware
from sim.policies.follow_headroom import FollowHeadroom
from sim.policies.four_cp import FourCp
from sim.policies.mining_off import MiningOff
from sim.policies.price_threshold import PriceThreshold

POLICIES: dict[str, type[PolicySpec]] = {
    "always-on": AlwaysOn,
    "checkpoint-aware": CheckpointAware,
    "follow-headroom": FollowHeadroom,
    "four-cp": FourCp,
    "mining-off": MiningOff,
    "price-threshold": PriceThreshold,
}
"""The policies by the type that a scenario names."""

AnyPolicy = Annotated[
    AlwaysOn | CheckpointAware | FollowHeadroom | FourCp | MiningOff | PriceThreshold,
    Field(discriminator="type"),
]
"""Any policy that a scenario may name."""

__all__ = [
    "POLICIES",
    "AlwaysOn",
    "AnyPolicy",
    "Awards",
    "CheckpointAware",
    "Decision",
    "FleetView",
    "FollowHeadroom",
    "FourCp",
    "MiningOff",
    "Notice",
    "Observation",
    "Order",
    "Policy",
    "PolicySpec",
    "PriceStep",
    "PriceThreshold",
]
