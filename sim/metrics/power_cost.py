r"""What power costs: each line of the bill is a quantity of energy times its price, both from the recording.

Notes
-----
With grid import :math:`I`, contract :math:`K` at price :math:`k`, real-time price :math:`\pi`, and
:math:`x^+ = \max(0, x)`:

.. math::

    C = \int k\,K - \int \pi\,(K - I)^+ + \int \pi\,(I - K)^+ + d \int I

is contract, resale, real-time purchases and delivery. Under take-or-pay there is no resale; as consumed, the
contract's energy is :math:`\min(I, K)`. Own generation adds its cost for what is used or exported, and the
real-time price of what is exported is earned.
"""

from typing import NamedTuple

import numpy as np

from sim.metrics.base import Metric
from sim.metrics.generation import export_mw, import_mw, own_power_mw
from sim.recording import Recording
from sim.signals import Signal
from sim.units import SECONDS_PER_HOUR


class CostLine(NamedTuple):
    """One line of the bill."""

    name: str
    """What is bought or sold: ``contract``, ``real time``, ``resale``, ``delivery``, ``generation``,
    ``export``."""
    energy_mwh: float
    """Its quantity [MWh]."""
    cost_usd: float
    """Quantity times price [USD]; below zero where the site is paid."""


def cost_lines(recording: Recording) -> tuple[CostLine, ...]:
    """Return the lines of the site's energy bill; those that the run cannot have are left out."""
    lines = (
        *_contract_lines(recording),
        _real_time_line(recording),
        *_delivery_lines(recording),
        *_generation_lines(recording),
    )
    return tuple(lines)


def power_cost_usd(recording: Recording) -> float:
    """Return what the site's energy costs, all lines together [USD]."""
    return sum(line.cost_usd for line in recording.once(cost_lines))


def fleet_power_cost_usd(recording: Recording) -> float:
    """Return what the miners' energy costs: the site's bill less what it would be without them [USD].

    Where all is bought at real time this is fleet power times price. Where a contract is resold it is, too: a
    MWh mined is a MWh not sold. Under take-or-pay what was paid for anyway costs the miners nothing.
    """
    if _is_plain(recording):
        return cost_usd(recording, "fleet_power_mw")
    return power_cost_usd(recording) - power_cost_usd(recording.without_mining())


def _is_plain(recording: Recording) -> bool:
    """Tell whether all power is bought at real time, with nothing on top, and none of it is stored."""
    parts = {"contract_mw", "generation_mw", "battery_power_mw"} & recording.signals.keys()
    return not parts and recording.facts.supply.delivery_usd_per_mwh is None


def _line(name: str, power_mw: Signal, price_usd_per_mwh: Signal, sign: float = 1.0) -> CostLine:
    cost_usd = sign * integral_at(power_mw, price_usd_per_mwh) / SECONDS_PER_HOUR
    return CostLine(name, power_mw.integral() / SECONDS_PER_HOUR, cost_usd)


def _contract_lines(recording: Recording) -> list[CostLine]:
    if "contract_mw" not in recording.signals:
        return []
    contract, price = recording["contract_mw"], recording["contract_price_usd_per_mwh"]
    drawn = import_mw(recording)
    if recording.facts.supply.as_consumed:
        return [_line("contract", drawn.minimum_with(contract), price)]
    lines = [_line("contract", contract, price)]
    if recording.facts.supply.resale:
        resold = (contract - drawn).positive_part()
        lines.append(_line("resale", resold, recording["price_usd_per_mwh"], sign=-1.0))
    return lines


def _real_time_line(recording: Recording) -> CostLine:
    drawn = import_mw(recording)
    if "contract_mw" in recording.signals:
        drawn = (drawn - recording["contract_mw"]).positive_part()
    return _line("real time", drawn, recording["price_usd_per_mwh"])


def _delivery_lines(recording: Recording) -> list[CostLine]:
    delivery_usd_per_mwh = recording.facts.supply.delivery_usd_per_mwh
    if delivery_usd_per_mwh is None:
        return []
    price = Signal.constant(delivery_usd_per_mwh, recording.end_s)
    return [_line("delivery", import_mw(recording), price)]


def _generation_lines(recording: Recording) -> list[CostLine]:
    if "generation_mw" not in recording.signals:
        return []
    exported = export_mw(recording)
    cost = Signal.constant(recording.facts.generation.cost_usd_per_mwh or 0.0, recording.end_s)
    return [
        _line("generation", own_power_mw(recording) + exported, cost),
        _line("export", exported, recording["price_usd_per_mwh"], sign=-1.0),
    ]


def _of(name: str, recording: Recording) -> CostLine:
    found = (line for line in recording.once(cost_lines) if line.name == name)
    return next(found, CostLine(name, 0.0, 0.0))


CATALOGUE = (
    Metric(
        "contract_energy_mwh",
        "MWh",
        "Energy of the contract that is paid for",
        lambda r: _of("contract", r).energy_mwh,
        needs="contract_mw",
    ),
    Metric(
        "contract_cost_usd",
        "USD",
        "What the contract's energy costs",
        lambda r: _of("contract", r).cost_usd,
        needs="contract_mw",
    ),
    Metric(
        "real_time_energy_mwh",
        "MWh",
        "Energy bought at real time, beyond the contract",
        lambda r: _of("real time", r).energy_mwh,
        compares=True,
        needs="contract_mw",
    ),
    Metric(
        "real_time_cost_usd",
        "USD",
        "What energy bought at real time costs",
        lambda r: _of("real time", r).cost_usd,
        compares=True,
        needs="contract_mw",
    ),
    Metric(
        "resale_energy_mwh",
        "MWh",
        "Energy of the contract sold at real time",
        lambda r: _of("resale", r).energy_mwh,
        compares=True,
        needs="contract_mw",
    ),
    Metric(
        "resale_revenue_usd",
        "USD",
        "What the contract's energy sold at real time earns",
        lambda r: -_of("resale", r).cost_usd,
        compares=True,
        needs="contract_mw",
    ),
    Metric(
        "delivery_cost_usd",
        "USD",
        "What delivery costs on top of the energy's price",
        lambda r: _of("delivery", r).cost_usd,
        compares=True,
        needs="supply.delivery_usd_per_mwh",
    ),
)


def integral_at(quantity: Signal, price: Signal) -> float:
    """Return the integral of a quantity times a price that changes in steps [quantity·price·s]."""
    edges_s = np.append(price.time_s, price.end_s)
    return float(np.sum(quantity.integrals_over(edges_s) * price.value))


def cost_usd(recording: Recording, power: str) -> float:
    """Return the integral of a power signal times the real-time price [USD]."""
    return integral_at(recording[power], recording["price_usd_per_mwh"]) / SECONDS_PER_HOUR
