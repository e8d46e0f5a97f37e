"""The network of bitcoin against the chain's own record, and against plain arithmetic."""

import csv
import math
from datetime import UTC, datetime
from functools import cache

import numpy as np
from published import DATA, Absolute, Calibration, Evidence, Identity, Relative

from sim.bitcoin import balanced_difficulty
from sim.market.chain import Network, Tip, simulate
from sim.market.difficulty import (
    Conversion,
    CostBand,
    EndogenousDifficulty,
    FileDifficulty,
    GrowthDifficulty,
)
from sim.market.hashprice import FileBtcPrice
from sim.market.network import FixedFees, NetworkBitcoin, hashprice
from sim.market.pools import PplnsPool, Work
from sim.rng import stream
from sim.signals import Signal
from sim.span import Span
from sim.tables import Files
from sim.units import SECONDS_PER_DAY

TITLE = "Bitcoin network"
DAILY = "btc_network_daily_2020_2024.csv"
EPOCHS = "btc_difficulty_epochs_2009_2024.csv"
CHAIN = (
    "difficulty in Electrum's checkpoints.json, simulated from the hash rate of each day of 2020 to 2024, "
    "which is estimated from that day's blocks: a check of epochs, not of a forecast"
)
HALVING_2024 = datetime(2024, 4, 20, 0, 9, tzinfo=UTC)


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(newline="") as file:
        return list(csv.DictReader(file))


def utc_s(text: str) -> float:
    time = datetime.fromisoformat(text)
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


@cache
def replayed() -> tuple[float, list[dict[str, str]], Network]:
    """Return the first retarget of 2020 [s of UTC], the epochs from there on, and our own of them."""
    days, epochs = rows(DAILY), rows(EPOCHS)
    first_day_s = utc_s(days[0]["date_utc"])
    real = [row for row in epochs if utc_s(row["start_utc_reconstructed"]) > first_day_s]
    start_s = utc_s(real[0]["start_utc_reconstructed"])
    times_s = np.array([utc_s(day["date_utc"]) for day in days]) - start_s
    end_s = float(times_s[-1]) + SECONDS_PER_DAY
    hashrate = Signal.steps(times_s, [float(day["hashrate_eh_s"]) for day in days], end_s)
    tip = Tip(0.0, float(real[0]["difficulty"]), int(real[0]["start_height"]))
    from_start = hashrate.clip_time(0.0, end_s)
    return start_s, real, simulate(tip, end_s, lambda _: from_start)


def difficulty_errors() -> np.ndarray:
    """Return ours over the real difficulty, less one, of each of the 133 epochs."""
    _, real, network = replayed()
    return network.difficulty.value / np.array([float(row["difficulty"]) for row in real]) - 1.0


def halving_error_d() -> float:
    start_s, real, network = replayed()
    return (start_s + network.halvings_s(int(real[0]["start_height"]))[840_000] - HALVING_2024.timestamp()) / (
        SECONDS_PER_DAY
    )


def fee_fraction(year: int) -> float:
    """Return the fees over the whole reward of the days of a year that have both."""
    days = [day for day in rows(DAILY) if day["date_utc"].startswith(str(year)) and day["fees_btc"]]
    fees_btc = sum(float(day["fees_btc"]) for day in days)
    return fees_btc / (fees_btc + sum(float(day["blocks"]) * float(day["subsidy_btc_per_block"]) for day in days))


def mean_hashprice(year: int, fees: float) -> float:
    """Return the mean of a year, made from each day's price and each epoch's difficulty."""
    market = NetworkBitcoin(
        type="network",
        price=FileBtcPrice(file=DAILY),
        difficulty=FileDifficulty(file=EPOCHS, time_column="start_utc_reconstructed"),
        fees=FixedFees(fee_fraction=fees),
    )
    start_utc_s = datetime(year, 1, 1, tzinfo=UTC).timestamp()
    end_s = datetime(year + 1, 1, 1, tzinfo=UTC).timestamp() - start_utc_s
    signals = market.signals(Span(Files([DATA]), start_utc_s, end_s))
    return signals["hashprice_usd_per_ph_day"].mean()


def hashprice_after_a_gigawatt() -> float:
    """Return the rise of hashprice once a converted gigawatt has left the difficulty."""
    spec = GrowthDifficulty(
        start_difficulty=float(balanced_difficulty(964.0)),
        annual_growth_ratio=0.0,
        conversions=(Conversion(at=datetime(2026, 10, 10, tzinfo=UTC), mw=1000.0, efficiency_j_per_th=17.5),),
    )
    start_utc_s, end_s = datetime(2026, 10, 3, tzinfo=UTC).timestamp(), 60.0 * SECONDS_PER_DAY
    network = spec.network(Span(Files(()), start_utc_s, end_s), None, lambda *_: 1.0)
    steady = Signal.constant(1.0, end_s)
    path = hashprice(network.difficulty, steady, steady).value
    return float(path[-1] / path[0]) - 1.0


