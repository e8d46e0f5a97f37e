"""Each command that writes, killed where it opens, syncs or renames: all is whole or as it was before."""

import builtins
import errno
import io
import multiprocessing.forkserver
import os
import shutil
import signal
import sys
from itertools import count
from pathlib import Path

import pytest

from sim.cli import main

ROOT = Path(__file__).parents[2]
SITE = str(ROOT / "scenarios" / "replay-day.yaml")
STUDY = "schema_version: 1\nname: small\nscenario: site\ndays: 0.02\naxes: {seed: [1, 2]}\n"
FIXED = """
name: site
start: "2026-01-01T00:00:00Z"
interconnection: {limit_mw: 100.0}
loads: [{name: chat, type: inference, power_mw: 40.0}]
"""
SMALL = ("--days", "0.02", "--replications", "1", "--policies", "mining-off", "--workers", "1")
POINTS = ((os, "fsync"), (Path, "replace"), (Path, "rename"), (Path, "hardlink_to"))


def the_files(folder):
    """Return what a user sees in a folder: no hidden files, nothing partial, no log of times."""
    files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    seen = [path for path in files if not any(part.startswith(".") or part.endswith(".partial") for part in path.parts)]
    contents = {str(path): (folder / path).read_bytes() for path in seen if path.name != "run.log"}
    # the list of results holds the times at which they were written: what counts is that it is whole
    return {
        name: content.rstrip().endswith(b"</html>") if name.endswith("index.html") else content
        for name, content in contents.items()
    }


def opening(really, come):
    """Return what opens a file, and says so where it is for writing."""

    def opened(file, mode="r", *rest, **more):
        stream = really(file, mode, *rest, **more)
        if set(mode) & set("wxa") and not isinstance(file, int):
            come()
        return stream

    return opened


def telling(really, come):
    """Return a function that says so before it does what it did."""

    def called(*arguments, **more):
        come()
        return really(*arguments, **more)

    return called


def kill_at(number):
    """Kill this process just after its so-many-th opening for writing, or at a sync or a rename."""
    point = count()

    def come():
        if next(point) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    io.open, builtins.open = opening(io.open, come), opening(builtins.open, come)
    for place, name in POINTS:
        setattr(place, name, telling(getattr(place, name), come))


@pytest.fixture(autouse=True, scope="module")
def no_server():
    """Stop the server of workers that an earlier test left: a forked child cannot wait for it."""
    multiprocessing.forkserver._forkserver._stop()  # noqa: SLF001 - the library's own tests do so


def in_a_child(arguments, folder, number=None):
    """Run a command in a process of its own, and return how it ended; what it says is captured."""
    child = os.fork()
    if child == 0:
        code = 99
        try:
            os.chdir(folder)
            sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
            if number is not None:
                kill_at(number)
            main(arguments)
        except SystemExit as ending:
            code = ending.code or 0
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def withstands_kills(arguments, prepare, tmp_path, most=80):
    """Kill a command at every point, and return how many there are."""
    whole = tmp_path / "whole"
    prepare(whole)
    assert in_a_child(arguments, whole) == 0
    after = the_files(whole)
    for number in range(most):
        folder = tmp_path / f"killed-{number}"
        prepare(folder)
        before = the_files(folder)
        code = in_a_child(arguments, folder, number)
        for name, content in the_files(folder).items():
            assert content in {before.get(name), after.get(name)}, (number, name)
        if code == 0:
            return number
        assert code == -signal.SIGKILL
        left = the_files(folder)
        may_be_there = "--out" in arguments or arguments[0] == "new"
        code = in_a_child(arguments, folder)
        assert code == 0 or (may_be_there and left != before)  # all that was to be written stands there
        assert not [path for path in folder.rglob("*.partial") if path.name.startswith(".")]
        assert the_files(folder) == after
    pytest.fail("there are more points than looked at")
    return most


def empty(folder):
    folder.mkdir()


def test_new_withstands_kills_at_every_point(tmp_path):
    assert withstands_kills(["new", "mine"], empty, tmp_path) == 4


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    assert in_a_child(["run", SITE, "--days", "0.02", "--out", "r"], folder) == 0
    return folder / "r"


