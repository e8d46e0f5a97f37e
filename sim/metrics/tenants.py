"""What a tenant has, pays for and draws while it moves in."""

import math
from functools import partial
from math import nan

from sim.metrics.base import LoadMetric
from sim.metrics.energy import energy_mwh
from sim.recording import Recording
from sim.units import SECONDS_PER_HOUR


def told_mw(recording: Recording, load: str, kind: str) -> float:
    """Return the IT power that events of a kind add up to by the end of the run [MW]."""
    return sum(
        event.value for event in recording.events if event.source == f"load.{load}" and event.kind == kind
    )


def told_mwh(recording: Recording, load: str, kind: str) -> float:
    """Return that power, each from its time on, over the run [MWh]."""
    return sum(
        event.value * (recording.end_s - event.time_s) / SECONDS_PER_HOUR
        for event in recording.events
        if event.source == f"load.{load}" and event.kind == kind
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
    paid_mwh = told_mwh(recording, load, "billable")
    return it_energy_mwh(recording, load) / paid_mwh if paid_mwh > 0.0 else math.nan


_of_tenant = partial(LoadMetric, "tenant")

CATALOGUE = (
    _of_tenant(
        "energised_mw",
        "IT power energised by the end of the run",
        lambda recording, load: told_mw(recording, load, "energised"),
    ),
    _of_tenant("undrawn_mwh", "IT energy energised and not drawn", undrawn_mwh),
    _of_tenant(
        "take_or_pay_mwh",
        "IT power the tenant pays for, over the run",
        lambda recording, load: told_mwh(recording, load, "billable"),
    ),
    _of_tenant("drawn_fraction", "IT energy drawn over that paid for", drawn_fraction),
)
