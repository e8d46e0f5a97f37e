from dataclasses import replace
from math import isnan

import pytest

from sim.events import EventRow
from sim.metrics import measure


def metrics_of(record, events, end_s=10_000.0, **constants):
    recording = record({"llm": 100.0, "chat": 50.0}, end_s=end_s, constants=constants)
    rows = [EventRow(time_s, source, kind, value) for time_s, source, kind, value in events]
    kinds = {"llm": "training", "chat": "inference"}
    measured = measure(replace(recording, events=tuple(rows), load_kinds=kinds))
    return {name.removeprefix("ai.llm."): value.value for name, value in measured.items() if name.startswith("ai.llm.")}


EVENTS = [
    (1000.0, "load.llm", "checkpoint", 100.0),
    (2000.0, "load.llm", "failure", 900.0),
    (2000.0, "load.llm", "restart", 600.0),
    (3000.0, "load.llm", "notice: checkpoint", 3500.0),
    (3500.0, "load.llm", "checkpoint", 300.0),
    (4000.0, "load.chat", "failure", 5000.0),
    (5000.0, "load.llm", "planned", 0.0),
    (5000.0, "load.llm", "restart", 1200.0),
    (9900.0, "load.llm", "checkpoint", 200.0),
]


def test_each_number_follows_from_the_job_s_events(record):
    metrics = metrics_of(record, EVENTS)
    assert metrics == {
        "checkpoint_count": 3.0,
        "interruption_count": 2.0,
        # stalls 100 + 300 + 100 to the run's end, restarts 1,800, work lost 900
        "effective_time_ratio": pytest.approx(1.0 - 3200.0 / 10_000.0),
        "mean_time_between_interruptions_h": pytest.approx(5000.0 / 3600.0),
        "stall_mean_s": 200.0,
        "down_mean_min": 15.0,
        "smoothing_energy_mwh": 0.0,
        "interlock_wait_s": 0.0,
        "return_lost_s": 0.0,
    }


def test_only_the_time_that_the_job_was_there_counts(record):
    events = [
        (1000.0, "load.llm", "start", 500.0),
        (2000.0, "load.llm", "failure", 100.0),
        (2000.0, "load.llm", "restart", 800.0),
        (3500.0, "load.llm", "end", 2500.0),
    ]
    metrics = metrics_of(record, events)
    assert metrics["effective_time_ratio"] == pytest.approx(1.0 - 900.0 / 2000.0)
    assert metrics["mean_time_between_interruptions_h"] == pytest.approx(2000.0 / 3600.0)


def test_what_never_happened_has_no_mean(record):
    metrics = metrics_of(record, [])
    assert metrics["effective_time_ratio"] == 1.0
    for name in ("mean_time_between_interruptions_h", "stall_mean_s", "down_mean_min"):
        assert isnan(metrics[name])


def test_energy_of_smoothing_is_what_the_load_recorded(record):
    assert metrics_of(record, [], **{"load.llm.smoothing_energy_mwh": 3.5})["smoothing_energy_mwh"] == 3.5
