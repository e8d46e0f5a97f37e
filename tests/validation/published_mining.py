"""Bitcoin's arithmetic, miners' months and clocks against published figures and the chain itself."""

import csv
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
from published import DATA, Absolute, Band, Calibration, Evidence, Identity, Relative

from sim.bitcoin import breakeven_usd_per_mwh, btc_per_ph_day, hashprice_usd_per_ph_day, retarget
from sim.mining.clocking import power_ratio

TITLE = "Mining"
EPOCHS = "btc_difficulty_epochs_2009_2024.csv"
HALVING_2024 = datetime(2024, 4, 20, 0, 9, tzinfo=UTC)  # block 840,000
ELECTRUM = "difficulty in Electrum's checkpoints.json"
EPOCHS_2025 = [  # from the same file; each epoch lasts 14 d times its difficulty over the next one's
    (datetime(2024, 12, 29, 17, tzinfo=UTC), 109.78e12),
    (datetime(2025, 1, 12, 15, tzinfo=UTC), 110.45e12),
    (datetime(2025, 1, 26, 23, tzinfo=UTC), 108.11e12),
    (datetime(2025, 6, 28, 23, tzinfo=UTC), 116.96e12),
    (datetime(2025, 7, 11, 23, tzinfo=UTC), 126.27e12),
    (datetime(2025, 7, 25, 19, tzinfo=UTC), 127.62e12),
]
"""Start and difficulty of the epochs of January and July 2025."""


def epochs(year: int) -> list[tuple[datetime, float]]:
    """Return start and difficulty of the epochs, in order; of 2025, those of two months."""
    if year == 2025:
        return EPOCHS_2025
    with (DATA / EPOCHS).open(newline="") as file:
        rows = csv.DictReader(file)
        return [(datetime.fromisoformat(row["start_utc_reconstructed"]), float(row["difficulty"])) for row in rows]


def rewards_btc(year: int, month: int) -> np.ndarray:
    """Return the reward without fees of each hour of a month from 2023 on [BTC/(PH/s)/d]."""
    starts, difficulty = zip(*epochs(year), strict=True)
    first = datetime(year, month, 1, tzinfo=UTC)
    month_h = (datetime(year, month + 1, 1, tzinfo=UTC) - first) // timedelta(hours=1)
    hours = [first + timedelta(hours=hour) for hour in range(month_h)]
    stamps = [start.timestamp() for start in starts]
    epoch = np.searchsorted(stamps, [hour.timestamp() for hour in hours], side="right") - 1
    in_force = np.array(difficulty)[epoch]
    before = np.array([hour < HALVING_2024 for hour in hours])
    return np.where(before, btc_per_ph_day(in_force, 6.25), btc_per_ph_day(in_force, 3.125))


def reward_mbtc(month: int) -> float:
    """Return the mean reward of a month of 2024 [mBTC/(PH/s)/d]; April holds the halving."""
    return float(rewards_btc(2024, month).mean() * 1000.0)


def mined_btc(year: int, month: int, eh_s: float) -> float:
    """Return what a mean hash rate earns in a month, without fees [BTC]."""
    return float(rewards_btc(year, month).sum() / 24.0 * eh_s * 1000.0)


def month_of(label: str, date: tuple[int, int], eh_s: float, btc: float, *, ratio: Band, source: str) -> Evidence:
    """Return the case of a miner's month: what it published over ours lies in a band."""
    year, month = date
    return Evidence(
        f"{label}: {eh_s:g} EH/s, without fees",
        f"{source}; production over ours {ratio}; {ELECTRUM}",
        btc,
        partial(mined_btc, year, month, eh_s),
        Band(btc / ratio.high, btc / ratio.low),
        "BTC",
        needs="" if year == 2025 else EPOCHS,
    )


IREN = "IREN monthly updates, February and August 2025; fees were 0.5 to 2 % of the reward"
RIOT = "Riot monthly updates; fees as above, hash rate rounded to 0.1 EH/s, 1 % may be stale or the pool's"
FULL_PAY = Band(1.005, 1.02)
ROUNDED = Band(0.99, 1.03)

CASES = [
    Evidence(
        "V1 Hashprice of 24 October 2021",
        "Hashrate Index roundup, 2021-10-24: 20.08 T, 60,028 USD/BTC, fees 1.07 %",
        0.3800,
        lambda: hashprice_usd_per_ph_day(20.08e12, 60_028.0, 6.25, 0.0107) / 1000.0,
        Relative(0.002),
        "USD/TH/d",
    ),
    Identity(
        "V2 Hashprice of 7 October 2024 without fees",
        "follows from Hashrate Index roundup, 2024-10-07: 88.40 T, 63,450 USD/BTC",
        45.12,
        lambda: hashprice_usd_per_ph_day(88.40e12, 63_450.0, 3.125),
        Relative(0.001),
        "USD/(PH/s)/d",
    ),
    Calibration(
        "V2 Hashprice of 7 October 2024",
        "Hashrate Index roundup, 2024-10-07; takes fees of 1.7 % of the reward",
        45.92,
        lambda: hashprice_usd_per_ph_day(88.40e12, 63_450.0, 3.125, 0.017),
        Relative(0.001),
        "USD/(PH/s)/d",
    ),
    *(
        Identity(
            f"V3 Break-even of {efficiency_j_per_th:g} J/TH in January 2026",
            "Hashrate Index roundup, 2026-01-12: 39.53 USD/(PH/s)/d",
            expected,
            partial(breakeven_usd_per_mwh, 39.53, efficiency_j_per_th),
            Relative(0.005),
            "USD/MWh",
        )
        for efficiency_j_per_th, expected in [(17.0, 96.9), (22.0, 74.9), (32.3, 51.0)]
    ),
    month_of("V4 IREN, January 2025", (2025, 1), 29.0, 521.0, ratio=FULL_PAY, source=IREN),
    month_of("V4 IREN, July 2025", (2025, 7), 45.4, 728.0, ratio=FULL_PAY, source=IREN),
    month_of("V5 Riot, July 2024", (2024, 7), 15.5, 370.0, ratio=ROUNDED, source=RIOT),
    month_of("V5 Riot, July 2023", (2023, 7), 5.4, 410.0, ratio=ROUNDED, source=RIOT),
    *(
        Identity(
            f"V6 Mean reward of {name} 2024",
            f"{ELECTRUM}; halving at block 840,000, 2024-04-20 00:09 UTC",
            expected,
            partial(reward_mbtc, month),
            Relative(0.005),
            "mBTC/(PH/s)/d",
            needs=EPOCHS,
        )
        for month, name, expected in [(4, "April", 1.204), (5, "May", 0.741)]
    ),
    Identity(
        "V7 Difficulty after the epoch of 29 October 2025",
        "Electrum's checkpoints.json: 155.97 T lasted 14.34 d",
        152.27,
        lambda: retarget(155.97e12, 14.34) / 1e12,
        Relative(0.001),
        "T",
    ),
    *(
        Identity(
            f"Power at {fraction:.0%} clock, over the default",
            "worked out from LuxOS's line of clock and voltage, with 3 % static",
            expected,
            partial(power_ratio, fraction, 0.163, 0.03),
            Absolute(0.001),
        )
        for fraction, expected in [(0.8, 0.756), (0.6, 0.539), (0.5, 0.439), (0.3, 0.259)]
    ),
]
