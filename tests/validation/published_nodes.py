"""Power of nodes and of a colocation hall, at work and idle, against published figures."""

from functools import cache, partial

from published import Absolute, Calibration, Relative
from published_training import NO_CHECKPOINTS, NO_FAILURES, run_jobs

from sim.ai.catalogue import SERVERS
from sim.ai.node_power import node_power_w
from sim.signals import Signal

TITLE = "Training: power of nodes"
NLR = "NLR colocation: 2,840 nodes, idle 0.42 kW, 0.2014 of them occupied, 2.38 MW"
LATIF = "Latif et al., arXiv:2412.08602"
ACME = "AcmeTrace, Seren, server power"
NODES, OCCUPIED, IDLE_KW, MEAN_MW = 2840, 0.2014, 0.42, 2.38
ACTIVE_KW = 2.495
"""Power of an occupied node, fitted once to the published mean."""


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
    Calibration(
        "V5 NLR colocation: mean power of 2,840 nodes, simulated",
        NLR,
        MEAN_MW,
        colocation_mw,
        Absolute(0.005),
        "MW",
    ),
    Calibration(
        "V10 H100 HGX node in training, simulated: mean of iterations",
        f"{LATIF}: 76 % of 10.2 kW",
        7.75,
        lambda: h100_node().maximum() * 1e3,
        Relative(0.05),
        "kW",
    ),
    Calibration(
        "V10 H100 HGX node within an iteration: computing",
        f"{LATIF}: 76 % of 10.2 kW",
        7.75,
        partial(computing_kw, "h100-hgx"),
        Relative(0.05),
        "kW",
    ),
    Calibration(
        "V10 H100 HGX node with GPUs at rated power",
        f"{LATIF}: at most 8.4 kW",
        8.4,
        h100_flat_out_kw,
        Relative(0.01),
        "kW",
    ),
    Calibration(
        "V11 Acme A100 server idle, simulated",
        f"{ACME}: 5th percentile; the median of idle servers lies above it by up to 5 % (assumption)",
        1.51,
        lambda: a100_node().minimum() * 1e3,
        Relative(0.05),
        "kW",
    ),
    Calibration(
        "V11 Acme A100 server at work, simulated: mean of iterations",
        f"{ACME}: 95th percentile; a fifth of an iteration is at half of GPU power",
        5.04,
        lambda: a100_node().maximum() * 1e3,
        Relative(0.06),
        "kW",
    ),
    Calibration(
        "V11 Acme A100 server within an iteration: computing",
        f"{ACME}: 95th percentile",
        5.04,
        partial(computing_kw, "a100-server"),
        Relative(1e-6),
        "kW",
    ),
]
