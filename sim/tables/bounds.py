"""How large a data file may be, looked at before it is read: a small file must not fill the memory."""

from typing import Final

from sim.errors import InputError

MAX_BYTES: Final = 256 * 1024 * 1024
"""Size of a file, and of what it unpacks to [bytes]."""
MAX_ROWS: Final = 40_000_000
"""Rows of a table: a year of seconds fits."""
MAX_TEXT_ROWS: Final = 4_000_000
"""Rows of a table of which a column is read as text: a text takes more memory than a number."""
MAX_COLUMNS: Final = 1000
"""Columns of a table."""
MAX_COLUMN_NAME: Final = 200
"""Characters of a column's name."""
MAX_COMMENTS: Final = 1000
"""Comment lines at the top of a CSV file."""
MAX_SHOWN: Final = 60
"""Characters of a value that a message shows."""


def file_fault(name: str, message: str) -> InputError:
    """Return an error that speaks of a file as a whole."""
    return InputError.single(name if name.isprintable() else repr(name), "", message)


def reason(error: Exception) -> str:
    """Return what an error says of a stranger's file: on one short line, without control characters."""
    line = " ".join(str(error).split())[: 2 * MAX_SHOWN]
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def check_columns(name: str, columns: tuple[str, ...]) -> None:
    """Raise InputError unless there are columns, not too many, with names fit to print, no two the same."""
    if len(columns) > MAX_COLUMNS:
        raise file_fault(name, f"has more than {MAX_COLUMNS} columns")
    if not any(columns):
        raise file_fault(name, "has no columns")
    if not all(column.isprintable() and len(column) <= MAX_COLUMN_NAME for column in columns):
        raise file_fault(name, f"has a column name that is no text of {MAX_COLUMN_NAME} characters at most")
    if len(set(columns)) < len(columns):
        twice = next(column for column in columns if columns.count(column) > 1)
        raise file_fault(name, f"has column '{twice}' twice")


def check_row_count(name: str, row_count: int) -> None:
    """Raise InputError if there are too many rows."""
    if row_count > MAX_ROWS:
        raise file_fault(name, f"has {row_count:,} rows; must have {MAX_ROWS:,} at most")
