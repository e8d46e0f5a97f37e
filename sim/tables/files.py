"""The folders that a scenario may read from: a file is found in one of them, or not at all."""

import gzip
import hashlib
import io
import zlib
from collections.abc import Sequence
from pathlib import Path

from sim.errors import InputError
from sim.tables.limits import MAX_BYTES, file_fault, reason
from sim.tables.paths import check_relative, find_inside, read_regular
from sim.tables.table import Source, Table

_ENDINGS = (".csv", ".csv.gz", ".parquet")


class Files:
    """The folders that a scenario may read from, and the files read so far.

    Parameters
    ----------
    folders
        Looked through in this order: the scenario's own folder, then those given on the command line.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)
        self._tables: dict[str, Table] = {}
        self._refused: dict[str, InputError] = {}
        self._digests: dict[str, str] = {}

    def __eq__(self, other: object) -> bool:
        """Tell whether the folders are the same ones; what has been read so far does not matter."""
        return isinstance(other, Files) and self.folders == other.folders

    def __hash__(self) -> int:
        """Return a hash of the folders."""
        return hash(self.folders)

    def __reduce__(self) -> tuple[type["Files"], tuple[tuple[Path, ...]]]:
        """Travel to another process without what has been read."""
        return (Files, (self.folders,))

    def table(self, name: str) -> Table:
        """Return the table in a file; a second call returns the same one.

        Parameters
        ----------
        name
            Path relative to one of the folders, ``"prices/2024.csv.gz"``.

        Raises
        ------
        InputError
            If the file is absent, outside the folders, no regular file, too large, empty, or cannot be read.
        """
        if name in self._refused:  # a bad file named by a thousand loads is read once
            raise self._refused[name]
        if name not in self._tables:
            try:
                self._tables[name] = self._read(name)
            except InputError as error:
                self._refused[name] = error
                raise
        return self._tables[name]

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of the content of every file read so far, by name."""
        return dict(self._digests)

    def _read(self, name: str) -> Table:
        content = self._content(name)
        table = Table(name, _open(name, content))
        self._digests[name] = hashlib.sha256(content).hexdigest()
        return table

    def _content(self, name: str) -> bytes:
        check_relative(name)
        if not name.endswith(_ENDINGS):
            raise file_fault(name, "must be a .csv, .csv.gz or .parquet file")
        for folder in self.folders:
            path = find_inside(folder, name)
            if path is not None:
                return read_regular(path, name, MAX_BYTES)
        where = ", ".join(str(folder) for folder in self.folders) or "no folder at all"
        raise file_fault(
            name, f"no such file; looked in {where}; name the folder that holds it with --data DIR"
        )


def _open(name: str, content: bytes) -> Source:
    """Return the reader of a file's content, chosen by the name's ending."""
    source = _open_parquet(name, content) if name.endswith(".parquet") else _open_csv(name, content)
    if source.row_count == 0:
        raise file_fault(name, "has no rows")
    return source


def _open_parquet(name: str, content: bytes) -> Source:
    from sim.tables.parquet_source import ParquetSource  # noqa: PLC0415  # imports pyarrow, which is slow

    return ParquetSource(name, content)


def _open_csv(name: str, content: bytes) -> Source:
    from sim.tables.csv_source import CsvSource  # noqa: PLC0415  # imports pyarrow, which is slow

    return CsvSource(name, _unpack(name, content) if name.endswith(".gz") else content)


def _unpack(name: str, content: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(content)) as packed:
            unpacked = packed.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise file_fault(name, f"cannot be unpacked: {reason(error)}") from None
    if len(unpacked) > MAX_BYTES:
        raise file_fault(name, f"unpacks to more than {MAX_BYTES:,} bytes")
    return unpacked
