import copy
import functools
import json
import math
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from ruamel.yaml import YAML

from sim.errors import ResultError
from sim.events import EventRow
from sim.facts import Facts
from sim.metrics import Measurement
from sim.recording import Recording
from sim.report.build import write_report
from sim.result import (
    DATA_FILES,
    Result,
    metrics_document,
    read_result,
    write_result,
)
from sim.signals import Signal
from sim.simulation import run
from sim.testing import a_scenario
from sim.whole import new_folder

WRITTEN_FILES = (*DATA_FILES, "exceedances.parquet")
"""The files that are written of a result; those that only repeat what others hold are not read."""


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenario")
    (folder / "a.csv").write_text("time_s,power_mw\n0,150\n600,70\n900,150.3\n")
    loads = [
        {"name": "a", "type": "replay", "file": "a.csv"},
        {
            "name": "llm",
            "type": "training",
            "gpus": 8000,
            "power_mw": 20.0,
            "failures": {"per_job_hour": 5.0},
        },
    ]
    return run(a_scenario(folder, loads=loads, days=0.05, question="Größer als 1 MW?"))


@pytest.fixture
def stored(result, tmp_path):
    write_result(result, tmp_path)
    return tmp_path


def assert_same(found: Recording, expected: Recording):
    assert (found.start_utc_s, found.end_s) == (expected.start_utc_s, expected.end_s)
    assert tuple(found.events) == tuple(expected.events)
    assert dict(found.constants) == dict(expected.constants)
    assert list(found.signals) == list(expected.signals)
    for name, original in expected.signals.items():
        for column in ("time_s", "value", "slope_per_s"):
            assert np.array_equal(getattr(found[name], column), getattr(original, column)), (name, column)
        assert found[name].end_s == original.end_s


def test_what_is_written_is_read_again_to_the_last_bit(result, stored):
    found = read_result(stored)
    assert len(result.recording.events) > 5
    assert_same(found.recording, result.recording)
    assert found.scenario == result.scenario.model_dump(mode="json")
    assert found.provenance == result.provenance
    assert found.metrics == metrics_document(result.metrics)


def test_the_folder_holds_the_data_files_and_nothing_else(stored):
    assert sorted(path.name for path in stored.iterdir()) == sorted(WRITTEN_FILES)


def test_the_same_result_is_written_to_the_same_bytes(result, stored, tmp_path_factory):
    again = tmp_path_factory.mktemp("again")
    write_result(result, again)
    for name in WRITTEN_FILES:
        assert (again / name).read_bytes() == (stored / name).read_bytes(), name


def test_a_result_read_and_measured_again_gives_the_same_metrics(result, stored):
    from sim.metrics import measure  # noqa: PLC0415  # the question is whether the folder is enough for it

    assert metrics_document(measure(read_result(stored).recording)) == metrics_document(result.metrics)


def test_extreme_numbers_keep_every_bit(result, tmp_path):
    values = np.array([-0.0, 5e-324, 1.7976931348623157e308, -1e-300, 0.1 + 0.2])
    odd = Signal(np.array([0.0, 5e-324, 1e-9, 1.0, 3e9]), values, values[::-1].copy(), 1e12)
    recording = Recording(
        -1e9,
        1e12,
        {"load.a.power_mw": odd},
        (EventRow(0.1, "ä", "decision: ü", -0.0),),
        Facts.of({"fleet.x.rated_mw": 0.1}),
    )
    write_result(Result(result.scenario, recording, {}, result.provenance), tmp_path)
    found = read_result(tmp_path).recording
    assert_same(found, recording)
    assert math.copysign(1.0, found["load.a.power_mw"].value[0]) == -1.0


def test_many_signals_of_very_different_length_come_back_in_their_order(result, tmp_path):
    signals = {
        f"load.l{number}.power_mw": Signal.steps(np.arange(float(size)), np.arange(float(size)) + number, 2e6)
        for number, size in enumerate((1, 1_200_000, 1, 3, 70_000))
    }
    recording = Recording(0.0, 2e6, signals)
    write_result(Result(result.scenario, recording, {}, result.provenance), tmp_path)
    assert_same(read_result(tmp_path).recording, recording)


def test_a_recording_without_events_can_be_kept(result, tmp_path):
    recording = Recording(0.0, 1.0, {"limit_mw": Signal.constant(1.0, 1.0)})
    write_result(Result(result.scenario, recording, {}, result.provenance), tmp_path)
    assert_same(read_result(tmp_path).recording, recording)


def test_what_a_run_cannot_tell_is_null():
    ramp = ("MW/min", "Ramp")
    document = metrics_document(
        {
            "a": Measurement(math.nan, *ramp),
            "b": Measurement(2.0, *ramp, math.nan),
            "c": Measurement(2.0, *ramp, 1.0),
        }
    )
    assert [entry["value"] for entry in document.values()] == [None, 2.0, 2.0]
    assert [entry.get("baseline", "none") for entry in document.values()] == ["none", None, 1.0]
    assert document["c"]["unit"] == "MW/min"
    assert document["c"]["summary"] == "Ramp"


