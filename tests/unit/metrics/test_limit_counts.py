"""Limits that a run counts: for comparisons and sweeps, where the scenario asks."""

import pytest
from pydantic import ValidationError

from sim.errors import InputError
from sim.grid.limits import PowerLimit, published_limits
from sim.metrics import limit_counts
from sim.metrics.limit_counts import limit_checks, recorded_limits
from sim.report.grid_limits import checks_of
from sim.result import as_stored, read_result, write_result
from sim.simulation import run
from sim.testing import a_scenario

NAMES = ("limit_pass_count", "limit_fail_count", "limit_not_assessable_count")
OWN = [
    {"name": "wide", "kind": "range", "window_s": 5.0, "limit_mw": 1000.0},
    {"name": "slow-up", "kind": "net-ramp", "window_s": 60.0, "limit_mw_per_min": 0.5, "direction": "up"},
    {"name": "long", "kind": "net-ramp", "window_s": 7200.0, "limit_mw_per_min": 900.0},
]


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trace")
    rows = [f"{time_s},{50 if time_s % 600 < 40 else 90}" for time_s in range(3600)]
    (folder / "ai.csv").write_text("\n".join(["time_s,power_mw", *rows]))
    ai = {"name": "ai", "type": "replay", "file": "ai.csv"}
    grid = {"limits": OWN, "count_limits": True}
    return run(a_scenario(folder, days=1.0 / 24.0, seed=7, loads=[ai], grid=grid))


def test_every_limit_is_counted_once_with_miners_and_without(counted):
    for counts in ([counted.metrics[name] for name in NAMES], [counted.metrics[n].baseline for n in NAMES]):
        assert sum(counts) == len(published_limits()) + len(OWN)


def test_the_counts_are_those_of_the_table_with_the_users_own_limits(counted):
    tables = checks_of(counted.recording, as_stored(counted).scenario)
    for checks, pick in zip(tables, (float, lambda metric: metric.baseline), strict=True):
        for name in NAMES:
            status = name.removeprefix("limit_").removesuffix("_count")
            assert pick(counted.metrics[name]) == sum(check.status == status for check in checks)
    by_name = {check.rule.name: check.status for check in tables[0]}
    assert (by_name["wide"], by_name["slow-up"], by_name["long"]) == ("pass", "fail", "not_assessable")
    assert tables[0][0].rule.source.startswith("ERCOT")


def test_they_are_worked_out_once_for_metrics_and_table(counted, monkeypatch):
    monkeypatch.setattr(limit_counts, "check_recording", None)
    assert checks_of(counted.recording, as_stored(counted).scenario)[0]
    assert counted.recording.once(limit_checks)


def test_a_recording_from_its_folder_is_judged_by_the_same_limits(counted, tmp_path):
    write_result(counted, tmp_path)
    again = read_result(tmp_path).recording
    judged = [rule.model_dump(exclude={"source", "status", "date"}) for rule in recorded_limits(again)]
    meant = [*published_limits(), *(PowerLimit.model_validate(own) for own in OWN)]
    assert judged == [rule.model_dump(exclude={"source", "status", "date"}) for rule in meant]
    assert [check.status for check in limit_checks(again)] == [
        check.status for check in counted.recording.once(limit_checks)
    ]


def test_a_run_that_does_not_ask_has_no_counts():
    assert not set(NAMES) & set(run(a_scenario(days=0.01)).metrics)


def test_a_name_that_ships_is_refused():
    with pytest.raises(InputError, match="ercot-5s ships with the project"):
        a_scenario(grid={"limits": [OWN[0] | {"name": "ercot-5s"}]})


def test_a_direction_that_a_slope_would_not_look_at_is_refused():
    slope = {"name": "s", "kind": "slope", "change_mw": 50.0, "limit_mw_per_min": 30.0, "direction": "up"}
    with pytest.raises(ValidationError, match="a limit of kind slope has no direction"):
        PowerLimit.model_validate(slope)
