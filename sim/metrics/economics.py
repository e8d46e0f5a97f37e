"""Money: what mining earns and what power costs, as exact integrals of power times price."""

import math

from sim.metrics.base import Metric, told
from sim.metrics.mining import blocks, hashrate_source, is_paid_by_blocks
from sim.metrics.power_cost import fleet_power_cost_usd, integral_at, power_cost_usd
from sim.recording import Recording
from sim.signals import Signal
from sim.units import SECONDS_PER_DAY, SECONDS_PER_HOUR


def hashes_at(recording: Recording, price_per_ph_day: Signal) -> float:
    """Return what the hashes of all fleets earn at a price for a PH/s held for a day, net of the pool fee."""
    earned = 0.0
    for fleet in recording.fleet_names:
        signal, ph_s_per_unit = hashrate_source(recording, fleet)  # scaled after: no copy of a year's signal
        earned += ph_s_per_unit * integral_at(signal, price_per_ph_day)
    return recording.facts.paid_fraction * earned / SECONDS_PER_DAY


def mining_revenue_usd(recording: Recording) -> float:
    """Return what the fleets earn: what they mine, and what others make [USD]."""
    mined_usd = recording.once(hash_revenue_usd)
    return mined_usd + sum(products_usd(recording, fleet) for fleet in recording.fleet_names)


def hash_revenue_usd(recording: Recording) -> float:
    r"""Return what the fleets mine, net of the pool fee and stale work [USD].

    Notes
    -----
    Where every hash is paid for,

    .. math:: \sum_g \int H_g(t) \frac{h(t)}{86400} (1 - f)(1 - s) \,dt

    with hash rate [PH/s], hashprice [USD/(PH/s)/d], pool fee and stale share. Hash rate is that of a cohort's
    machines; of an aggregate fleet :math:`H = 1000\,P/e`, with power [MW] and efficiency [J/TH]. Where pay
    comes by blocks, the pay of each [BTC] at the price of bitcoin of its moment.
    """
    if is_paid_by_blocks(recording):
        time_s, paid_btc = blocks(recording)
        return float((paid_btc * recording["price_usd_per_btc"].at(time_s)).sum())
    return hashes_at(recording, recording["hashprice_usd_per_ph_day"])


def products_usd(recording: Recording, fleet: str) -> float:
    """Return what a fleet that is no miner earned with its product [USD]; zero for miners."""
    earned = recording.signals.get(f"fleet.{fleet}.earned_usd_per_h")
    return 0.0 if earned is None else earned.integral() / SECONDS_PER_HOUR


def mined_btc(recording: Recording) -> float:
    """Return the bitcoin mined, net of the pool fee [BTC]: by blocks, or revenue over price."""
    if is_paid_by_blocks(recording):
        return float(blocks(recording)[1].sum())
    price = recording["price_usd_per_btc"]
    btc_per_usd = Signal.steps(price.time_s, 1.0 / price.value, price.end_s)
    return hashes_at(recording, recording["hashprice_usd_per_ph_day"] * btc_per_usd)


def revenue_usd_per_mwh(recording: Recording) -> float:
    """Return mining revenue over the energy of the miners [USD/MWh]; NaN where they drew none."""
    energy_mwh = recording["fleet_power_mw"].integral() / SECONDS_PER_HOUR
    return mining_revenue_usd(recording) / energy_mwh if energy_mwh > 0.0 else math.nan


CATALOGUE = (
    Metric("mined_btc", "Bitcoin mined, net of the pool fee", mined_btc),
    Metric("mining_revenue_usd", "What mining earned, net of the pool fee", mining_revenue_usd),
    told("mining_revenue_usd_per_mwh", revenue_usd_per_mwh),
    told("power_cost_usd", power_cost_usd, compares=True),
    told("fleet_power_cost_usd", lambda r: r.once(fleet_power_cost_usd)),
    told("mining_margin_usd", lambda r: mining_revenue_usd(r) - r.once(fleet_power_cost_usd)),
)
