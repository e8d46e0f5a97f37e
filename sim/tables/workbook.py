"""Workbooks of spreadsheets (.xlsx): the first sheet that holds anything, as the text of a table."""

import csv
import io
import zipfile
from datetime import date, datetime, time
from typing import Any, Final

from sim.tables.bounds import file_fault, reason

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
    from openpyxl import load_workbook  # noqa: PLC0415  # slow to import

    _check_size(name, content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheets = ((sheet.iter_rows(values_only=True)) for sheet in book.worksheets)
        for rows in sheets:
            text = _text_of(name, rows)
            if text:
                return text.encode()
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, SyntaxError) as error:
        raise file_fault(name, f"cannot be read as a workbook: {reason(error)}") from None
    raise file_fault(name, "has no rows")


def _check_size(name: str, content: bytes) -> None:
    """Raise InputError where the parts unpack to too much; nothing is unpacked yet."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            size_bytes = sum(part.file_size for part in parts.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise file_fault(name, f"cannot be read as a workbook: {reason(error)}") from None
    if size_bytes > MAX_UNPACKED_BYTES:
        raise file_fault(name, f"unpacks to {size_bytes:,} bytes; must be {MAX_UNPACKED_BYTES:,} at most")


def _text_of(name: str, rows: Any) -> str:
    """Return rows of cells as CSV, empty where there is none."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    cells, found = 0, False
    for row in rows:
        cells += len(row)
        if cells > MAX_CELLS:
            raise file_fault(name, f"has a sheet of more than {MAX_CELLS:,} cells: save it as CSV")
        texts = [_shown(cell) for cell in row]
        found = found or any(texts)
        writer.writerow(texts)
    return written.getvalue() if found else ""


def _shown(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return repr(cell) if isinstance(cell, float) else str(cell)
