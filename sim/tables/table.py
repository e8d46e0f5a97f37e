"""A table: its columns, read when asked for, each fault named by row and value."""

from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.tables.bounds import MAX_SHOWN, file_fault
from sim.units import FloatArray, unit_of

_COLUMNS_SHOWN = 40


class Source(Protocol):
    """What a table needs of a file format."""

    columns: tuple[str, ...]
    row_count: int

    def numbers(self, column: str) -> FloatArray:
        """Return the column, NaN where a row holds no finite number."""

    def times(self, column: str, *, zoned: bool = True) -> FloatArray:
        """Return the column [s since 1970-01-01T00:00Z], NaN where a row holds no time."""

    def texts(self, column: str) -> list[str]:
        """Return the column as texts, empty where a row is blank."""

    def found(self, column: str, row: int) -> str:
        """Return what a row holds, as a message shows it; empty where it is blank."""

    def blanks(self, column: str) -> NDArray[np.bool_]:
        """Return which rows hold nothing."""

    def line(self, row: int) -> int | None:
        """Return the line of the file on which a row stands, None where there are no lines."""


class Selection:
    """Some rows of a source, in their order.

    Parameters
    ----------
    source
        Where the rows stand.
    rows
        Which ones, counted from 0, shape (n,).
    """

    def __init__(self, source: Source, rows: NDArray[np.intp]) -> None:
        self.columns = source.columns
        self.row_count = int(rows.size)
        self._source = source
        self._rows = rows

    def numbers(self, column: str) -> FloatArray:
        """Return the column, NaN where a row holds no finite number."""
        return self._source.numbers(column)[self._rows]

    def times(self, column: str, *, zoned: bool = True) -> FloatArray:
        """Return the column [s since 1970-01-01T00:00Z], NaN where a row holds no time."""
        return self._source.times(column, zoned=zoned)[self._rows]

    def texts(self, column: str) -> list[str]:
        """Return the column as texts, empty where a row is blank."""
        texts = self._source.texts(column)
        return [texts[row] for row in self._rows.tolist()]

    def blanks(self, column: str) -> NDArray[np.bool_]:
        """Return which rows hold nothing."""
        return self._source.blanks(column)[self._rows]

    def found(self, column: str, row: int) -> str:
        """Return what a row holds, as a message shows it; empty where it is blank."""
        return self._source.found(column, int(self._rows[row]))

    def line(self, row: int) -> int | None:
        """Return the line of the file on which a row stands, None where there are no lines."""
        return self._source.line(int(self._rows[row]))


