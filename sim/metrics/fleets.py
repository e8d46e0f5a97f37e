"""What the fleets did: starts and cycles; energy, hash, efficiency as run, break-even price of each."""

from math import nan

import numpy as np

from sim.bitcoin import breakeven_usd_per_mwh
from sim.metrics.base import LoadMetric, Metric, ratio
from sim.metrics.curtailment import fleet_curtailed_energy_mwh
from sim.metrics.energy import energy_mwh
from sim.metrics.mining import hashrate_source
from sim.recording import Recording
from sim.signals import Signal
from sim.units import JOULES_PER_MEGAWATT_HOUR, PETAHASH_IN_TERAHASHES, SECONDS_PER_DAY, TOLERANCE_MW


def start_count(power_mw: Signal, minimum_mw: float) -> int:
    """Return how often a fleet went from its minimum to more; running from the beginning is no start."""
    running = power_mw.intervals_above(minimum_mw + TOLERANCE_MW)
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
    return sum(
        start_count(recording[f"fleet.{name}.power_mw"], recording.facts.fleet[name].minimum_mw)
        for name in recording.fleet_names
    )


def _cycles(recording: Recording) -> float:
    rises_mw = sum(rise_mw(recording[f"fleet.{name}.power_mw"]) for name in recording.fleet_names)
    return ratio(rises_mw, recording.rated_fleet_mw)


def _machine_starts(recording: Recording) -> float:
    counts = [recording.facts.fleet[name].start_count for name in recording.fleet_names]
    known = [count for count in counts if count is not None]
    return sum(known) if known else nan


def hashed_ph_days(recording: Recording, fleet: str) -> float:
    """Return the hash rate of a fleet, integrated [PH/s·d]."""
    signal, ph_s_per_unit = hashrate_source(recording, fleet)
    return signal.integral() * ph_s_per_unit / SECONDS_PER_DAY


def run_efficiency_j_per_th(recording: Recording, fleet: str) -> float:
    """Return the energy of a fleet over its hashes, standby and boot included [J/TH]; NaN without a hash."""
    hashes_th = hashed_ph_days(recording, fleet) * SECONDS_PER_DAY * PETAHASH_IN_TERAHASHES
    return ratio(energy_mwh(recording[f"fleet.{fleet}.power_mw"]) * JOULES_PER_MEGAWATT_HOUR, hashes_th)


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
    return ratio(recording[f"fleet.{fleet}.power_mw"].mean(), recording.facts.fleet[fleet].rated_mw)


CATALOGUE = (
    Metric("fleet_start_count", _starts),
    Metric("fleet_machine_start_count", _machine_starts),
    Metric("fleet_cycle_count", _cycles),
    LoadMetric("fleet.{fleet}.energy_mwh", lambda r, fleet: energy_mwh(r[f"fleet.{fleet}.power_mw"])),
    LoadMetric("fleet.{fleet}.curtailed_energy_mwh", fleet_curtailed_energy_mwh),
    LoadMetric("fleet.{fleet}.use_fraction", use_fraction),
    LoadMetric("fleet.{fleet}.run_efficiency_j_per_th", run_efficiency_j_per_th),
    LoadMetric("fleet.{fleet}.breakeven_usd_per_mwh", mean_breakeven_usd_per_mwh),
)
