"""What one MWh more or less is worth to the site, by the power that it draws."""

from math import inf
from typing import NamedTuple

from sim.market.supply import Settlement


class PriceStep(NamedTuple):
    """What a MWh costs where the site draws less than a power, and at least that of the step before."""

    up_to_mw: float
    """Site power at which the step ends [MW]; infinity for the last."""
    price_usd_per_mwh: float
    """What one MWh more costs, or one less saves [USD/MWh]."""


class ContractBlock(NamedTuple):
    """A contracted block of power as it stands now."""

    power_mw: float
    price_usd_per_mwh: float
    settlement: Settlement


class Plant(NamedTuple):
    """Own generation behind the meter as it stands now."""

    power_mw: float
    """What it can generate [MW]."""
    cost_usd_per_mwh: float
    """What each MWh that is used or sold costs [USD/MWh]."""
    export_limit_mw: float
    """Power that may flow out to the grid [MW]."""


NO_BLOCK = ContractBlock(0.0, 0.0, "resale")
NO_PLANT = Plant(0.0, 0.0, 0.0)


def price_steps(
    real_time_usd_per_mwh: float,
    delivery_usd_per_mwh: float,
    block: ContractBlock = NO_BLOCK,
    plant: Plant = NO_PLANT,
) -> tuple[PriceStep, ...]:
    """Return what a MWh is worth at the margin, by site power.

    Parameters
    ----------
    real_time_usd_per_mwh
        Real-time price [USD/MWh].
    delivery_usd_per_mwh
        What each MWh from the grid costs on top [USD/MWh].
    block
        Power bought beforehand.
    plant
        Own generation.

    Returns
    -------
    tuple of PriceStep
        In order of site power; steps without width are left out, the last has no end.

    Notes
    -----
    From the bottom: own energy that would be curtailed costs what it costs to make; own energy that would be
    exported is worth the real-time price; a block under ``take-or-pay`` is paid for anyway, so its energy
    costs its delivery alone; under ``as-consumed`` it costs its price and delivery; under ``resale``, and
    beyond any block, a MWh is worth the real-time price, plus delivery.

    Examples
    --------
    A block of 50 MW that must be paid for, at a real-time price of 45 USD/MWh:

    >>> price_steps(45.0, 3.0, ContractBlock(50.0, 32.0, "take-or-pay"))
    (PriceStep(up_to_mw=50.0, price_usd_per_mwh=3.0), PriceStep(up_to_mw=inf, price_usd_per_mwh=48.0))
    """
    exported_mw = plant.export_limit_mw if real_time_usd_per_mwh > plant.cost_usd_per_mwh else 0.0
    block_price = {
        "resale": real_time_usd_per_mwh,
        "take-or-pay": 0.0,
        "as-consumed": block.price_usd_per_mwh,
    }
    steps = (
        PriceStep(plant.power_mw - exported_mw, plant.cost_usd_per_mwh),
        PriceStep(plant.power_mw, real_time_usd_per_mwh),
        PriceStep(plant.power_mw + block.power_mw, block_price[block.settlement] + delivery_usd_per_mwh),
        PriceStep(inf, real_time_usd_per_mwh + delivery_usd_per_mwh),
    )
    kept: list[PriceStep] = []
    for step in steps:
        if kept and step.price_usd_per_mwh == kept[-1].price_usd_per_mwh:
            kept[-1] = step
        elif step.up_to_mw > (kept[-1].up_to_mw if kept else 0.0):
            kept.append(step)
    return tuple(kept)


def price_at_usd_per_mwh(steps: tuple[PriceStep, ...], site_power_mw: float) -> float:
    """Return what one MWh more costs a site that draws so much [USD/MWh].

    Examples
    --------
    >>> steps = price_steps(45.0, 3.0, ContractBlock(50.0, 32.0, "take-or-pay"))
    >>> price_at_usd_per_mwh(steps, 49.0), price_at_usd_per_mwh(steps, 50.0)
    (3.0, 48.0)
    """
    return next(step.price_usd_per_mwh for step in steps if site_power_mw < step.up_to_mw)
