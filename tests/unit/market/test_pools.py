import math

import numpy as np
import pytest
from pydantic import ValidationError

from sim.bitcoin import balanced_difficulty
from sim.errors import InputError
from sim.market.pools import FppsPool, Payments, PplnsPool, SoloPool, Work, found
from sim.rng import stream
from sim.signals import Signal

DAY_S = 86_400.0
D_1000 = float(balanced_difficulty(1000.0))


def work(site_ph_s: float | Signal, days: float = 31.0, reward_btc: float = 3.0) -> Work:
    end_s = days * DAY_S
    site = site_ph_s if isinstance(site_ph_s, Signal) else Signal.constant(site_ph_s, end_s)
    network = [Signal.constant(value, end_s) for value in (D_1000, 1000.0, reward_btc)]
    return Work(site, *network)


def luck(seed: int) -> np.random.Generator:
    return stream(seed, "market/bitcoin/blocks")


def plain(pool_share_fraction: float, **fields: float) -> PplnsPool:
    return PplnsPool(
        type="pplns",
        pool_share_fraction=pool_share_fraction,
        fee_fraction=0.0,
        stale_fraction=0.0,
        **fields,
    )


def paid(pool: PplnsPool | SoloPool, work: Work, seed: int) -> Payments:
    return pool.payments(work, luck(seed))


def test_a_pool_that_pays_per_share_pays_no_blocks():
    assert FppsPool().payments(work(1000.0), luck(1)) is None


def test_blocks_come_at_the_rate_of_the_pools_work():
    payments = paid(plain(0.05), work(1000.0), 1)
    assert payments.expected_count == pytest.approx(0.05 * 144 * 31, rel=1e-12)
    counts = [paid(plain(0.05), work(1000.0), seed).time_s.size for seed in range(200)]
    mu = payments.expected_count
    assert np.mean(counts) == pytest.approx(mu, abs=3.0 * math.sqrt(mu / 200))


def test_pplns_pays_what_was_to_be_expected_on_average_with_a_spread_of_one_over_the_root():
    # 205 blocks in a month, as 44 EH/s of 960 EH/s would find: 7 %
    share = 205.0 / (144 * 31)
    totals = np.array([paid(plain(share), work(2000.0), seed).btc.sum() for seed in range(400)])
    expected = 0.002 * 144 * 31 * 3.0
    standard_error = totals.std(ddof=1) / math.sqrt(400)

    assert totals.mean() == pytest.approx(expected, abs=3.0 * standard_error)
    assert totals.std(ddof=1) / totals.mean() == pytest.approx(1.0 / math.sqrt(205.0), rel=0.12)


def test_alone_pay_is_what_was_to_be_expected_on_average():
    pool = SoloPool(type="solo", stale_fraction=0.0)
    totals = np.array([paid(pool, work(2000.0), seed).btc.sum() for seed in range(400)])
    mu = 0.002 * 144 * 31
    assert totals.mean() == pytest.approx(3.0 * mu, abs=3.0 * 3.0 * math.sqrt(mu / 400))


def test_a_lone_miner_finds_the_same_blocks_later_when_he_hashes_less():
    pool = SoloPool(type="solo")
    full, half = paid(pool, work(4000.0), 3), paid(pool, work(2000.0), 3)
    found_by_half = half.time_s.size
    assert 0 < found_by_half < full.time_s.size
    assert half.time_s == pytest.approx(2.0 * full.time_s[:found_by_half], rel=1e-9)


def test_a_lone_miner_finds_nothing_while_he_is_off():
    site = Signal.steps([0.0, 10 * DAY_S, 20 * DAY_S], [4000.0, 0.0, 4000.0], 31 * DAY_S)
    time_s = paid(SoloPool(type="solo"), work(site), 3).time_s
    assert time_s.size > 5
    assert not np.any((time_s > 10 * DAY_S) & (time_s < 20 * DAY_S))


def test_the_pools_blocks_do_not_depend_on_the_site():
    off = Signal.steps([0.0, 10 * DAY_S], [2000.0, 0.0], 31 * DAY_S)
    assert np.array_equal(paid(plain(0.05), work(2000.0), 1).time_s, paid(plain(0.05), work(off), 1).time_s)


def test_each_block_is_shared_out_by_the_work_of_the_window_before_it():
    off = Signal.steps([0.0, 10 * DAY_S], [2000.0, 0.0], 31 * DAY_S)
    payments = paid(plain(0.05, window_ratio=7.2), work(off), 1)  # a day of the pool's work
    before, after = payments.time_s <= 10 * DAY_S, payments.time_s >= 11 * DAY_S
    assert payments.btc[before] == pytest.approx(3.0 * 2.0 / 50.0, rel=1e-9)
    assert payments.btc[after] == pytest.approx(0.0, abs=1e-12)
    between = ~before & ~after
    left = 1.0 - (payments.time_s[between] - 10 * DAY_S) / DAY_S
    assert payments.btc[between] == pytest.approx(left * 3.0 * 2.0 / 50.0, rel=1e-6)


def test_fee_and_stale_work_are_taken_off_every_block():
    bare = paid(plain(0.05), work(2000.0), 1).btc
    pool = PplnsPool(type="pplns", pool_hashrate_eh_s=50.0, fee_fraction=0.02, stale_fraction=0.01)
    assert paid(pool, work(2000.0), 1).btc == pytest.approx(bare * 0.98 * 0.99, rel=1e-12)


def test_a_site_that_hashes_more_than_its_pool_is_refused():
    with pytest.raises(InputError, match="must hold the site's, got 10 EH/s and 20 EH/s of the site"):
        paid(plain(0.01), work(20_000.0), 1)


def test_however_many_blocks_there_are_they_come_at_their_rate():
    time_s, expected_count = found(Signal.constant(5.0, 1000.0), luck(1))
    assert expected_count == 5000.0
    assert time_s.size == pytest.approx(5000.0, abs=3.0 * math.sqrt(5000.0))
    assert np.all(np.diff(time_s) > 0.0)
    shorter, _ = found(Signal.constant(5.0, 500.0), luck(1))
    assert shorter == pytest.approx(time_s[: shorter.size], rel=1e-12)


def test_a_hash_rate_that_does_not_belong_to_the_difficulty_is_refused():
    with pytest.raises(InputError, match="are to be expected, at most 10,000,000"):
        found(Signal.constant(1e6, 1e6), luck(1))


@pytest.mark.parametrize("fields", [{}, {"pool_share_fraction": 0.1, "pool_hashrate_eh_s": 10.0}])
def test_a_pool_has_one_size(fields):
    with pytest.raises(ValidationError, match="one of pool_share_fraction, pool_hashrate_eh_s; got"):
        PplnsPool(type="pplns", **fields)