# -- folders that are no result ------------------------------------------------------------------------


@pytest.mark.parametrize("name", DATA_FILES)
def test_a_folder_that_lacks_a_file_is_refused(stored, name):
    (stored / name).unlink()
    with pytest.raises(ResultError, match=name):
        read_result(stored)


@pytest.mark.parametrize("name", DATA_FILES)
def test_a_file_that_is_something_else_is_refused(stored, name):
    (stored / name).write_bytes(b"\x00: [no such thing")
    with pytest.raises(ResultError, match="not a whole result folder"):
        read_result(stored)


def test_a_table_of_another_program_is_refused(stored):
    import pyarrow as pa  # noqa: PLC0415  # slow to import
    from pyarrow import parquet  # noqa: PLC0415

    parquet.write_table(pa.table({"signal": ["a"], "time_s": [0.0]}), stored / "signals.parquet")
    with pytest.raises(ResultError, match="not a whole result folder"):
        read_result(stored)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(ResultError, match="nowhere"):
        read_result(tmp_path / "nowhere")


def test_a_newer_format_is_refused(result, stored, monkeypatch):
    monkeypatch.setattr("sim.result.FORMAT_VERSION", 99)
    write_result(result, stored)
    monkeypatch.undo()
    with pytest.raises(ResultError, match="format version 99 is newer"):
        read_result(stored)


@pytest.mark.parametrize("name", ["signals.parquet", "events.parquet"])
def test_a_damaged_table_is_refused_or_read_but_never_a_traceback(stored, name):
    content, draw = (stored / name).read_bytes(), random.Random(name)  # noqa: S311  # damage, not secrets
    for _ in range(60):
        damaged = bytearray(content[: draw.randrange(len(content))] if draw.random() < 0.3 else content)
        for _ in range(draw.randrange(1, 8)):
            if damaged:
                damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        (stored / name).write_bytes(damaged)
        try:
            read_result(stored)
        except ResultError as error:
            assert "not a whole result folder" in str(error)  # noqa: PT017  # both outcomes are right


# -- whole or absent -----------------------------------------------------------------------------------


def test_a_folder_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "a" / "b"
    with new_folder(path) as temporary:
        (temporary / "figures").mkdir()
        (temporary / "figures" / "f.txt").write_text("x")
        assert not path.exists()
        assert temporary.parent == path.parent
    assert (path / "figures" / "f.txt").read_text() == "x"
    assert [entry.name for entry in path.parent.iterdir()] == ["b"]


def test_what_stands_there_is_left_alone(tmp_path):
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "mine.txt").write_text("mine")
    with pytest.raises(ResultError, match="is there already"), new_folder(tmp_path / "r"):
        pytest.fail("must not come here")
    assert (tmp_path / "r" / "mine.txt").read_text() == "mine"
    assert [entry.name for entry in tmp_path.iterdir()] == ["r"]


def test_what_turns_up_meanwhile_is_left_alone(tmp_path):
    path = tmp_path / "r"

    def meet():
        with new_folder(path) as temporary:
            (temporary / "ours.txt").write_text("ours")
            path.mkdir()
            (path / "theirs.txt").write_text("theirs")

    with pytest.raises(ResultError, match="cannot be made"):
        meet()
    assert [entry.name for entry in path.iterdir()] == ["theirs.txt"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["r"]


def test_a_place_where_no_folder_can_be_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "r", tmp_path / ("x" * 300)):
        with pytest.raises(ResultError, match="cannot be made"), new_folder(path):
            pytest.fail("must not come here")


def test_an_error_on_the_way_leaves_nothing(tmp_path):
    def half():
        with new_folder(tmp_path / "r") as temporary:
            (temporary / "half.txt").write_text("half")
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        half()
    assert list(tmp_path.iterdir()) == []


WRITE_FOREVER = """
import sys
from pathlib import Path
import sim.whole as result
name = sys.argv[2]

def stop(*_):
    print("here", flush=True)
    while True:
        pass

if name == "rename":
    Path.rename = stop
elif name == "sync":
    result._sync = stop
with result.new_folder(Path(sys.argv[1])) as folder:
    for number in range(20):
        (folder / f"{number}.json").write_text("{}" * 10000)
        if name == "write" and number == 10:
            stop()
"""


