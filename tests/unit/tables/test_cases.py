"""Cases of files that were once misread, each with its right value; skipped where the cases are absent."""

from pathlib import Path

import pytest

from sim.errors import InputError
from sim.scenario.load import load_scenario
from sim.simulation import run

CASES = Path(__file__).parents[4] / "shared" / "cases"


def price(result):
    return result.recording["price_usd_per_mwh"].mean()


def mean(result):
    return result.metrics["site_mean_mw"]


def energy(result):
    return result.metrics["site_energy_mwh"]


def generated(result):
    return result.recording["generation_mw"].integral() / 3600.0


RIGHT = {
    # case: fields that cure it, what is refused without them, how to get its value, the value
    "o01-epoch-seconds-trace": ({}, None, mean, 60.873603347578644),
    "o02-power-in-kw": ({"loads.0.unit": "kw"}, "write unit: kw", energy, 1680.0),
    "o03-time-in-minutes": ({"loads.0.time_format": "min"}, "write time_format: min", energy, 180.0),
    "o04-price-per-kwh": (
        {"market.power.unit": "usd_per_kwh"}, "write unit: usd_per_kwh",
        lambda result: result.metrics["power_cost_usd"], 123_600.0,
    ),
    "o05-difficulty-in-T": (
        {"market.bitcoin.difficulty.unit": "difficulty_t"}, "write unit: difficulty_t",
        lambda result: result.metrics["mined_btc"], 0.835503,
    ),
    "o06-hourly-then-quarter-hourly": ({}, None, price, 50.13046875),
    "o07-hole-of-45-min-filled": (
        {"market.power.max_gap_s": 2700.0}, "2025-10-01T08:00Z to 2025-10-01T08:45Z", price, 172.916667,
    ),
    "o08-interval-end-as-time": (
        {"market.power.stamp": "end"}, "name 'Interval Start' as time_column", price, 32.0,
    ),
    "o09-failed-requests": ({}, None, mean, 37.606770833),
    "o10-mis-hour-ending-24-repeated-hour": ({}, None, price, 35.16),
    "o11-oasis-four-lmp-types": ({}, None, price, 41.0),
    "o12-semicolon-decimal-comma": ({}, None, price, 52.0),
    "o13-tab-separated": ({}, None, price, 51.5),
    "o14-solar-below-zero-at-night": ({"market.generation.clip": True}, "clip: true", generated, 240.0),
}  # fmt: skip


@pytest.mark.skipif(not CASES.is_dir(), reason="needs the cases in ../shared/cases")
@pytest.mark.parametrize("case", sorted(RIGHT))
def test_a_case_is_read_right_or_refused_with_its_cure(case):
    cure, refused, measured, right = RIGHT[case]
    path = CASES / case / "case.yaml"
    if refused is not None:
        with pytest.raises(InputError) as caught:
            load_scenario(path)
        assert len(caught.value.faults) == 1
        assert refused in str(caught.value)
    assert measured(run(load_scenario(path, overrides=cure))) == pytest.approx(right, rel=1e-6)
