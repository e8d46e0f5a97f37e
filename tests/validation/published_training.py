"""Training jobs, their checkpoints and interruptions, against published figures."""

from functools import cache, partial

import numpy as np
from published import Absolute, Band, PublishedCase, Relative
from simpy import Environment

from sim.ai import TrainingLoad
from sim.ai.base import Connection
from sim.ai.checkpointing import (
    effective_time_ratio_kokolis,
    effective_time_ratio_renewal,
    interruption_rate_per_s,
    sync_stall_s,
    young_daly_interval_s,
)
from sim.rng import stream
from sim.tables import Files

TITLE = "Training: interruptions and checkpoints"
DAY_S = 86_400.0
LLAMA_3 = "Llama 3 405B, 16,384 GPUs, 54 days: arXiv:2407.21783"
KOKOLIS = "Kokolis et al., arXiv:2410.21680"
BLOOM = "BLOOM-176B, 2.3 TB each 3 h, 90 days: Bekman, Machine Learning Engineering"

Events = list[tuple[str, float]]


def events_of(job: TrainingLoad, until_s: float, seed: int = 1) -> Events:
    """Run a job alone and return what it logged."""
    env, events = Environment(), []
    connection = Connection(
        env=env,
        set_power_mw=lambda *_: None,
        log=lambda kind, value: events.append((kind, value)),
        stream=lambda name: stream(seed, name),
        files=Files([]),
        start_utc_s=0.0,
        end_s=until_s,
    )
    env.process(job.process(connection))
    env.run(until=until_s)
    return events


def useful_share(events: Events, until_s: float) -> float:
    """Return the effective training time ratio."""
    return 1.0 - sum(value for kind, value in events if kind != "planned") / until_s


@cache
def llama_3(interval_min: float, seed: int) -> Events:
    """Run the job; its rates are for each day of running, which leaves out 466 restarts of 10 min."""
    running_days = 54.0 - 466 * 10.0 / 1440.0
    job = TrainingLoad(
        type="training",
        name="llama",
        gpus=16_384,
        power_mw=20.5,
        checkpoint={"interval_min": interval_min},
        failures={"per_node_day": 419 / 2048 / running_days, "planned_per_day": 47 / running_days},
    )
    return events_of(job, 54 * DAY_S, seed)


def llama_3_count(kinds: set[str], seeds: range) -> float:
    """Return the mean number of events of some kinds."""
    return float(np.mean([sum(kind in kinds for kind, _ in llama_3(10.0, seed)) for seed in seeds]))


def llama_3_useful(interval_min: float) -> float:
    return float(np.mean([useful_share(llama_3(interval_min, seed), 54 * DAY_S) for seed in range(10)]))


RSC_RATE_PER_S = interruption_rate_per_s(256, 6.5e-3)


@cache
def research_cluster_useful() -> float:
    """Simulate 2,048 GPUs for 1,000 days: 60 min of work, 5 of checkpoint, 10 of restart."""
    job = TrainingLoad(
        type="training",
        name="rsc",
        gpus=2048,
        power_mw=1.0,
        checkpoint={"interval_min": 65.0, "stall_median_s": 300.0, "stall_sigma": 0.0},
        failures={"per_node_day": 6.5e-3},
    )
    until_s = 1000 * DAY_S
    return useful_share(events_of(job, until_s), until_s)


def bloom_stall_s() -> float:
    return sync_stall_s(176.0, 2300.0 / 176.0, 57.5)


@cache
def bloom_stalls_s() -> list[float]:
    """Simulate 90 days without failures and return each stall [s]."""
    job = TrainingLoad(
        type="training",
        name="bloom",
        gpus=384,
        power_mw=0.3,
        checkpoint={"interval_min": 180.0, "stall_median_s": bloom_stall_s(), "stall_sigma": 0.0},
        failures={"per_node_day": 0.0},
    )
    return [value for kind, value in events_of(job, 90 * DAY_S) if kind == "checkpoint"]


MTBI_S = 2.78 * 3600.0


