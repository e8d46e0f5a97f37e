"""Training jobs, their checkpoints and interruptions, against published figures."""

from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from statistics import fmean

import numpy as np
from effective_time import effective_time_ratio_kokolis, effective_time_ratio_renewal
from published import Absolute, Band, Calibration, Evidence, Identity, Relative
from quick import run

from sim import load_scenario
from sim.ai.checkpointing import (
    daly_interval_s,
    interruption_rate_per_s,
    young_daly_interval_s,
)
from sim.result import Result
from sim.testing import a_scenario

TITLE = "Training: interruptions and checkpoints"
SCENARIO = Path(__file__).parents[2] / "scenarios" / "llama3-405b.yaml"
LLAMA_3 = "Llama 3 405B, 16,384 GPUs, 54 days: arXiv:2407.21783"
KOKOLIS = "Kokolis et al., arXiv:2410.21680"
BLOOM = "BLOOM-176B, 2.3 TB each 3 h, 90 days: Bekman, Machine Learning Engineering"
OPT = "OPT-175B, 1,024 A100, 56 days: arXiv:2205.01068 and its chronicles"
YOUNG = "Young, doi:10.1145/361147.361115; Daly, doi:10.1016/j.future.2004.11.016"
SEEDS = range(8)
NO_CHECKPOINTS = {"interval_min": 1e5}
NO_FAILURES = {"per_node_day": 0.0}


def run_jobs(days: float, *jobs: dict) -> Result:
    """Run training jobs ``job0``, ``job1`` ... on a site without miners."""
    loads = [{"name": f"job{number}", "type": "training", **job} for number, job in enumerate(jobs)]
    return run(a_scenario(loads=loads, fleets=[], days=days))


def measured(metric: str, days: float, job: dict) -> float:
    """Return a metric of a job that runs alone."""
    return float(run_jobs(days, job).metrics[f"ai.job0.{metric}"])


@dataclass(frozen=True)
class Llama3Run:
    """What a run of the scenario llama3-405b gives."""

    unexpected: int
    planned: int
    effective_ratio: float


@cache
def llama_3(interval_min: float, seed: int) -> Llama3Run:
    """Run the shipped scenario; its rates are for each day of running."""
    changes = {"loads.llama.checkpoint.interval_min": interval_min, "seed": seed}
    result = run(load_scenario(SCENARIO, overrides=changes))
    kinds = [event.kind for event in result.recording.events if event.source == "load.llama"]
    unexpected, planned = kinds.count("failure"), kinds.count("planned")
    assert unexpected + planned == result.metrics["ai.llama.interruption_count"]
    return Llama3Run(unexpected, planned, float(result.metrics["ai.llama.effective_time_ratio"]))


def llama_3_mean(field: str, interval_min: float = 10.0) -> float:
    """Return the mean of a field over the seeds."""
    return fmean(getattr(llama_3(interval_min, seed), field) for seed in SEEDS)


def llama_3_total(seed: int) -> int:
    """Return the interruptions of one run."""
    return llama_3(10.0, seed).unexpected + llama_3(10.0, seed).planned


def time_between_failures_h(nodes: int, days: float) -> float:
    """Simulate a job that restarts in 6 s and return its running time for each failure [h]."""
    job = {
        "gpus": 8 * nodes,
        "failures": {"per_node_day": 6.5e-3},
        "restart": {"mean_min": 0.1, "sigma": 0.0},
        "checkpoint": NO_CHECKPOINTS,
    }
    count = measured("interruption_count", days, job)
    return (days * 24.0 - count * 0.1 / 60.0) / count


RSC_RATE_PER_S = interruption_rate_per_s(256, 6.5e-3)


@cache
def research_cluster_useful() -> float:
    """Simulate 2,048 GPUs for 1,000 days: 60 min of work, 5 of checkpoint, 10 of restart."""
    job = {
        "gpus": 2048,
        "checkpoint": {"mode": "sync", "interval_min": 65.0, "stall_median_s": 300.0, "stall_sigma": 0.0},
        "failures": {"per_node_day": 6.5e-3},
        "restart": {"mean_min": 10.0},
    }
    return measured("effective_time_ratio", 1000.0, job)


