"""Puts a battery between site and grid, once the run is over: no load and no fleet knows of it."""

from dataclasses import replace

from sim.engine.recorder import Recorder
from sim.grid.battery import Battery
from sim.grid.storage import smooth
from sim.recording import Recording
from sim.signals import total


def record_battery(recorder: Recorder, battery: Battery) -> None:
    """Record the numbers that metrics and ledger need of a battery."""
    for name in ("power_mw", "energy_mwh", "round_trip_efficiency_fraction", "wear_usd_per_mwh"):
        recorder.constant(f"battery.{name}", getattr(battery, name))


def with_battery(recording: Recording, battery: Battery) -> Recording:
    """Return the recording of a site behind its battery, which sees site power as it comes.

    Parameters
    ----------
    recording
        The run, site power without the battery.
    battery
        The battery.

    Returns
    -------
    Recording
        With the battery's power and charge, its power on AI alone, and site power as the grid sees it.
    """
    site, ai = recording["site_power_mw"], recording["ai_power_mw"]
    found = smooth(site, battery)
    signals = dict(recording.signals)
    signals["site_power_mw"] = total([site, found.battery_mw])
    signals["battery_power_mw"] = found.battery_mw
    signals["battery_charge_mwh"] = found.charge_mwh
    signals["battery_alone_power_mw"] = (
        smooth(ai, battery).battery_mw if recording.fleet_names else found.battery_mw
    )
    return replace(recording, signals=signals)
