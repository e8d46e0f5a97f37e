"""What holds in every run that a test makes: power adds up at breakpoints, money is price times energy."""

import numpy as np

from sim.metrics.ledger import ledger
from sim.recording import Recording
from sim.units import SECONDS_PER_HOUR

MOST = 400
"""So many breakpoints of a run are looked at, spread over it: a law that breaks breaks at many."""
NEAR = 1e-9


def check(recording: Recording) -> None:
    """Raise AssertionError where a law of every run is broken."""
    if recording.end_s > 0.0:
        _power_adds_up(recording)
        _energy_bought_is_paid(recording)


def _power_adds_up(recording: Recording) -> None:
    """The site draws what AI, fleets and battery draw, to a billionth."""
    site = recording["site_power_mw"]
    times_s = site.time_s[:: 1 + site.time_s.size // MOST]
    names = [name for name in ("ai_power_mw", "fleet_power_mw", "battery_power_mw") if name in recording.signals]
    parts_mw = np.sum([recording[name].at(times_s) for name in names], axis=0)
    error_mw = np.abs(site.at(times_s) - parts_mw)
    scale_mw = np.sum([np.abs(recording[name].at(times_s)) for name in names], axis=0)
    assert (error_mw <= NEAR * np.maximum(scale_mw, 1.0)).all(), f"{error_mw.max()} MW do not add up"
    energies_mwh = [recording[name].integral() / SECONDS_PER_HOUR for name in ("site_power_mw", *names)]
    size_mwh = max(map(abs, energies_mwh))
    assert abs(energies_mwh[0] - sum(energies_mwh[1:])) <= NEAR * max(size_mwh, 1e-3)


def _energy_bought_is_paid(recording: Recording) -> None:
    """Who buys at real time alone pays the integral of price times power, worked out here by trapezoids."""
    lines = [line for line in ledger(recording) if line.account == "power"]
    if not lines or not all(line.item.endswith("real time") for line in lines):
        return
    site, price = recording["site_power_mw"], recording["price_usd_per_mwh"]
    times_s = np.unique(np.concatenate([site.time_s, price.time_s, [recording.end_s]]))
    if times_s.size > 100 * MOST or not price.is_step:
        return
    power_mw, slope_mw_per_s = site.lines_at(times_s[:-1])
    lengths_s = np.diff(times_s)
    energy_mwh = (power_mw + 0.5 * slope_mw_per_s * lengths_s) * lengths_s / SECONDS_PER_HOUR
    amounts_usd = energy_mwh * price.at(times_s[:-1])
    paid_usd = -sum(line.amount_usd for line in lines)
    assert abs(paid_usd - amounts_usd.sum()) <= NEAR * max(np.abs(amounts_usd).sum(), 1.0)
    bought_mwh = sum(line.quantity for line in lines)
    assert abs(bought_mwh - energy_mwh.sum()) <= NEAR * max(np.abs(energy_mwh).sum(), 1.0)
