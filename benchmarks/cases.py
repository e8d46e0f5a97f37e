"""What is measured: scenarios that stand for a user's, and the loop they are compared with."""

import math
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
from simpy import Environment, Event

from sim.engine.campus import Campus
from sim.scenario import Scenario, load_scenario
from sim.testing import a_scenario

SECONDS_A_DAY = 86_400
BARE_EVENTS = 200_000
SCENARIOS = Path(__file__).parent.parent / "scenarios"


def bare_timeout_s() -> float:
    """Return what one timeout of a bare SimPy loop costs [s], the best of three tries."""

    def loop(env: Environment) -> Generator[Event, Any, None]:
        while True:
            yield env.timeout(1.0)

    def once() -> float:
        env = Environment()
        env.process(loop(env))
        started = time.perf_counter()
        env.run(until=BARE_EVENTS)
        return time.perf_counter() - started

    return min(once() for _ in range(3)) / BARE_EVENTS


def replayed_seconds(folder: Path, days: float = 1.0) -> Scenario:
    """Return a run in which AI power changes every second, and each change asks for a decision and a ramp."""
    time_s = np.arange(int(days * SECONDS_A_DAY))
    power_mw = 130.0 + 20.0 * np.sin(time_s / 3000.0) + np.random.default_rng(1).normal(0.0, 3.0, time_s.size)
    rows = "\n".join(f"{t},{p:.3f}" for t, p in zip(time_s.tolist(), power_mw.tolist(), strict=True))
    (folder / "seconds.csv").write_text(f"time_s,power_mw\n{rows}\n", encoding="utf-8")
    return a_scenario(folder, loads=[{"name": "ai", "type": "replay", "file": "seconds.csv"}], days=days)


def quiet_day() -> Scenario:
    """Return the day of the example ``replay-day``: hourly steps, no noise."""
    return load_scenario(SCENARIOS / "replay-day.yaml")


def campus_days(days: float) -> Scenario:
    """Return the year of the example ``helios-year``, cut to some days."""
    return load_scenario(SCENARIOS / "helios-year.yaml", overrides={"days": days})


def gigawatt(days: float) -> Scenario:
    """Return a campus of a gigawatt: 20 training jobs of 40 MW, 10 services of 15 MW, 300 MW of miners."""
    jobs = [
        {"name": f"job-{n}", "type": "training", "gpus": 21_760, "gpu": "gb200-nvl72", "power_mw": 32.0}
        | {"checkpoint": {"interval_min": 30.0}, "restart": {"mean_min": 6.0}}
        for n in range(20)
    ]
    services = [{"name": f"service-{n}", "type": "inference", "power_mw": 12.0} for n in range(10)]
    miners = {"name": "miners", "type": "aggregate", "rated_mw": 300.0, "efficiency_j_per_th": 17.5}
    miners |= {"ramp_up_mw_per_s": 5.0, "ramp_down_mw_per_s": 60.0, "latency_s": 3.0}
    return a_scenario(
        loads=jobs + services,
        fleets=[miners],
        limit_mw=1100.0,
        days=days,
        policy={"type": "follow-headroom", "margin_mw": 22.0},
        controller={
            "telemetry_delay_s": 2.0,
            "minimum_interval_s": 2.0,
            "telemetry_deadband_mw": 5.0,
            "telemetry_scan_s": 2.0,
        },
    )


def run_s(scenario: Scenario) -> tuple[float, Campus]:
    """Return how long a run takes, build and recording included [s], and the campus that ran."""
    started = time.perf_counter()
    campus = Campus(scenario)
    campus.run()
    return time.perf_counter() - started, campus


def best_s(action: Callable[[], Any], tries: int = 3) -> float:
    """Return the shortest time of some tries [s]."""
    times_s = []
    for _ in range(tries):
        started = time.perf_counter()
        action()
        times_s.append(time.perf_counter() - started)
    return min(times_s)


def log_slope(sizes: list[float], times_s: list[float]) -> float:
    """Return the slope of time over size on logarithmic scales; 1 where cost per unit stays the same."""
    return float(np.polyfit([math.log(size) for size in sizes], [math.log(t) for t in times_s], 1)[0])
