import numpy as np
import pytest

import sim.bitcoin
import sim.mining.hashing
from sim.bitcoin import (
    breakeven_usd_per_mwh,
    btc_per_ph_day,
    hashprice_usd_per_ph_day,
    hashrate_ph_s,
    retarget,
)


def test_a_network_that_finds_144_blocks_a_day_shares_out_144_subsidies() -> None:
    network_ph_s = 1000.0
    difficulty = network_ph_s * 1e15 * 600.0 / 2.0**32

    assert btc_per_ph_day(difficulty, 3.125) * network_ph_s == pytest.approx(144 * 3.125, rel=1e-12)


def test_fees_that_are_a_fifth_of_the_reward_raise_it_by_a_quarter() -> None:
    assert btc_per_ph_day(1e14, 3.125, 0.2) == pytest.approx(1.25 * btc_per_ph_day(1e14, 3.125), rel=1e-12)


def test_hashprice_is_the_reward_times_the_price() -> None:
    reward_btc = btc_per_ph_day(1e14, 3.125, 0.01)

    assert hashprice_usd_per_ph_day(1e14, 80_000.0, 3.125, 0.01) == pytest.approx(80_000.0 * reward_btc)


def test_breakeven_is_where_a_megawatt_hour_costs_what_it_earns() -> None:
    revenue_usd_per_h = 50.0 / 24.0 * hashrate_ph_s(10.0, 17.5)  # of 10 MW, before the pool's fee

    assert breakeven_usd_per_mwh(50.0, 17.5) * 10.0 == pytest.approx(revenue_usd_per_h, rel=1e-12)
    assert breakeven_usd_per_mwh(50.0, 17.5, 0.04) * 10.0 == pytest.approx(0.96 * revenue_usd_per_h)


def test_200_mw_of_20_j_per_th_are_ten_exahashes() -> None:
    assert hashrate_ph_s(200.0, 20.0) == 10_000.0


@pytest.mark.parametrize(
    ("epoch_days", "expected"),
    [(14.0, 100.0), (7.0, 200.0), (3.5, 400.0), (2.0, 400.0), (56.0, 25.0), (99.0, 25.0)],
)
def test_retarget_restores_fourteen_days_within_a_factor_of_four(epoch_days: float, expected: float) -> None:
    assert retarget(100.0, epoch_days) == expected


def test_retarget_keeps_the_block_rate_of_a_steady_network() -> None:
    hashes_per_day, difficulty = 8e25, 1e14
    blocks_per_day = hashes_per_day / (difficulty * 2.0**32)

    after = retarget(difficulty, 2016 / blocks_per_day)

    assert hashes_per_day / (after * 2.0**32) == pytest.approx(144.0, rel=1e-12)


def test_every_formula_takes_arrays() -> None:
    difficulty, price = np.array([1e14, 2e14]), np.array([60_000.0, 70_000.0])

    for whole, single in [
        (btc_per_ph_day(difficulty, 3.125, 0.01), btc_per_ph_day(2e14, 3.125, 0.01)),
        (
            hashprice_usd_per_ph_day(difficulty, price, 3.125, 0.01),
            hashprice_usd_per_ph_day(2e14, 70_000.0, 3.125, 0.01),
        ),
        (breakeven_usd_per_mwh(np.array([40.0, 50.0]), 17.5, 0.02), breakeven_usd_per_mwh(50.0, 17.5, 0.02)),
        (hashrate_ph_s(np.array([10.0, 20.0]), 17.5), hashrate_ph_s(20.0, 17.5)),
        (retarget(difficulty, np.array([14.0, 13.0])), retarget(2e14, 13.0)),
    ]:
        assert whole.shape == (2,)
        assert whole[1] == single


def test_miners_arithmetic_is_found_under_mining_too() -> None:
    assert sim.mining.hashing.breakeven_usd_per_mwh is sim.bitcoin.breakeven_usd_per_mwh
    public = {name for name in vars(sim.bitcoin) if not name.startswith("_")}
    assert public >= {
        "EPOCH_TARGET_DAYS",
        "HASHES_PER_DIFFICULTY",
        "PETAHASH_IN_HASHES",
        "RETARGET_LIMIT_RATIO",
    }
    assert all(getattr(sim.mining.hashing, name) is getattr(sim.bitcoin, name) for name in public)
