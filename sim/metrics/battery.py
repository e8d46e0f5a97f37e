r"""What the battery did: energy through it, cycles, losses, wear, and how often it could not help.

Notes
-----
With battery power :math:`b` (drawing positive) and :math:`\eta` the square root of the round-trip efficiency,

.. math::

    E_{taken} = \int b^+ dt, \quad E_{given} = \int (-b)^+ dt, \quad
    E_{lost} = (1 - \eta)\,E_{taken} + (1/\eta - 1)\,E_{given},

and what is taken, less what is given and lost, is the change of its charge.
"""

from functools import partial
from math import sqrt
from typing import Final

from sim.facts import BatteryFacts
from sim.metrics.base import Metric
from sim.recording import Recording
from sim.units import SECONDS_PER_HOUR

BOUND_FRACTION: Final = 1e-6
"""Share of its energy within which a battery counts as empty, or as full."""


def taken_energy_mwh(recording: Recording) -> float:
    """Return the energy that the battery drew [MWh]."""
    return recording["battery_power_mw"].positive_part().integral() / SECONDS_PER_HOUR


def given_energy_mwh(recording: Recording) -> float:
    """Return the energy that the battery gave [MWh]."""
    return (-recording["battery_power_mw"]).positive_part().integral() / SECONDS_PER_HOUR


def _battery(recording: Recording) -> BatteryFacts:
    return recording.facts.battery or BatteryFacts()


def lost_energy_mwh(recording: Recording) -> float:
    """Return the energy that charging and discharging turned into heat [MWh]."""
    efficiency = sqrt(_battery(recording).round_trip_efficiency_fraction)
    taken_mwh, given_mwh = recording.once(taken_energy_mwh), recording.once(given_energy_mwh)
    return (1.0 - efficiency) * taken_mwh + (1.0 / efficiency - 1.0) * given_mwh


def _empty_s(recording: Recording) -> float:
    margin_mwh = BOUND_FRACTION * _battery(recording).energy_mwh
    return (-recording["battery_charge_mwh"]).time_above(-margin_mwh)


def _full_s(recording: Recording) -> float:
    energy_mwh = _battery(recording).energy_mwh
    return recording["battery_charge_mwh"].time_above((1.0 - BOUND_FRACTION) * energy_mwh)


_of_power = partial(Metric, compares=True, needs="battery_power_mw")
_of_charge = partial(Metric, needs="battery_charge_mwh")

CATALOGUE = (
    _of_power("battery_taken_mwh", taken_energy_mwh),
    _of_power("battery_throughput_mwh", given_energy_mwh),
    _of_power("battery_full_cycles_count", lambda r: r.once(given_energy_mwh) / _battery(r).energy_mwh),
    _of_power("battery_lost_mwh", lost_energy_mwh),
    _of_power("battery_wear_usd", lambda r: _battery(r).wear_usd_per_mwh * r.once(given_energy_mwh)),
    _of_charge("battery_empty_s", _empty_s),
    _of_charge("battery_full_s", _full_s),
    _of_charge("battery_final_charge_mwh", lambda r: r["battery_charge_mwh"].left_limits()[-1]),
)
