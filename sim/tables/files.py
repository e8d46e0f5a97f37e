"""The folders that a scenario may read from: a file is found in one of them, or not at all."""

import gzip
import hashlib
import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader
from math import inf
from pathlib import Path, PureWindowsPath
from typing import Final

from sim.errors import InputError
from sim.shipped import shipped
from sim.tables.bounds import MAX_BYTES, file_fault, reason
from sim.tables.table import Table

_PACKAGE: Final = Path(__file__).parents[1]
SHIPPED: Final = tuple(
    folder for folder in (_PACKAGE.with_name("scenarios"), _PACKAGE / "scenarios") if folder.is_dir()
)
"""Where the examples that come with the project stand, and their data: looked through last."""
_OPEN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_PAIRS: Final = re.compile(rb"Time,[^,\n]*\d,Watts,[^,\n]*\d,")
_TEXT_ENDINGS = (".csv", ".tsv", ".txt", ".dat", ".epw", ".log")
_ENDINGS = (*_TEXT_ENDINGS, *(f"{ending}.gz" for ending in _TEXT_ENDINGS), ".parquet", ".xlsx")


class Files:
    """The folders that a scenario may read from, and the files read so far.

    Parameters
    ----------
    folders
        Looked through in this order: the scenario's own folder, then those given on the command line.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)
        self._tables: dict[tuple[str, str | None], Table | InputError] = {}
        self._digests: dict[str, str] = {}
        self._filled: dict[str, tuple[tuple[float, float], ...]] = {}

    def __eq__(self, other: object) -> bool:
        """Tell whether the folders are the same ones; what has been read so far does not matter."""
        return isinstance(other, Files) and self.folders == other.folders

    def __hash__(self) -> int:
        """Return a hash of the folders."""
        return hash(self.folders)

    def __reduce__(self) -> tuple[type["Files"], tuple[tuple[Path, ...]]]:
        """Travel to another process without what has been read."""
        return (Files, (self.folders,))

    def table(self, name: str, decimal: str | None = None) -> Table:
        """Return the table in a file; a second call returns the same one.

        Parameters
        ----------
        name
            Path relative to one of the folders, ``"prices/2024.csv.gz"``.
        decimal
            What stands before the decimals of a text file, ``.`` or ``,``; None: as its first rows have it.

        Raises
        ------
        InputError
            If the file is absent, outside the folders, no regular file, too large, empty, or cannot be read.
        """
        key = (name, decimal)
        if key not in self._tables:
            try:
                content = self.content(name)
                self._tables[key] = _table(name, content, decimal)
                self._digests[name] = hashlib.sha256(content).hexdigest()
            except InputError as error:  # a bad file named by a thousand loads is read once
                self._tables[key] = error
        found = self._tables[key]
        if isinstance(found, InputError):
            raise found
        return found

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of the content of every file read so far, by name."""
        return dict(self._digests)

    def note_filled(self, name: str, spans: tuple[tuple[float, float], ...]) -> None:
        """Keep where no row of a file tells what holds, and something does [s from the run's start]."""
        if spans:
            self._filled[name] = spans

    def filled(self) -> dict[str, tuple[tuple[float, float], ...]]:
        """Return, for each file, where no row tells what holds [s from the run's start]."""
        return dict(self._filled)

    def content(self, name: str) -> bytes:
        """Return the content of a file; raise InputError as `table` does."""
        check_relative(name)
        if not name.lower().endswith(_ENDINGS):
            raise file_fault(name, f"must be a file of one of the kinds {', '.join(_ENDINGS)}")
        for folder in (*self.folders, *SHIPPED):
            path = find_inside(folder, name)
            if path is not None:
                return read_regular(path, name, MAX_BYTES)
        where = ", ".join(str(folder) for folder in self.folders) or "no folder at all"
        raise file_fault(name, f"no such file; looked in {where}; name the folder that holds it with --data DIR")


def _table(name: str, content: bytes, decimal: str | None) -> Table:
    """Return a file's content as a table, read in the way that the name's ending tells."""
    from sim.tables.sources import CsvSource, ParquetSource  # noqa: PLC0415  # imports pyarrow, which is slow

    is_parquet = name.lower().endswith(".parquet")
    source = ParquetSource(name, content) if is_parquet else CsvSource(name, _text(name, content), decimal)
    table = Table(name, source)
    if table.row_count == 0:
        raise file_fault(name, "has no rows")
    return table


def _text(name: str, content: bytes) -> bytes:
    """Return a file's content as the text of a table."""
    ending = name.lower()
    if ending.endswith(".xlsx"):
        return csv_of(name, content)
    text = _unpack(name, content) if ending.endswith(".gz") else content
    if _PAIRS.match(text):  # a power analyser's log for MLPerf: Time,<time>,Watts,<number>,...
        names = text.split(b"\n", 1)[0].strip().split(b",")[::2]
        return b",".join(b"%b name,%b" % (name, name) for name in names) + b"\n" + text
    if ending.removesuffix(".gz").endswith(".epw"):
        header = ",".join(shipped("sim.tables", "epw_columns.json")).encode()  # it has no line of names
        return header + b"\n" + text.split(b"\n", 8)[-1]
    return text


