r"""Whether mining paid at the moment it was done, and what one more megawatt of it would earn.

Notes
-----
A fleet's break-even price is what a MWh mines at its rated efficiency, net of pool fee and stale work, less
operations by the MWh. Power for which nothing is hashed is standby: that of machines asleep. With price
:math:`\pi` (delivery included), break-even :math:`b_g`, power :math:`P_g` and standby :math:`S_g`,

.. math::

    \text{above break-even} = \sum_g \int (\pi - b_g)^+ (P_g - S_g)\,dt, \qquad
    \text{standby} = \sum_g \int \pi S_g\,dt.

One more megawatt of the same fleets draws where idle power exceeds what they are rated for, and where it
pays; for the rest it stands by. These figures need one price for a MWh more or less: where a contract is not
resold, or own generation stands behind the meter, they are not assessable.
"""

from math import nan
from typing import Final

import numpy as np

from sim.metrics.base import Metric
from sim.metrics.energy import idle_power_mw
from sim.metrics.ledger.lines import machine_starts
from sim.metrics.mining import earned_usd_per_mwh, rated_th_s
from sim.metrics.power_cost import integral_at, tariff_of
from sim.recording import Recording
from sim.signals import Signal
from sim.signals.changes import one_within
from sim.units import MEGAWATT_IN_WATTS, SECONDS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_YEAR

_STATES: Final = ("asleep", "waking", "hashing", "failed")
"""What the machines of a cohort can be."""


def has_one_price(recording: Recording) -> bool:
    """Tell whether a MWh more or less is worth the real-time price, whatever the site draws."""
    if "generation_mw" in recording.signals:
        return False
    return "contract_mw" not in recording.signals or bool(recording.facts.supply.resale)


def delivered_usd_per_mwh(recording: Recording) -> Signal:
    """Return the real-time price, delivery included [USD/MWh]."""
    *_, beyond = tariff_of(recording).prices_usd_per_mwh
    return beyond


def breakeven(recording: Recording, fleet: str) -> Signal:
    """Return the price at which a fleet earns nothing at rated efficiency, operations paid [USD/MWh]."""
    facts = recording.facts
    opex_usd_per_mwh = facts.cost.mining_opex_usd_per_mwh or 0.0
    return earned_usd_per_mwh(recording, fleet, facts.accepted_fraction) - opex_usd_per_mwh


def machine_count(recording: Recording, fleet: str) -> float:
    """Return how many machines a cohort has [1]; NaN for a fleet of bare megawatts."""
    counts = [recording.signals.get(f"fleet.{fleet}.{state}_count") for state in _STATES]
    known = [signal for signal in counts if signal is not None]
    return sum(float(signal.value[0]) for signal in known) if known else nan


def standby_mw(recording: Recording, fleet: str) -> Signal | None:
    """Return what a cohort's machines draw asleep [MW]; None for a fleet of bare megawatts."""
    asleep = recording.signals.get(f"fleet.{fleet}.asleep_count")
    machines = machine_count(recording, fleet)
    if asleep is None or not machines > 0.0:
        return None
    return _supplied(recording, fleet, asleep) * (recording.facts.fleet[fleet].minimum_mw / machines)


def _supplied(recording: Recording, fleet: str, asleep: Signal) -> Signal:
    """Return what of the machines asleep draws standby: none behind open breakers."""
    supplied = recording.signals.get(f"fleet.{fleet}.supplied_fraction")
    return asleep if supplied is None else asleep * supplied


def mined_above_breakeven_usd(recording: Recording) -> float:
    """Return what was lost by mining while power cost more than it mined [USD], at least 0."""
    if not has_one_price(recording):
        return nan
    lost_usd = 0.0
    for fleet in recording.fleet_names:
        above = (delivered_usd_per_mwh(recording) - breakeven(recording, fleet)).positive_part()
        power, standby = recording[f"fleet.{fleet}.power_mw"], standby_mw(recording, fleet)
        working = power if standby is None else (power - standby).positive_part()
        lost_usd += integral_at(working, above) / SECONDS_PER_HOUR
    return lost_usd


def standby_cost_usd(recording: Recording) -> float:
    """Return what the power of machines asleep cost [USD]."""
    if not has_one_price(recording):
        return nan
    price = delivered_usd_per_mwh(recording)
    drawn = (standby_mw(recording, fleet) for fleet in recording.fleet_names)
    return sum(integral_at(power, price) / SECONDS_PER_HOUR for power in drawn if power is not None)


