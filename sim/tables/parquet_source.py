"""Parquet files: a column is read when asked for, after a look at the row count."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from sim.errors import InputError
from sim.tables.arrow import floats, seconds, truths
from sim.tables.bounds import MAX_BYTES, check_columns, check_row_count, file_fault, reason
from sim.units import FloatArray


class ParquetSource:
    """What a Parquet file holds.

    Numbers, timestamps and dates are read, eight bytes a row at most whatever the file unpacks to; and texts
    where rows are selected by one.

    Parameters
    ----------
    name
        Name of the file, for messages.
    content
        Its bytes.
    """

    def __init__(self, name: str, content: bytes) -> None:
        self._name = name
        self._content = content
        try:
            self._file = parquet.ParquetFile(pa.BufferReader(content))
            schema = self._file.schema_arrow
            self.row_count: int = self._file.metadata.num_rows
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._unreadable(error) from None
        check_row_count(name, self.row_count)
        self.columns: tuple[str, ...] = tuple(schema.names)
        check_columns(name, self.columns)
        self._types = dict(zip(schema.names, schema.types, strict=True))

    def numbers(self, column: str) -> FloatArray:
        """Return the column, NaN where a row holds no finite number."""
        kind = self._types[column]
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
            raise file_fault(self._name, f"column '{column}' holds {kind}; must hold numbers")
        return floats(self._load(column).cast(pa.float64(), safe=False))

    def times(self, column: str, *, zoned: bool = True) -> FloatArray:
        """Return the column [s since 1970-01-01T00:00Z], NaN where a row holds no time.

        Where it need not be zoned, a timestamp without zone counts as UTC.
        """
        kind = self._types[column]
        is_time = pa.types.is_timestamp(kind) and (kind.tz is not None or not zoned)
        if not (pa.types.is_date(kind) or is_time):
            must = f"must hold timestamps{' with a zone' if zoned else ''}, or dates"
            raise file_fault(self._name, f"column '{column}' holds {kind}; {must}")
        return seconds(self._microseconds(column))

    def texts(self, column: str) -> list[str]:
        """Return the column as texts, empty where a row is blank."""
        kind = self._types[column]
        value_kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        if not (pa.types.is_string(value_kind) or pa.types.is_large_string(value_kind)):
            raise file_fault(self._name, f"column '{column}' holds {kind}; must hold texts")
        self._check_size(column)
        texts: list[str] = []
        # each different text once: a small file may hold a long text in every one of many rows
        for chunk in self._read_texts(column).chunks:
            words = [word or "" for word in chunk.dictionary.to_pylist()]
            texts += ["" if code is None else words[code] for code in chunk.indices.to_pylist()]
        return texts

    def found(self, column: str, row: int) -> str:
        """Return what a row holds, as a message shows it; empty where it is blank."""
        if pa.types.is_temporal(self._types[column]):
            # not as Python's datetime, which ends at the year 9999 and knows no zone but its own
            count = self._microseconds(column).cast(pa.int64())[row].as_py()
            return "" if count is None else f"{np.datetime64(count, 'us')}Z"
        value = self._load(column)[row].as_py()
        return "" if value is None else str(value)

    def blanks(self, column: str) -> NDArray[np.bool_]:
        """Return which rows hold nothing."""
        return truths(self._load(column).is_null())

    def line(self, row: int) -> None:
        """Return None: a Parquet file has no lines."""

    def _check_size(self, column: str) -> None:
        facts = self._file.metadata
        groups = (facts.row_group(group) for group in range(facts.num_row_groups))
        size_bytes = sum(group.column(self.columns.index(column)).total_uncompressed_size for group in groups)
        if size_bytes > MAX_BYTES:
            raise file_fault(self._name, f"column '{column}' unpacks to more than {MAX_BYTES:,} bytes")

    def _read_texts(self, column: str) -> pa.ChunkedArray:
        try:
            file = parquet.ParquetFile(pa.BufferReader(self._content), read_dictionary=[column])
            return file.read(columns=[column], use_threads=False).column(0)
        except (pa.ArrowException, OSError, ValueError, IndexError) as error:
            raise self._unreadable(error) from None

    def _load(self, column: str) -> pa.ChunkedArray:
        try:
            return self._file.read(columns=[column], use_threads=False).column(0)
        except (pa.ArrowException, OSError, ValueError, IndexError) as error:
            raise self._unreadable(error) from None

    def _microseconds(self, column: str) -> pa.ChunkedArray:
        """Return times as timestamps in microseconds."""
        zone = getattr(self._types[column], "tz", None)
        return self._load(column).cast(pa.timestamp("us", zone), safe=False)

    def _unreadable(self, error: Exception) -> InputError:
        return file_fault(self._name, f"cannot be read as Parquet: {reason(error)}")
