import errno
import os
import signal
import tempfile
from pathlib import Path

import pytest
from leftovers import a_leftover

from sim.errors import ResultError
from sim.whole import make_once, new_folder, scratch_folder, whole_file, write_whole


def full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def killed_in(write, monkeypatch, place, name):
    """Do something in a process of its own that is killed when it comes to a function."""
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(place, name, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        write()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize(("place", "name"), [(os, "fsync"), (Path, "replace")])
def test_killed_while_it_writes_what_was_there_is_there(tmp_path, monkeypatch, place, name):
    path = tmp_path / "report.html"
    path.write_text("before")

    killed_in(lambda: write_whole(path, "after"), monkeypatch, place, name)

    assert path.read_text() == "before"
    hidden = [each.name for each in tmp_path.iterdir() if each != path]
    assert len(hidden) == 1
    assert hidden[0].startswith(".report.html.")
    assert hidden[0].endswith(".partial")

    write_whole(path, "after")
    assert path.read_text() == "after"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_said_in_a_line_and_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "ledger.csv"
    path.write_text("before")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResultError, match=r"ledger\.csv: cannot be written \(No space left on device\)"):
        write_whole(path, "after")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_while_a_folder_is_filled_is_said_in_a_line(tmp_path):
    def half():
        with new_folder(tmp_path / "r") as temporary:
            (temporary / "a.txt").write_text("x")
            full()

    with pytest.raises(ResultError, match=r"r: cannot be made \(No space left on device\)"):
        half()
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_too_long_or_a_folder_that_is_gone_is_said_in_a_line(tmp_path):
    for path in (tmp_path / ("x" * 300), tmp_path / "gone" / "a.csv"):
        with pytest.raises(ResultError, match="cannot be written"):
            write_whole(path, "x")
    assert list(tmp_path.iterdir()) == []
    write_whole(tmp_path / ("x" * 255), "fits")  # its temporary name is no longer than the name itself


def test_a_new_file_leaves_alone_what_turns_up_meanwhile(tmp_path):
    path = tmp_path / "profile.csv"

    def meet():
        with whole_file(path, is_new=True) as file:
            file.write(b"ours")
            path.write_text("theirs")

    with pytest.raises(ResultError, match="cannot be written anew"):
        meet()
    assert path.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("mask", "file_mode", "folder_mode"), [(0o077, 0o600, 0o700), (0o022, 0o644, 0o755)])
def test_the_users_umask_holds_for_files_and_folders(tmp_path, mask, file_mode, folder_mode):
    before = os.umask(mask)
    try:
        write_whole(tmp_path / "a.csv", "x")
        with new_folder(tmp_path / "r"):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == file_mode
    assert (tmp_path / "r").stat().st_mode & 0o777 == folder_mode


def test_who_makes_a_folder_second_finds_it_there(tmp_path):
    def fill(temporary):
        (temporary / "a.txt").write_text("second")
        make_once(tmp_path / "r", lambda other: (other / "a.txt").write_text("first"))

    assert not make_once(tmp_path / "r", fill)
    assert (tmp_path / "r" / "a.txt").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_leftovers_of_the_dead_are_cleared_and_of_the_living_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead, folder = a_leftover(tmp_path / "a.csv"), a_leftover(tmp_path / "hashballast")
    dead.write_text("half")
    with whole_file(tmp_path / "b.csv") as file:
        write_whole(tmp_path / "c.csv", "x")
        assert not dead.exists()
        file.write(b"y")
    (folder / "runs").mkdir(parents=True)
    with scratch_folder() as ours, scratch_folder() as others:
        assert ours.stat().st_mode & 0o777 == 0o700
        assert sorted(tmp_path.iterdir()) == sorted([ours, others, tmp_path / "b.csv", tmp_path / "c.csv"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.csv", "c.csv"]
