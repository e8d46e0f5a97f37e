"""Bitcoin's arithmetic against published figures and the chain's own difficulty."""

import csv
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
from published import DATA, PublishedCase, Relative

from sim.mining.hashing import breakeven_usd_per_mwh, btc_per_ph_day, hashprice_usd_per_ph_day, retarget

TITLE = "Mining"
EPOCHS = "btc_difficulty_epochs_2009_2024.csv"
HALVING_2024 = datetime(2024, 4, 20, 0, 9, tzinfo=UTC)  # block 840,000


def reward_mbtc(month: int) -> float:
    """Return the mean reward of a month of 2024 [mBTC/(PH/s)/d]; April holds the halving."""
    with (DATA / EPOCHS).open(newline="") as file:
        rows = list(csv.DictReader(file))
    starts = [datetime.fromisoformat(row["start_utc_reconstructed"]).timestamp() for row in rows]
    difficulty = np.array([float(row["difficulty"]) for row in rows])
    first = datetime(2024, month, 1, tzinfo=UTC)
    last = datetime(2024, month + 1, 1, tzinfo=UTC)
    hours = [first + timedelta(hours=hour) for hour in range(int((last - first).total_seconds() // 3600))]
    epoch = np.searchsorted(starts, [hour.timestamp() for hour in hours], side="right") - 1
    before = np.array([hour < HALVING_2024 for hour in hours])
    reward_btc = np.where(
        before, btc_per_ph_day(difficulty[epoch], 6.25), btc_per_ph_day(difficulty[epoch], 3.125)
    )
    return float(reward_btc.mean() * 1000.0)


CASES = [
    PublishedCase(
        "Hashprice of 24 October 2021",
        "Hashrate Index roundup, 2021-10-24: 20.08 T, 60,028 USD/BTC, fees 1.07 %",
        0.3800,
        lambda: hashprice_usd_per_ph_day(20.08e12, 60_028.0, 6.25, 0.0107) / 1000.0,
        Relative(0.002),
        "USD/TH/d",
    ),
    PublishedCase(
        "Hashprice of 7 October 2024 without fees",
        "follows from Hashrate Index roundup, 2024-10-07: 88.40 T, 63,450 USD/BTC",
        45.12,
        lambda: hashprice_usd_per_ph_day(88.40e12, 63_450.0, 3.125),
        Relative(0.001),
        "USD/(PH/s)/d",
    ),
    PublishedCase(
        "Hashprice of 7 October 2024",
        "Hashrate Index roundup, 2024-10-07; takes fees of 1.7 % of the reward",
        45.92,
        lambda: hashprice_usd_per_ph_day(88.40e12, 63_450.0, 3.125, 0.017),
        Relative(0.001),
        "USD/(PH/s)/d",
    ),
    *(
        PublishedCase(
            f"Break-even of {efficiency_j_per_th:g} J/TH in January 2026",
            "Hashrate Index roundup, 2026-01-12: 39.53 USD/(PH/s)/d",
            expected,
            partial(breakeven_usd_per_mwh, 39.53, efficiency_j_per_th),
            Relative(0.005),
            "USD/MWh",
        )
        for efficiency_j_per_th, expected in [(17.0, 96.9), (22.0, 74.9), (32.3, 51.0)]
    ),
    *(
        PublishedCase(
            f"Mean reward of {name} 2024",
            "difficulty in Electrum's checkpoints.json; halving at block 840,000, 2024-04-20 00:09 UTC",
            expected,
            partial(reward_mbtc, month),
            Relative(0.005),
            "mBTC/(PH/s)/d",
            needs=EPOCHS,
        )
        for month, name, expected in [(4, "April", 1.204), (5, "May", 0.741)]
    ),
    PublishedCase(
        "Difficulty after the epoch of 29 October 2025",
        "Electrum's checkpoints.json: 155.97 T lasted 14.34 d",
        152.27,
        lambda: retarget(155.97e12, 14.34) / 1e12,
        Relative(0.001),
        "T",
    ),
]