@cache
def bloom(metric: str) -> float:
    """Simulate 90 days without failures; the stall comes from bytes and storage."""
    job = {
        "gpus": 384,
        "gpu": "a100-server",
        "parameters_billion": 176.0,
        "bytes_per_parameter": 2300.0 / 176.0,
        "storage_gb_per_s": 57.5,
        "checkpoint": {"mode": "sync", "interval_min": 180.0, "stall_sigma": 0.0, "barrier_s": 0.0},
        "failures": NO_FAILURES,
    }
    return measured(metric, 90.0, job)


@cache
def opt_175b(metric: str) -> float:
    """Simulate 1,024 A100 that are restarted by hand, ten times 56 days; the rate is by hour at work."""
    job = {
        "gpus": 1024,
        "gpu": "a100-server",
        "parameters_billion": 175.0,
        "bytes_per_parameter": 9.4,
        "storage_gb_per_s": 20.0,
        "checkpoint": {"mode": "sync", "interval": "young-daly"},
        "failures": {"per_node_day": 0.0, "per_job_hour": 90.0 / (0.59 * 56.0 * 24.0)},
        "restart": {"preset": "manual"},
    }
    return measured(metric, 560.0, job)


MTBI_S = 1.0 / interruption_rate_per_s(2048, 4.2e-3)


def wasted_ratio(interval_s: float, stall_s: float) -> float:
    """Simulate 2,048 nodes for 150 days; all such runs share their failures."""
    job = {
        "gpus": 16_384,
        "checkpoint": {"interval_min": interval_s / 60.0, "stall_median_s": stall_s, "stall_sigma": 0.0},
        "restart": {"mean_min": 1.0, "sigma": 0.0},
        "snap_back_s": 0.0,
        "down_power_fraction": 0.25,
    }
    return 1.0 - measured("effective_time_ratio", 150.0, job)


def best_simulated_interval_s(stall_s: float) -> float:
    """Return the least wasteful interval of a curve through simulated ones.

    What an interval wastes is a constant, a part that falls with it and one that grows with it.
    """
    intervals_s = young_daly_interval_s(stall_s, MTBI_S) * np.geomspace(0.4, 2.5, 7)
    wasted = np.array([wasted_ratio(float(interval_s), stall_s) for interval_s in intervals_s])
    terms = np.stack([1.0 / intervals_s, intervals_s, np.ones_like(intervals_s)], axis=1)
    falling, growing, _ = np.linalg.lstsq(terms, wasted, rcond=None)[0]
    return float((falling / growing) ** 0.5)


def best_exact_interval_s(stall_s: float) -> float:
    """Search the exact ratio for the best interval."""
    intervals_s = np.linspace(stall_s + 1.0, 6000.0, 20_000)
    ratios = effective_time_ratio_renewal(intervals_s - stall_s, stall_s, 600.0, 1.0 / MTBI_S)
    return float(intervals_s[ratios.argmax()])


