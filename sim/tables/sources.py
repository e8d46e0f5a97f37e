"""Where the columns of a table come from: CSV text, read again for each column asked for, or Parquet."""

import re
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from sim.errors import InputError
from sim.tables.arrow import floats, seconds, truths
from sim.tables.bounds import MAX_BYTES, MAX_SHOWN, MAX_TEXT_ROWS, check_columns, check_row_count, file_fault, reason
from sim.tables.dialect import MARKED, SEPARATOR_NAMES, dialect_of, utf8
from sim.tables.table import Coded, Moments
from sim.units import BoolArray, FloatArray

_DIGITS: Final = r"([0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})([eE][+-]?[0-9]{1,2})?"
_NUMBER: Final = rf"^-?{_DIGITS}$"
_GROUPED: Final = {
    ".": r"^-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$", ",": r"^-?[0-9]{1,3}(\.[0-9]{3})+(,[0-9]+)?$"
}  # fmt: skip
_OPEN: Final = r"^[-+]?[1-9][0-9]{0,2}[.,][0-9]{3}$"
_WITH_UNIT: Final = re.compile(r"^\s*[-+]?[0-9.,]+ ?(W|kW|MW|Hz|°?C|°?F)\s*$")
_WRONG_WIDTH: Final = re.compile(r"Row #([0-9]+): Expected ([0-9]+) columns, got ([0-9]+)")
_WRONG_VALUE: Final = re.compile(r"Row #([0-9]+): .*invalid value '(.*)'", re.DOTALL)
_OFFSET: Final = re.compile(r"\d(?:[zZ]|[+-]\d{2}(:?\d{2})?)$")
_DATE_LENGTH: Final = len("2024-01-31")


