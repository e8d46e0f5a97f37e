"""The money of a run as CSV files that a spreadsheet opens: every line of the ledger, and every month."""

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from io import StringIO
from pathlib import Path
from typing import Any, Final

from sim.frames import LEDGER_COLUMNS, ledger_rows
from sim.metrics.curtailment import ComplianceRow, compliance
from sim.metrics.months import Month, months
from sim.recording import Recording
from sim.whole import write_whole

MONTH_COLUMNS: Final = tuple(field.name for field in fields(Month))


def has_prices(recording: Recording) -> bool:
    """Return whether a recording has a power price; without one there is no money to count."""
    return "price_usd_per_mwh" in recording.signals


def write_tables(recording: Recording, folder: Path) -> None:
    """Write ``ledger.csv`` and ``monthly.csv``; numbers to the last digit, blank where not assessable.

    Parameters
    ----------
    recording
        The run.
    folder
        Existing folder to write into.
    """
    write_csv(folder / "ledger.csv", LEDGER_COLUMNS, ledger_rows(recording))
    write_csv(folder / "monthly.csv", MONTH_COLUMNS, (astuple(month) for month in recording.once(months)))


def write_compliance(recording: Recording, folder: Path) -> None:
    """Write ``compliance.csv`` into a folder, where the limit was ever lowered: by month, fleet and load."""
    rows = recording.once(compliance)
    if rows:
        write_csv(folder / "compliance.csv", ComplianceRow._fields, rows)


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]], above: str = "") -> None:
    """Write rows of texts and numbers as CSV, below a text; numbers to the last digit, NaN blank."""
    text = StringIO(above, newline="")
    text.seek(len(above))
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    write_whole(path, text.getvalue())


def _cell(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return "" if math.isnan(value) else repr(float(value))
