r"""The bill for energy: what another MWh costs by the power that the site draws, and its lines.

Notes
-----
With site power :math:`P`, own generation :math:`G` of which :math:`X` may flow out while that pays, and a
contract :math:`K`, the price of another MWh steps with :math:`P`:

.. math::

    P < G - X &: \text{what own energy costs to make} \\
    P < G &: \text{the real-time price, at which it is exported} \\
    P < G + K &: \text{the contract's energy at the margin, plus delivery} \\
    P \ge G + K &: \text{the real-time price, plus delivery.}

Within a contract it is the real-time price under ``resale``; nothing under ``take-or-pay``, as it is paid for
anyway; the contract's price ``as-consumed``. All that asks what power costs, in a run, in its metrics or in a
bound on it, asks these steps.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from sim.market.supply import Settlement
from sim.signals import Signal
from sim.units import FloatArray, Number

Amount = TypeVar("Amount", float, Signal)


class PriceStep(NamedTuple):
    """What a MWh costs where the site draws less than a power, and at least that of the step before."""

    up_to_mw: float
    """Site power at which the step ends [MW]; infinity for the last."""
    price_usd_per_mwh: float
    """What one MWh more costs, or one less saves [USD/MWh]."""


@dataclass(frozen=True, slots=True)
class Tariff(Generic[Amount]):
    """What energy costs at a site: numbers that hold now, or signals over a run."""

    real_time_usd_per_mwh: Amount
    """Real-time price [USD/MWh]."""
    wires_usd_per_mwh: Amount
    """What each MWh from the grid costs on top [USD/MWh]."""
    contract_mw: Amount
    """Power bought beforehand [MW]; zero: none."""
    contract_usd_per_mwh: Amount
    """What the contract's energy costs [USD/MWh]."""
    settlement: Settlement
    """What happens to what the contract buys and the site does not draw."""
    generation_mw: Amount
    """What own generation can give [MW]; zero: none."""
    generation_usd_per_mwh: Amount
    """What each own MWh that is used or sold costs [USD/MWh]."""
    exported_mw: Amount
    """Most of it that flows out to the grid as things stand [MW]: see `exported_mw`."""

    @property
    def in_contract_usd_per_mwh(self) -> Amount:
        """What another MWh costs within the contract, delivery apart [USD/MWh]."""
        if self.settlement == "take-or-pay":
            return self.contract_usd_per_mwh * 0.0
        return self.real_time_usd_per_mwh if self.settlement == "resale" else self.contract_usd_per_mwh

    @property
    def edges_mw(self) -> tuple[Amount, Amount, Amount]:
        """Site powers at which the price of another MWh steps [MW], in order."""
        generation_mw = self.generation_mw
        return generation_mw - self.exported_mw, generation_mw, generation_mw + self.contract_mw

    @property
    def prices_usd_per_mwh(self) -> tuple[Amount, Amount, Amount, Amount]:
        """What another MWh costs below the first edge, up to each next one, and beyond the last [USD/MWh]."""
        wires, real_time = self.wires_usd_per_mwh, self.real_time_usd_per_mwh
        within = self.in_contract_usd_per_mwh + wires
        return self.generation_usd_per_mwh, real_time, within, real_time + wires


def exported_mw(price: Number, cost: float, limit_mw: float) -> Number:
    """Return what may flow out to the grid of own generation, while it earns its cost [MW].

    Parameters
    ----------
    price
        Real-time price [USD/MWh].
    cost
        What own generation costs [USD/MWh].
    limit_mw
        Power that may flow out [MW].
    """
    return limit_mw * (price > cost)  # type: ignore[return-value]  # numpy: a product with a truth


def price_steps(tariff: Tariff[float]) -> tuple[PriceStep, ...]:
    """Return what a MWh is worth at the margin now, by site power.

    Returns
    -------
    tuple of PriceStep
        In order of site power; steps without width or of the same price are left out, the last has no end.

    Examples
    --------
    A block of 50 MW that must be paid for, at a real-time price of 45 USD/MWh:

    >>> price_steps(Tariff(45.0, 3.0, 50.0, 32.0, "take-or-pay", 0.0, 0.0, 0.0))
    (PriceStep(up_to_mw=50.0, price_usd_per_mwh=3.0), PriceStep(up_to_mw=inf, price_usd_per_mwh=48.0))
    """
    kept: list[PriceStep] = []
    for step in map(PriceStep, (*tariff.edges_mw, inf), tariff.prices_usd_per_mwh):
        if kept and step.price_usd_per_mwh == kept[-1].price_usd_per_mwh:
            kept[-1] = step
        elif step.up_to_mw > (kept[-1].up_to_mw if kept else 0.0):
            kept.append(step)
    return tuple(kept)


def price_at_usd_per_mwh(steps: tuple[PriceStep, ...], site_power_mw: float) -> float:
    """Return what one MWh more costs a site that draws so much [USD/MWh].

    Examples
    --------
    >>> steps = (PriceStep(50.0, 3.0), PriceStep(inf, 48.0))
    >>> price_at_usd_per_mwh(steps, 49.0), price_at_usd_per_mwh(steps, 50.0)
    (3.0, 48.0)
    """
    return next(step.price_usd_per_mwh for step in steps if site_power_mw < step.up_to_mw)


def cost_usd_per_h(
    edges_mw: Sequence[FloatArray], prices_usd_per_mwh: Sequence[FloatArray], site_mw: FloatArray
) -> FloatArray:
    """Return what a site power costs beyond what a site that draws nothing pays [USD/h].

    Parameters
    ----------
    edges_mw
        Site powers at which the price steps [MW], in order; below zero counts as zero.
    prices_usd_per_mwh
        What another MWh costs below the first, up to each next one, and beyond the last [USD/MWh].
    site_mw
        Power that the site draws [MW], not below 0.

    Examples
    --------
    >>> cost_usd_per_h([np.array(50.0)], [np.array(3.0), np.array(48.0)], np.array([40.0, 60.0])).tolist()
    [120.0, 630.0]
    """
    cost = np.zeros_like(site_mw)
    low_mw = np.zeros_like(site_mw)
    for edge_mw, price in zip([*edges_mw, np.array(inf)], prices_usd_per_mwh, strict=True):
        high_mw = np.maximum(edge_mw, low_mw)
        cost += price * (np.clip(site_mw, low_mw, high_mw) - low_mw)
        low_mw = high_mw
    return cost


class BillLine(NamedTuple):
    """One line of the bill: a power at a price."""

    name: str
    """What is bought or sold: ``contract``, ``real time``, ``resale``, ``delivery``, ``generation``,
    ``export``."""
    power_mw: Signal
    """What is bought or sold [MW]."""
    price_usd_per_mwh: Signal
    """At which price [USD/MWh]."""
    sign: float = 1.0
    """-1 where the site is paid."""


def contract_lines(tariff: Tariff[Signal], import_mw: Signal) -> Iterator[BillLine]:
    """Yield what a contract costs, and what of it is resold, at what the site takes from the grid [MW]."""
    contract_mw, price = tariff.contract_mw, tariff.contract_usd_per_mwh
    if tariff.settlement == "as-consumed":
        yield BillLine("contract", import_mw.minimum_with(contract_mw), price)
        return
    yield BillLine("contract", contract_mw, price)
    if tariff.settlement == "resale":
        resold_mw = (contract_mw - import_mw).positive_part()
        yield BillLine("resale", resold_mw, tariff.real_time_usd_per_mwh, sign=-1.0)
