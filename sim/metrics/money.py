"""Quantities times prices, integrated exactly."""

import numpy as np

from sim.recording import Recording
from sim.signals import Signal
from sim.units import SECONDS_PER_HOUR


def integral_at(quantity: Signal, price: Signal) -> float:
    """Return the integral of a quantity times a price that changes in steps [quantity·price·s]."""
    edges_s = np.append(price.time_s, price.end_s)
    return float(np.sum(quantity.integrals_over(edges_s) * price.value))


def cost_usd(recording: Recording, power: str) -> float:
    """Return the integral of a power signal times the real-time price [USD]."""
    return integral_at(recording[power], recording["price_usd_per_mwh"]) / SECONDS_PER_HOUR
