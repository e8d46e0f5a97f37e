"""What mining meets, finds and earns, and what power costs: hashprice, blocks, exact integrals of money."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
from numpy.random import Generator

from sim.bitcoin import breakeven_usd_per_mwh
from sim.bitcoin import hashrate_ph_s as of_power
from sim.events import EventTable
from sim.facts import PoolFacts
from sim.market.pools import Pool, Work
from sim.metrics.base import Metric, ratio
from sim.metrics.energy import energy_mwh
from sim.metrics.power_cost import fleet_power_cost_usd, integral_at, power_cost_usd
from sim.recording import POOL, Recording
from sim.signals import FloatArray, Signal, total
from sim.units import MEGAWATT_IN_WATTS, SECONDS_PER_DAY, SECONDS_PER_HOUR

BLOCK_KIND: Final = "block"
"""Kind of the event of a block; its value is what the site got for it [BTC]."""


def is_paid_by_blocks(recording: Recording) -> bool:
    """Tell whether the site is paid by blocks, as by PPLNS or alone, and not for every hash."""
    return recording.facts.pool is not None


def blocks(recording: Recording) -> FloatArray:
    """Return time [s] and pay [BTC] of each block, shape (2, n)."""
    rows = [(event.time_s, event.value) for event in recording.events_of(POOL, BLOCK_KIND)]
    return np.array(rows, dtype=np.float64).reshape(-1, 2).T


def block_count(recording: Recording) -> float:
    """Return how many blocks the pool found, or the site alone [1]; NaN where every hash is paid for."""
    return float(blocks(recording).shape[1]) if is_paid_by_blocks(recording) else math.nan


def luck_ratio(recording: Recording) -> float:
    """Return blocks found over those to be expected [1]; NaN where none were, or every hash is paid for."""
    pool = recording.facts.pool
    return math.nan if pool is None else ratio(block_count(recording), pool.expected_block_count)


def change_ratio(recording: Recording, name: str, of: Callable[[Signal], float]) -> float:
    """Return a value of a signal over its first, less one [1]; NaN where the signal is not known."""
    signal = recording.signals.get(name)
    return math.nan if signal is None else ratio(of(signal), float(signal.value[0])) - 1.0


def _last(signal: Signal) -> float:
    return float(signal.value[-1])


def hashrate_source(recording: Recording, fleet: str) -> tuple[Signal, float]:
    """Return a recorded signal, and the PH/s of each unit of it: their product is the hash rate."""
    recorded = recording.signals.get(f"fleet.{fleet}.hashrate_ph_s")
    if recorded is not None:
        return recorded, 1.0
    return recording[f"fleet.{fleet}.power_mw"], of_power(1.0, recording.facts.fleet[fleet].j_per_th)


def rated_th_s(recording: Recording, fleet: str) -> float:
    """Return the hash rate of a fleet at rated power [TH/s]; 0 for one that is no miner."""
    facts = recording.facts.fleet[fleet]
    return facts.rated_mw * MEGAWATT_IN_WATTS / facts.j_per_th


def earned_usd_per_mwh(recording: Recording, fleet: str, kept_fraction: float = 1.0) -> Signal:
    """Return what a MWh of a fleet earns at rated power, the pool's fee paid [USD/MWh].

    Parameters
    ----------
    recording, fleet
        A run, and the name of one of its fleets.
    kept_fraction
        Share of the hashes that count [1].
    """
    facts = recording.facts
    product = facts.fleet[fleet].product_usd_per_mwh
    if product is not None:
        return Signal.constant(product, recording.end_s)
    earned = breakeven_usd_per_mwh(kept_fraction, facts.fleet[fleet].j_per_th, facts.pool_fee_fraction)
    return recording["hashprice_usd_per_ph_day"] * earned


def hashrate_ph_s(recording: Recording, fleet: str) -> Signal:
    """Return the hash rate of a fleet that its pool accepts [PH/s]."""
    signal, ph_s_per_unit = hashrate_source(recording, fleet)
    return signal * ph_s_per_unit


def with_blocks(recording: Recording, pool: Pool, draws: Generator) -> Recording:
    """Return a recording with the blocks that paid the site, where pay comes by blocks.

    Parameters
    ----------
    recording
        A run; where `pool` pays by blocks, with the signals of a ``network`` market.
    pool
        Who pays.
    draws
        The blocks' own random stream.

    Returns
    -------
    Recording
        The same, with an event ``block`` of source ``pool`` for each block, its value what the site got for
        it [BTC], and how many were to be expected; unchanged where pay does not come by blocks.

    Raises
    ------
    InputError
        The site hashes more than its pool.
    """
    payments = pool.payments(_work(recording), draws) if pool.pays_blocks else None
    if payments is None:
        return recording
    blocks = np.zeros(payments.btc.size, dtype=np.uint32)
    paid = EventTable(payments.time_s, payments.btc, blocks, [(POOL, BLOCK_KIND)])
    events = EventTable.merged([recording.events, paid])
    facts = replace(recording.facts, pool=PoolFacts(payments.expected_count))
    return replace(recording, events=events, facts=facts)


def _work(recording: Recording) -> Work:
    nothing = Signal.constant(0.0, recording.end_s)
    return Work(
        total([nothing, *(hashrate_ph_s(recording, fleet) for fleet in recording.fleet_names)]),
        recording["difficulty"],
        recording["network_hashrate_eh_s"],
        recording["subsidy_btc"] + recording["fees_btc"],
    )


# -- money ------------------------------------------------------------------------------------------------


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
    return ratio(recording.once(mining_revenue_usd), energy_mwh(recording["fleet_power_mw"]))


def mining_margin_usd(recording: Recording) -> float:
    """Return mining revenue less the cost of its power [USD]."""
    return recording.once(mining_revenue_usd) - recording.once(fleet_power_cost_usd)


# -- catalogue --------------------------------------------------------------------------------------------

CATALOGUE = (
    Metric("mean_hashprice_usd_per_ph_day", lambda r: r["hashprice_usd_per_ph_day"].mean()),
    Metric("hashprice_change_ratio", partial(change_ratio, name="hashprice_usd_per_ph_day", of=_last)),
    Metric("bitcoin_change_ratio", partial(change_ratio, name="price_usd_per_btc", of=_last)),
    Metric("difficulty_change_ratio", partial(change_ratio, name="difficulty", of=_last)),
    Metric("difficulty_rise_ratio", partial(change_ratio, name="difficulty", of=Signal.maximum)),
    Metric("block_count", block_count),
    Metric("block_luck_ratio", luck_ratio),
    Metric("mined_btc", mined_btc),
    Metric("mining_revenue_usd", mining_revenue_usd),
    Metric("mining_revenue_usd_per_mwh", revenue_usd_per_mwh),
    Metric("power_cost_usd", power_cost_usd, compares=True),
    Metric("fleet_power_cost_usd", fleet_power_cost_usd),
    Metric("mining_margin_usd", mining_margin_usd),
)
