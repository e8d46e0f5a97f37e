"""Policies: each decides from an observation alone what the fleets should draw."""

from typing import Annotated

from pydantic import Field, WrapSerializer, WrapValidator

from sim.ai.notice import Notice
from sim.grid.orders import Order
from sim.market.forecasts import Forecast
from sim.market.marginal import PriceStep
from sim.policies.always_on import AlwaysOn
from sim.policies.ancillary import Ancillary
from sim.policies.base import (
    AwardChange,
    Awards,
    Decision,
    FleetView,
    Observation,
    Policy,
    PolicySpec,
    ServiceView,
)
from sim.policies.call_obedience import CallObedience
from sim.policies.checkpoint_aware import CheckpointAware
from sim.policies.droop import Droop
from sim.policies.flat_site import FlatSite
from sim.policies.follow_headroom import FollowHeadroom
from sim.policies.four_cp import FourCp
from sim.policies.hysteresis import Hysteresis
from sim.policies.island_frequency import IslandFrequency
from sim.policies.minimum_dwell import MinimumDwell
from sim.policies.mining_off import MiningOff
from sim.policies.mpc import Mpc
from sim.policies.mpc_cvar import MpcCvar
from sim.policies.partial_power import PartialPower
from sim.policies.plugin import as_data, validated
from sim.policies.price_guard import PriceGuard
from sim.policies.price_threshold import PriceThreshold
from sim.policies.ramp_limit import RampLimit
from sim.policies.sced_bid import ScedBid
from sim.policies.under_frequency import UnderFrequency
from sim.policies.wrapper import WrapperSpec

POLICIES: dict[str, type[PolicySpec]] = {
    "always-on": AlwaysOn,
    "ancillary": Ancillary,
    "call-obedience": CallObedience,
    "checkpoint-aware": CheckpointAware,
    "droop": Droop,
    "flat-site": FlatSite,
    "follow-headroom": FollowHeadroom,
    "four-cp": FourCp,
    "hysteresis": Hysteresis,
    "island-frequency": IslandFrequency,
    "minimum-dwell": MinimumDwell,
    "mining-off": MiningOff,
    "mpc": Mpc,
    "mpc-cvar": MpcCvar,
    "partial-power": PartialPower,
    "price-guard": PriceGuard,
    "price-threshold": PriceThreshold,
    "ramp-limit": RampLimit,
    "sced-bid": ScedBid,
    "under-frequency": UnderFrequency,
}
"""The policies by the type that a scenario names."""

AnyPolicy = Annotated[
    AlwaysOn
    | Ancillary
    | CallObedience
    | CheckpointAware
    | Droop
    | FlatSite
    | FollowHeadroom
    | FourCp
    | Hysteresis
    | IslandFrequency
    | MinimumDwell
    | MiningOff
    | Mpc
    | MpcCvar
    | PartialPower
    | PriceGuard
    | PriceThreshold
    | RampLimit
    | ScedBid
    | UnderFrequency,
    Field(discriminator="type"),
    WrapValidator(validated),
    WrapSerializer(as_data),
]
"""Any policy that a scenario may name; one from outside only where plug-ins are allowed."""

# a policy around any policy can be described only once all of them are known
_KNOWN = {"AnyPolicy": AnyPolicy}
CallObedience.model_rebuild(_types_namespace=_KNOWN)
Droop.model_rebuild(_types_namespace=_KNOWN)
MinimumDwell.model_rebuild(_types_namespace=_KNOWN)
PriceGuard.model_rebuild(_types_namespace=_KNOWN)
RampLimit.model_rebuild(_types_namespace=_KNOWN)
UnderFrequency.model_rebuild(_types_namespace=_KNOWN)

__all__ = [
    "POLICIES",
    "AlwaysOn",
    "Ancillary",
    "AnyPolicy",
    "AwardChange",
    "Awards",
    "CallObedience",
    "CheckpointAware",
    "Decision",
    "Droop",
    "FlatSite",
    "FleetView",
    "FollowHeadroom",
    "Forecast",
    "FourCp",
    "Hysteresis",
    "IslandFrequency",
    "MinimumDwell",
    "MiningOff",
    "Mpc",
    "MpcCvar",
    "Notice",
    "Observation",
    "Order",
    "PartialPower",
    "Policy",
    "PolicySpec",
    "PriceGuard",
    "PriceStep",
    "PriceThreshold",
    "RampLimit",
    "ScedBid",
    "ServiceView",
    "UnderFrequency",
    "WrapperSpec",
]
