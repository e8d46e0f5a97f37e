"""What does not change in a run: fleets, halls, leases, terms of the market, as plain types.

A recording holds one :class:`Facts`. In a result folder it stands as numbers by dotted names,
``fleet.miners.rated_mw``: :meth:`Facts.numbers` writes them, :meth:`Facts.of` reads them, older ones too.
"""

from sim.facts.kinds import (
    BatteryFacts,
    CostFacts,
    DemandChargeFacts,
    Facts,
    FleetFacts,
    FourCpFacts,
    GenerationFacts,
    GridFacts,
    HallFacts,
    LeaseFacts,
    LoadFacts,
    MultipleFacts,
    PoolFacts,
    RunFacts,
    ServiceFacts,
    SpanFacts,
    SupplyFacts,
    ValuationFacts,
)
from sim.facts.limit import CertificateFacts, ToleranceFacts

__all__ = [
    "BatteryFacts",
    "CertificateFacts",
    "CostFacts",
    "DemandChargeFacts",
    "Facts",
    "FleetFacts",
    "FourCpFacts",
    "GenerationFacts",
    "GridFacts",
    "HallFacts",
    "LeaseFacts",
    "LoadFacts",
    "MultipleFacts",
    "PoolFacts",
    "RunFacts",
    "ServiceFacts",
    "SpanFacts",
    "SupplyFacts",
    "ToleranceFacts",
    "ValuationFacts",
]
