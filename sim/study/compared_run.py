"""One run of a comparison: its metrics after the warm-up, and how it stands to perfect foresight."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from math import isfinite, nan
from typing import Any, Final

import numpy as np

from sim.ai import TrainingLoad
from sim.engine.load_views import view_of
from sim.errors import ResultError
from sim.frames import Metrics
from sim.metrics import Measurement, Metric, measure
from sim.metrics.headlines import COMPARED
from sim.metrics.response_bound import contract_soak_fraction, foresight_soak_fraction
from sim.policies.certificate import FleetResponse
from sim.recording import Recording
from sim.scenario.model import Scenario
from sim.signals import Signal
from sim.simulation import run, run_key
from sim.study.instants import Setting, setting_of
from sim.study.objective import objective_usd
from sim.study.optimum import benchmarks, inertia_usd
from sim.study.runs import RECORD_FORMAT, RunTask, run_record
from sim.study.store import Store

HOLDS: Final = "limit_certificate_holds"
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
    return hashlib.sha256(f"compare 3 {key} {warm_up_s!r}".encode()).hexdigest()


def perform_compared(task: RunTask) -> None:
    """Run a scenario and commit what a comparison measures of it.

    Raises
    ------
    ResultError
        The key is not what it was when the runs were listed: a data file has changed meanwhile.
    """
    scenario = task.resolved()
    if compared_key(run_key(scenario), task.warm_up_s) != task.key:
        raise ResultError(f"a data file changed while the comparison ran ({task.label}); start it again")
    store = Store(task.study)
    store.commit(task.key, run_record(task.key, _measured(scenario, task.warm_up_s, store)))


def _measured(scenario: Scenario, warm_up_s: float, store: Store) -> dict[str, Measurement]:
    result = run(scenario)
    recording, metrics = result.recording, result.metrics
    if warm_up_s:
        recording = recording.between(warm_up_s, recording.end_s)
        # notices of the warm-up count for the rest: a claim is checked whole or not at all
        metrics = Metrics({**measure(recording), HOLDS: metrics[HOLDS]})
    lost_usd = kept_inertia_usd(recording, scenario, store)
    return {**against_foresight(recording, scenario, metrics, lost_usd), **metrics}


def kept_inertia_usd(recording: Recording, scenario: Scenario, store: Store) -> float:
    """Return by how much the machines' inertia lowers the bound [USD]; NaN: not known.

    It is the same for all policies that meet the same, as those of a seed do: the first run of a seed finds
    it, and keeps it beside the runs.
    """
    setting = setting_of(recording)
    key = _setting_key(setting, scenario, recording.end_s)
    if store.path(key).exists():
        return float(store.read(key)["inertia_usd"])
    lost_usd = inertia_usd(setting, scenario.fleets, recording.end_s, whole=False)
    if isfinite(lost_usd):
        store.commit(key, {"format": RECORD_FORMAT, "inertia_usd": lost_usd})
    return lost_usd


def _setting_key(setting: Setting, scenario: Scenario, end_s: float) -> str:
    """Return what identifies all that the miners' inertia is reckoned from."""
    known = hashlib.sha256(f"inertia 1 {end_s!r}".encode())
    for part in _parts(setting):
        known.update(part)
    for fleet in scenario.fleets:
        known.update(fleet.model_dump_json().encode())
    return known.hexdigest()


def _parts(value: Any) -> Iterator[bytes]:
    """Yield all that a description of signals, numbers and words is made of."""
    if isinstance(value, Signal):
        for numbers in (value.time_s, value.value, value.slope_per_s):
            yield np.ascontiguousarray(numbers, dtype=np.float64).tobytes()
    elif is_dataclass(value):
        for part in fields(value):
            yield from _parts(getattr(value, part.name))
    else:
        yield repr(value).encode()


def against_foresight(
    recording: Recording, scenario: Scenario, metrics: Mapping[str, float], lost_usd: float
) -> dict[str, Measurement]:
    """Return the objective, the bounds, and what lies between, by the names of `COMPARED`.

    Parameters
    ----------
    recording, scenario, metrics
        The run, and what was measured of it.
    lost_usd
        By how much the machines' inertia lowers the bound [USD]; NaN: not known.
    """
    found = benchmarks(recording, scenario.fleets)
    response = FleetResponse.of(fleet.response_times for fleet in scenario.fleets)
    loads = {load.name: view_of(load, load.most_mw(scenario.span)) for load in scenario.running_loads}
    value_usd, limited_usd = objective_usd(recording), found.limited_bound_usd(lost_usd)
    values = (
        value_usd,
        found.bound_usd,
        found.always_on_limited_usd,
        found.capture_ratio(value_usd),
        _share(value_usd, found.bound_usd),
        limited_usd,
        _share(value_usd, limited_usd),
        contract_soak_fraction(
            recording, loads, response, scenario.controller.telemetry_delay_s, _stalls_mw(scenario)
        ),
        foresight_soak_fraction(recording, response),
        max(metrics[name] for name in RAMPS),
    )
    return {
        name: Measurement(value, Metric(name, summary, lambda _: nan))
        for (name, summary), value in zip(COMPARED.items(), values, strict=True)
    }


def _stalls_mw(scenario: Scenario) -> dict[str, tuple[float, float]]:
    """Return the power of each job in a stall, and the most that it draws if it fails in it [MW]."""
    jobs = [load for load in scenario.running_loads if isinstance(load, TrainingLoad)]
    levels = {job.name: job.levels_mw(job.floor_fraction) for job in jobs}
    return {
        name: (of["stall"], max(of["hang"], of["down_cold"], of["down_context"]))
        for name, of in levels.items()
    }


def _share(value_usd: float, bound_usd: float) -> float:
    """Return the share of a bound that is reached [1]; NaN where the bound is not above zero."""
    return value_usd / bound_usd if bound_usd > 0.0 else nan
