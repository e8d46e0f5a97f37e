import json
import os
import shutil

import pytest
from pyarrow import parquet

from sim.errors import InputError, ResultError
from sim.study.runs import Failure, Store
from sim.study.sweep import Shard, estimated, load_study, read_shard, sweep
from sim.study.table import collect, status, verify

GRID = """
scenario: noisy
days: 0.05
axes:
  fleets.miners.rated_mw: {first: 40.0, last: 80.0, count: 3}
  policy: [follow-headroom, {type: mining-off}]
replications: 2
"""


@pytest.fixture
def shards(desk):
    """A study swept in five shards, of twelve runs: two have one more than the others."""
    study = load_study(desk.study(GRID))
    for number in range(1, 6):
        sweep(study, desk.out, shard=Shard(number, 5))
    return study


def test_shards_put_together_are_the_bytes_of_one_sweep(desk, shards, tmp_path):
    assert not (desk.out / "runs.parquet").exists()
    assert collect(desk.out) == 0

    sweep(shards, tmp_path / "alone")
    for name in ("runs.parquet", "study.json", "plan.parquet"):
        assert (desk.out / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()


def test_shards_of_machines_that_share_nothing_are_put_together_by_copying_their_runs(desk, tmp_path):
    study = load_study(desk.study(GRID))
    for number in (1, 2):
        sweep(study, tmp_path / str(number), shard=Shard(number, 2))
    shutil.copytree(tmp_path / "2" / "runs", tmp_path / "1" / "runs", dirs_exist_ok=True)

    assert collect(tmp_path / "1") == 0
    sweep(study, desk.out)
    assert (tmp_path / "1" / "runs.parquet").read_bytes() == (desk.out / "runs.parquet").read_bytes()


def test_what_is_not_done_is_null_in_the_table_and_what_failed_is_named(desk, shards):
    store = Store(desk.out)
    for run in shards.runs[4:7]:
        store.path(run.key).unlink()
    store.fail(Failure(shards.runs[6].key, "the first", 1, "no"))

    assert collect(desk.out) == 3
    assert json.loads((desk.out / "study.json").read_text())["failed"] == [shards.runs[6].key]
    rows = parquet.read_table(desk.out / "runs.parquet").to_pylist()
    assert [row["done"] for row in rows] == [True] * 4 + [False] * 3 + [True] * 5
    assert rows[5]["site_peak_mw"] is None


def test_two_shards_may_be_at_work_and_the_same_one_twice_may_not(desk):
    again = pytest.raises(ResultError, match="another sweep is at work")
    with Store(desk.out).opened(".1-of-2"), Store(desk.out).opened(".2-of-2"), again:
        Store(desk.out).opened(".1-of-2").__enter__()


def test_status_counts_what_is_done_and_what_failed(desk, shards):
    store = Store(desk.out)
    store.path(shards.runs[0].key).unlink()
    store.fail(Failure(shards.runs[0].key, "the first", 1, "Traceback\nValueError: no"))
    store.commit("0" * 64, {"metrics": {}})

    found = status(desk.out)

    assert (found.done_count, found.run_count) == (11, 12)
    assert [(one.run, one.reason) for one in found.failed] == [("the first", "ValueError: no")]
    with pytest.raises(ResultError, match="holds no study"):
        status(desk.out / "elsewhere")


def test_a_rate_is_that_of_the_runs_that_are_there(desk):
    study = load_study(desk.study(GRID))
    sweep(study, desk.out)
    for number, run in enumerate(study.runs):
        os.utime(Store(desk.out).path(run.key), (0.0, 1000.0 + 2.0 * number))

    found = status(desk.out)

    assert found.rate_per_s == pytest.approx(0.5)


@pytest.mark.usefixtures("shards")
def test_a_sample_done_again_comes_out_the_same_until_somebody_changes_the_table(desk):
    collect(desk.out)
    again = list(verify(desk.out, 12, folders=[desk.scenarios]))
    assert [one.differences for one in again] == [()] * 12
    assert "fleets.miners.rated_mw = 60.0, policy = follow-headroom, seed = 7" in {one.label for one in again}

    table = parquet.read_table(desk.out / "runs.parquet")
    number = table.schema.get_field_index("site_peak_mw")
    changed = [value * (1.0 + 1e-6) for value in table.column(number).to_pylist()]
    parquet.write_table(table.set_column(number, table.schema.field(number), [changed]), desk.out / "runs.parquet")

    [one] = verify(desk.out, 1, folders=[desk.scenarios])
    assert [difference.partition(":")[0] for difference in one.differences] == ["site_peak_mw"]


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "1/0", "-1/3", ""])
def test_a_part_that_is_none_is_refused(text):
    with pytest.raises(InputError, match="must be a number of how many, such as 2/8"):
        read_shard(text)


def test_an_estimate_is_of_the_part_and_leaves_nothing(desk):
    study = load_study(desk.study(GRID))

    run_count, run_s, run_bytes = estimated(study, read_shard("2/5"))

    assert run_count == 3
    assert 0.0 < run_s < 60.0
    assert run_bytes == pytest.approx(
        Store(sweep(study, desk.out).folder).path(study.runs[1].key).stat().st_size, rel=0.1
    )


def test_a_unit_stands_with_each_column(desk):
    sweep(load_study(desk.study(GRID)), desk.out)
    schema = parquet.read_schema(desk.out / "runs.parquet")

    assert schema.field("site_peak_mw").metadata == {b"unit": b"MW"}
    assert schema.field("site_peak_mw.baseline").metadata == {b"unit": b"MW"}
    assert schema.field("fleets.miners.rated_mw").metadata == {b"unit": b"MW"}
    assert schema.field("run_key").metadata is None