def marginal_margin_usd_per_mw_year(recording: Recording) -> float:
    """Return what one more megawatt of the same fleets would have earned, as a year's [USD/MW/year].

    NaN without fleets, in a run below a day, or where there is no one price.
    """
    rated_mw = recording.rated_fleet_mw
    if recording.end_s < SECONDS_PER_DAY or rated_mw <= 0.0 or not has_one_price(recording):
        return nan
    free = _room(recording, rated_mw)
    earned_usd = 0.0
    for fleet in recording.fleet_names:
        share = recording.facts.fleet[fleet].rated_mw / rated_mw
        earned_usd += share * _one_megawatt_usd(recording, fleet, free)
    return earned_usd * SECONDS_PER_YEAR / recording.end_s


def _room(recording: Recording, rated_mw: float) -> Signal:
    """Return 1 where AI leaves more than the fleets can take, else 0."""
    spans_s = (idle_power_mw(recording, 0.0, recording.end_s) - rated_mw).intervals_above(0.0)
    return one_within(spans_s, recording.end_s)


def _one_megawatt_usd(recording: Recording, fleet: str, free: Signal) -> float:
    """Return what one megawatt more of a fleet earns in the run [USD], started where that pays its wear."""
    facts, price = recording.facts.fleet[fleet], delivered_usd_per_mwh(recording)
    margin = breakeven(recording, fleet) - price
    mines = free * _positive(margin)
    spans_s = mines.intervals_above(0.5)
    if not len(spans_s):
        gains_usd = np.zeros(0)
    else:
        edges_s = np.unique(spans_s)
        gains_usd = (mines * margin).integrals_over(edges_s)[np.searchsorted(edges_s, spans_s[:, 0])]
        gains_usd /= SECONDS_PER_HOUR
    machines = machine_count(recording, fleet)
    is_cohort = machines > 0.0
    per_mw = machines / facts.rated_mw if is_cohort else _machines_per_mw(recording)
    wear_usd = per_mw * (recording.facts.cost.start_cost_usd_per_machine or 0.0)
    worth = gains_usd > wear_usd
    earned_usd = float((gains_usd[worth] - wear_usd).sum())
    if not is_cohort:
        return earned_usd
    standby = facts.minimum_mw / facts.rated_mw
    asleep = _supplied(recording, fleet, 1.0 - one_within(spans_s[worth], recording.end_s))
    return earned_usd - standby * integral_at(asleep, price) / SECONDS_PER_HOUR


def _machines_per_mw(recording: Recording) -> float:
    power_w = recording.facts.cost.machine_power_w
    return MEGAWATT_IN_WATTS / power_w if power_w else 0.0


def _positive(signal: Signal) -> Signal:
    """Return 1 where a step signal is above zero, else 0."""
    return Signal.steps(signal.time_s, (signal.value > 0.0).astype(float), signal.end_s)


def marginal_payback_years(recording: Recording) -> float:
    """Return in how many years one more megawatt pays its machines and its site back [year]; NaN if never."""
    valuation = recording.facts.valuation
    if valuation is None or valuation.mining_capex_usd_per_mw is None or valuation.asic_price_usd_per_th is None:
        return nan
    site_usd, machine_usd_per_th = valuation.mining_capex_usd_per_mw, valuation.asic_price_usd_per_th
    rated_mw = recording.rated_fleet_mw
    th_s = sum(rated_th_s(recording, name) for name in recording.fleet_names)
    earned_usd = recording.once(marginal_margin_usd_per_mw_year)
    if not earned_usd > 0.0:
        return nan
    return (site_usd + machine_usd_per_th * th_s / rated_mw) / earned_usd


def machine_starts_per_machine_day(recording: Recording) -> float:
    """Return how often a machine was started in a day, the mean over all machines of cohorts; NaN without."""
    machines = {name: machine_count(recording, name) for name in recording.fleet_names}
    cohorts = [name for name, count in machines.items() if count > 0.0]
    if not cohorts or recording.end_s <= 0.0:
        return nan
    starts = sum(machine_starts(recording, name) for name in cohorts)
    return starts / sum(machines[name] for name in cohorts) / (recording.end_s / SECONDS_PER_DAY)


CATALOGUE = (
    Metric("mined_above_breakeven_usd", mined_above_breakeven_usd),
    Metric("standby_cost_usd", standby_cost_usd),
    Metric("marginal_margin_usd_per_mw_year", marginal_margin_usd_per_mw_year),
    Metric("marginal_payback_years", marginal_payback_years),
    Metric("machine_starts_per_machine_day", machine_starts_per_machine_day),
)
