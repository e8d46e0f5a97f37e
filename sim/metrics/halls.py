"""What a hall draws for what its loads do: PUE, an outcome; and how often it leaves the grid."""

import math
from functools import partial

from sim.metrics.base import LoadMetric
from sim.metrics.energy import energy_mwh
from sim.recording import Recording


def facility_energy_mwh(recording: Recording, hall: str) -> float:
    """Return the energy that a hall took, from the grid and from its own supply [MWh]."""
    backup = recording.signals.get(f"hall.{hall}.backup_power_mw")
    grid_mwh = energy_mwh(recording[f"hall.{hall}.power_mw"])
    return grid_mwh + (0.0 if backup is None else energy_mwh(backup))


def it_energy_mwh(recording: Recording, hall: str) -> float:
    """Return the IT energy of a hall [MWh]."""
    return energy_mwh(recording[f"hall.{hall}.it_power_mw"])


def pue_ratio(recording: Recording, hall: str) -> float:
    """Return a hall's energy over its IT energy; NaN where it had no load."""
    it_mwh = it_energy_mwh(recording, hall)
    return facility_energy_mwh(recording, hall) / it_mwh if it_mwh > 0.0 else math.nan


def backup_energy_mwh(recording: Recording, hall: str) -> float:
    """Return the energy that a hall took from its own supply [MWh]."""
    backup = recording.signals.get(f"hall.{hall}.backup_power_mw")
    return 0.0 if backup is None else energy_mwh(backup)


def transfer_count(recording: Recording, hall: str) -> float:
    """Return how often a hall left the grid."""
    return float(
        sum(event.source == f"hall.{hall}" and event.kind == "transfer" for event in recording.events)
    )


_of_hall = partial(LoadMetric, "hall")

CATALOGUE = (
    _of_hall("pue_ratio", "Energy of the hall over IT energy of its loads", pue_ratio),
    _of_hall("it_energy_mwh", "IT energy of the hall's loads", it_energy_mwh),
    _of_hall(
        "cooling_energy_mwh",
        "Energy of the hall's cooling",
        lambda recording, hall: energy_mwh(recording[f"hall.{hall}.cooling_power_mw"]),
    ),
    _of_hall(
        "peak_mw",
        "Highest power of the hall at the meter",
        lambda recording, hall: recording[f"hall.{hall}.power_mw"].maximum(),
    ),
    _of_hall(
        "rated_mw",
        "Most that the hall may draw: full of AI, on a day of the design temperature",
        lambda recording, hall: recording.facts.hall[hall].rated_mw,
    ),
    _of_hall(
        "miner_capacity_mw",
        "Rack-form miners that the hall has room and power for",
        lambda recording, hall: recording.facts.hall[hall].miner_capacity_mw,
    ),
    _of_hall("transfer_count", "Times the hall left the grid for its own supply", transfer_count),
    _of_hall("backup_energy_mwh", "Energy from the hall's own supply", backup_energy_mwh),
)
