"""Files that grow by whole lines: what a site writes, and what is kept of it and of what was decided."""

import csv
import os
from collections.abc import Sequence
from io import SEEK_END
from pathlib import Path

from sim.errors import RunError


class Growing:
    """Reads a CSV file that somebody else appends to; a line that has not ended yet waits.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._read_bytes = path, 0

    def rows(self) -> list[list[str]]:
        """Return the rows that have come since they were asked for last.

        Raises
        ------
        RunError
            The file is shorter than it was: what was read of it can no longer be told from what was not.
        """
        with self._path.open("rb") as file:
            if file.seek(0, SEEK_END) < self._read_bytes:
                raise RunError(f"{self._path} is shorter than it was; it must only ever be appended to")
            file.seek(self._read_bytes)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._read_bytes += len(whole)
        return list(csv.reader(whole.decode("utf-8", "replace").splitlines()))


class Journal:
    """Appends rows to a CSV file of its own; what it holds already is gone through again first, row by row.

    A line that a stop cut short is taken out: nobody has acted on it.

    Parameters
    ----------
    path
        The file; made where there is none.
    fields
        Names of the columns.

    Raises
    ------
    RunError
        The file has other columns.
    """

    def __init__(self, path: Path, fields: Sequence[str]) -> None:
        self._path = path
        text = path.read_bytes() if path.exists() else b""
        whole = text[: text.rfind(b"\n") + 1]
        if whole != text:
            os.truncate(path, len(whole))
        self._new = [] if whole else [list(fields)]
        first, *self.kept = csv.reader(whole.decode().splitlines()) if whole else self._new
        """Rows that it held when it was opened."""
        if first != list(fields):
            raise RunError(f"{path} has the columns {', '.join(first)}; must be {', '.join(fields)}")
        self._place = 0

    def add(self, row: Sequence[str]) -> None:
        """Append a row; raise RunError where another one was kept in its place."""
        if self._place >= len(self.kept):
            self._new.append(list(row))
        elif self.kept[self._place] != list(row):
            kept, number = ",".join(self.kept[self._place]), self._place + 1
            raise RunError(f"{self._path}, row {number}: was '{kept}', is now '{','.join(row)}'; begin a new folder")
        self._place += 1

    def sync(self) -> None:
        """Have all that was added on the disk."""
        if self._new:
            with self._path.open("a", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows(self._new)
                file.flush()
                os.fsync(file.fileno())
            self._new = []
