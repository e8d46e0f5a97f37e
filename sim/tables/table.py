"""A table: its columns, read when asked for, each fault named by row and value."""

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError, did_you_mean
from sim.tables.bounds import MAX_SHOWN, MAX_TEXT_ROWS, file_fault
from sim.units import BoolArray, FloatArray, IndexArray, unit_of

if TYPE_CHECKING:
    from sim.tables.sources import CsvSource, ParquetSource


Kept = TypeVar("Kept")

_COLUMNS_SHOWN = 40


class Coded(NamedTuple):
    """A column of texts of which many are alike."""

    codes: NDArray[np.int64]
    """Place of each row's text among the words, shape (n,)."""
    words: tuple[str, ...]
    """The different texts."""


class Moments(NamedTuple):
    """A column as times, as far as a file format tells."""

    kind: Literal["aware", "naive", "dates", "numbers", "texts"]
    """With an offset, without one, days, plain numbers, or texts that are still to be read."""
    values: FloatArray | None
    """Seconds since 1970-01-01T00:00, in UTC or on the clock's own face; the numbers; None of texts."""


class Table:
    """Columns of one file, or of some of its rows.

    Lines that start with ``#`` at the top of a CSV file are comments: the place to name the data's origin.

    Parameters
    ----------
    name
        Name of the file.
    source
        What it holds.
    rows
        Its rows that count, from 0 and in their order, shape (n,); None: all.
    """

    def __init__(self, name: str, source: "CsvSource | ParquetSource", rows: IndexArray | None = None) -> None:
        self.name = name
        self.columns = source.columns
        self.row_count = source.row_count if rows is None else int(rows.size)
        self.header_unit = source.header_unit
        self._source = source
        self._rows: IndexArray | slice = slice(None) if rows is None else rows
        self._kept: dict[Hashable, Any] = {}

    def numbers(
        self, column: str, rows: slice | None = None, *, blanks: bool = False, missing: tuple[str, ...] = ()
    ) -> FloatArray:
        """Return a column of numbers, in the unit of the file.

        Parameters
        ----------
        column
            Name of the column.
        rows
            Rows that must hold a finite number, all of them unless said; others are NaN where they do not.
        blanks
            Whether those rows may be blank too, and are NaN then.
        missing
            Texts that count as blank.

        Raises
        ------
        InputError
            If there is no such column, or a row holds a blank, text, NaN or infinity; names row and value.
        """
        self.require(column)
        key = ("numbers", column, *missing)
        values = self.kept(key, lambda: _frozen(self._source.numbers(column, missing)[self._rows]))
        checked = slice(0, self.row_count) if rows is None else rows
        bad = np.flatnonzero(~np.isfinite(values[checked]))
        if blanks and bad.size:
            bad = bad[~self.blanks(column, missing)[checked][bad]]
        if bad.size:
            raise self.no_number(column, range(self.row_count)[checked][int(bad[0])], missing)
        return values

    def moments(self, column: str) -> Moments:
        """Return a column as times, as far as the file format tells.

        Raises
        ------
        InputError
            If there is no such column, or a row of a very long file holds no time.
        """
        self.require(column)

        def read() -> Moments:
            kind, values = self._source.moments(column)
            return Moments(kind, None if values is None else _frozen(values[self._rows]))

        return self.kept(("moments", column), read)

    def kept(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """Return what was made of the table for a key, made now if it was not."""
        if key not in self._kept:
            self._kept[key] = make()
        found: Kept = self._kept[key]
        return found

    def texts(self, column: str) -> list[str]:
        """Return a column as texts, empty where a row is blank; raise InputError where there are too many."""
        self.require(column)
        if self.row_count > MAX_TEXT_ROWS:
            raise file_fault(self.name, f"column '{column}': no more than {MAX_TEXT_ROWS:,} rows are read as texts")
        codes, words = self._coded(column)
        return [words[code] for code in codes.tolist()]

    def words(self, column: str) -> tuple[str, ...]:
        """Return the different texts of a column, in the order in which they first stand, without blanks.

        Raises
        ------
        InputError
            If there is no such column, or it holds no texts.
        """
        self.require(column)
        codes, words = self._coded(column)
        _, first = np.unique(codes, return_index=True)
        return tuple(words[code] for code in codes[np.sort(first)].tolist() if words[code])

    def where(self, column: str, text: str) -> "Table":
        """Return the rows that hold a text in a column, as a table; a second call returns the same one.

        Raises
        ------
        InputError
            If there is no such column, or no row holds the text: names those that rows hold.
        """
        return self.kept(("where", column, text), lambda: self._where(column, text))

    def only(self, column: str, text: str | None, field: str) -> "Table":
        """Return the rows that hold a text; where none is said, all of them, if they hold but one."""
        if text is not None:
            return self.where(column, text)
        words = self.words(column)
        if len(words) > 1:
            shown = ", ".join(words[:12]) + (f" and {len(words) - 12} more" if len(words) > 12 else "")  # noqa: PLR2004
            several = f"column '{column}' holds several: {shown}; name one as {field}"
            raise InputError.single(self.name, "", several, **{field: words[0]})
        return self

    def words_if_any(self, column: str) -> tuple[str, ...]:
        """Return the different texts of a column; none where it holds no texts."""
        try:
            return self.words(column)
        except InputError:
            return ()

    def chosen(self, where: Mapping[str, str]) -> "Table":
        """Return the rows that hold each of some texts; raise InputError as `where` does."""
        table = self
        for column, text in where.items():
            table = table.where(column, text)
        return table

    def rows(self, rows: IndexArray) -> "Table":
        """Return some rows, counted from 0, as a table."""
        own = self._rows
        return Table(self.name, self._source, rows if isinstance(own, slice) else own[rows])

    def require(self, column: str, cure: str = "") -> None:
        """Raise InputError where there is no such column: names those that there are, and a cure."""
        if column not in self.columns:
            has = ", ".join(self.columns[:_COLUMNS_SHOWN]) + (f": {cure}" if cure else "")
            near = did_you_mean(column, self.columns)
            raise file_fault(self.name, f"no column {column[:MAX_SHOWN]!r}; has {has}{near}")

    def blanks(self, column: str, missing: tuple[str, ...] = ()) -> BoolArray:
        """Return which rows hold nothing in a column, or one of the texts that count as blank."""
        return self._source.blanks(column, missing)[self._rows]

    def found(self, column: str, row: int) -> str:
        """Return what a row holds, as a message shows it; empty where it is blank."""
        self.require(column)
        return self._source.found(column, self._place(row))

    def no_number(self, column: str, row: int, missing: tuple[str, ...] = ()) -> InputError:
        """Return the fault of a row that holds no number."""
        unit = unit_of(column)
        must = f"must be a finite number{f' [{unit}]' if unit else ''}"
        text = self.found(column, row).strip("'\"")
        is_word = text not in {"", *missing} and not any(letter.isdigit() for letter in text)
        cure: dict[str, Any] = {"missing": text} if is_word else {}
        cure |= {"max_gap_s": 0.0} if is_word or not text else {}
        return self.fault_at(column, row, must, got=True, **cure)

    def not_above(self, column: str, row: int) -> InputError:
        """Return the fault of a row that is not above the one before."""
        before = self.found(column, row - 1)[:MAX_SHOWN]
        return self.fault_at(column, row, f"must be above the row before, {before}", got=True)

    def fault_at(self, column: str, row: int, must: str, *, got: bool = False, **cure: Any) -> InputError:
        """Return the fault of a row, counted from 0: what it holds if asked for, and what would mend it."""
        if got:
            found = self.found(column, row)
            must += f"; got {found[:MAX_SHOWN]}" if found else "; it is blank"
        line = self._source.line(self._place(row))
        place = self.name if line is None else f"{self.name}:{line}"
        return InputError.single(place, "", f"column '{column}', row {row + 1}: {must}", **cure)

    def _coded(self, column: str) -> Coded:
        codes, words = self._source.coded(column)
        return Coded(codes[self._rows], words)

    def _place(self, row: int) -> int:
        """Return where in the file a row stands, counted from 0."""
        return row if isinstance(self._rows, slice) else int(self._rows[row])

    def _where(self, column: str, text: str) -> "Table":
        self.require(column)
        codes, words = self._coded(column)
        rows = np.flatnonzero(codes == words.index(text)) if text in words else np.empty(0, dtype=np.intp)
        if not rows.size:
            hint = did_you_mean(text, self.words(column))
            listed = ", ".join(word[:MAX_SHOWN] for word in self.words(column)[:_COLUMNS_SHOWN])
            no_row = f"column '{column}': no row holds {text[:MAX_SHOWN]!r}; there are {listed}{hint}"
            raise file_fault(self.name, no_row)
        return self.rows(rows)


def _frozen(values: FloatArray) -> FloatArray:
    """Return an array that nobody writes to any more: it is handed out again."""
    values.flags.writeable = False
    return values
