"""What a comparison with ANDES leaves in a folder: a table and a figure."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from sim.dynamics.andes_process import DynamicsError
from sim.dynamics.comparison import LABEL, WindowComparison
from sim.dynamics.figure import write_figure

COLUMNS: Final = (
    "window",
    "from_s",
    "to_s",
    "swing_mw",
    "system",
    "sfr_lowest_mhz",
    "andes_lowest_mhz",
    "sfr_highest_mhz",
    "andes_highest_mhz",
    "sfr_peak_mhz",
    "andes_peak_mhz",
    "andes_worst_machine_mhz",
    "sfr_off_by_ratio",
    "andes_failure",
)


def write_comparison(comparisons: Sequence[WindowComparison], folder: Path) -> None:
    """Write ``comparison.csv`` and ``comparison.png``.

    Parameters
    ----------
    comparisons
        What to write.
    folder
        Where to; made where it is not there, and files of these names are replaced.

    Raises
    ------
    DynamicsError
        Where they cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_table(comparisons, folder)
        write_figure(comparisons, folder / "comparison.png")
    except OSError as error:
        raise DynamicsError(f"{error.filename or folder}: cannot be written ({error.strerror})") from error


def _write_table(comparisons: Sequence[WindowComparison], folder: Path) -> None:
    with (folder / "comparison.csv").open("w", encoding="utf-8", newline="") as file:
        file.write(f"# {LABEL}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_row(comparisons, each) for each in comparisons)


def _row(comparisons: Sequence[WindowComparison], each: WindowComparison) -> list[str]:
    windows = list(dict.fromkeys(other.window for other in comparisons))
    window = each.window
    where = [str(windows.index(window) + 1), repr(window.from_s), repr(window.to_s), repr(window.swing_mw)]
    numbers = [getattr(each, name) for name in COLUMNS[5:-1]]
    cells = ["" if np.isnan(number) else repr(float(number)) for number in numbers]
    return [*where, each.system.name, *cells, each.andes.failure]