def best_interval_s(stall_s: float) -> float:
    """Search the exact ratio for the best interval, on 2,048 nodes."""
    intervals_s = np.linspace(stall_s + 1.0, 6000.0, 20_000)
    ratios = effective_time_ratio_renewal(intervals_s - stall_s, stall_s, 600.0, 1.0 / MTBI_S)
    return float(intervals_s[ratios.argmax()])


CASES = [
    PublishedCase(
        "Llama 3: interruptions in one run",  # 10 % is two standard deviations
        LLAMA_3,
        466,
        partial(llama_3_count, {"failure", "planned"}, range(1, 2)),
        Band(420, 512),
    ),
    PublishedCase(
        "Llama 3: unexpected interruptions, mean of 20 runs",
        LLAMA_3,
        419,
        partial(llama_3_count, {"failure"}, range(20)),
        Relative(0.03),
    ),
    PublishedCase(
        "Llama 3: planned interruptions, mean of 20 runs",
        LLAMA_3,
        47,
        partial(llama_3_count, {"planned"}, range(20)),
        Absolute(3.0 * (47 / 20) ** 0.5),
    ),
    PublishedCase(
        "Llama 3: effective time, checkpoints each 10 min",
        f"{LLAMA_3}: above 0.90",
        0.90,
        partial(llama_3_useful, 10.0),
        Band(0.90, 0.93),
    ),
    PublishedCase(
        "Llama 3: effective time, checkpoints each 30 min",
        "renewal formula: must fall to 0.86",
        0.86,
        partial(llama_3_useful, 30.0),
        Band(0.85, 0.87),
    ),
    *(
        PublishedCase(
            f"Time between failures of {nodes:,} nodes",
            f"{KOKOLIS}: 6.5e-3 a node and day",
            hours,
            lambda nodes=nodes: 1.0 / interruption_rate_per_s(nodes, 6.5e-3) / 3600.0,
            Relative(0.02),
            "h",
        )
        for nodes, hours in [(2048, 1.80), (16_384, 0.225)]
    ),
    PublishedCase(
        "Research cluster: effective time, formula",
        f"{KOKOLIS}: about 0.9 on more than 1,024 GPUs",
        0.885,
        partial(effective_time_ratio_kokolis, 3600.0, 300.0, 600.0, RSC_RATE_PER_S),
        Band(0.88, 0.89),
    ),
    PublishedCase(
        "Research cluster: effective time, simulated",
        f"{KOKOLIS}, its formula",
        effective_time_ratio_kokolis(3600.0, 300.0, 600.0, RSC_RATE_PER_S),
        research_cluster_useful,
        Relative(0.02),
    ),
    PublishedCase(
        "Research cluster: effective time, simulated against renewal",
        "Daly, doi:10.1016/j.future.2004.11.016",
        float(effective_time_ratio_renewal(3600.0, 300.0, 600.0, RSC_RATE_PER_S)),
        research_cluster_useful,
        Relative(0.01),
    ),
    PublishedCase("BLOOM: stall of a checkpoint", BLOOM, 40.0, bloom_stall_s, Relative(0.02), "s"),
    PublishedCase("BLOOM: checkpoints", BLOOM, 720, lambda: len(bloom_stalls_s()), Relative(0.02)),
    PublishedCase(
        "BLOOM: time stalled", BLOOM, 8.0, lambda: sum(bloom_stalls_s()) / 3600.0, Relative(0.02), "h"
    ),
    PublishedCase(
        "BLOOM: share of time stalled",
        BLOOM,
        0.0037,
        lambda: sum(bloom_stalls_s()) / (90 * DAY_S),
        Relative(0.02),
    ),
    *(
        PublishedCase(
            f"Best checkpoint interval at a stall of {stall_s:g} s",
            "Young, doi:10.1145/361147.361115; Daly, doi:10.1016/j.future.2004.11.016",
            young_daly_interval_s(stall_s, MTBI_S),
            partial(best_interval_s, stall_s),
            Relative(0.10),
            "s",
        )
        for stall_s in (10.0, 30.0, 60.0, 120.0)
    ),
]
