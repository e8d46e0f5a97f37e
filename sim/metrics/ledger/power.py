r"""The account of power: one bill for the site, and how AI and mining share it.

AI pays for what it draws at the price in force: the contract's where the site holds one, else the real-time
price. So does a battery, whose power, drawn less given, the segments share. Mining bears what is left of the
site's bill: its own use, what the contract buys beyond that of AI, the resale of what nobody draws. So the
segments' lines add up to the site's bill by construction.

The site's bill is that of :mod:`sim.metrics.power_cost`. With AI power :math:`A`, contracted power
:math:`C` at price :math:`c`, real-time price :math:`p` and delivery :math:`d`,

.. math::

    \text{AI} = \int A\,([C > 0]\,c + [C = 0]\,p + d) \,dt.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from sim.market.bill import contract_lines
from sim.metrics.generation import import_mw
from sim.metrics.ledger.lines import POWER, LedgerLine, Segment
from sim.metrics.power_cost import cost_lines, delivery_of, integral_at, tariff_of
from sim.recording import Recording
from sim.signals import Signal
from sim.units import SECONDS_PER_HOUR

CONTRACT, REAL_TIME, DELIVERY = "contract", "real time", "delivery"
UNLEASED = "AI loads"
"""Who draws power under no lease."""
NOISE_FRACTION = 1e-12
"""Energy below this share of the site's is a difference of sums, not a quantity."""


@dataclass(frozen=True, slots=True)
class Bought:
    """An energy and what it costs."""

    energy_mwh: float
    """Energy [MWh]."""
    cost_usd: float
    """Its cost [USD]; below 0: a credit."""

    def __add__(self, other: "Bought") -> "Bought":
        """Return both together."""
        return Bought(self.energy_mwh + other.energy_mwh, self.cost_usd + other.cost_usd)


Bill = dict[str, Bought]
"""What was bought, by the way it was bought."""


# -- the site -----------------------------------------------------------------------------------------------


def site_bill(recording: Recording) -> Bill:
    """Return what the site pays for power in all, by the way it is bought."""
    return {line.name: Bought(line.energy_mwh, line.cost_usd) for line in recording.once(cost_lines)}


def resale_gain_usd(recording: Recording) -> float:
    """Return what the resale of contracted power brought, less what the contract asked for it [USD]."""
    if "contract_mw" not in recording.signals or not recording.facts.supply.resale:
        return 0.0
    *_, resale = contract_lines(tariff_of(recording), import_mw(recording))
    earned = integral_at(resale.power_mw, resale.price_usd_per_mwh)
    paid = integral_at(resale.power_mw, recording["contract_price_usd_per_mwh"])
    return (earned - paid) / SECONDS_PER_HOUR


# -- AI -----------------------------------------------------------------------------------------------------


def ai_bills(recording: Recording) -> Mapping[str, Bill]:
    """Return what each lease's loads pay for the power that they draw, and AI under no lease."""
    prices = _ai_prices(recording)
    parts = {lease: recording.lease_parts(lease) for lease in recording.lease_names}
    leased = {part for members in parts.values() for part in members}
    alone = tuple(part for part in recording.ai_parts if part not in leased)
    drawn = {f"lease {lease}": members for lease, members in parts.items()} | {UNLEASED: alone}
    return {
        who: _bill(_power_mw(recording, members), prices, delivery_of(recording))
        for who, members in drawn.items()
        if members
    }


def lease_bill(recording: Recording, lease: str, in_force: Signal) -> Bill:
    """Return what a lease's loads pay for the power that they draw while it is in force (1, else 0)."""
    if in_force.minimum() >= 1.0:
        return recording.once(ai_bills)[f"lease {lease}"]
    prices = {way: (in_force * whether, in_force * price) for way, (whether, price) in _ai_prices(recording).items()}
    return _bill(_power_mw(recording, recording.lease_parts(lease)), prices, delivery_of(recording))


def _power_mw(recording: Recording, parts: tuple[str, ...]) -> list[Signal]:
    if set(parts) == set(recording.ai_parts):
        return [recording["ai_power_mw"]]
    return [recording[f"{part}.power_mw"] for part in parts]


def _ai_prices(recording: Recording) -> Mapping[str, tuple[Signal, Signal]]:
    """Return, by the way power is bought, whether it is at each instant (1 or 0) and at which price."""
    price, contract = recording["price_usd_per_mwh"], recording.signals.get("contract_mw")
    if contract is None:
        always = Signal.constant(1.0, price.end_s, price.start_s)
        return {REAL_TIME: (always, price)}
    held = Signal.steps(contract.time_s, (contract.value > 0.0).astype(np.float64), contract.end_s)
    return {
        CONTRACT: (held, held * recording["contract_price_usd_per_mwh"]),
        REAL_TIME: (1.0 - held, (1.0 - held) * price),
    }


def _bill(powers_mw: list[Signal], prices: Mapping[str, tuple[Signal, Signal]], delivery: Signal | None) -> Bill:
    bill = {}
    for way, (whether, price) in prices.items():
        energy_mwh = sum(integral_at(power, whether) for power in powers_mw) / SECONDS_PER_HOUR
        bill[way] = Bought(energy_mwh, sum(integral_at(power, price) for power in powers_mw) / SECONDS_PER_HOUR)
    if delivery is not None:
        energy_mwh = sum(bought.energy_mwh for bought in bill.values())
        cost_usd = sum(integral_at(power, delivery) for power in powers_mw) / SECONDS_PER_HOUR
        bill[DELIVERY] = Bought(energy_mwh, cost_usd)
    return bill


# -- lines --------------------------------------------------------------------------------------------------


def power_lines(recording: Recording) -> Iterator[LedgerLine]:
    """Yield what AI pays for power, lease by lease, then what is left of the site's bill to mining."""
    site, bills = dict(site_bill(recording)), recording.once(ai_bills)
    noise_mwh = NOISE_FRACTION * sum(abs(bought.energy_mwh) for bought in site.values())
    for segment, who, bill in _shares(recording):
        for way, bought in bill.items():
            yield LedgerLine(segment, POWER, f"{who}: {way}", bought.energy_mwh, "MWh", -bought.cost_usd)
            site[way] = site.get(way, Bought(0.0, 0.0)) + Bought(-bought.energy_mwh, -bought.cost_usd)
    for way, left in site.items():
        if abs(left.energy_mwh) > noise_mwh or abs(left.cost_usd) > NOISE_FRACTION * _size_usd(bills):
            yield LedgerLine("mining", POWER, way, left.energy_mwh, "MWh", -left.cost_usd)


def _shares(recording: Recording) -> Iterator[tuple[Segment, str, Bill]]:
    """Yield whose power is paid for at the price in force, segment and name, and what was bought for them."""
    for who, bill in recording.once(ai_bills).items():
        yield "ai", who, bill
    if "battery_power_mw" in recording.signals:
        bill = _bill([recording["battery_power_mw"]], _ai_prices(recording), delivery_of(recording))
        yield "site", "battery", bill


def _size_usd(bills: Mapping[str, Bill]) -> float:
    return sum(abs(bought.cost_usd) for bill in bills.values() for bought in bill.values())
