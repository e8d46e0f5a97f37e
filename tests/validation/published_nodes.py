"""Power of nodes and of a colocation hall, at work and idle, against published figures."""

from functools import cache, partial

from occupied_power import occupied_power_mw
from published import Absolute, Band, PublishedCase, Relative
from published_training import NO_CHECKPOINTS, NO_FAILURES, run_jobs

from sim.ai.catalogue import SERVERS
from sim.ai.node_power import node_power_w
from sim.signals import Signal

TITLE = "Training: power of nodes"
NLR = "NLR colocation: 2,840 nodes, idle 0.42 kW, 0.2014 of them occupied, 2.38 MW"
LATIF = "Latif et al., arXiv:2412.08602"
ACME = "AcmeTrace, Seren, server power"
NODES, OCCUPIED, IDLE_KW, NAMEPLATE_KW, MEAN_MW = 2840, 0.2014, 0.42, 3.52, 2.38
ACTIVE_KW = 2.495
"""Power of an occupied node, fitted once to the published mean."""


def fitted_active_kw() -> float:
    """Return the power of an occupied node at which the hall draws its published mean [kW]."""
    idle_mw, one_kw_mw = (occupied_power_mw(NODES, IDLE_KW / 1e3, kw / 1e3, OCCUPIED) for kw in (0.0, 1.0))
    return (MEAN_MW - idle_mw) / (one_kw_mw - idle_mw)


def colocation_mw() -> float:
    """Simulate a day of the hall: one job on the occupied nodes, one that has not come on the others."""
    busy = round(NODES * OCCUPIED)
    shared = {"gpus_per_node": 4, "pue": 1.0, "failures": NO_FAILURES, "checkpoint": NO_CHECKPOINTS}
    idle = NODES - busy
    result = run_jobs(
        1.0,
        shared | {"gpus": 4 * busy, "power_mw": busy * ACTIVE_KW / 1e3},
        shared
        | {"gpus": 4 * idle, "power_mw": idle * ACTIVE_KW / 1e3, "start_h": 100.0}
        | {"absent_power_fraction": IDLE_KW / ACTIVE_KW},
    )
    return result.recording["ai_power_mw"].mean()


@cache
def h100_node() -> Signal:
    """Simulate one node in training, at the node's own meter."""
    result = run_jobs(0.1, {"gpus": 8, "pue": 1.0, "failures": NO_FAILURES})
    return result.recording["ai_power_mw"]


def computing_kw(gpu: str) -> float:
    """Return what a node draws while it computes, above its mean over an iteration [kW]."""
    return node_power_w(SERVERS[gpu], "compute") / 1e3


def h100_flat_out_kw() -> float:
    """Return what a node draws with every GPU at its rated power [kW]."""
    server = SERVERS["h100-hgx"]
    return (8 * server.gpu_rated_w.value + server.other_w.value) / 1e3


@cache
def a100_node() -> Signal:
    """Simulate one server that fails often, so that it is seen idle and at work."""
    job = {"gpus": 8, "gpu": "a100-server", "pue": 1.0, "restart": {"hang_fraction": 0.0}}
    return run_jobs(1.0, job | {"failures": {"per_node_day": 20.0}}).recording["ai_power_mw"]


CASES = [
    PublishedCase(
        "V5 NLR colocation: mean power of 2,840 nodes, simulated",
        NLR,
        MEAN_MW,
        colocation_mw,
        Relative(0.01),
        "MW",
    ),
    PublishedCase(
        "V5 NLR colocation: power of an occupied node, fitted",
        NLR,
        ACTIVE_KW,
        fitted_active_kw,
        Band(2.49, 2.50),
        "kW",
    ),
    PublishedCase(
        "V5 NLR colocation: occupied node over 3.52 kW nameplate",
        NLR,
        0.71,
        lambda: fitted_active_kw() / NAMEPLATE_KW,
        Absolute(0.005),
    ),
    PublishedCase(
        "V10 H100 HGX node in training, simulated: mean of iterations",
        f"{LATIF}: 76 % of 10.2 kW",
        7.75,
        lambda: h100_node().maximum() * 1e3,
        Relative(0.05),
        "kW",
    ),
    PublishedCase(
        "V10 H100 HGX node within an iteration: computing",
        f"{LATIF}: 76 % of 10.2 kW",
        7.75,
        partial(computing_kw, "h100-hgx"),
        Relative(0.05),
        "kW",
    ),
    PublishedCase(
        "V10 H100 HGX node with GPUs at rated power",
        f"{LATIF}: at most 8.4 kW",
        8.4,
        h100_flat_out_kw,
        Band(0.0, 8.5),
        "kW",
    ),
    PublishedCase(
        "V11 Acme A100 server idle, simulated",
        f"{ACME}: 5th percentile",
        1.51,
        lambda: a100_node().minimum() * 1e3,
        Relative(0.10),
        "kW",
    ),
    PublishedCase(
        "V11 Acme A100 server at work, simulated: mean of iterations",
        f"{ACME}: 95th percentile",
        5.04,
        lambda: a100_node().maximum() * 1e3,
        Relative(0.10),
        "kW",
    ),
    PublishedCase(
        "V11 Acme A100 server within an iteration: computing",
        f"{ACME}: 95th percentile",
        5.04,
        partial(computing_kw, "a100-server"),
        Relative(0.10),
        "kW",
    ),
]