class CsvSource:
    """What a CSV file holds.

    Parameters
    ----------
    name
        Name of the file, for messages.
    content
        Its text, unpacked.
    decimal
        What stands before decimals; None: as the first rows have it.
    """

    def __init__(self, name: str, content: bytes, decimal: str | None = None) -> None:
        self._name = name
        text = utf8(name, content)
        self._dialect = dialect_of(name, text)
        self._decimal = decimal or self._dialect.decimal
        self.columns = self._dialect.columns
        self._body = memoryview(text)[self._dialect.start : self._dialect.stop]
        check_row_count(name, text.count(b"\n", self._dialect.start, self._dialect.stop) + 1)
        self._header_units: dict[str, str] = {}  # hundreds of loads may ask for the same
        self.row_count = self._count_rows() if self._body.nbytes else 0

    def header_unit(self, column: str) -> str:
        """Return what a line of units below the header says of a column, or what follows its first number."""
        if column not in self._header_units:
            said = self._dialect.units[self.columns.index(column)]
            first = "" if said else self._first(column)
            found = _WITH_UNIT.match(first)
            self._header_units[column] = said or (found.group(1) if found else "")
        return self._header_units[column]

    def numbers(self, column: str, missing: tuple[str, ...] = ()) -> FloatArray:
        """Return the column, NaN where a row holds no finite number."""
        plain = self._dialect.separator == ","  # where a point stands before decimals, unless it is said
        decimal = self._decimal or ("." if plain else self._marked(column))
        try:
            return floats(self._parse(column, pa.float64(), missing, decimal))
        except pa.ArrowInvalid as error:
            self._refuse_long(column, error, "a plain number")
            return self._lenient_numbers(column, missing)

    def moments(self, column: str) -> Moments:
        """Return the column as times, as far as they are plain ISO 8601 or numbers."""
        first = self._first(column).strip()
        zone = "UTC" if _OFFSET.search(first[_DATE_LENGTH:]) else None
        try:
            found = seconds(self._parse(column, pa.timestamp("us", zone)))
            if len(first) == _DATE_LENGTH and not np.any(found % 86_400.0):
                return Moments("dates", found)
            return Moments("naive" if zone is None else "aware", found)
        except pa.ArrowInvalid:
            pass
        try:
            return Moments("numbers", floats(self._parse(column, pa.float64(), decimal=self._decimal or ".")))
        except pa.ArrowInvalid as error:
            self._refuse_long(column, error, "a time as ISO 8601 has it")
            return Moments("texts", None)

    def coded(self, column: str) -> Coded:
        """Return the column as codes of its different texts, without spaces around them."""
        return _coded(self._parse(column, pa.dictionary(pa.int32(), pa.string())))

    def found(self, column: str, row: int) -> str:
        """Return what a row holds, as a message shows it; empty where it is blank."""
        seen = 0
        for batch in self._stream(column):
            if row < seen + batch.num_rows:
                text = batch.column(0)[row - seen].as_py()
                return repr(text) if text.strip() else ""
            seen += batch.num_rows
        raise IndexError(row)

    def blanks(self, column: str, missing: tuple[str, ...] = ()) -> BoolArray:
        """Return which rows hold nothing, or one of the texts that stand for nothing."""
        words = self.coded(column)
        absent = np.array([not word or word in missing for word in words.words], dtype=np.bool_)
        return absent[words.codes] if absent.size else np.ones(words.codes.size, dtype=np.bool_)

    def line(self, row: int) -> int:
        """Return the line of the file on which a row stands."""
        return self._dialect.lines_above + row + 1

    def _count_rows(self) -> int:
        """Return how many rows there are, each as wide as the header; a block at a time."""
        return sum(batch.num_rows for batch in self._stream(self.columns[0]))

    def _first(self, column: str) -> str:
        """Return what the first row holds."""
        return str(next(iter(self._stream(column))).column(0)[0].as_py())

    def _refuse_long(self, column: str, error: pa.ArrowInvalid, must: str) -> None:
        """Raise InputError for a bad value in a file too long to be read as text."""
        if self.row_count <= MAX_TEXT_ROWS:
            return
        found = _WRONG_VALUE.search(str(error))
        where = f", row {found.group(1)}" if found else ""
        got = f"; got {found.group(2)[:MAX_SHOWN]!r}" if found else ""
        message = f"column '{column}'{where}: must be {must} in a file of more than {MAX_TEXT_ROWS:,} rows{got}"
        raise file_fault(self._name, message)

    def _lenient_numbers(self, column: str, missing: tuple[str, ...]) -> FloatArray:
        """Return the numbers among texts, NaN for the rest; spaces, thousands and units are no harm."""
        from pyarrow import compute  # noqa: PLC0415  # see above

        strings = self._parse(column, pa.string(), missing)
        trimmed = compute.utf8_ltrim(compute.utf8_trim_whitespace(strings), "+")
        unit = self.header_unit(column)
        if unit:
            trimmed = compute.replace_substring_regex(trimmed, rf" ?{re.escape(unit)}$", "")
        decimal = self._decimal or self._marked(column)
        grouped = compute.fill_null(compute.match_substring_regex(trimmed, _GROUPED[decimal]), fill_value=False)
        whole = compute.replace_substring(trimmed, "," if decimal == "." else ".", "")
        trimmed = compute.if_else(grouped, whole, trimmed)
        if decimal == ",":
            trimmed = compute.if_else(
                compute.match_substring(trimmed, "."), "", compute.replace_substring(trimmed, ",", ".")
            )
        good = truths(compute.fill_null(compute.match_substring_regex(trimmed, _NUMBER), fill_value=False))
        result = np.full(len(strings), np.nan)
        result[good] = floats(trimmed.filter(pa.array(good)).cast(pa.float64()))
        return result

    def _marked(self, column: str) -> str:
        """Return what stands before a column's decimals; raise InputError where its numbers leave it open."""
        from pyarrow import compute  # noqa: PLC0415  # see above

        unclear, seen = -1, 0
        for batch in self._stream(column):
            texts = compute.utf8_trim_whitespace(batch.column(0))
            for mark, number in MARKED.items():
                if compute.any(compute.match_substring_regex(texts, number)).as_py():
                    return mark
            found = np.flatnonzero(truths(pa.chunked_array([compute.match_substring_regex(texts, _OPEN)])))
            unclear = seen + int(found[0]) if found.size and unclear < 0 else unclear
            seen += batch.num_rows
        if unclear >= 0:
            place = f"{self._name}:{self.line(unclear)}"
            may = f"{self.found(column, unclear)} may have decimals, or a mark between thousands"
            raise InputError.single(place, "", f"column '{column}', row {unclear + 1}: {may}", decimal=",")
        return "."

    def _options(
        self, column: str, kind: pa.DataType, missing: tuple[str, ...] = (), decimal: str = "."
    ) -> dict[str, Any]:
        """Return what Arrow is to read: a single column as one kind of values."""
        return {
            "input_file": pa.BufferReader(self._body),
            # threads would be no use for a single column, and rows are numbered only without them
            "read_options": arrow_csv.ReadOptions(column_names=self.columns, use_threads=False),
            "parse_options": arrow_csv.ParseOptions(delimiter=self._dialect.separator, ignore_empty_lines=False),
            "convert_options": arrow_csv.ConvertOptions(
                include_columns=[column],
                column_types={column: kind},
                null_values=["", *missing],
                strings_can_be_null=bool(missing),
                decimal_point=decimal,
            ),
        }

    def _parse(
        self, column: str, kind: pa.DataType, missing: tuple[str, ...] = (), decimal: str = "."
    ) -> pa.ChunkedArray:
        return arrow_csv.read_csv(**self._options(column, kind, missing, decimal)).column(0)

    def _stream(self, column: str) -> Any:
        """Yield the column as texts, block by block; raise InputError where a row has another width."""
        try:
            yield from arrow_csv.open_csv(**self._options(column, pa.string()))
        except pa.ArrowInvalid as error:
            raise self._unreadable(error) from None

    def _unreadable(self, error: pa.ArrowInvalid) -> InputError:
        found = _WRONG_WIDTH.search(str(error))
        if found is None:
            return file_fault(self._name, f"cannot be read as CSV: {reason(error)}")
        row, expected, got = (int(number) for number in found.groups())
        must = f"must have {expected} values, one for each column; got {got}"
        by = SEPARATOR_NAMES[self._dialect.separator]
        apart = "" if self._dialect.separator == "," else f" (they are separated by {by})"
        place = f"{self._name}:{self._dialect.lines_above + row}"
        return InputError.single(place, "", f"row {row}: {must}{apart}")


