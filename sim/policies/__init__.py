"""Policies: each decides from an observation alone what the fleets should draw."""

from typing import Annotated

from pydantic import Field

from sim.ai.notice import Notice
from sim.policies.always_on import AlwaysOn
from sim.policies.base import Decision, FleetView, Observation, Policy, PolicySpec
from sim.policies.checkpoint_aware import CheckpointAware
from sim.policies.follow_headroom import FollowHeadroom
from sim.policies.mining_off import MiningOff
from sim.policies.price_threshold import PriceThreshold

POLICIES: dict[str, type[PolicySpec]] = {
    "always-on": AlwaysOn,
    "checkpoint-aware": CheckpointAware,
    "follow-headroom": FollowHeadroom,
    "mining-off": MiningOff,
    "price-threshold": PriceThreshold,
}
"""The policies by the type that a scenario names."""

AnyPolicy = Annotated[
    AlwaysOn | CheckpointAware | FollowHeadroom | MiningOff | PriceThreshold, Field(discriminator="type")
]
"""Any policy that a scenario may name."""

__all__ = [
    "POLICIES",
    "AlwaysOn",
    "AnyPolicy",
    "CheckpointAware",
    "Decision",
    "FleetView",
    "FollowHeadroom",
    "MiningOff",
    "Notice",
    "Observation",
    "Policy",
    "PolicySpec",
    "PriceThreshold",
]
