"""What the servers of a training job draw: GPUs, the rest of the node, the rack they stand in.

Each figure says where it comes from, and whether the source was seen to say it. They stand in
``servers.json`` beside this module.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from pydantic import TypeAdapter

from sim.shipped import shipped

GpuName = str
"""Name of a server in `SERVERS`: ``h100-hgx``."""

STATES: Final = ("compute", "communicate", "stall", "hang", "down_context", "down_cold", "load", "warm_up")
"""What the nodes of a job do: compute; wait for each other within an iteration; wait for a checkpoint; hang
before a failure is detected; stand still with the job's context on the GPUs, or without; load; warm up."""


class Figure(NamedTuple):
    """A number with its source."""

    value: float
    source: str
    """Where it comes from."""
    verified: bool
    """Whether the source was seen to say it; a computed or assumed figure is not."""


@dataclass(frozen=True, slots=True)
class Server:
    """One node: what fails as one."""

    gpus_per_node: int
    gpu_rated_w: Figure
    """Rated power of one GPU (TDP) [W]."""
    other_w: Figure
    """All else in the node, and its share of the rack, while the job computes [W]."""
    nameplate_w: Figure
    """Power that the node is provisioned for [W]."""
    gpu_fractions: Mapping[str, Figure]
    """Power of a GPU over its rated power, by state."""
    other_fractions: Mapping[str, Figure]
    """Power of all else over its loaded power, by state."""


def _servers() -> dict[GpuName, Server]:
    """Return the servers of the file; one says of the states only where it is not as usual."""
    content = shipped("sim.ai", "servers.json")
    for entry in content["servers"].values():
        for part, usual in content["usual"].items():
            entry[part] = usual | entry.get(part, {})
    return TypeAdapter(dict[GpuName, Server]).validate_python(content["servers"])


SERVERS: Final[Mapping[GpuName, Server]] = _servers()
"""Servers by name."""
