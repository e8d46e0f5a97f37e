"""Energy, power levels, load factors, and how much of AI's idle power the miners soak up."""

from collections.abc import Mapping
from functools import partial
from math import nan
from typing import Final

from sim.metrics.base import Metric, ratio
from sim.recording import Recording
from sim.signals import Signal
from sim.signals.distribution import Distribution
from sim.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE


def energy_mwh(power_mw: Signal) -> float:
    """Return the energy under a power signal [MWh]."""
    return power_mw.integral() / SECONDS_PER_HOUR


def idle_power_mw(recording: Recording, from_s: float, until_s: float) -> Signal:
    """Return the limit less AI power from one time [s] to a later one, zero where AI exceeds it [MW]."""
    limit_mw, ai_mw = (recording[name].clip_time(from_s, until_s) for name in ("limit_mw", "ai_power_mw"))
    return (limit_mw - ai_mw).positive_part()


def idle_energy_mwh(recording: Recording) -> float:
    """Return the energy that AI left free under the limit [MWh]."""
    spans_s = recording["ai_power_mw"].spans_s()
    return sum(energy_mwh(idle_power_mw(recording, *span_s)) for span_s in spans_s)


def soaked_energy_mwh(recording: Recording) -> float:
    """Return the idle energy that the fleets drew [MWh]: the lower of both powers, integrated."""
    fleet = recording["fleet_power_mw"]
    return sum(
        energy_mwh(fleet.clip_time(*span_s).minimum_with(idle_power_mw(recording, *span_s)))
        for span_s in fleet.spans_s()
    )


def filled_mw(recording: Recording, free: Signal) -> Mapping[str, Signal]:
    """Return what the fleets could take of free power, the best machines first, by the fleet's name [MW]."""
    facts, found = recording.facts.fleet, {}
    for fleet in sorted(recording.fleet_names, key=lambda name: facts[name].j_per_th):
        found[fleet] = free.minimum_with(facts[fleet].rated_mw)
        free = free - found[fleet]
    return found


def _load_factor(recording: Recording) -> float:
    return ratio(recording["site_power_mw"].mean(), recording["site_power_mw"].maximum())


def balance_error_mwh(recording: Recording) -> float:
    """Return the site's energy less that of loads, fleets and battery, each integrated for itself [MWh]."""
    parts = list(recording.ai_power_names)
    parts += [f"fleet.{name}.power_mw" for name in recording.fleet_names]
    parts += ["battery_power_mw"] * ("battery_power_mw" in recording.signals)
    return energy_mwh(recording["site_power_mw"]) - sum(energy_mwh(recording[part]) for part in parts)


INTERVALS_MIN: Final = (15, 30, 60)
RARE_FRACTION: Final = 0.001
"""Share of the time that is left out at either end."""


def load_factor(recording: Recording, interval_s: float) -> float:
    """Return mean site power over the highest mean of an interval, counted from the run's start.

    A rest at the end that fills no interval is left out. NaN in a run below one, and where nothing is drawn.
    """
    means_mw = recording["site_power_mw"].means_of_intervals(interval_s)
    if not means_mw.size:
        return nan
    return ratio(float(means_mw.mean()), float(means_mw.max()))


def _of_interval(minutes: int) -> Metric:
    measure = partial(load_factor, interval_s=minutes * SECONDS_PER_MINUTE)
    words = {"minutes": f"{minutes}"}
    return Metric("load_factor_{minutes}min_ratio", measure, compares=True, words=words)


def common_range_mw(recording: Recording) -> float:
    """Return the range of site power without its highest and its lowest `RARE_FRACTION` of the time [MW]."""
    power = Distribution.of(recording["site_power_mw"])
    return power.quantile(1.0 - RARE_FRACTION) - power.quantile(RARE_FRACTION)


def range_mw(recording: Recording) -> float:
    """Return highest less lowest site power [MW]."""
    return recording["site_power_mw"].maximum() - recording["site_power_mw"].minimum()


def range_of_limit(recording: Recording) -> float:
    """Return highest less lowest site power over the highest limit; NaN where that is zero."""
    return ratio(range_mw(recording), recording["limit_mw"].maximum())


CATALOGUE = (
    Metric("site_energy_mwh", lambda r: energy_mwh(r["site_power_mw"]), compares=True),
    Metric("ai_energy_mwh", lambda r: energy_mwh(r["ai_power_mw"])),
    Metric("fleet_energy_mwh", lambda r: energy_mwh(r["fleet_power_mw"])),
    Metric("site_peak_mw", lambda r: r["site_power_mw"].maximum(), compares=True),
    Metric("site_mean_mw", lambda r: r["site_power_mw"].mean(), compares=True),
    Metric("load_factor_ratio", _load_factor, compares=True),
    Metric("dynamic_range_mw", range_mw, compares=True),
    Metric("idle_energy_mwh", idle_energy_mwh),
    Metric("soaked_energy_mwh", soaked_energy_mwh),
    Metric("soaked_fraction", lambda r: ratio(r.once(soaked_energy_mwh), r.once(idle_energy_mwh))),
    Metric("filled_s", lambda r: r.facts.run.filled_s or 0.0),
    Metric("energy_balance_error_mwh", balance_error_mwh),
    *map(_of_interval, INTERVALS_MIN),
    Metric("dynamic_range_fraction", range_of_limit, compares=True),
    Metric("dynamic_range_common_mw", common_range_mw, compares=True),
)