def _unpack(name: str, content: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(content)) as packed:
            unpacked = packed.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise file_fault(name, f"cannot be unpacked: {reason(error)}") from None
    if len(unpacked) > MAX_BYTES:
        raise file_fault(name, f"unpacks to more than {MAX_BYTES:,} bytes")
    return unpacked


def check_relative(name: str) -> None:
    """Raise InputError unless a name is relative, without ``..``, the same on every system."""
    parts = PureWindowsPath(name)  # splits at both slashes, and knows drives
    if parts.anchor or ".." in parts.parts or "\\" in name or not name.isprintable():
        must = "must be a path relative to the scenario's folder, with / between folders and without .."
        raise file_fault(name, must)


def find_inside(folder: Path, name: str) -> Path | None:
    """Return a file's real path, None where there is none; raise InputError if it leads out of the folder."""
    try:
        path = (folder / name).resolve(strict=True)
        inside = path.is_relative_to(folder.resolve())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except RuntimeError:  # what Python 3.11 raises for a link to itself
        raise file_fault(name, "is a symbolic link to itself") from None
    except (OSError, ValueError) as error:  # ValueError: a name that the file system cannot hold
        raise _unreadable(name, error) from None
    if not inside:
        raise file_fault(name, f"is a link that leads out of {folder}; must stay in its folder")
    return path


def scenario_file(name: str, folders: Iterable[Path]) -> Path | None:
    """Return a scenario's file by its name, with or without ending: the first in folders, or an example."""
    whole = name if Path(name).suffix else f"{name}.yaml"
    return next((place / whole for place in (*folders, *SHIPPED) if find_inside(place, whole)), None)


def read_regular(path: Path, name: str, max_bytes: int) -> bytes:
    """Return a file's content; raise InputError as `opened_regular`, and where it is empty or grows."""
    with opened_regular(path, name, max_bytes) as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(size + 1)
    if len(content) > size:
        raise file_fault(name, "grows while it is read")
    if not content:
        raise file_fault(name, "is empty")
    return content


@contextmanager
def opened_regular(path: Path, name: str, max_bytes: float = inf) -> Iterator[BufferedReader]:
    """Open a file; raise InputError unless it is a regular file of this size at most, and can be read.

    It is opened once, without following a link and without waiting for a pipe, and looked at when it is open:
    what is read is what was looked at.
    """
    try:
        number = os.open(path, _OPEN)
        try:
            status = os.fstat(number)
            if not stat.S_ISREG(status.st_mode):
                raise file_fault(name, "is no regular file")
            if status.st_size > max_bytes:
                raise file_fault(name, f"is {status.st_size:,} bytes; must be {max_bytes:,} at most")
            with open(number, "rb", closefd=False) as file:  # a number has no path
                yield file
        finally:
            os.close(number)
    except FileNotFoundError:
        raise file_fault(name, "no such file") from None
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from None


def _unreadable(name: str, error: Exception) -> InputError:
    return file_fault(name, f"cannot be read: {getattr(error, 'strerror', None) or error}")


MAX_CELLS: Final = 2_000_000
"""Cells that are read of a sheet; a larger table belongs into CSV or Parquet."""
MAX_UNPACKED_BYTES: Final = 128 * 1024 * 1024
"""What the parts of a workbook unpack to [bytes]."""


def csv_of(name: str, content: bytes) -> bytes:
    """Return the first sheet with cells in it as CSV, dates and times as ISO 8601.

    Raises
    ------
    InputError
        If it is no workbook, or holds too much.
    """
    import pandas as pd  # noqa: PLC0415  # takes a second, and few files are workbooks

    try:
        _check_size(name, content)
        sheets = pd.read_excel(
            io.BytesIO(content), None, header=None, dtype=object, keep_default_na=False, engine="openpyxl"
        )
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, SyntaxError) as error:
        raise file_fault(name, f"cannot be read as a workbook: {reason(error)}") from None
    found = next((sheet for sheet in sheets.values() if sheet.ne("").any(axis=None)), None)
    if found is None:
        raise file_fault(name, "has no rows")
    if found.size > MAX_CELLS:
        raise file_fault(name, f"has a sheet of more than {MAX_CELLS:,} cells: save it as CSV")
    return str(found.to_csv(header=False, index=False)).encode()


def _check_size(name: str, content: bytes) -> None:
    """Raise InputError where the parts unpack to too much; nothing is unpacked yet."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        size_bytes = sum(part.file_size for part in parts.infolist())
    if size_bytes > MAX_UNPACKED_BYTES:
        raise file_fault(name, f"unpacks to {size_bytes:,} bytes; must be {MAX_UNPACKED_BYTES:,} at most")
