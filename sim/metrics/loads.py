"""What befell a training job, what an inference service served, what a tenant draws, and PUE of a hall.

Numbers of a service are NaN where its description does not tell; PUE is an outcome.
"""

from collections.abc import Callable, Mapping
from itertools import chain
from math import nan
from typing import NamedTuple

import numpy as np

from sim.events import EventTable
from sim.metrics.base import LoadMetric, ratio
from sim.metrics.energy import energy_mwh
from sim.recording import Recording
from sim.units import JOULES_PER_MEGAWATT_HOUR, JOULES_PER_WATT_HOUR, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

# -- training -----------------------------------------------------------------------------------------------

INTERRUPTIONS = ("failure", "planned")
WASTES = ("checkpoint", "restart")
"""Events whose value is a time [s], from the event on, in which nothing is computed."""
KINDS = (*INTERRUPTIONS, *WASTES, "start", "end")


class _Job(NamedTuple):
    """The events of one job, by kind."""

    events: Mapping[str, EventTable]
    run_end_s: float

    def values(self, kind: str) -> list[float]:
        found: list[float] = self.events[kind].value.tolist()
        return found

    @property
    def interruption_count(self) -> int:
        return sum(len(self.events[kind]) for kind in INTERRUPTIONS)

    @property
    def present_s(self) -> tuple[float, float]:
        """From when it computes to when it ends, within the run [s]."""
        starts = [event.time_s + event.value for event in self.events["start"]]
        ends = [event.time_s for event in self.events["end"]]
        end_s = min([*ends, self.run_end_s])
        return min([*starts, end_s]) if starts else 0.0, end_s


def _jobs(recording: Recording) -> dict[str, _Job]:
    """Return the events of every training job, read once."""
    jobs = [f"load.{name}" for name, kind in recording.load_kinds.items() if kind == "training"]
    return {job: _Job({kind: recording.events_of(job, kind) for kind in KINDS}, recording.end_s) for job in jobs}


def effective_time_ratio(job: _Job, held_s: float = 0.0) -> float:
    r"""Return the share of the job's time that advanced it; NaN where it was not there.

    Parameters
    ----------
    job
        The job.
    held_s
        Time that it waited for the miners to go, and computing that slow returns and caps cost it [s].

    Notes
    -----
    .. math:: 1 - \frac{\sum \text{stalls} + \sum \text{restarts} + \sum \text{lost work} + \text{held}}{T}

    Work that no checkpoint has saved at the end counts as done.
    """
    start_s, end_s = job.present_s
    wastes = (job.events[kind] for kind in WASTES)
    within_s = (np.minimum(told.value, end_s - told.time_s).tolist() for told in wastes)
    wasted_s = sum(chain.from_iterable(within_s))
    wasted_s += sum(job.values("failure")) + held_s
    return 1.0 - ratio(wasted_s, end_s - start_s)


def mean_time_between_interruptions_h(job: _Job) -> float:
    """Return the job's time over its interruptions [h]; NaN where there was none."""
    start_s, end_s = job.present_s
    count = job.interruption_count
    return (end_s - start_s) / SECONDS_PER_HOUR / count if count else nan


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else nan


def _effective_ratio(recording: Recording, load: str) -> float:
    facts = recording.facts.of_load(load)
    held_s = (facts.interlock_wait_s or 0.0) + (facts.return_lost_s or 0.0)
    undone = recording.signals.get(f"load.{load}.undone_mw")
    if undone is not None:
        held_s += ratio(undone.integral(), recording[f"load.{load}.need_mw"].maximum())
    return effective_time_ratio(recording.once(_jobs)[f"load.{load}"], held_s)


def _of_job(key: str, measure: Callable[[_Job], float]) -> LoadMetric:
    return LoadMetric(key, lambda recording, load: measure(recording.once(_jobs)[f"load.{load}"]))


# -- inference ----------------------------------------------------------------------------------------------


def _known(total: float | None, unknown: float = nan) -> float:
    """Return a total that a load stated at the end of the run, or what it is where it stated none."""
    return unknown if total is None else total


def energy_per_token_j(recording: Recording, load: str) -> float:
    """Return the energy for each output token, those of backfilled work included [J].

    Energy at the site's meter; IT energy for a service that stands in a hall.
    """
    service = recording.facts.of_load(load)
    tokens = _known(service.served_token_count) + (service.backfill_token_count or 0.0)
    return energy_mwh(recording.load_power_mw(load)) * JOULES_PER_MEGAWATT_HOUR / tokens if tokens else nan


def energy_per_query_wh(recording: Recording, load: str) -> float:
    """Return the energy for each request: that of its tokens [Wh]."""
    service = recording.facts.of_load(load)
    queries, tokens = _known(service.served_query_count), _known(service.served_token_count)
    joules = energy_per_token_j(recording, load)
    return joules * tokens / queries / JOULES_PER_WATT_HOUR if queries else nan


# -- tenants ------------------------------------------------------------------------------------------------


def told_mw(recording: Recording, load: str, kind: str) -> float:
    """Return the IT power that events of a kind add up to by the end of the run [MW]."""
    return sum(event.value for event in recording.events_of(f"load.{load}", kind))


