import math
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.bitcoin import balanced_difficulty
from sim.events import EventRow
from sim.market.pools import FppsPool, SoloPool
from sim.metrics import measure
from sim.metrics.mining import hashrate_ph_s, mining_revenue_usd, with_blocks
from sim.rng import stream
from sim.signals import Signal

DAY_S = 86_400.0


def on_a_chain(recording):
    """Return the recording with the signals of a network of 1000 EH/s, whose blocks pay 3.5 BTC."""
    values = {
        "difficulty": float(balanced_difficulty(1000.0)),
        "network_hashrate_eh_s": 1000.0,
        "subsidy_btc": 3.125,
        "fees_btc": 0.375,
    }
    added = {name: Signal.constant(value, recording.end_s) for name, value in values.items()}
    return replace(recording, signals={**recording.signals, **added})


def luck():
    return stream(1, "market/bitcoin/blocks")


def test_the_hash_rate_of_a_fleet_follows_its_power(record):
    recording = record({"a": 100.0}, {"m": [(0.0, 0.0), (3600.0, 48.0)]})
    assert hashrate_ph_s(recording, "m").at([0.0, 1800.0]) == pytest.approx([0.0, 1200.0], rel=1e-12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.floats(1.0, 500.0), min_size=1, max_size=6),
    other=st.lists(st.floats(1.0, 500.0), min_size=6, max_size=6),
    factor=st.floats(0.1, 10.0),
)
def test_revenue_is_linear_in_hashprice(record, steps, other, factor):
    def revenue(values):
        times_s = [600.0 * step for step in range(len(values))]
        hashprice = Signal.steps(times_s, values, 3600.0)
        fleets = {"m": [(0.0, 5.0), (3600.0, 48.0)]}
        return mining_revenue_usd(record({"a": 100.0}, fleets, hashprice=hashprice))

    padded = steps + [steps[-1]] * (6 - len(steps))
    mixed = [factor * one + two for one, two in zip(padded, other, strict=True)]
    assert revenue(mixed) == pytest.approx(factor * revenue(padded) + revenue(other), rel=1e-9)


def test_stale_work_earns_nothing(record):
    metrics = measure(record({"a": 100.0}, {"m": 24.0}, pool_fee_fraction=0.02, stale_fraction=0.01))
    assert metrics["mining_revenue_usd"] == pytest.approx(2400.0 * 0.98 * 0.99, rel=1e-12)


def test_where_every_hash_is_paid_for_no_blocks_are_recorded(record):
    recording = on_a_chain(record({"a": 100.0}, {"m": 24.0}))
    assert with_blocks(recording, FppsPool(), luck()) is recording
    metrics = measure(recording)
    assert math.isnan(metrics["block_count"])
    assert math.isnan(metrics["block_luck_ratio"])


def test_blocks_are_events_that_pay_at_the_price_of_their_moment(record):
    btc = Signal.steps([0.0, 50 * DAY_S], [80_000.0, 40_000.0], 100 * DAY_S)
    # 240 MW at 20 J/TH are 12 EH/s, 1.2 % of the network: 173 blocks in 100 days
    recording = on_a_chain(record({"a": 100.0}, {"m": 240.0}, end_s=100 * DAY_S, btc=btc))
    other = EventRow(60 * DAY_S, "load.a", "failure", 1.0)
    recording = replace(recording, events=(other,))

    got = with_blocks(recording, SoloPool(type="solo", fee_fraction=0.01, stale_fraction=0.0), luck())

    times_s = [event.time_s for event in got.events]
    assert times_s == sorted(times_s)
    blocks = [event for event in got.events if event.source == "pool"]
    assert {event.kind for event in blocks} == {"block"}
    assert [event.value for event in blocks] == pytest.approx([3.5 * 0.99] * len(blocks), rel=1e-12)
    metrics = measure(got)
    early = sum(event.time_s < 50 * DAY_S for event in blocks)
    assert metrics["block_count"] == len(blocks)
    assert metrics["block_luck_ratio"] == pytest.approx(len(blocks) / (0.012 * 14_400), rel=1e-9)
    assert metrics["mined_btc"] == pytest.approx(3.465 * len(blocks), rel=1e-12)
    assert metrics["mining_revenue_usd"] == pytest.approx(
        3.465 * (80_000.0 * early + 40_000.0 * (len(blocks) - early)), rel=1e-12
    )


def test_bad_luck_is_no_revenue_and_not_the_expected_one(record):
    recording = on_a_chain(record({"a": 100.0}, {"m": 0.024}))
    metrics = measure(with_blocks(recording, SoloPool(type="solo"), luck()))
    assert metrics["block_count"] == 0.0
    assert metrics["mining_revenue_usd"] == 0.0


def test_a_site_without_fleets_finds_nothing(record):
    metrics = measure(with_blocks(on_a_chain(record({"a": 100.0})), SoloPool(type="solo"), luck()))
    assert metrics["mined_btc"] == 0.0
    assert math.isnan(metrics["block_luck_ratio"])
    assert math.isnan(metrics["mining_revenue_usd_per_mwh"])


def test_revenue_per_mwh_is_the_break_even_price(record):
    metrics = measure(record({"a": 100.0}, {"m": [(0.0, 0.0), (3600.0, 60.0)]}))
    assert metrics["mining_revenue_usd_per_mwh"] == pytest.approx(100.0, rel=1e-12)
    assert metrics["mean_hashprice_usd_per_ph_day"] == 48.0


def test_the_change_of_difficulty_is_from_start_to_end(record):
    recording = record({"a": 100.0})
    assert math.isnan(measure(recording)["difficulty_change_ratio"])
    rising = Signal.steps([0.0, 10.0, 20.0], [100.0, 150.0, 90.0], recording.end_s)
    recording = replace(recording, signals={**recording.signals, "difficulty": rising})
    assert measure(recording)["difficulty_change_ratio"] == pytest.approx(-0.1, rel=1e-12)
    assert measure(recording)["difficulty_rise_ratio"] == pytest.approx(0.5, rel=1e-12)
    assert measure(recording)["hashprice_change_ratio"] == 0.0