MINERS_OF_2021 = tuple(
    CostBand(share_fraction=share, efficiency_j_per_th=efficiency, power_usd_per_mwh=50.0, opex_usd_per_mwh=8.0)
    for share, efficiency in ((0.35, 30.0), (0.25, 35.0), (0.25, 45.0), (0.15, 60.0))
)
"""Assumption: machines from the S19 to the M20 class, at 50 USD/MWh."""
TOP, BOTTOM = datetime(2021, 11, 8, tzinfo=UTC), datetime(2022, 11, 21, tzinfo=UTC)
"""Highest and lowest close of the bear market: 67,567 and 15,787 USD/BTC."""


def difficulty_since_the_top(until: datetime, response_ratio: float = 0.32) -> Signal:
    """Return the difficulty that the price of bitcoin makes from its top of 2021 on, over that of the top."""
    market = NetworkBitcoin(
        type="network",
        price=FileBtcPrice(file=DAILY),
        difficulty=EndogenousDifficulty(
            start_difficulty=21.65934483e12,
            annual_growth_ratio=0.0,
            bands=MINERS_OF_2021,
            order_response_ratio=response_ratio,
            order_lead_d=270.0,
        ),
    )
    span = Span(Files([DATA]), TOP.timestamp(), (until - TOP).total_seconds() + SECONDS_PER_DAY)
    return market.signals(span)["difficulty"] * (1.0 / 21.65934483e12)


def difficulty_of(day: str) -> float:
    """Return the chain's difficulty of a day over that of the top of 2021."""
    return next(float(row["difficulty"]) for row in rows(DAILY) if row["date_utc"] == day) / 21.65934483e12


def monthly_spread() -> float:
    """Return standard deviation over mean of a month's pay of a pool of 44 EH/s among 960."""
    end_s = 31.0 * SECONDS_PER_DAY
    values = (1000.0, float(balanced_difficulty(960.0)), 960.0, 3.125)
    work = Work(*(Signal.constant(value, end_s) for value in values))
    pool = PplnsPool(type="pplns", pool_hashrate_eh_s=44.0)
    paid = [pool.payments(work, stream(seed, "market/bitcoin/blocks")).btc.sum() for seed in range(1000)]
    return float(np.std(paid) / np.mean(paid))


CASES = [
    Identity(
        "Mean error of 133 difficulties",
        CHAIN,
        0.0,
        lambda: float(np.abs(difficulty_errors()).mean()),
        Absolute(0.006),
        needs=EPOCHS,
    ),
    Identity(
        "Largest error of 133 difficulties",
        CHAIN,
        0.0,
        lambda: float(np.abs(difficulty_errors()).max()),
        Absolute(0.03),
        needs=EPOCHS,
    ),
    Identity(
        "Difficulty at the end of 2024, relative",
        CHAIN,
        1.0,
        lambda: float(difficulty_errors()[-1]) + 1.0,
        Relative(0.01),
        needs=EPOCHS,
    ),
    Identity(
        "Halving of 2024, by height from January 2020",
        "block 840,000, 2024-04-20 00:09 UTC",
        0.0,
        halving_error_d,
        Absolute(0.25),
        "d",
        needs=EPOCHS,
    ),
    Evidence(
        "Mean hashprice of 2021",
        "Hashrate Index review of 2022; fees of the days that are known, 6.1 % of the reward",
        314.61,
        lambda: mean_hashprice(2021, fee_fraction(2021)),
        Relative(0.015),
        "USD/(PH/s)/d",
        needs=DAILY,
    ),
    Evidence(
        "Mean hashprice of 2022",
        "Hashrate Index review of 2022; fees taken as 1.5 % of the reward",
        123.88,
        lambda: mean_hashprice(2022, 0.015),
        Relative(0.015),
        "USD/(PH/s)/d",
        needs=DAILY,
    ),
    Identity(
        "Rise of hashprice after 1 GW of 17.5 J/TH leaves 964 EH/s",
        "1 / (1 - 57.1 / 964) - 1",
        0.063,
        hashprice_after_a_gigawatt,
        Absolute(0.0005),
    ),
    Calibration(
        "Difficulty at the bottom of the bear market of 2021-22, over that at its top",
        "chain: 36.95e12 on 2022-11-21 over 21.66e12 on 2021-11-08, while bitcoin fell by 77 %; "
        "order_response_ratio 0.32 was set from it, with a lead of 270 d and bands that are assumptions",
        1.706,
        lambda: float(difficulty_since_the_top(BOTTOM).at((BOTTOM - TOP).total_seconds())),
        Relative(0.03),
        needs=DAILY,
    ),
    Identity(
        "Spread of a month's pay of a pool of 44 among 960 EH/s",
        "arXiv:1112.4980: 1 / sqrt(205 blocks); three standard errors of 1,000 draws",
        1.0 / math.sqrt(205.0),
        monthly_spread,
        Relative(0.067),
    ),
]
