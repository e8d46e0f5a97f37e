"""What the fleets did: starts and cycles; energy, hash, efficiency as run, break-even price of each."""

from functools import partial
from math import nan
from typing import Final

import numpy as np

from sim.bitcoin import breakeven_usd_per_mwh
from sim.metrics.base import LoadMetric, Metric
from sim.metrics.curtailment import fleet_curtailed_energy_mwh
from sim.metrics.energy import energy_mwh
from sim.metrics.mining import hashrate_source
from sim.recording import Recording
from sim.signals import Signal
from sim.units import JOULES_PER_MEGAWATT_HOUR, PETAHASH_IN_TERAHASHES, SECONDS_PER_DAY

RUNNING_MW: Final = 1e-6
"""A fleet runs when it draws more than a watt above its minimum."""


def start_count(power_mw: Signal, minimum_mw: float) -> int:
    """Return how often a fleet went from its minimum to more; running from the beginning is no start."""
    running = power_mw.intervals_above(minimum_mw + RUNNING_MW)
    return int(np.count_nonzero(running[:, 0] > power_mw.start_s))


def rise_mw(power_mw: Signal) -> float:
    """Return the sum of all rises of a power signal [MW]."""
    before_mw, risen_mw = power_mw.value[:1], 0.0
    for block in power_mw.segments():
        jumps = block.value - np.append(before_mw, block.left_limit[:-1])
        lines = block.left_limit - block.value
        risen_mw += float(np.maximum(jumps, 0.0).sum() + np.maximum(lines, 0.0).sum())
        before_mw = block.left_limit[-1:]
    return risen_mw


def _starts(recording: Recording) -> float:
    return float(
        sum(
            start_count(recording[f"fleet.{name}.power_mw"], recording.facts.fleet[name].minimum_mw)
            for name in recording.fleet_names
        )
    )


def _cycles(recording: Recording) -> float:
    rated_mw = recording.rated_fleet_mw
    rises_mw = sum(rise_mw(recording[f"fleet.{name}.power_mw"]) for name in recording.fleet_names)
    return rises_mw / rated_mw if rated_mw > 0.0 else float("nan")


def _machine_starts(recording: Recording) -> float:
    counts = [recording.facts.fleet[name].start_count for name in recording.fleet_names]
    known = [count for count in counts if count is not None]
    return float(sum(known)) if known else float("nan")


def hashed_ph_days(recording: Recording, fleet: str) -> float:
    """Return the hash rate of a fleet, integrated [PH/s·d]."""
    signal, ph_s_per_unit = hashrate_source(recording, fleet)
    return signal.integral() * ph_s_per_unit / SECONDS_PER_DAY


def run_efficiency_j_per_th(recording: Recording, fleet: str) -> float:
    """Return the energy of a fleet over its hashes, standby and boot included [J/TH]; NaN without a hash."""
    hashes_th = hashed_ph_days(recording, fleet) * SECONDS_PER_DAY * PETAHASH_IN_TERAHASHES
    energy_j = energy_mwh(recording[f"fleet.{fleet}.power_mw"]) * JOULES_PER_MEGAWATT_HOUR
    return energy_j / hashes_th if hashes_th > 0.0 else nan


def mean_breakeven_usd_per_mwh(recording: Recording, fleet: str) -> float:
    """Return the power price at which a fleet earns nothing at its rated efficiency, the mean over time."""
    facts = recording.facts
    product = facts.fleet[fleet].product_usd_per_mwh
    if product is not None:
        return product
    return breakeven_usd_per_mwh(
        recording["hashprice_usd_per_ph_day"].mean() * facts.accepted_fraction,
        facts.fleet[fleet].efficiency_j_per_th,
        facts.pool_fee_fraction,
    )


def use_fraction(recording: Recording, fleet: str) -> float:
    """Return a fleet's energy over that of rated power all the time [1]; NaN for one of no power."""
    rated_mw = recording.facts.fleet[fleet].rated_mw
    power = recording[f"fleet.{fleet}.power_mw"]
    return power.mean() / rated_mw if rated_mw > 0.0 else nan


_of_fleet = partial(LoadMetric, "fleet", family="fleet")

CATALOGUE = (
    Metric("fleet_start_count", "Times a fleet went from its minimum power to more", _starts),
    Metric("fleet_machine_start_count", "Machines woken in all cohorts, each time counted", _machine_starts),
    Metric("fleet_cycle_count", "Sum of all rises of fleet power, in units of rated power", _cycles),
)
OF_EACH = (
    _of_fleet(
        "energy_mwh", "Energy the fleet drew", lambda r, fleet: energy_mwh(r[f"fleet.{fleet}.power_mw"])
    ),
    _of_fleet(
        "curtailed_energy_mwh",
        "Energy it could have filled but for a limit that had been lowered, the best machines first",
        fleet_curtailed_energy_mwh,
    ),
    _of_fleet("use_fraction", "Energy of the fleet over that of rated power all the time", use_fraction),
    _of_fleet(
        "run_efficiency_j_per_th",
        "Energy of the fleet over its hashes, standby and boot included",
        run_efficiency_j_per_th,
    ),
    _of_fleet(
        "breakeven_usd_per_mwh",
        "Power price at which the fleet earns nothing at rated efficiency, mean over time",
        mean_breakeven_usd_per_mwh,
    ),
)
"""What each fleet has."""
