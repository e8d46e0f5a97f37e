"""A result in its folder: data, page, tables, log, figures on request; whole or not at all.

The page and the tables can be built again from the folder alone.
"""

import csv
import math
import platform
import time
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from filecmp import cmpfiles
from io import StringIO
from pathlib import Path
from typing import Any, Final

import numpy as np

from sim.ai.waveform import Waveform
from sim.errors import ResultError
from sim.frames import LEDGER_COLUMNS, has_prices, ledger_rows
from sim.metrics.curtailment import ComplianceRow, compliance
from sim.metrics.months import Month, months
from sim.recording import Recording
from sim.report.format import LocalTime
from sim.report.index_page import write_index
from sim.report.page import page
from sim.report.stability import stability_section
from sim.report.worst_windows import worst_moments
from sim.result import DATA_FILES, Result, StoredResult, as_stored, read_result, write_result
from sim.whole import make_once, new_folder, said_plainly, scratch_folder, whole_file, write_whole

MONTH_COLUMNS: Final = tuple(field.name for field in fields(Month))
"""Columns of ``monthly.csv``."""
_STARTED: Final = time.monotonic()


def write_report(folder: Path, *, with_figures: bool = False) -> None:
    """Write the page and its tables (``ledger.csv`` …) into a result folder, from what it holds.

    The same result gives the same bytes: there is no clock time, host or path in them.

    Parameters
    ----------
    folder
        The result folder.
    with_figures
        Whether to draw ``figures/`` as well, which takes longer than all the rest.

    Raises
    ------
    ResultError
        The folder is missing, or not a whole result.
    """
    write_report_of(read_result(folder), folder, with_figures=with_figures)


def write_report_of(result: StoredResult, folder: Path, *, with_figures: bool = False) -> None:
    """Write the report of a result that has been read already.

    Parameters
    ----------
    result
        The result.
    folder
        Existing folder to write into.
    with_figures
        As `write_report`.
    """
    clock = LocalTime.of_run(result.scenario.get("start"), result.recording.start_utc_s)
    moments = worst_moments(result.recording)
    stability = stability_section(result.recording, result.scenario, clock)
    write_whole(folder / "report.html", page(result, clock, moments, stability))
    if has_prices(result.recording):
        write_tables(result.recording, folder)
    write_compliance(result.recording, folder)
    if with_figures:
        from sim.report.figures import write_figures  # noqa: PLC0415  # few runs are drawn for print

        figures = folder / "figures"
        with said_plainly(figures, "made"):
            figures.mkdir(exist_ok=True)
        write_figures(result.recording, clock, moments, stability.curves, figures)


def default_folder(result: Result) -> Path:
    """Return where a result goes unless told otherwise: ``results/<name>/<start of the run key>``."""
    run_id = str(result.provenance["run_key"])[:12]
    return Path("results") / result.scenario.name / run_id


def publish(result: Result, folder: Path, *, replaceable: bool, with_figures: bool = False) -> tuple[Path, bool]:
    """Write a result to its folder.

    Parameters
    ----------
    result
        What to write.
    folder
        Where to.
    replaceable
        Whether it is the folder of this very result among all: it may be there already, and its data are
        left as they are; the list of all results is written again.
    with_figures
        Whether to draw ``figures/`` as well.

    Returns
    -------
    tuple
        The folder, and whether it is new.

    Raises
    ------
    ResultError
        Something else is there, or the same scenario gave other numbers before.
    """

    def fill(temporary: Path) -> None:
        write_result(result, temporary)
        write_report_of(as_stored(result), temporary, with_figures=with_figures)
        (temporary / "run.log").write_text(_log(), encoding="utf-8")

    if not replaceable:
        with new_folder(folder) as temporary:
            fill(temporary)
        return folder, True
    is_new = make_once(folder, fill)
    if not is_new:
        _require_same(result, folder)
        if with_figures:
            write_report_of(as_stored(result), folder, with_figures=True)
    write_index(folder.parents[1])
    return folder, is_new


def write_waveform(wave: Waveform, path: Path) -> None:
    """Write a waveform as CSV with columns ``time_s`` and ``power_mw``.

    Raises
    ------
    ResultError
        Something is there already, or it cannot be written.
    """
    with whole_file(path, is_new=True) as file:
        rows = np.column_stack([wave.time_s, wave.power_mw])
        np.savetxt(file, rows, fmt="%.6f", delimiter=",", header="time_s,power_mw", comments="")


def _require_same(result: Result, folder: Path) -> None:
    with scratch_folder() as again:
        write_result(result, again)
        same, _, _ = cmpfiles(folder, again, DATA_FILES, shallow=False)
    if len(same) != len(DATA_FILES):
        raise ResultError(
            f"{folder}: holds another result of the same scenario and version; "
            "remove it, or name another folder with --out"
        )


def _log() -> str:
    """Return what differs from run to run and machine to machine; no other file holds any of it."""
    return (
        f"finished {time.strftime('%Y-%m-%dT%H:%M:%S%z')}\n"
        f"wall time {time.monotonic() - _STARTED:.3f} s\n"
        f"host {platform.node()}, {platform.platform()}, {platform.machine()}\n"
    )


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
