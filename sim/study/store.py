"""The runs of a study on disk; the folder is the state, and a run is done where its file is there and whole.

::

    <study folder>/runs/<first 2 hex of the key>/<key>.json          a run that is done
                                                 <key>.failed.json   a run that failed, with its traceback
                                                 .<name>....partial  left over by a process that was killed
"""

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TextIO

from sim.errors import ResultError
from sim.whole import clear_leftovers, said_plainly, write_one_of_many, write_whole

RUNS: Final = "runs"
LOCK: Final = ".lock"
BATCH_COUNT: Final = 100
BATCH_S: Final = 5.0
"""So many runs are put on disk at once, or those of so long [s]: no more are lost if a machine stops."""
_END: Final = b"}\n"
"""How a file that is whole ends."""


class Store:
    """The runs in one study folder, found by their run keys.

    Parameters
    ----------
    folder
        The study folder; made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._unsynced_count = 0
        self._synced_s = -BATCH_S

    def path(self, key: str) -> Path:
        """Return where the run with this key lies once it is done."""
        return self.folder / RUNS / key[:2] / f"{key}.json"

    def failed_path(self, key: str) -> Path:
        """Return where the failure of the run with this key lies."""
        return self.path(key).with_suffix(".failed.json")

    def holds(self, key: str) -> bool:
        """Tell whether the run with this key is done."""
        path = self.path(key)
        return path.exists() and _is_whole(path)

    def done(self) -> set[str]:
        """Return the keys of all runs that are done."""
        files = (self.folder / RUNS).glob("??/*.json")
        return {path.stem for path in files if not path.name.endswith(".failed.json") and _is_whole(path)}

    def failed(self) -> list[dict[str, Any]]:
        """Return what was written of each run that failed, in the order of their keys."""
        files = sorted((self.folder / RUNS).glob("??/*.failed.json"))
        return [json.loads(path.read_bytes()) for path in files]

    def commit(self, key: str, record: Mapping[str, Any]) -> None:
        """Write a run that is done: whole, or not at all."""
        path = self.path(key)
        with said_plainly(path, "written"):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_one_of_many(path, _json(record).encode())
        self.failed_path(key).unlink(missing_ok=True)
        self._unsynced_count += 1
        if self._unsynced_count >= BATCH_COUNT or time.monotonic() - self._synced_s >= BATCH_S:
            self.sync()

    def sync(self) -> None:
        """Have all runs committed so far put on disk."""
        if self._unsynced_count:
            os.sync()
        self._unsynced_count, self._synced_s = 0, time.monotonic()

    def fail(self, key: str, record: Mapping[str, Any]) -> None:
        """Write why a run failed."""
        write_json(self.failed_path(key), record)

    def read(self, key: str) -> dict[str, Any]:
        """Return what was committed under this key."""
        record: dict[str, Any] = json.loads(self.path(key).read_bytes())
        return record

    @contextmanager
    def opened(self, part: str = "") -> Iterator[None]:
        """Hold the folder, or a part of its runs, alone, and clear what a process that was killed left over.

        Raises
        ------
        ResultError
            Another process holds the folder.
        """
        with said_plainly(self.folder, "made"):
            self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{LOCK}{part}").open("w") as lock:
            _lock(lock, self.folder)
            for folder in (self.folder, *(self.folder / RUNS).glob("??")):
                clear_leftovers(folder)
            try:
                yield
            finally:
                self.sync()


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write canonical JSON to a temporary name in the same folder, then rename it; NaN is refused."""
    text = _json(content)
    with said_plainly(path, "written"):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, allow_nan=False, ensure_ascii=False, indent=1) + "\n"


def _is_whole(path: Path) -> bool:
    """Return whether a file ends as it should: one that a machine was stopped at may be empty or cut off."""
    with path.open("rb") as file:
        length = file.seek(0, os.SEEK_END)
        file.seek(max(0, length - len(_END)))
        return file.read() == _END


def _lock(file: TextIO, folder: Path) -> None:
    """Lock a file for as long as it is open; a process that is killed lets go of it."""
    try:
        import fcntl  # noqa: PLC0415  # Windows has none: two sweeps of one folder do each run twice there
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise ResultError(f"{folder}: another sweep is at work in this folder; wait until it ends") from error
