"""Bitcoin miners: formulas, fleets, and the executor that commands them."""

from typing import Annotated

from pydantic import Field

from sim.mining.cohort.spec import CohortFleet
from sim.mining.fleet import AggregateFleet

AnyFleet = Annotated[AggregateFleet | CohortFleet, Field(discriminator="type")]
"""Any fleet, told apart by its ``type``."""

__all__ = ["AnyFleet"]
