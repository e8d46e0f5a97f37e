"""What mining meets and finds: hash rate, hashprice, difficulty, blocks."""

import math
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.random import Generator

from sim.bitcoin import breakeven_usd_per_mwh
from sim.bitcoin import hashrate_ph_s as of_power
from sim.facts import PoolFacts
from sim.market.pools import Payments, Pool, Work
from sim.metrics.base import Metric, told
from sim.recording import POOL, EventRow, Recording
from sim.signals import FloatArray, Signal, total

BLOCK_KIND: Final = "block"
"""Kind of the event of a block; its value is what the site got for it [BTC]."""


def is_paid_by_blocks(recording: Recording) -> bool:
    """Tell whether the site is paid by blocks, as by PPLNS or alone, and not for every hash."""
    return recording.facts.pool is not None


def blocks(recording: Recording) -> FloatArray:
    """Return time [s] and pay [BTC] of each block, shape (2, n)."""
    rows = [
        (event.time_s, event.value)
        for event in recording.events
        if event.source == POOL and event.kind == BLOCK_KIND
    ]
    return np.array(rows, dtype=np.float64).reshape(-1, 2).T


def block_count(recording: Recording) -> float:
    """Return how many blocks the pool found, or the site alone [1]; NaN where every hash is paid for."""
    return float(blocks(recording).shape[1]) if is_paid_by_blocks(recording) else math.nan


def luck_ratio(recording: Recording) -> float:
    """Return blocks found over those to be expected [1]; NaN where none were, or every hash is paid for."""
    pool = recording.facts.pool
    if pool is None or pool.expected_block_count <= 0.0:
        return math.nan
    return block_count(recording) / pool.expected_block_count


def difficulty_change_ratio(recording: Recording) -> float:
    """Return the difficulty at the end over that at the start, less one [1]; NaN where it is not known."""
    difficulty = recording.signals.get("difficulty")
    if difficulty is None or difficulty.value[0] <= 0.0:
        return math.nan
    return float(difficulty.value[-1] / difficulty.value[0]) - 1.0


def hashrate_source(recording: Recording, fleet: str) -> tuple[Signal, float]:
    """Return a recorded signal, and the PH/s of each unit of it: their product is the hash rate."""
    recorded = recording.signals.get(f"fleet.{fleet}.hashrate_ph_s")
    if recorded is not None:
        return recorded, 1.0
    return recording[f"fleet.{fleet}.power_mw"], of_power(1.0, recording.facts.fleet[fleet].j_per_th)


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
    events = sorted((*recording.events, *_rows(payments)), key=lambda event: event.time_s)
    facts = replace(recording.facts, pool=PoolFacts(payments.expected_count))
    return replace(recording, events=tuple(events), facts=facts)


def _work(recording: Recording) -> Work:
    nothing = Signal.constant(0.0, recording.end_s)
    return Work(
        total([nothing, *(hashrate_ph_s(recording, fleet) for fleet in recording.fleet_names)]),
        recording["difficulty"],
        recording["network_hashrate_eh_s"],
        recording["subsidy_btc"] + recording["fees_btc"],
    )


def _rows(payments: Payments) -> list[EventRow]:
    paid = zip(payments.time_s.tolist(), payments.btc.tolist(), strict=True)
    return [EventRow(time_s, POOL, BLOCK_KIND, btc) for time_s, btc in paid]


CATALOGUE = (
    told("mean_hashprice_usd_per_ph_day", lambda recording: recording["hashprice_usd_per_ph_day"].mean()),
    told("difficulty_change_ratio", difficulty_change_ratio),
    Metric("block_count", "Blocks found by the pool, or by the site alone", block_count),
    Metric("block_luck_ratio", "Blocks found over those to be expected", luck_ratio),
)
