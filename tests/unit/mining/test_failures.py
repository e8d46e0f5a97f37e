import numpy as np
import pytest

from sim.mining.cohort.failures import RareDraws, breakdowns
from sim.mining.cohort.spec import MachineFailures
from sim.rng import stream
from sim.units import SECONDS_PER_DAY

YEAR_S = 365.0 * SECONDS_PER_DAY


def of_a_year(**keys):
    return breakdowns(MachineFailures(**keys), [1000] * 10, YEAR_S, stream(1, "mining/m/failures"))


def test_as_many_machines_fail_in_a_year_as_the_rate_says():
    found = [b for b in of_a_year(per_year_fraction=0.5) if b.time_s >= 0.0]
    assert len(found) == pytest.approx(5000.0 * (1.0 - 0.5 * 29.5 / 365.0), abs=4.0 * 5000.0**0.5)
    assert np.mean([(b.repaired_s - b.time_s) / SECONDS_PER_DAY for b in found]) == pytest.approx(29.5, abs=0.5)
    assert {b.block for b in found} == set(range(10))


def test_a_run_begins_with_as_many_machines_in_repair_as_it_ends_with():
    found = of_a_year(per_year_fraction=0.5)
    expected = 10_000 * 0.5 * 29.5 / 365.0
    for time_s in (0.0, YEAR_S / 2.0, YEAR_S - 1.0):
        out = sum(b.time_s <= time_s < b.repaired_s for b in found)
        assert out == pytest.approx(expected, abs=4.0 * expected**0.5)


def test_a_rare_event_is_as_frequent_as_it_should_be_however_the_trials_come():
    draws = RareDraws(0.01, lambda name: stream(1, name), "starts")
    once = sum(draws.hits(block, 10_000) for block in range(20))
    assert once == pytest.approx(2000, abs=180)
    again = RareDraws(0.01, lambda name: stream(1, name), "starts")
    assert sum(again.hits(block, 100) for _ in range(100) for block in range(20)) == once


def test_what_never_happens_draws_nothing():
    def refuse(name):
        raise AssertionError(name)

    assert RareDraws(0.0, refuse, "starts").hits(0, 1_000_000) == 0
