"""What mining meets and finds: hash rate, hashprice, difficulty, blocks."""

import math
from typing import Final

import numpy as np

from sim.metrics.base import Metric
from sim.recording import Recording
from sim.signals import FloatArray

POOL: Final = "pool"
"""Source of the events of a pool, or of the chain that pays a lone miner."""
BLOCK_KIND: Final = "block"
"""Kind of the event of a block; its value is what the site got for it [BTC]."""
EXPECTED_BLOCKS: Final = "pool.expected_block_count"
"""Constant of the runs that are paid by blocks: how many were to be expected."""


def is_paid_by_blocks(recording: Recording) -> bool:
    """Tell whether the site is paid by blocks, as by PPLNS or alone, and not for every hash."""
    return EXPECTED_BLOCKS in recording.constants


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
    expected = recording.constants.get(EXPECTED_BLOCKS, 0.0)
    return block_count(recording) / expected if expected > 0.0 else math.nan


def difficulty_change_ratio(recording: Recording) -> float:
    """Return the difficulty at the end over that at the start, less one [1]; NaN where it is not known."""
    difficulty = recording.signals.get("difficulty")
    return math.nan if difficulty is None else float(difficulty.value[-1] / difficulty.value[0]) - 1.0


CATALOGUE = (
    Metric(
        "mean_hashprice_usd_per_ph_day",
        "USD/(PH/s)/d",
        "Mean revenue of one PH/s held for a day, before pool fee",
        lambda recording: recording["hashprice_usd_per_ph_day"].mean(),
    ),
    Metric(
        "difficulty_change_ratio",
        "1",
        "Growth of the network's difficulty over the run",
        difficulty_change_ratio,
    ),
    Metric("block_count", "1", "Blocks found by the pool, or by the site alone", block_count),
    Metric("block_luck_ratio", "1", "Blocks found over those to be expected", luck_ratio),
)
