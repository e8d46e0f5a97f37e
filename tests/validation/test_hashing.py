"""Bitcoin's arithmetic against published figures and the chain's own difficulty."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from sim.mining.hashing import breakeven_usd_per_mwh, btc_per_ph_day, hashprice_usd_per_ph_day, retarget
from sim.signals import FloatArray

EPOCHS = Path(__file__).parents[2].parent / "shared" / "data" / "btc_difficulty_epochs_2009_2024.csv"
HALVING_2024 = datetime(2024, 4, 20, 0, 9, tzinfo=UTC)  # block 840,000


def test_hashprice_of_24_october_2021() -> None:
    """Hashrate Index roundup, 2021-10-24: 20.08 T, 60,028 USD/BTC, fees 1.07 %: 0.3800 USD/TH/day; 0.2 %."""
    hashprice = hashprice_usd_per_ph_day(20.08e12, 60_028.0, 6.25, 0.0107)

    assert hashprice / 1000.0 == pytest.approx(0.3800, rel=0.002)


def test_hashprice_of_7_october_2024() -> None:
    """Hashrate Index roundup, 2024-10-07: 88.40 T and 63,450 USD/BTC.

    Without fees 45.12 USD/(PH/s)/d follow from these figures, 0.1 %; 45.92 was published, which takes fees of
    1.7 % of the reward.
    """
    without_fees = hashprice_usd_per_ph_day(88.40e12, 63_450.0, 3.125)

    assert without_fees == pytest.approx(45.12, rel=0.001)
    assert hashprice_usd_per_ph_day(88.40e12, 63_450.0, 3.125, 0.017) == pytest.approx(45.92, rel=0.001)


@pytest.mark.parametrize(("efficiency_j_per_th", "expected"), [(17.0, 96.9), (22.0, 74.9), (32.3, 51.0)])
def test_breakeven_of_january_2026(efficiency_j_per_th: float, expected: float) -> None:
    """Hashrate Index roundup, 2026-01-12: at 39.53 USD/(PH/s)/d classes break even at 97, 75, 51; 0.5 %."""
    assert breakeven_usd_per_mwh(39.53, efficiency_j_per_th) == pytest.approx(expected, rel=0.005)


@pytest.mark.skipif(not EPOCHS.is_file(), reason=f"needs {EPOCHS.name} in ../shared/data")
@pytest.mark.parametrize(("month", "expected_mbtc"), [(4, 1.204), (5, 0.741)])
def test_reward_before_and_after_the_halving_of_2024(month: int, expected_mbtc: float) -> None:
    """Mean reward of a month in mBTC/(PH/s)/d, from the difficulty in Electrum's checkpoints.json; 0.5 %.

    April holds the halving at block 840,000, 2024-04-20 00:09 UTC.
    """
    starts, difficulty = _epochs()
    first = datetime(2024, month, 1, tzinfo=UTC)
    last = datetime(2024, month + 1, 1, tzinfo=UTC)
    hours = [first + timedelta(hours=hour) for hour in range(int((last - first).total_seconds() // 3600))]
    epoch = np.searchsorted(starts, [hour.timestamp() for hour in hours], side="right") - 1
    before = np.array([hour < HALVING_2024 for hour in hours])

    reward_btc = np.where(
        before, btc_per_ph_day(difficulty[epoch], 6.25), btc_per_ph_day(difficulty[epoch], 3.125)
    )

    assert reward_btc.mean() * 1000.0 == pytest.approx(expected_mbtc, rel=0.005)


def test_retarget_after_the_epoch_that_began_on_29_october_2025() -> None:
    """Electrum's checkpoints.json: 155.97 T lasted 14.34 d, the next epoch had 152.27 T; 0.1 %."""
    assert retarget(155.97e12, 14.34) == pytest.approx(152.27e12, rel=0.001)


def _epochs() -> tuple[FloatArray, FloatArray]:
    with EPOCHS.open(newline="") as file:
        rows = list(csv.DictReader(file))
    starts = [datetime.fromisoformat(row["start_utc_reconstructed"]).timestamp() for row in rows]
    return np.array(starts), np.array([float(row["difficulty"]) for row in rows])
