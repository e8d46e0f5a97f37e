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

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from sim.market.bill import BillLine, Tariff, contract_lines
from sim.market.supply import Settlement
from sim.metrics.base import Metric
from sim.metrics.generation import export_mw, exportable_mw, import_mw, own_power_mw
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


def tariff_of(recording: Recording) -> Tariff[Signal]:
    """Return what energy costs at the site of a run; parts that it has not are zero."""
    facts, price = recording.facts, recording["price_usd_per_mwh"]
    nothing = Signal.constant(0.0, recording.end_s)
    return Tariff(
        real_time_usd_per_mwh=price,
        wires_usd_per_mwh=delivery_of(recording) or nothing,
        contract_mw=recording.signals.get("contract_mw", nothing),
        contract_usd_per_mwh=recording.signals.get("contract_price_usd_per_mwh", nothing),
        settlement=_settlement(recording),
        generation_mw=recording.signals.get("generation_mw", nothing),
        generation_usd_per_mwh=nothing + (facts.generation.cost_usd_per_mwh or 0.0),
        exported_mw=exportable_mw(recording),
    )


def delivery_of(recording: Recording) -> Signal | None:
    """Return what each MWh from the grid costs on top of its price [USD/MWh]; None: nothing."""
    stated = recording.facts.supply.delivery_usd_per_mwh
    always = None if stated is None else Signal.constant(stated, recording.end_s)
    return recording.signals.get("delivery_usd_per_mwh", always)


def _settlement(recording: Recording) -> Settlement:
    if "contract_mw" not in recording.signals or recording.facts.supply.resale:
        return "resale"
    return "as-consumed" if recording.facts.supply.as_consumed else "take-or-pay"


def cost_lines(recording: Recording) -> tuple[CostLine, ...]:
    """Return the lines of the site's energy bill; those that the run cannot have are left out."""
    return tuple(
        CostLine(
            line.name,
            line.power_mw.integral() / SECONDS_PER_HOUR,
            line.sign * integral_at(line.power_mw, line.price_usd_per_mwh) / SECONDS_PER_HOUR,
        )
        for line in _bill_lines(recording)
    )


def _bill_lines(recording: Recording) -> Iterator[BillLine]:
    tariff, drawn_mw = tariff_of(recording), import_mw(recording)
    beyond_mw = drawn_mw
    if "contract_mw" in recording.signals:
        yield from contract_lines(tariff, drawn_mw)
        beyond_mw = (drawn_mw - tariff.contract_mw).positive_part()
    yield BillLine("real time", beyond_mw, tariff.real_time_usd_per_mwh)
    if recording.facts.supply.delivery_usd_per_mwh is not None:
        yield BillLine("delivery", drawn_mw, tariff.wires_usd_per_mwh)
    if "generation_mw" in recording.signals:  # own energy is paid for where it is used or sold
        exported = export_mw(recording)
        yield BillLine("generation", own_power_mw(recording) + exported, tariff.generation_usd_per_mwh)
        yield BillLine("export", exported, tariff.real_time_usd_per_mwh, sign=-1.0)


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


def _of_line(line: str, number: Callable[[CostLine], float]) -> Callable[[Recording], float]:
    """Return what measures a number of a line of the bill; of one that is not there it is that of nothing."""

    def measure(recording: Recording) -> float:
        found = (each for each in recording.once(cost_lines) if each.name == line)
        return number(next(found, CostLine(line, 0.0, 0.0)))

    return measure


_under = partial(Metric, needs="contract_mw")
_delivery_usd = _of_line("delivery", lambda line: line.cost_usd)

CATALOGUE = (
    _under("contract_energy_mwh", _of_line("contract", lambda line: line.energy_mwh)),
    _under("contract_cost_usd", _of_line("contract", lambda line: line.cost_usd)),
    _under("real_time_energy_mwh", _of_line("real time", lambda line: line.energy_mwh), compares=True),
    _under("real_time_cost_usd", _of_line("real time", lambda line: line.cost_usd), compares=True),
    _under("resale_energy_mwh", _of_line("resale", lambda line: line.energy_mwh), compares=True),
    _under("resale_revenue_usd", _of_line("resale", lambda line: -line.cost_usd), compares=True),
    Metric("delivery_cost_usd", _delivery_usd, compares=True, needs="supply.delivery_usd_per_mwh"),
)


def integral_at(quantity: Signal, price: Signal) -> float:
    """Return the integral of a quantity times a price that changes in steps [quantity·price·s]."""
    if quantity.duration_s == 0.0:
        return 0.0
    edges_s = np.append(price.time_s, price.end_s)
    return float(np.sum(quantity.integrals_over(edges_s) * price.value))


def cost_usd(recording: Recording, power: str) -> float:
    """Return the integral of a power signal times the real-time price [USD]."""
    return integral_at(recording[power], recording["price_usd_per_mwh"]) / SECONDS_PER_HOUR
