import math

from sim.metrics import CATALOGUE, Measurement
from sim.metrics.base import HEADLINES, IF_ANY, headlines

BY_NAME = {metric.name: metric for metric in CATALOGUE}


def test_every_headline_is_a_metric():
    assert set(HEADLINES) | set(IF_ANY) <= BY_NAME.keys()


def test_what_the_run_cannot_tell_and_what_did_not_happen_is_left_out():
    values = {"site_peak_mw": 200.0, "voltage_min_pu": math.nan, "trip_count": 0.0, "penalty_usd": 5.0}
    metrics = {name: Measurement(value, BY_NAME[name].unit) for name, value in values.items()}
    metrics["event_count"] = Measurement(7.0, "1")
    assert list(headlines(metrics)) == ["site_peak_mw", "penalty_usd"]