@pytest.mark.parametrize("where", ["write", "sync", "rename"])
def test_killed_at_any_point_it_leaves_a_partial_folder_at_most(tmp_path, where):
    path = tmp_path / "r"
    with subprocess.Popen(
        [sys.executable, "-c", WRITE_FOREVER, str(path), where],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    ) as process:
        assert process.stdout.readline() == b"here\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
    left = [entry.name for entry in tmp_path.iterdir()]
    assert len(left) == 1
    assert left[0].startswith(".r.")
    assert left[0].endswith(".partial")

    with new_folder(path) as temporary:  # and the next run is not in its way
        (temporary / "0.json").write_text("{}")
    assert (path / "0.json").exists()


WRITE_AGAIN_AND_AGAIN = """
import json
import sys
from itertools import count
from pathlib import Path
from sim.result import write_result
from sim.whole import new_folder
from sim.scenario import scenario_from
from sim.simulation import run

made = run(scenario_from(json.loads(sys.argv[1])))
for number in count():
    with new_folder(Path(sys.argv[2]) / str(number)) as folder:
        write_result(made, folder)
    print(number, flush=True)
"""


def test_killed_at_random_a_result_is_whole_or_absent(tmp_path):
    content = json.dumps(a_scenario(days=0.05).model_dump(mode="json"))
    arguments = [sys.executable, "-c", WRITE_AGAIN_AND_AGAIN, content, str(tmp_path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as process:
        for number in range(5):
            assert int(process.stdout.readline()) == number
        time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    whole = [entry for entry in tmp_path.iterdir() if not entry.name.endswith(".partial")]
    assert len(whole) >= 5
    for folder in whole:
        assert sorted(path.name for path in folder.iterdir()) == sorted(WRITTEN_FILES)
        read_result(folder)
    assert len(list(tmp_path.iterdir())) - len(whole) <= 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("scenario.yaml", "[]"),
        ("scenario.yaml", "a: *b"),
        *(("metrics.json", text) for text in ("[" * 100_000, "[]", "{", '{"a": 3}', '{"a": {"value": "x"}}')),
        *(("provenance.json", text) for text in ("[]", "{}", '{"inputs_sha256": 3}')),
        ("signals.parquet", "PAR1"),
    ],
)
def test_a_folder_that_holds_something_else_is_refused_in_a_line(result, tmp_path, name, content):
    write_result(result, tmp_path)
    (tmp_path / name).write_text(content)
    with pytest.raises(ResultError, match="not a whole result folder"):
        read_result(tmp_path)


def names_and_places(tree, place=()):
    """Yield the way to every part of nested mappings and lists."""
    yield place
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree if isinstance(tree, list) else ())
    for key, part in entries:
        yield from names_and_places(part, (*place, key))


@pytest.mark.parametrize("name", ["scenario.yaml", "metrics.json", "provenance.json"])
def test_nonsense_deep_in_a_folder_is_refused_in_a_line_or_shown(tmp_path, name):
    draw = random.Random(name)  # noqa: S311  # damage, not secrets
    nonsense = [None, True, -1, "", "x" * 300, [], {}, [[]], {"a": {"b": []}}, 10**30, "\x1b[31m"]
    answered = {"answer": [{"say": "{site_peak_mw}", "when": {"metric": "site_peak_mw", "above": 1.0}}]}
    own = {"kind": "net-ramp", "name": "r", "limit_mw_per_min": 10.0, "window_s": 60.0}
    scenario = a_scenario(days=0.01, grid={"limits": [own]}, **answered)
    write_result(run(scenario), tmp_path)
    content = YAML(typ="safe").load((tmp_path / name).read_text())
    places = [place for place in names_and_places(content) if place]
    outcomes = set()
    for _ in range(12):
        damaged = copy.deepcopy(content)
        *way, last = draw.choice(places)
        part = functools.reduce(lambda tree, key: tree[key], way, damaged)
        if draw.random() < 0.3:
            del part[last]
        else:
            part[last] = draw.choice(nonsense)
        (tmp_path / name).write_text(json.dumps(damaged))
        try:
            write_report(tmp_path)
            outcomes.add("shown")
        except ResultError as error:
            outcomes.add(("refused", "not a whole result folder" in str(error), "\n" in str(error)))
    assert outcomes == {"shown", ("refused", True, False)}


def test_links_pipes_and_tables_in_place_of_others_are_refused(result, tmp_path):
    write_result(result, tmp_path)
    for place in (
        lambda path: path.symlink_to("/dev/zero"),
        os.mkfifo,
        lambda path: path.write_bytes((tmp_path / "events.parquet").read_bytes()),
    ):
        for name in ("metrics.json", "provenance.json"):
            before = (tmp_path / name).read_bytes()
            (tmp_path / name).unlink()
            place(tmp_path / name)
            with pytest.raises(ResultError, match="not a whole result folder"):
                read_result(tmp_path)
            (tmp_path / name).unlink()
            (tmp_path / name).write_bytes(before)
    assert read_result(tmp_path)
