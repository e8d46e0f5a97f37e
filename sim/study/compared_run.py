"""One run of a comparison: its metrics after the warm-up, and how it stands to perfect foresight."""

import hashlib
from collections.abc import Mapping
from typing import Final

from sim.errors import ResultError
from sim.metrics import Measurement, Metric, measure
from sim.recording import Recording
from sim.scenario.load import scenario_from
from sim.scenario.model import Scenario
from sim.simulation import run, run_key
from sim.study.objective import objective_usd
from sim.study.optimum import benchmarks
from sim.study.runs import RunTask, run_record
from sim.study.store import Store

FACTS: Final = {
    "objective_usd": ("USD", "What the miners add to the site: see the explanation of comparisons"),
    "bound_usd": ("USD", "The most that any policy could add, with perfect foresight and no inertia"),
    "always_on_limited_usd": ("USD", "What fleets would add that fill the limit at each instant"),
    "uplift_capture": ("1", "Share of what foresight gains over filling the limit that the policy gains"),
    "bound_captured_fraction": ("1", "Objective over the bound"),
    "worst_ramp_60s_mw_per_min": ("MW/min", "Steepest net ramp of the site over 60 s, up or down"),
}
"""Unit and summary of what a comparison measures besides the metrics of a run."""
RAMPS: Final = ("net_ramp_up_60s_mw_per_min", "net_ramp_down_60s_mw_per_min")


def compared_key(key: str, warm_up_s: float) -> str:
    """Return what identifies a run of a comparison: what it measures is more than a run's metrics.

    Parameters
    ----------
    key
        Run key.
    warm_up_s
        Time left out [s].
    """
    return hashlib.sha256(f"compare 1 {key} {warm_up_s!r}".encode()).hexdigest()


def perform_compared(task: RunTask) -> None:
    """Run a scenario and commit what a comparison measures of it.

    Raises
    ------
    ResultError
        The key is not what it was when the runs were listed: a data file has changed meanwhile.
    """
    scenario = scenario_from(
        task.scenario, folder=task.folder, data=task.data, allow_plugins=task.allow_plugins
    )
    if compared_key(run_key(scenario), task.warm_up_s) != task.key:
        raise ResultError(f"a data file changed while the comparison ran ({task.label}); start it again")
    Store(task.study).commit(task.key, run_record(task.key, _measured(scenario, task.warm_up_s)))


def _measured(scenario: Scenario, warm_up_s: float) -> dict[str, Measurement]:
    result = run(scenario)
    recording, metrics = result.recording, result.metrics
    if warm_up_s:
        recording = recording.between(warm_up_s, recording.end_s)
        metrics = measure(recording)
    return {**against_foresight(recording, scenario, metrics), **metrics}


def against_foresight(
    recording: Recording, scenario: Scenario, metrics: Mapping[str, float]
) -> dict[str, Measurement]:
    """Return the objective, the bound, and what lies between, by the names of `FACTS`."""
    found = benchmarks(recording, scenario.fleets)
    value_usd = objective_usd(recording)
    share = value_usd / found.bound_usd if found.bound_usd > 0.0 else float("nan")
    values = (
        value_usd,
        found.bound_usd,
        found.always_on_limited_usd,
        found.capture_ratio(value_usd),
        share,
        max(metrics[name] for name in RAMPS),
    )
    return {
        name: Measurement(value, Metric(name, unit, summary, lambda _: float("nan")))
        for (name, (unit, summary)), value in zip(FACTS.items(), values, strict=True)
    }
