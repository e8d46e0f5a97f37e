"""Bitcoin miners: formulas, fleets, and the executor that commands them."""

from typing import Annotated, Any

from pydantic import Field, SerializationInfo, SerializerFunctionWrapHandler, WrapSerializer

from sim.mining.cohort.spec import CohortFleet
from sim.mining.fleet import AggregateFleet, FleetSpec


def _as_data(fleet: FleetSpec, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> Any:
    """Return a fleet as plain data; the union knows none that was described in Python."""
    known = isinstance(fleet, AggregateFleet | CohortFleet)
    return handler(fleet) if known else fleet.model_dump(mode=info.mode)


AnyFleet = Annotated[AggregateFleet | CohortFleet, Field(discriminator="type"), WrapSerializer(_as_data)]
"""Any fleet, told apart by its ``type``."""

__all__ = ["AnyFleet"]
