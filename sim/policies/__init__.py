"""Policies: each decides from an observation alone what the fleets should draw."""

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, get_args

from pydantic import Field, WrapSerializer, WrapValidator

from sim.ai.notice import Notice
from sim.grid.events import Order
from sim.market.bill import PriceStep
from sim.market.forecasts import Forecast
from sim.policies.ancillary import Ancillary
from sim.policies.base import (
    AwardChange,
    Awards,
    BatteryView,
    Claim,
    Decision,
    FleetView,
    LoadView,
    Observation,
    Policy,
    PolicySpec,
    ServiceView,
    TelemetryView,
    WrapperSpec,
)
from sim.policies.call_obedience import CallObedience
from sim.policies.checkpoint_aware import CheckpointAware
from sim.policies.droop import Droop, IslandFrequency, UnderFrequency
from sim.policies.four_cp import FourCp
from sim.policies.hold_limit import HoldLimit
from sim.policies.http import Http
from sim.policies.hysteresis import Hysteresis
from sim.policies.mpc import Mpc, MpcCvar
from sim.policies.plugin import as_data, validated
from sim.policies.price_threshold import PartialPower, PriceGuard, PriceThreshold
from sim.policies.ramp import FlatSite, MinimumDwell, RampLimit
from sim.policies.sced_bid import ScedBid
from sim.policies.schedule import Schedule
from sim.policies.simple import AlwaysOn, FollowHeadroom, MiningOff

_KINDS: tuple[type[PolicySpec], ...] = (
    AlwaysOn,
    Ancillary,
    CallObedience,
    CheckpointAware,
    Droop,
    FlatSite,
    FollowHeadroom,
    FourCp,
    HoldLimit,
    Http,
    Hysteresis,
    IslandFrequency,
    MinimumDwell,
    MiningOff,
    Mpc,
    MpcCvar,
    PartialPower,
    PriceGuard,
    PriceThreshold,
    RampLimit,
    ScedBid,
    Schedule,
    UnderFrequency,
)
POLICIES = {get_args(kind.model_fields["type"].annotation)[0]: kind for kind in _KINDS}
"""The policies by the type that a scenario names: the one table of them."""

if TYPE_CHECKING:
    AnyPolicy = PolicySpec
else:
    AnyPolicy = Annotated[
        reduce(or_, POLICIES.values()), Field(discriminator="type"), WrapValidator(validated), WrapSerializer(as_data)
    ]
    """Any policy that a scenario may name; one from outside only where plug-ins are allowed."""

for _kind in POLICIES.values():  # a policy around any policy can be described only once all of them are known
    if not _kind.__pydantic_complete__:
        _kind.model_rebuild(_types_namespace={"AnyPolicy": AnyPolicy})

__all__ = [
    "POLICIES",
    "AnyPolicy",
    "AwardChange",
    "Awards",
    "BatteryView",
    "Claim",
    "Decision",
    "FleetView",
    "Forecast",
    "LoadView",
    "Notice",
    "Observation",
    "Order",
    "Policy",
    "PolicySpec",
    "PriceStep",
    "ServiceView",
    "TelemetryView",
    "WrapperSpec",
]
