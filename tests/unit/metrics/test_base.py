import copy
import pickle
from math import isnan, nan

import pytest

from sim.metrics import CATALOGUE, Measurement, Metric, measure
from sim.metrics.base import measure as measure_these
from sim.units import unit_of

PEAK = Metric("peak_mw", "Highest site power", lambda r: r["site_power_mw"].maximum(), compares=True)
AI = Metric("ai_peak_mw", "Highest AI power", lambda r: r["ai_power_mw"].maximum())


def test_a_measurement_is_a_number_that_knows_its_unit_and_meaning():
    found = Measurement(5.0, PEAK, 3.0)
    assert (found, found.value, found + 1.0, found.unit, found.summary) == (
        5.0,
        5.0,
        6.0,
        "MW",
        "Highest site power",
    )
    assert type(found.value) is float
    assert (found.baseline, found.difference) == (3.0, 2.0)


def test_without_a_baseline_there_is_no_difference():
    assert Measurement(5.0, PEAK).difference is None


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda found: pickle.loads(pickle.dumps(found))])  # noqa: S301  # our own bytes
def test_a_measurement_survives_copying_and_travelling(again):
    found = again(Measurement(5.0, PEAK, 3.0))
    assert (found.value, found.unit, found.summary, found.baseline) == (5.0, "MW", "Highest site power", 3.0)
    assert isnan(again(Measurement(nan, PEAK)))


def test_what_compares_is_measured_without_mining_too(record):
    found = measure_these(record({"a": 100.0}, {"m": 60.0}), [PEAK, AI])
    assert list(found) == ["peak_mw", "ai_peak_mw"]
    assert (found["peak_mw"].value, found["peak_mw"].baseline) == (160.0, 100.0)
    assert (found["ai_peak_mw"].value, found["ai_peak_mw"].baseline) == (100.0, None)


def test_every_metric_is_measured_in_the_order_of_the_catalogue(record):
    recording = record({"a": 100.0}, {"m": 60.0})
    assert list(measure(recording)) == [metric.name for metric in CATALOGUE if not metric.needs]


def test_names_are_unique_and_end_in_their_unit():
    names = [metric.name for metric in CATALOGUE]
    assert len(set(names)) == len(names)
    assert {metric.name: unit_of(metric.name) for metric in CATALOGUE} == {
        metric.name: metric.unit for metric in CATALOGUE
    }


def test_every_metric_says_what_it_is():
    for metric in CATALOGUE:
        assert metric.summary
        assert not metric.summary.endswith(".")


def test_the_work_of_a_run_is_told_as_recorded(record):
    metrics = measure(record({"a": 100.0}))
    assert [metrics[f"{kind}_count"].value for kind in ("event", "settle", "decision")] == [9.0, 5.0, 4.0]
