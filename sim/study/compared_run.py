"""One run of a comparison: its metrics after the warm-up, and how it stands to perfect foresight."""

import hashlib
from collections.abc import Mapping
from math import isfinite, nan
from typing import Final

from sim.ai import TrainingLoad
from sim.engine.load_views import views_of
from sim.errors import ResultError
from sim.frames import Metrics
from sim.metrics import Measurement, measure
from sim.metrics.base import COMPARED
from sim.metrics.response_bound import contract_soak_fraction, foresight_soak_fraction
from sim.policies.certificate import FleetResponse
from sim.recording import Recording
from sim.scenario.model import Scenario
from sim.signals.distribution import Distribution
from sim.simulation import run, run_key
from sim.study.gap import LINES, Gap
from sim.study.instants import setting_of
from sim.study.objective import objective_usd
from sim.study.optimum import Benchmarks, benchmarks, inertia_usd
from sim.study.runs import Bound, Record, RunTask, run_record
from sim.units import unit_of

HOLDS: Final = "limit_certificate_holds"
RAMPS: Final = ("net_ramp_up_60s_mw_per_min", "net_ramp_down_60s_mw_per_min")

LEVEL_PERCENT: Final = (0, 1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99, 100)
LEVELS: Final = {
    f"duration_p{percent:02d}_mw": f"Site power is at or below this for {percent} % of the time"
    for percent in LEVEL_PERCENT
}
"""Levels of site power that a comparison draws its duration curves of, with what they are."""


def compared_key(key: str, warm_up_s: float, bound: Bound) -> str:
    """Return what identifies a run of a comparison: what it measures is more than a run's metrics.

    Parameters
    ----------
    key
        Run key.
    warm_up_s
        Time left out [s].
    bound
        What the run is held against.
    """
    return hashlib.sha256(f"compare 5 {key} {warm_up_s!r} {bound}".encode()).hexdigest()


def perform_compared(task: RunTask) -> Record:
    """Run a scenario and return what a comparison measures of it.

    Raises
    ------
    ResultError
        The key is not what it was when the runs were listed: a data file has changed meanwhile.
    """
    scenario = task.resolved()
    if compared_key(run_key(scenario), task.warm_up_s, task.bound) != task.key:
        raise ResultError(f"a data file changed while the comparison ran ({task.label}); start it again")
    return run_record(task.key, _measured(scenario, task))


def _measured(scenario: Scenario, task: RunTask) -> dict[str, Measurement]:
    result, warm_up_s = run(scenario), task.warm_up_s
    recording, metrics = result.recording, result.metrics
    if warm_up_s:
        recording = recording.between(warm_up_s, recording.end_s)
        # notices of the warm-up count for the rest: a claim is checked whole or not at all
        metrics = Metrics({**measure(recording), HOLDS: metrics[HOLDS]})
    lost_usd = nan
    if task.bound == "limited":
        lost_usd = inertia_usd(setting_of(recording), scenario.fleets)
    is_bound = task.bound != "none"
    return {
        **against_foresight(recording, scenario, metrics, lost_usd, is_bound=is_bound),
        **site_levels(recording),
        **metrics,
    }


def site_levels(recording: Recording) -> dict[str, Measurement]:
    """Return what site power is at or below for some shares of the time [MW], by the names of `LEVELS`."""
    spread = Distribution.of(recording["site_power_mw"])
    return {
        name: Measurement(spread.quantile(percent / 100.0), "MW", LEVELS[name])
        for name, percent in zip(LEVELS, LEVEL_PERCENT, strict=True)
    }


def against_foresight(
    recording: Recording, scenario: Scenario, metrics: Mapping[str, float], lost_usd: float, *, is_bound: bool = True
) -> dict[str, Measurement]:
    """Return the objective, the bounds, and what lies between, by the names of `COMPARED`.

    Parameters
    ----------
    recording, scenario, metrics
        The run, and what was measured of it.
    lost_usd
        By how much the machines' inertia lowers the bound [USD]; NaN: not known.
    is_bound
        Whether to find the bounds; else none is known.
    """
    found = benchmarks(recording, scenario.fleets) if is_bound else Benchmarks(nan, nan)
    response = FleetResponse.of(fleet.response_times for fleet in scenario.fleets)
    value_usd, limited_usd = objective_usd(recording), found.limited_bound_usd(lost_usd)
    gap = Gap(recording, scenario)
    lines_usd = gap.lines_usd(found.bound_usd, value_usd) if is_bound else dict.fromkeys(LINES, nan)
    working = found
    if isfinite(lines_usd["repair"]):
        filling_usd = found.always_on_limited_usd - gap.filling_repair_usd()
        working = found._replace(bound_usd=found.bound_usd - lines_usd["repair"], always_on_limited_usd=filling_usd)
    values = (
        value_usd,
        found.bound_usd,
        found.always_on_limited_usd,
        working.capture_ratio(value_usd),
        _share(value_usd, found.bound_usd),
        limited_usd,
        _share(value_usd, limited_usd),
        *lines_usd.values(),
        contract_soak_fraction(
            recording, views_of(scenario), response, scenario.controller.telemetry_delay_s, _stalls_mw(scenario)
        ),
        foresight_soak_fraction(recording, response),
        max(metrics[name] for name in RAMPS),
    )
    return {
        name: Measurement(value, unit_of(name) or "1", summary)
        for (name, summary), value in zip(COMPARED.items(), values, strict=True)
    }


def _stalls_mw(scenario: Scenario) -> dict[str, tuple[float, float]]:
    """Return the power of each job in a stall, and the most that it draws if it fails in it [MW]."""
    jobs = [load for load in scenario.running_loads if isinstance(load, TrainingLoad)]
    levels = {job.name: job.levels_mw(job.floor_fraction) for job in jobs}
    return {name: (of["stall"], max(of["hang"], of["down_cold"], of["down_context"])) for name, of in levels.items()}


def _share(value_usd: float, bound_usd: float) -> float:
    """Return the share of a bound that is reached [1]; NaN where the bound is not above zero."""
    return value_usd / bound_usd if bound_usd > 0.0 else nan
