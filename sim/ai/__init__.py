"""The AI side of the campus: loads that draw power as they wish, and never learn that miners exist.

A load is a description and a SimPy process; ``base`` has what they share. To add one: write a Load of a new
``type`` in a module of its own, and name it in AnyLoad.
"""

from typing import Annotated

from pydantic import Field

from sim.ai.inference import InferenceLoad
from sim.ai.replay import ReplayLoad
from sim.ai.tenant import TenantLoad
from sim.ai.training import TrainingLoad

AnyLoad = Annotated[ReplayLoad | TrainingLoad | InferenceLoad | TenantLoad, Field(discriminator="type")]
"""Any load that a scenario can name, told apart by its ``type``."""

__all__ = ["AnyLoad", "InferenceLoad", "ReplayLoad", "TenantLoad", "TrainingLoad"]
