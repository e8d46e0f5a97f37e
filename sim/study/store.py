"""The runs of a study on disk; the folder is the state, and a run is done where its file exists.

::

    <study folder>/runs/<first 2 hex of the key>/<key>.json          a run that is done
                                                 <key>.failed.json   a run that failed, with its traceback
                                                 .<name>....partial  left over by a process that was killed
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from sim.errors import ResultError
from sim.whole import clear_leftovers, said_plainly, write_whole

RUNS = "runs"
LOCK = ".lock"


class Store:
    """The runs in one study folder, found by their run keys.

    Parameters
    ----------
    folder
        The study folder; made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        """Return where the run with this key lies once it is done."""
        return self.folder / RUNS / key[:2] / f"{key}.json"

    def failed_path(self, key: str) -> Path:
        """Return where the failure of the run with this key lies."""
        return self.path(key).with_suffix(".failed.json")

    def done(self) -> set[str]:
        """Return the keys of all runs that are done."""
        files = (self.folder / RUNS).glob("??/*.json")
        return {path.name.removesuffix(".json") for path in files if not path.name.endswith(".failed.json")}

    def commit(self, key: str, record: Mapping[str, Any]) -> None:
        """Write a run that is done: whole, or not at all."""
        write_json(self.path(key), record)
        self.failed_path(key).unlink(missing_ok=True)

    def fail(self, key: str, record: Mapping[str, Any]) -> None:
        """Write why a run failed."""
        write_json(self.failed_path(key), record)

    def read(self, key: str) -> dict[str, Any]:
        """Return what was committed under this key."""
        record: dict[str, Any] = json.loads(self.path(key).read_bytes())
        return record

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Hold the folder alone, and clear what a process that was killed left over.

        Raises
        ------
        ResultError
            Another process holds the folder.
        """
        with said_plainly(self.folder, "made"):
            self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / LOCK).open("w") as lock:
            _lock(lock, self.folder)
            for folder in (self.folder, *(self.folder / RUNS).glob("??")):
                clear_leftovers(folder)
            yield


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write canonical JSON to a temporary name in the same folder, then rename it; NaN is refused."""
    text = json.dumps(content, allow_nan=False, ensure_ascii=False, indent=1)
    with said_plainly(path, "written"):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text + "\n")


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
