"""The assumptions that a run rests on: fields left at a default that has no source."""

from sim.report.cautions import assumptions
from sim.testing import a_scenario

TRAINING = {
    "name": "job", "type": "training", "gpus": 1024, "gpu": "h100-hgx",
    "checkpoint": {"interval_min": 30.0},
}  # fmt: skip


def found_in(**fields):
    return {one.path: one for one in assumptions(a_scenario(**fields).model_dump(mode="json"))}


def test_a_default_without_a_source_is_named_until_it_is_set():
    left = found_in(loads=[TRAINING])
    assert left["loads.job.pue"].value == "1.250"
    assert "assumption" in left["loads.job.pue"].what

    assert "loads.job.pue" not in found_in(loads=[{**TRAINING, "pue": 1.3}])


def test_only_what_the_run_has_is_named():
    assert not any(path.startswith("loads.") for path in found_in())


def test_a_scenario_that_is_no_scenario_has_none():
    assert assumptions({"name": "x"}) == ()
    assert assumptions({"policy": {"type": "my.py:Mine"}}) == ()
