import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from leftovers import a_leftover

from sim.errors import HashballastError, ResultError
from sim.study.runs import Failure, Store, write_json
from sim.study.table import DESCRIPTION, collect, status, verify

KEY = "ab" + "0" * 62


def test_a_run_lies_under_the_first_two_digits_of_its_key(tmp_path):
    Store(tmp_path).commit(KEY, {"metrics": {"site_peak_mw": 200.5}})

    path = tmp_path / "runs" / "ab" / f"{KEY}.json"
    assert json.loads(path.read_text()) == {"metrics": {"site_peak_mw": 200.5}}


def test_done_means_that_the_file_exists(tmp_path):
    store = Store(tmp_path)
    assert store.done() == set()

    store.commit(KEY, {})

    assert store.done() == {KEY}


@pytest.mark.parametrize("left", ["", '{\n "format": 1,\n "metr'])
def test_a_file_that_a_stopped_machine_left_empty_or_cut_off_is_no_run(tmp_path, left):
    store = Store(tmp_path)
    store.commit(KEY, {"metrics": {}})
    store.path(KEY).write_text(left)

    assert store.done() == set()


def test_runs_are_put_on_disk_many_at_a_time(tmp_path, monkeypatch):
    syncs = []
    monkeypatch.setattr("os.sync", lambda: syncs.append(len(list(tmp_path.glob("runs/??/*.json")))))
    monkeypatch.setattr("os.fsync", lambda _: pytest.fail("each run by itself"))
    store = Store(tmp_path)
    with store.opened():
        for number in range(250):
            store.commit(f"{number:064x}", {})

    assert syncs == [1, 101, 201, 250]


def test_a_failed_run_is_not_done(tmp_path):
    store = Store(tmp_path)
    store.fail(Failure(KEY, "a run", 1, "Traceback"))

    assert store.done() == set()
    assert json.loads(store.failed_path(KEY).read_text()) == {
        "run_key": KEY,
        "run": "a run",
        "attempts": 1,
        "error": "Traceback",
    }


def test_a_run_that_is_done_clears_its_earlier_failure(tmp_path):
    store = Store(tmp_path)
    store.fail(Failure(KEY, "a run", 1, "Traceback"))
    store.commit(KEY, {})

    assert not store.failed_path(KEY).exists()


def test_what_a_killed_process_left_over_does_not_count_and_is_cleared(tmp_path):
    leftover = a_leftover(tmp_path / "runs" / "ab" / f"{KEY}.json")
    leftover.parent.mkdir(parents=True)
    leftover.write_text('{"metr')
    store = Store(tmp_path)
    assert store.done() == set()

    with store.opened():
        assert not leftover.exists()


def test_a_number_that_json_does_not_know_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"value": float("nan")})

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_take_its_place_leaves_no_temporary_file(tmp_path):
    (tmp_path / "a.json").mkdir()
    with pytest.raises(ResultError):
        write_json(tmp_path / "a.json", {})

    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_two_sweeps_cannot_hold_one_folder(tmp_path):
    other = f"""
from pathlib import Path
from sim.study.runs import Store
with Store(Path({str(tmp_path)!r})).opened(): pass
"""
    with Store(tmp_path).opened():
        found = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, check=False)
        assert "another sweep is at work in this folder" in found.stderr
        with pytest.raises(ResultError), Store(tmp_path).opened():
            pass

    with Store(tmp_path).opened():
        pass


@pytest.mark.parametrize("text", ["[" * 100_000 + "}\n", "[]", "{}\n", '{"metrics": {}}\n', "\xff}\n"])
def test_what_is_no_record_of_a_run_is_refused_in_a_line(tmp_path, text):
    store = Store(tmp_path)
    store.path(KEY).parent.mkdir(parents=True)
    for path in (store.path(KEY), store.failed_path(KEY)):
        path.write_text(text)
    with pytest.raises(HashballastError, match=r"is no JSON|lacks"):
        store.read(KEY)
    with pytest.raises(HashballastError, match=r"is no JSON|lacks"):
        store.failed()


def test_folders_pipes_and_devices_in_place_of_a_run_are_none(tmp_path):
    store = Store(tmp_path)
    path = store.path(KEY)
    path.parent.mkdir(parents=True)
    for make in (Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")):
        make(path)
        assert not store.holds(KEY)
        assert store.done() == set()
        path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.parametrize("text", ["[" * 100_000, "[]", "{", '{"metrics": {}}'])
def test_a_description_of_somebody_else_is_refused_in_a_line(tmp_path, text):
    (tmp_path / DESCRIPTION).write_text(text)
    for look in (status, collect, lambda folder: next(verify(folder, 1, folders=[folder]))):
        with pytest.raises(HashballastError, match=r"is no JSON|lacks axes"):
            look(tmp_path)