class Table:
    """Columns of one CSV file (plain or .gz) or Parquet file.

    Lines that start with ``#`` at the top of a CSV file are comments: the place to name the data's origin.
    """

    def __init__(self, name: str, source: Source) -> None:
        self.name = name
        self.columns = source.columns
        self.row_count = source.row_count
        self._source = source
        self._selected: dict[tuple[str, str], Table] = {}
        self._read: dict[tuple[str, str], FloatArray] = {}

    def numbers(self, column: str, rows: slice | None = None, *, blanks: bool = False) -> FloatArray:
        """Return a column of numbers, in the unit of the file.

        Parameters
        ----------
        column
            Name of the column.
        rows
            Rows that must hold a finite number, all of them unless said; others are NaN where they do not.
        blanks
            Whether those rows may be blank too, and are NaN then.

        Raises
        ------
        InputError
            If there is no such column, or a row holds a blank, text, NaN or infinity; names row and value.
        """
        values = self._column("numbers", column, self._source.numbers)
        checked = slice(0, self.row_count) if rows is None else rows
        bad = np.flatnonzero(~np.isfinite(values[checked]))
        if blanks and bad.size:
            bad = bad[~self._source.blanks(column)[checked][bad]]
        if bad.size:
            unit = unit_of(column)
            row = range(self.row_count)[checked][int(bad[0])]
            raise self._row_fault(column, row, f"must be a finite number{f' [{unit}]' if unit else ''}")
        return values

    def increasing(self, column: str) -> FloatArray:
        """Return a column of numbers, each above the one before.

        Raises
        ------
        InputError
            As `numbers`; and if a row is not above the row before: names the row and both values.
        """
        values = self.numbers(column)
        self._check_order(column, values)
        return values

    def times_utc_s(self, column: str) -> FloatArray:
        """Return a column of times, each after the one before [s since 1970-01-01T00:00Z].

        CSV: ISO 8601 with ``Z`` or an offset, or a date, which stands for its midnight in UTC.
        Parquet: timestamps with a zone, or dates.

        Raises
        ------
        InputError
            If a row holds no such time, or one that is not after the row before; names row and value.
        """
        values = self._column("times", column, self._source.times)
        self._check_times(
            column, values, "a time with Z or an offset, such as 2024-01-31T06:00:00Z, or a date"
        )
        return values

    def clock_s(self, column: str) -> FloatArray:
        """Return a column of times of any one clock, each after the one before; only differences count [s].

        As `times_utc_s`, but times may stand without an offset: local time, or a recorder's own.

        Raises
        ------
        InputError
            If a row holds no time, or one that is not after the row before; names row and value.
        """
        values = self._column("clock", column, partial(self._source.times, zoned=False))
        self._check_times(column, values, "a time, such as 2024-01-31T06:00:00, or a date")
        return values

    def words(self, column: str) -> tuple[str, ...]:
        """Return the different texts of a column, in the order in which they first stand, without blanks.

        Raises
        ------
        InputError
            If there is no such column, or it holds no texts.
        """
        self._require(column)
        return tuple(dict.fromkeys(text for text in self._source.texts(column) if text))

    def where(self, column: str, text: str) -> "Table":
        """Return the rows that hold a text in a column, as a table; a second call returns the same one.

        Raises
        ------
        InputError
            If there is no such column, or no row holds the text: names those that rows hold.
        """
        key = (column, text)
        if key not in self._selected:
            self._require(column)
            rows = np.flatnonzero(np.array([found == text for found in self._source.texts(column)]))
            if not rows.size:
                near = get_close_matches(text, self.words(column), n=1)
                hint = f"; did you mean '{near[0]}'?" if near else ""
                listed = ", ".join(self.words(column)[:_COLUMNS_SHOWN])
                no_row = f"column '{column}': no row holds {text[:MAX_SHOWN]!r}; there are {listed}{hint}"
                raise file_fault(self.name, no_row)
            self._selected[key] = Table(self.name, Selection(self._source, rows))
        return self._selected[key]

    def _require(self, column: str) -> None:
        if column not in self.columns:
            raise file_fault(self.name, _no_column(column, self.columns))

    def _column(self, kind: str, column: str, read: Callable[[str], FloatArray]) -> FloatArray:
        self._require(column)
        key = (kind, column)
        if key not in self._read:
            values = read(column)
            values.flags.writeable = False
            self._read[key] = values
        return self._read[key]

    def _check_times(self, column: str, values: FloatArray, what: str) -> None:
        bad = np.flatnonzero(np.isnan(values))
        if bad.size:
            raise self._row_fault(column, int(bad[0]), f"must be {what}")
        self._check_order(column, values)

    def _check_order(self, column: str, values: FloatArray) -> None:
        late = np.flatnonzero(values[1:] <= values[:-1])
        if late.size:
            row = int(late[0]) + 1
            before = self._source.found(column, row - 1)
            raise self._row_fault(column, row, f"must be above the row before, {before[:MAX_SHOWN]}")

    def _row_fault(self, column: str, row: int, must: str) -> InputError:
        found = self._source.found(column, row)
        got = f"got {found[:MAX_SHOWN]}" if found else "it is blank"
        line = self._source.line(row)
        place = self.name if line is None else f"{self.name}:{line}"
        return InputError.single(place, "", f"column '{column}', row {row + 1}: {must}; {got}")


def _no_column(column: str, columns: tuple[str, ...]) -> str:
    near = get_close_matches(column, columns, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    return f"no column {column[:MAX_SHOWN]!r}; has {', '.join(columns[:_COLUMNS_SHOWN])}{hint}"