def told_mwh(recording: Recording, load: str, kind: str) -> float:
    """Return that power, each from its time on, over the run [MWh]."""
    return sum(
        event.value * (recording.end_s - event.time_s) / SECONDS_PER_HOUR
        for event in recording.events_of(f"load.{load}", kind)
    )


def it_energy_mwh(recording: Recording, load: str) -> float:
    """Return the IT energy of a load, in a hall or not [MWh]."""
    inside = recording.signals.get(f"load.{load}.it_power_mw")
    if inside is not None:
        return energy_mwh(inside)
    pue_ratio = recording.facts.of_load(load).pue_ratio
    return nan if pue_ratio is None else energy_mwh(recording[f"load.{load}.power_mw"]) / pue_ratio


def undrawn_mwh(recording: Recording, load: str) -> float:
    """Return the IT energy that was energised and not drawn [MWh]."""
    return told_mwh(recording, load, "energised") - it_energy_mwh(recording, load)


def drawn_fraction(recording: Recording, load: str) -> float:
    """Return IT energy over that of all that was paid for; NaN where nothing was."""
    return ratio(it_energy_mwh(recording, load), told_mwh(recording, load, "billable"))


# -- halls --------------------------------------------------------------------------------------------------


def pue_ratio(recording: Recording, hall: str) -> float:
    """Return a hall's energy, from grid and own supply, over its IT energy; NaN where it had no load."""
    facility_mwh = energy_mwh(recording[f"hall.{hall}.power_mw"]) + backup_energy_mwh(recording, hall)
    return ratio(facility_mwh, energy_mwh(recording[f"hall.{hall}.it_power_mw"]))


def backup_energy_mwh(recording: Recording, hall: str) -> float:
    """Return the energy that a hall took from its own supply [MWh]."""
    backup = recording.signals.get(f"hall.{hall}.backup_power_mw")
    return 0.0 if backup is None else energy_mwh(backup)


# -- catalogue ----------------------------------------------------------------------------------------------


def water_m3(recording: Recording, hall: str) -> float:
    """Return the water that a hall's cooling takes on site [m3]."""
    return energy_mwh(recording[f"hall.{hall}.it_power_mw"]) * (recording.facts.hall[hall].water_l_per_kwh or 0.0)


def _stated(key: str, unknown: float) -> LoadMetric:
    """Return the metric that is a total stated by the load itself, and what it is where it stated none."""
    name = key.rpartition(".")[2]
    return LoadMetric(key, lambda r, load: _known(getattr(r.facts.of_load(load), name), unknown))


CATALOGUE = (
    _of_job("ai.{training}.checkpoint_count", lambda job: len(job.events["checkpoint"])),
    _of_job("ai.{training}.interruption_count", lambda job: job.interruption_count),
    LoadMetric("ai.{training}.effective_time_ratio", _effective_ratio),
    _of_job("ai.{training}.mean_time_between_interruptions_h", mean_time_between_interruptions_h),
    _of_job("ai.{training}.stall_mean_s", lambda job: _mean(job.values("checkpoint"))),
    _of_job("ai.{training}.down_mean_min", lambda job: _mean(job.values("restart")) / SECONDS_PER_MINUTE),
    *(
        _stated(f"ai.{{training}}.{name}", 0.0)
        for name in ("smoothing_energy_mwh", "interlock_wait_s", "return_lost_s")
    ),
    _stated("ai.{inference}.served_query_count", nan),
    LoadMetric("ai.{inference}.energy_per_query_wh", energy_per_query_wh),
    LoadMetric("ai.{inference}.energy_per_token_j", energy_per_token_j),
    _stated("ai.{inference}.unserved_fraction", nan),
    _stated("ai.{inference}.delayed_fraction", nan),
    _stated("ai.{inference}.backlog_peak_s", nan),
    _stated("ai.{inference}.replica_mean_count", nan),
    _stated("ai.{inference}.utilisation_mean_fraction", nan),
    LoadMetric("ai.{tenant}.energised_mw", lambda r, load: told_mw(r, load, "energised")),
    LoadMetric("ai.{tenant}.undrawn_mwh", undrawn_mwh),
    LoadMetric("ai.{tenant}.take_or_pay_mwh", lambda r, load: told_mwh(r, load, "billable")),
    LoadMetric("ai.{tenant}.drawn_fraction", drawn_fraction),
    LoadMetric("ai.{hall}.pue_ratio", pue_ratio),
    LoadMetric("ai.{hall}.it_energy_mwh", lambda r, hall: energy_mwh(r[f"hall.{hall}.it_power_mw"])),
    LoadMetric("ai.{hall}.cooling_energy_mwh", lambda r, hall: energy_mwh(r[f"hall.{hall}.cooling_power_mw"])),
    LoadMetric("ai.{hall}.peak_mw", lambda r, hall: r[f"hall.{hall}.power_mw"].maximum()),
    LoadMetric("ai.{hall}.rated_mw", lambda r, hall: r.facts.hall[hall].rated_mw),
    LoadMetric("ai.{hall}.miner_capacity_mw", lambda r, hall: r.facts.hall[hall].miner_capacity_mw),
    LoadMetric("ai.{hall}.water_m3", water_m3),
    LoadMetric("ai.{hall}.transfer_count", lambda r, hall: len(r.events_of(f"hall.{hall}", "transfer"))),
    LoadMetric("ai.{hall}.backup_energy_mwh", backup_energy_mwh),
)