def with_files(folder):
    """Make a folder with a scenario, a study of it and a record of power."""
    folder.mkdir()
    (folder / "small.yaml").write_text(STUDY)
    (folder / "site.yaml").write_text("schema_version: 1\n" + FIXED)
    rows = "".join(f"{60 * minute},{1000 + 37 * minute % 100}\n" for minute in range(400))
    (folder / "record.csv").write_text(f"time_s,power_kw\n{rows}")


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Return the folder of a study whose two shards are done and not put together."""
    folder = tmp_path_factory.mktemp("study") / "here"
    with_files(folder)
    for part in ("1/2", "2/2"):
        command = ["sweep", "small.yaml", "--workers", "1", "--shard", part, "--out", "parts"]
        assert in_a_child(command, folder) == 0
    return folder / "parts"


WRITERS = [
    ["run", "site.yaml", "--days", "0.02"],
    ["compare", "site.yaml", *SMALL],
    ["sweep", "small.yaml", "--workers", "1"],
    ["package", "r", "--data", str(ROOT / "scenarios")],
    ["fit", "record.csv"],
]


@pytest.mark.parametrize("arguments", WRITERS, ids=lambda arguments: arguments[0])
def test_an_empty_folder_is_a_fine_out_and_a_file_or_a_full_folder_is_none(tmp_path, result, arguments):
    folder = tmp_path / "here"
    with_files(folder)
    shutil.copytree(result, folder / "r")
    (folder / "out").mkdir()
    assert in_a_child([*arguments, "--out", "out"], folder) == 0
    assert list((folder / "out").iterdir())
    before = the_files(folder)
    for out in ("site.yaml", "site.yaml/x", "/proc/x", "\0", "x" * 300):
        assert in_a_child([*arguments, "--out", out], folder) == 2, out
    if arguments[0] != "sweep":  # which goes on where it stopped
        assert in_a_child([*arguments, "--out", "out"], folder) == 2
    assert the_files(folder) == before


@pytest.mark.parametrize("arguments", [["export", "r", "--format", "psse"], ["waveform", "r", "--at", "0"]])
def test_a_file_to_write_that_cannot_be_one_is_refused(tmp_path, result, arguments):
    folder = tmp_path / "here"
    with_files(folder)
    shutil.copytree(result, folder / "r")
    (folder / "out").mkdir()
    before = the_files(folder)
    for out in ("out", "/", ".", "..", "site.yaml", "site.yaml/x", "nowhere/x", "/proc/x", "\0", "x" * 300):
        assert in_a_child([*arguments, "--out", out], folder) == 2, out
    assert the_files(folder) == before


@pytest.mark.parametrize("arguments", WRITERS, ids=lambda arguments: arguments[0])
def test_a_full_disk_is_said_in_a_line_and_leaves_nothing(tmp_path, result, monkeypatch, arguments):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    folder = tmp_path / "here"
    with_files(folder)
    shutil.copytree(result, folder / "r")
    before = the_files(folder)
    monkeypatch.setattr(os, "fsync", full)
    assert in_a_child([*arguments, "--out", "out"], folder) == 2
    left = the_files(folder)
    if arguments[0] == "sweep":  # runs that are done are kept
        left = {name: content for name, content in left.items() if not name.startswith("out")}
    assert left == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "points"),
    [
        (["report", "r"], 12),
        (["export", "r", "--format", "psse", "--out", "p.csv"], 8),
        (["waveform", "r", "--at", "0", "--for", "1", "--out", "w.csv"], 4),
        (["run", SITE, "--days", "0.02"], 12),
        (["run", SITE, "--days", "0.02", "--out", "new"], 12),
        (["compare", SITE, *SMALL], 20),
        (["sweep", "small.yaml", "--workers", "1"], 10),
        (["study", "collect", "parts"], 8),
        (["package", "r", "--out", "p", "--data", str(ROOT / "scenarios")], 8),
        (["fit", "record.csv", "--out", "f"], 4),
    ],
)
def test_commands_withstand_kills_at_every_point(tmp_path, result, parts, arguments, points):
    def prepare(folder):
        with_files(folder)
        if "parts" in arguments:
            shutil.copytree(parts, folder / "parts")
        if "r" in arguments:
            (folder / "r").mkdir()
            for path in result.iterdir():
                # what stood there before was made by an earlier version
                is_page = path.suffix in {".html", ".csv"}
                (folder / "r" / path.name).write_bytes(b"before" if is_page else path.read_bytes())

    assert withstands_kills(arguments, prepare, tmp_path) >= points
