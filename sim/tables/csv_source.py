"""CSV files: the text is kept, and read again for each column asked for, so that memory stays small."""

import csv
import re
from datetime import UTC, date, datetime
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import compute
from pyarrow import csv as arrow_csv

from sim.errors import InputError
from sim.tables.arrow import floats, seconds, truths
from sim.tables.bounds import (
    MAX_COLUMNS,
    MAX_COMMENTS,
    check_columns,
    check_row_count,
    file_fault,
    reason,
)
from sim.units import FloatArray

_NUMBER: Final = r"^-?([0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})([eE][+-]?[0-9]{1,2})?$"

_WRONG_WIDTH: Final = re.compile(r"Row #([0-9]+): Expected ([0-9]+) columns, got ([0-9]+)")


class CsvSource:
    """What a CSV file holds.

    Parameters
    ----------
    name
        Name of the file, for messages.
    content
        Its text, unpacked.
    """

    def __init__(self, name: str, content: bytes) -> None:
        self._name = name
        text = content.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n")
        header, self._body, self._lines_above = _split_header(name, text)
        self.columns = _header_columns(name, header)
        check_row_count(name, max(text.count(b"\n"), text.count(b"\r")))
        self.row_count = len(self._strings(self.columns[0])) if self._body else 0

    def numbers(self, column: str) -> FloatArray:
        """Return the column, NaN where a row holds no finite number."""
        try:
            return floats(self._parse(column, pa.float64()))
        except pa.ArrowInvalid:
            return _lenient_numbers(self._strings(column))

    def times(self, column: str, *, zoned: bool = True) -> FloatArray:
        """Return the column [s since 1970-01-01T00:00Z], NaN from the first row on that holds no time.

        Where it need not be zoned, a time without offset counts as UTC.
        """
        for zone in ("UTC",) if zoned else ("UTC", None):
            try:
                return seconds(self._parse(column, pa.timestamp("us", zone)))
            except pa.ArrowInvalid:
                continue
        return _lenient_times(self._strings(column), zoned=zoned)

    def texts(self, column: str) -> list[str]:
        """Return the column as texts without spaces around them, empty where a row is blank."""
        return [text.strip() for text in self._strings(column).to_pylist()]

    def found(self, column: str, row: int) -> str:
        """Return what a row holds, as a message shows it; empty where it is blank."""
        text = self._strings(column)[row].as_py()
        return repr(text) if text.strip() else ""

    def blanks(self, column: str) -> NDArray[np.bool_]:
        """Return which rows hold nothing."""
        return truths(compute.match_substring_regex(self._strings(column), r"^\s*$"))

    def line(self, row: int) -> int:
        """Return the line of the file on which a row stands."""
        return self._lines_above + row + 1

    def _strings(self, column: str) -> pa.ChunkedArray:
        try:
            return self._parse(column, pa.string())
        except pa.ArrowInvalid as error:
            raise self._unreadable(error) from None

    def _parse(self, column: str, kind: pa.DataType) -> pa.ChunkedArray:
        table = arrow_csv.read_csv(
            pa.BufferReader(self._body),
            # threads would be no use for a single column, and rows are numbered only without them
            read_options=arrow_csv.ReadOptions(column_names=self.columns, use_threads=False),
            parse_options=arrow_csv.ParseOptions(ignore_empty_lines=False),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=[column], column_types={column: kind}, null_values=[""]
            ),
        )
        return table.column(0)

    def _unreadable(self, error: pa.ArrowInvalid) -> InputError:
        found = _WRONG_WIDTH.search(str(error))
        if found is None:
            return file_fault(self._name, f"cannot be read as CSV: {reason(error)}")
        row, expected, got = (int(number) for number in found.groups())
        must = f"must have {expected} values, one for each column; got {got}"
        return InputError.single(f"{self._name}:{self._lines_above + row}", "", f"row {row}: {must}")


def _split_header(name: str, text: bytes) -> tuple[bytes, memoryview, int]:
    """Return the header, what stands below it, and the number of lines above that, header included."""
    start = 0
    for comments in range(MAX_COMMENTS):
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        if text[start : start + 1] != b"#":
            return text[start:end], memoryview(text)[end + 1 :], comments + 1
        start = end + 1
    raise file_fault(name, f"starts with more than {MAX_COMMENTS} comment lines")


def _header_columns(name: str, header: bytes) -> tuple[str, ...]:
    if header.count(b",") >= MAX_COLUMNS:
        raise file_fault(name, f"has more than {MAX_COLUMNS} columns")
    try:
        rows = list(csv.reader([header.decode()]))
    except (UnicodeDecodeError, csv.Error):
        raise file_fault(name, "must start with a line of column names in UTF-8") from None
    columns = tuple(column.strip() for column in rows[0]) if rows else ()
    check_columns(name, columns)
    return columns


def _lenient_numbers(strings: pa.ChunkedArray) -> FloatArray:
    """Return the numbers among these texts, NaN for the rest; spaces and a leading plus are no harm."""
    trimmed = compute.utf8_ltrim(compute.utf8_trim_whitespace(strings), "+")
    good = compute.match_substring_regex(trimmed, _NUMBER)
    result = np.full(len(strings), np.nan)
    result[truths(good)] = floats(trimmed.filter(good).cast(pa.float64()))
    return result


def _lenient_times(strings: pa.ChunkedArray, *, zoned: bool) -> FloatArray:
    """Return times and dates as seconds, NaN from the first on that is neither."""
    result = np.full(len(strings), np.nan)
    for row, text in enumerate(strings):
        value = _iso_time(text.as_py().strip(), zoned=zoned)
        if value is None:
            break
        result[row] = value
    return result


def _iso_time(text: str, *, zoned: bool) -> float | None:
    try:
        if len(text) == len("2024-01-31"):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return None if zoned else moment.replace(tzinfo=UTC).timestamp()
        return moment.timestamp()
    except (ValueError, OverflowError):
        return None
