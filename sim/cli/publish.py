"""Puts a result into its folder: data, page, log, figures on request; whole or not at all."""

import platform
import time
from filecmp import cmpfiles
from pathlib import Path

import numpy as np

from sim.ai.waveform import Waveform
from sim.errors import ResultError
from sim.report.build import write_report_of
from sim.report.index_page import write_index
from sim.result import DATA_FILES, Result, as_stored, write_result
from sim.whole import make_once, new_folder, scratch_folder, whole_file

_STARTED = time.monotonic()


def default_folder(result: Result) -> Path:
    """Return where a result goes unless told otherwise: ``results/<name>/<start of the run key>``."""
    run_id = str(result.provenance["run_key"])[:12]
    return Path("results") / result.scenario.name / run_id


def publish(
    result: Result, folder: Path, *, replaceable: bool, with_figures: bool = False
) -> tuple[Path, bool]:
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
