import copy
import pickle
from math import isnan, nan

import pytest

from sim.metrics import CATALOGUE, LOAD_CATALOGUE, LoadMetric, Measurement, Metric, measure
from sim.metrics.base import SUMMARIES
from sim.metrics.base import measure as measure_these
from sim.units import unit_of

PEAK = Metric("site_peak_mw", lambda r: r["site_power_mw"].maximum(), compares=True)
AI = Metric("ai_energy_mwh", lambda r: r["ai_power_mw"].maximum())


def test_a_measurement_is_a_number_that_knows_its_unit_and_meaning():
    found = Measurement(5.0, "MW", "Highest site power", 3.0)
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
    assert Measurement(5.0, "MW").difference is None


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda found: pickle.loads(pickle.dumps(found))])  # noqa: S301  # our own bytes
def test_a_measurement_survives_copying_and_travelling(again):
    found = again(Measurement(5.0, "MW", "Highest site power", 3.0))
    assert (found.value, found.unit, found.summary, found.baseline) == (5.0, "MW", "Highest site power", 3.0)
    assert isnan(again(Measurement(nan, "MW")))


def test_what_compares_is_measured_without_mining_too(record):
    found = measure_these(record({"a": 100.0}, {"m": 60.0}), [PEAK, AI])
    assert list(found) == ["site_peak_mw", "ai_energy_mwh"]
    assert (found["site_peak_mw"].value, found["site_peak_mw"].baseline) == (160.0, 100.0)
    assert (found["ai_energy_mwh"].value, found["ai_energy_mwh"].baseline) == (100.0, None)


def test_a_metric_is_worked_out_once_for_a_recording(record):
    asked = []
    peak = Metric("site_peak_mw", lambda r: float(len(asked.append(r) or asked)), compares=True)
    recording = record({"a": 100.0}, {"m": 60.0})
    found = [measure_these(recording, [peak])["site_peak_mw"] for _ in range(2)]
    assert [(one.value, one.baseline) for one in found] == [(1.0, 2.0)] * 2


def test_every_metric_is_measured_in_the_order_of_the_catalogue(record):
    recording = record({"a": 100.0}, {"m": 60.0})
    assert list(measure(recording)) == [metric.name for metric in CATALOGUE if not metric.needs]


def test_names_are_unique_and_end_in_their_unit():
    names = [metric.name for metric in CATALOGUE]
    assert len(set(names)) == len(names)
    assert {metric.name: unit_of(metric.name) for metric in CATALOGUE} == {
        metric.name: metric.unit for metric in CATALOGUE
    }


def test_every_metric_says_what_it_is_and_no_summary_is_of_none():
    keys = {metric.key for metric in (*CATALOGUE, *LOAD_CATALOGUE)}
    missing, unused = sorted(keys - SUMMARIES.keys()), sorted(SUMMARIES.keys() - keys)
    assert not missing, f"sim/metrics/summaries.json lacks a summary of {missing}"
    assert not unused, f"sim/metrics/summaries.json has a summary of {unused}, and there is no such metric"


def test_a_summary_says_in_words_what_stands_in_the_name_of_a_family():
    for metric in (*CATALOGUE, *(each.of("x") for each in LOAD_CATALOGUE)):
        assert not set("{}") & {*metric.name, *metric.summary}, metric.key
        assert metric.summary[0].isupper(), metric.key
        assert not metric.summary.endswith("."), metric.key


def test_a_metric_of_each_load_is_named_after_it():
    job = LoadMetric("ai.{training}.stall_mean_s", lambda _, load: float(len(load)), compares=True)
    of_llama = job.of("llama")
    assert (job.kind, of_llama.name, of_llama.unit) == ("training", "ai.llama.stall_mean_s", "s")
    assert (of_llama.summary, of_llama.compares) == ("Mean time that the job stalled at a checkpoint", True)


def test_the_work_of_a_run_is_told_as_recorded(record):
    metrics = measure(record({"a": 100.0}))
    assert [metrics[f"{kind}_count"].value for kind in ("event", "settle", "decision")] == [9.0, 5.0, 4.0]
