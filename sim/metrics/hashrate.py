"""Hash rate of a fleet: recorded for a cohort, power over energy per hash for an aggregate fleet."""

from sim.hashing import hashrate_ph_s as of_power
from sim.recording import Recording
from sim.signals import Signal


def hashrate_source(recording: Recording, fleet: str) -> tuple[Signal, float]:
    """Return a recorded signal, and the PH/s of each unit of it: their product is the hash rate."""
    recorded = recording.signals.get(f"fleet.{fleet}.hashrate_ph_s")
    if recorded is not None:
        return recorded, 1.0
    efficiency_j_per_th = recording.constants[f"fleet.{fleet}.efficiency_j_per_th"]
    return recording[f"fleet.{fleet}.power_mw"], of_power(1.0, efficiency_j_per_th)


def hashrate_ph_s(recording: Recording, fleet: str) -> Signal:
    """Return the hash rate of a fleet that its pool accepts [PH/s]."""
    signal, ph_s_per_unit = hashrate_source(recording, fleet)
    return signal * ph_s_per_unit
