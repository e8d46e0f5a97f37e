from dataclasses import replace

import pytest

from sim.events import EventRow
from sim.metrics.accounts import incremental_ebitda_usd
from sim.metrics.mining import hashes_at, is_paid_by_blocks
from sim.study.objective import objective_usd


def test_it_is_what_a_run_says_that_mining_adds(record):
    recording = record({"a": 100.0}, {"m": 24.0})
    assert objective_usd(recording) == incremental_ebitda_usd(recording) == pytest.approx(1440.0)


def test_luck_is_no_merit_of_a_policy(record):
    # one block of 3.5 BTC at 80,000 USD was found; 2,400 USD were to be expected of the hour
    lucky = record({"a": 100.0}, {"m": 24.0}, constants={"pool.expected_block_count": 0.01})
    lucky = replace(lucky, events=(EventRow(1800.0, "pool", "block", 3.5),))
    assert is_paid_by_blocks(lucky)
    assert incremental_ebitda_usd(lucky) == pytest.approx(3.5 * 80_000.0 - 960.0)
    assert hashes_at(lucky, lucky["hashprice_usd_per_ph_day"]) == pytest.approx(2400.0)
    assert objective_usd(lucky) == pytest.approx(1440.0)
