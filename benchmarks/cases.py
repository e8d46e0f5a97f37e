"""What is measured: scenarios that stand for a user's."""

import math
from pathlib import Path

import numpy as np

from sim.grid.limits import published_limits
from sim.metrics import dips, exceedance, ramps, residual
from sim.metrics.power_limits import check_recording
from sim.mining.cohort.spec import CohortFleet
from sim.mining.fleet import AggregateFleet
from sim.recording import Recording
from sim.scenario import Scenario, load_scenario
from sim.signals import FloatArray, Signal
from sim.testing import a_scenario

SECONDS_A_DAY = 86_400
LEAST_MOVE_MW = 1e-9
STABILITY = (exceedance, ramps, dips, residual)
DIPS = 1000
SCENARIOS = Path(__file__).parent.parent / "scenarios"


def ramping_seconds(folder: Path, days: float = 1.0) -> Scenario:
    """Return a run in which AI power changes every second, and each change makes the fleet ramp."""
    return a_scenario(folder, loads=[_replayed(folder, days, mean_mw=170.0, swing_mw=15.0)], days=days)


def many_loads(folder: Path, count: int, days: float = 0.1) -> Scenario:
    """Return the same with some loads, of which one changes and the others stand, 70 MW together."""
    (folder / "still.csv").write_text(f"time_s,power_mw\n0.0,{70.0 / count}\n", encoding="utf-8")
    moving = _replayed(folder, days, mean_mw=100.0, swing_mw=15.0)
    still = [{"name": f"load-{n}", "type": "replay", "file": "still.csv"} for n in range(count - 1)]
    limit_mw = 130.0 + 70.0 * (count - 1) / count
    return a_scenario(folder, loads=[moving, *still], limit_mw=limit_mw, days=days)


def many_fleets(folder: Path, count: int, days: float = 0.1) -> Scenario:
    """Return the same with 60 MW in some fleets, of which each change moves the one in the middle alone."""
    rated_mw = 60.0 / count
    fleet = {"type": "aggregate", "rated_mw": rated_mw, "ramp_up_mw_per_s": 1.0, "ramp_down_mw_per_s": 5.0}
    fleets = [fleet | {"name": f"miners-{n}", "efficiency_j_per_th": 15.0 + n / count} for n in range(count)]
    load = _replayed(folder, days, mean_mw=170.0 - rated_mw / 2.0, swing_mw=rated_mw / 8.0, noise_mw=rated_mw / 20.0)
    return a_scenario(folder, loads=[load], fleets=fleets, days=days)


def _replayed(folder: Path, days: float, mean_mw: float, swing_mw: float, noise_mw: float = 3.0) -> dict[str, object]:
    """Return a load that replays a noisy swing, second by second, from a file written here."""
    time_s = np.arange(int(days * SECONDS_A_DAY))
    noise = np.random.default_rng(1).normal(0.0, noise_mw, time_s.size)
    power_mw = mean_mw + swing_mw * np.sin(time_s / 3000.0) + noise
    rows = "\n".join(f"{t},{p:.6f}" for t, p in zip(time_s.tolist(), power_mw.tolist(), strict=True))
    file = folder / f"seconds-{mean_mw:g}.csv"
    file.write_text(f"time_s,power_mw\n{rows}\n", encoding="utf-8")
    return {"name": "ai", "type": "replay", "file": file.name}


def ramping_share(recording: Recording) -> float:
    """Return the share of the changes of AI power after which a fleet is on its way before the next one."""
    changes_s = recording["ai_power_mw"].time_s
    fleet = recording["fleet_power_mw"]
    edges_s = np.append(changes_s, recording.end_s)
    moved_mw = fleet.maxima_over(edges_s) - fleet.minima_over(edges_s)
    return float(np.mean(moved_mw > LEAST_MOVE_MW))


def quiet_day() -> Scenario:
    """Return the day of the example ``replay-day``: hourly steps, no noise."""
    return load_scenario(SCENARIOS / "replay-day.yaml")


def campus_days(days: float) -> Scenario:
    """Return a year of helios as it was when the first figures were measured, cut to some days."""
    year = Path(__file__).parent / "helios-year.yaml"
    return load_scenario(year, overrides={"days": days}, data=[SCENARIOS])


def cohort_days(days: float) -> Scenario:
    """Return the same with 57,000 machines of 200 MW in 200 blocks for a fleet."""
    cohort = {"name": "miners", "type": "cohort", "model": "antminer-s21", "machine_count": 57_000}
    return _with_fleet(days, CohortFleet.model_validate(cohort))


def aggregate_days(days: float) -> Scenario:
    """Return the same with 200 MW of miners as one block, to compare a cohort with."""
    spec = campus_days(days).fleets[0]
    return _with_fleet(days, spec.model_copy(update={"rated_mw": 200.0}))


def _with_fleet(days: float, fleet: AggregateFleet | CohortFleet) -> Scenario:
    return campus_days(days).model_copy(update={"fleets": (fleet,)})


def restless_year(count: int = 5_000_000) -> Recording:
    """Return a year in which AI moves at millions of random times, and falls by 60 MW a thousand times."""
    draws, year_s = np.random.default_rng(3), 365.0 * SECONDS_A_DAY
    time_s = np.append(0.0, np.sort(draws.uniform(0.0, year_s, count - 1)))
    power_mw = 130.0 + 20.0 * np.sin(time_s / 3000.0) + draws.normal(0.0, 3.0, count)
    power_mw[draws.random(count) < DIPS / count] -= 60.0
    miners_mw = np.clip(190.0 - power_mw + draws.normal(0.0, 1.0, count), 0.0, 60.0)
    ai, miners = Signal.linear(time_s, power_mw, year_s), Signal.linear(time_s, miners_mw, year_s)
    signals = {
        "site_power_mw": ai + miners,
        "ai_power_mw": ai,
        "fleet_power_mw": miners,
        "limit_mw": Signal.constant(200.0, year_s),
        "load.ai.power_mw": ai,
    }
    return Recording(0.0, year_s, signals)


def measure_stability(recording: Recording) -> None:
    """Measure how steady a site is, with and without mining, and check it against published limits."""
    baseline = recording.without_mining()
    for metric in (metric for module in STABILITY for metric in module.CATALOGUE):
        metric.measure(recording)
        if metric.compares:
            metric.measure(baseline)
    for one in (recording, baseline):
        check_recording(one, published_limits())


def year_of_seconds() -> tuple[FloatArray, FloatArray]:
    """Return the times of a year of seconds [s], and a noisy load [MW]."""
    time_s = np.arange(365.0 * SECONDS_A_DAY)
    noise_mw = np.random.default_rng(1).normal(0.0, 3.0, time_s.size)
    return time_s, 150.0 + 20.0 * np.sin(time_s / 3000.0) + noise_mw


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


def log_slope(sizes: list[float], times_s: list[float]) -> float:
    """Return the slope of time over size on logarithmic scales; 1 where cost per unit stays the same."""
    return float(np.polyfit([math.log(size) for size in sizes], [math.log(t) for t in times_s], 1)[0])