CASES = [
    Calibration(
        "V1 Llama 3: interruptions in one run",  # 10 % is two standard deviations
        LLAMA_3,
        466,
        partial(llama_3_total, 1),
        Band(420, 512),
    ),
    Calibration(
        "V1 Llama 3: interruptions, mean of 8 runs",
        LLAMA_3,
        466,
        lambda: fmean(map(llama_3_total, SEEDS)),
        Relative(0.03),
    ),
    Calibration(
        "V1 Llama 3: unexpected interruptions, mean of 8 runs",
        LLAMA_3,
        419,
        partial(llama_3_mean, "unexpected"),
        Relative(0.03),
    ),
    Calibration(
        "V1 Llama 3: planned interruptions, mean of 8 runs",
        LLAMA_3,
        47,
        partial(llama_3_mean, "planned"),
        Absolute(3.0 * (47 / len(SEEDS)) ** 0.5),
    ),
    Evidence(
        "V1 Llama 3: effective time, checkpoints each 10 min",
        f"{LLAMA_3}: above 0.90",
        0.90,
        partial(llama_3_mean, "effective_ratio"),
        Band(low=0.90),
    ),
    Identity(
        "V1 Llama 3: effective time, checkpoints each 30 min",
        "renewal formula: must fall to 0.86",
        0.86,
        partial(llama_3_mean, "effective_ratio", 30.0),
        Absolute(0.005),
    ),
    Calibration(
        "Restarts by hand: effective time",
        f"{OPT}: 33 of 56 days",
        0.59,
        partial(opt_175b, "effective_time_ratio"),
        Absolute(0.02),
    ),
    Calibration(
        "Restarts by hand: restarts in ten times 56 days",
        f"{OPT}: about 90 in each",
        900,
        partial(opt_175b, "interruption_count"),
        Relative(0.1),
    ),
    *(
        Identity(
            f"V2 Time between failures of {nodes:,} nodes, formula",
            f"{KOKOLIS}: 6.5e-3 a node and day",
            hours,
            lambda nodes=nodes: 1.0 / interruption_rate_per_s(nodes, 6.5e-3) / 3600.0,
            Relative(0.003),
            "h",
        )
        for nodes, hours in [(2048, 1.80), (16_384, 0.225)]
    ),
    *(
        Identity(
            f"V2 Time between failures of {nodes:,} nodes, simulated",  # 5 %: about three deviations
            f"{KOKOLIS}: 6.5e-3 a node and day",
            hours,
            partial(time_between_failures_h, nodes, days),
            Relative(0.05),
            "h",
            slow=nodes > 10_000,
        )
        for nodes, hours, days in [(2048, 1.80, 400.0), (16_384, 0.225, 30.0)]
    ),
    Identity(
        "V3 Research cluster: effective time, simulated",
        f"{KOKOLIS}, its formula to first order; 1,664 failures",
        effective_time_ratio_kokolis(3600.0, 300.0, 600.0, RSC_RATE_PER_S),
        research_cluster_useful,
        Relative(0.008),
    ),
    Identity(
        "V3 Research cluster: effective time, simulated against renewal",
        "Daly, doi:10.1016/j.future.2004.11.016",
        float(effective_time_ratio_renewal(3600.0, 300.0, 600.0, RSC_RATE_PER_S)),
        research_cluster_useful,
        Relative(0.006),
    ),
    Calibration("V4 BLOOM: stall of a checkpoint", BLOOM, 40.0, partial(bloom, "stall_mean_s"), Relative(1e-6), "s"),
    Identity("V4 BLOOM: checkpoints", BLOOM, 720, partial(bloom, "checkpoint_count"), Absolute(1.0)),
    Identity(
        "V4 BLOOM: time stalled",
        BLOOM,
        8.0,
        lambda: bloom("stall_mean_s") * bloom("checkpoint_count") / 3600.0,
        Absolute(0.5 * 40.0 / 3600.0 + 1.0 / 120.0),
        "h",
    ),
    Identity(
        "V4 BLOOM: share of time stalled",
        BLOOM,
        0.0037,
        lambda: 1.0 - bloom("effective_time_ratio"),
        Absolute(0.00005),
    ),
    *(
        Identity(
            f"V7 Best checkpoint interval at a stall of {stall_s:g} s, simulated",
            f"{YOUNG}; to first order 3 %, a curve through seven runs 2 %",
            young_daly_interval_s(stall_s, MTBI_S),
            partial(best_simulated_interval_s, stall_s),
            Relative(0.05),
            "s",
            slow=stall_s != 60.0,
        )
        for stall_s in (10.0, 30.0, 60.0, 120.0)
    ),
    *(
        Identity(
            f"V7 Best checkpoint interval at a stall of {stall_s:g} s, Daly's against the exact ratio",
            YOUNG,
            best_exact_interval_s(stall_s),
            partial(daly_interval_s, stall_s, MTBI_S),
            Relative(0.001),
            "s",
        )
        for stall_s in (10.0, 30.0, 60.0, 120.0)
    ),
]
