"""What the servers of a training job draw: GPUs, the rest of the node, the rack they stand in.

Each figure says where it comes from, and whether the source was seen to say it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

GpuName = str
"""Name of a server in `SERVERS`: ``h100-hgx``."""

STATES: Final = (
    "compute",
    "communicate",
    "stall",
    "hang",
    "down_context",
    "down_cold",
    "load",
    "warm_up",
)
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


def _seen(value: float, source: str) -> Figure:
    return Figure(value, source, verified=True)


def _unseen(value: float, source: str) -> Figure:
    return Figure(value, source, verified=False)


_OWN: Final = "assumption"
_TRACES: Final = "one 8-GPU H100 node in training, grantwilkins/training_profile"
_GPU: Final[Mapping[str, Figure]] = {
    "compute": _unseen(0.90, "0.955 to 0.99 under stress, arXiv:2604.07345; training below, computed"),
    "communicate": _unseen(0.45, "between the models of POLCA, arXiv:2308.12908"),
    "stall": _seen(0.22, f"0.213 to 0.223 measured; {_TRACES}"),
    "hang": _unseen(0.35, "a collective spins far below computing; assumption"),
    "down_context": _unseen(0.17, "121.7 W of 700 W, arXiv:2605.23918"),
    "down_cold": _seen(0.10, "72.5 W of 700 W, arXiv:2604.07345"),
    "load": _seen(0.165, f"0.164 to 0.165 measured; 0.2 to 0.3 are said elsewhere; {_TRACES}"),
    "warm_up": _unseen(0.45, _OWN),
}
_OTHER: Final[Mapping[str, Figure]] = {
    "compute": _seen(1.0, "by definition"),
    "communicate": _unseen(1.0, "fans, switches and processors do not follow within a second; assumption"),
    "stall": _unseen(0.85, "processors at 64 to 339 W (arXiv:2604.07345), the rest stays; computed"),
    "hang": _unseen(0.85, "as in a stall; assumption"),
    "down_context": _unseen(0.45, "as above; computed"),
    "down_cold": _unseen(0.45, "as above; computed"),
    "load": _unseen(0.85, "as in a stall; assumption"),
    "warm_up": _unseen(1.0, _OWN),
}
_SEREN: Final = "AcmeTrace, utilization of Seren, Aug 2023"

SERVERS: Final[Mapping[GpuName, Server]] = {
    "h100-hgx": Server(
        8,
        _seen(700.0, "NVIDIA H100 SXM"),
        _unseen(2850.0, "leaves GPUs 0.62 of a computing node; 8.45 kW at rated power, 8.4 measured"),
        _seen(10_200.0, "arXiv:2412.08602"),
        _GPU,
        _OTHER,
    ),
    "a100-server": Server(
        8,
        _seen(400.0, "NVIDIA A100 SXM"),
        _unseen(2160.0, f"5.04 kW at the 95th percentile less GPUs at 0.9; {_SEREN}"),
        _unseen(6500.0, "DGX A100; highest measured 6.55 kW"),
        {
            **_GPU,
            "down_cold": _seen(0.16, f"10th percentile, 63 of 400 W; {_SEREN}"),
            "down_context": _unseen(0.20, "80 of 400 W bounds a third of samples, same source"),
        },
        _OTHER,
    ),
    "gb200-nvl72": Server(
        4,
        _seen(1200.0, "NVIDIA GB200, arXiv:2605.24461"),
        _unseen(2400.0, "18 trays of 4.3 kW of GPUs at work in a rack of 113 kW: 0.62 of it; computed"),
        _seen(132_000.0 / 18.0, "132 kW of power shelves for 18 trays of 4 GPUs"),
        _GPU,
        _OTHER,
    ),
}
"""Servers by name."""