class ParquetSource:
    """What a Parquet file holds.

    Numbers, timestamps and dates are read, eight bytes a row at most whatever the file unpacks to; and texts,
    each different one once.

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
        from pyarrow import parquet  # noqa: PLC0415  # slow to import, and most files are text

        self._open = parquet.ParquetFile
        try:
            self._file = self._open(pa.BufferReader(content))
            schema = self._file.schema_arrow
            self.row_count: int = self._file.metadata.num_rows
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._unreadable(error) from None
        check_row_count(name, self.row_count)
        self.columns: tuple[str, ...] = tuple(schema.names)
        check_columns(name, self.columns)
        self._types = dict(zip(schema.names, schema.types, strict=True))

    def header_unit(self, column: str) -> str:  # noqa: ARG002  # as of a CSV file
        """Return nothing: there is no line of units."""
        return ""

    def numbers(self, column: str, missing: tuple[str, ...] = ()) -> FloatArray:  # noqa: ARG002  # texts alone
        """Return the column, NaN where a row holds no finite number."""
        kind = self._types[column]
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
            raise file_fault(self._name, f"column '{column}' holds {kind}; must hold numbers")
        return floats(self._load(column).cast(pa.float64(), safe=False))

    def moments(self, column: str) -> Moments:
        """Return the column as times, numbers, or texts still to be read."""
        kind = self._types[column]
        if pa.types.is_date(kind):
            return Moments("dates", seconds(self._microseconds(column)))
        if pa.types.is_timestamp(kind):
            return Moments("naive" if kind.tz is None else "aware", seconds(self._microseconds(column)))
        if _is_text(kind):
            return Moments("texts", None)
        return Moments("numbers", self.numbers(column))

    def coded(self, column: str) -> Coded:
        """Return the column as codes of its different texts; of whole numbers, as they are written."""
        kind = self._types[column]
        if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
            return _coded(self._load(column).cast(pa.string()).dictionary_encode())
        if not _is_text(kind):
            raise file_fault(self._name, f"column '{column}' holds {kind}; must hold texts")
        self._check_size(column)
        return _coded(self._load(column, read_dictionary=[column]))

    def found(self, column: str, row: int) -> str:
        """Return what a row holds, as a message shows it; empty where it is blank."""
        if pa.types.is_temporal(self._types[column]):
            # not as Python's datetime, which ends at the year 9999 and knows no zone but its own
            count = self._microseconds(column).cast(pa.int64())[row].as_py()
            return "" if count is None else f"{np.datetime64(count, 'us')}Z"
        value = self._load(column)[row].as_py()
        return "" if value is None else str(value)

    def blanks(self, column: str, missing: tuple[str, ...] = ()) -> BoolArray:  # noqa: ARG002  # texts alone
        """Return which rows hold nothing; NaN is what pandas writes where there is nothing."""
        return truths(self._load(column).is_null())

    def line(self, row: int) -> None:
        """Return None: a Parquet file has no lines."""

    def _check_size(self, column: str) -> None:
        facts = self._file.metadata
        groups = (facts.row_group(group) for group in range(facts.num_row_groups))
        size_bytes = sum(group.column(self.columns.index(column)).total_uncompressed_size for group in groups)
        if size_bytes > MAX_BYTES:
            raise file_fault(self._name, f"column '{column}' unpacks to more than {MAX_BYTES:,} bytes")

    def _load(self, column: str, **how: Any) -> pa.ChunkedArray:
        try:
            file = self._open(pa.BufferReader(self._content), **how) if how else self._file
            return file.read(columns=[column], use_threads=False).column(0)
        except (pa.ArrowException, OSError, ValueError, IndexError) as error:
            raise self._unreadable(error) from None

    def _microseconds(self, column: str) -> pa.ChunkedArray:
        """Return times as timestamps in microseconds; raise InputError where they do not fit, never wrap."""
        kind = self._types[column]
        finer = pa.types.is_timestamp(kind) and kind.unit == "ns"  # loses digits, never its value
        try:
            return self._load(column).cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=not finer)
        except pa.ArrowInvalid:
            far = "holds a time too far from 1970 to be counted in microseconds"
            raise file_fault(self._name, f"column '{column}' {far}") from None

    def _unreadable(self, error: Exception) -> InputError:
        return file_fault(self._name, f"cannot be read as Parquet: {reason(error)}")


def _is_text(kind: pa.DataType) -> bool:
    value_kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(value_kind) or pa.types.is_large_string(value_kind))


def _coded(values: pa.ChunkedArray) -> Coded:
    """Return texts as codes and words, the words trimmed; null is the empty text."""
    places: dict[str, int] = {}
    codes: list[NDArray[np.int64]] = []
    for chunk in values.chunks:
        words = [str(word or "").strip() for word in chunk.dictionary.to_pylist()]
        at = np.array([places.setdefault(word, len(places)) for word in words], dtype=np.int64)
        indices = floats(pa.chunked_array([chunk.indices]))
        if np.isnan(indices).any():
            blank = places.setdefault("", len(places))
            at, indices = np.append(at, blank), np.where(np.isnan(indices), len(at), indices)
        codes.append(at[indices.astype(np.int64)])
    return Coded(np.concatenate(codes) if codes else np.empty(0, dtype=np.int64), tuple(places))
