"""What each fleet did: energy, hash, efficiency as run, break-even price, share of its time at work."""

from math import nan

from sim.hashing import breakeven_usd_per_mwh
from sim.metrics.base import LoadMetric
from sim.metrics.energy import energy_mwh
from sim.metrics.hashrate import hashrate_source
from sim.recording import Recording
from sim.units import JOULES_PER_MEGAWATT_HOUR, PETAHASH_IN_TERAHASHES, SECONDS_PER_DAY


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
    constants = recording.constants
    kept = 1.0 - constants.get("stale_fraction", 0.0)
    return breakeven_usd_per_mwh(
        recording["hashprice_usd_per_ph_day"].mean() * kept,
        constants[f"fleet.{fleet}.efficiency_j_per_th"],
        constants["pool_fee_fraction"],
    )


def use_fraction(recording: Recording, fleet: str) -> float:
    """Return a fleet's energy over that of rated power all the time [1]; NaN for one of no power."""
    rated_mw = recording.constants[f"fleet.{fleet}.rated_mw"]
    power = recording[f"fleet.{fleet}.power_mw"]
    return power.mean() / rated_mw if rated_mw > 0.0 else nan


CATALOGUE = (
    LoadMetric(
        "fleet",
        "energy_mwh",
        "MWh",
        "Energy the fleet drew",
        lambda r, fleet: energy_mwh(r[f"fleet.{fleet}.power_mw"]),
        family="fleet",
    ),
    LoadMetric(
        "fleet",
        "use_fraction",
        "1",
        "Energy of the fleet over that of rated power all the time",
        use_fraction,
        family="fleet",
    ),
    LoadMetric(
        "fleet",
        "run_efficiency_j_per_th",
        "J/TH",
        "Energy of the fleet over its hashes, standby and boot included",
        run_efficiency_j_per_th,
        family="fleet",
    ),
    LoadMetric(
        "fleet",
        "breakeven_usd_per_mwh",
        "USD/MWh",
        "Power price at which the fleet earns nothing at rated efficiency, mean over time",
        mean_breakeven_usd_per_mwh,
        family="fleet",
    ),
)
